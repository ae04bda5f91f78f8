// Convolutions over the pool: which method, and who works on which images. See conv.h.
#include <algorithm>

#include "core/backend/kernels.h"
#include "core/graph/plan.h"

namespace unpick {
namespace {

constexpr int kMostPartials = 8;        // partial sums of a weight: so many threads can share its gradient
constexpr int kPixelsPerPartial = 512;  // fewer do not pay for another sum over the weight

const ConvMethod& method_for(const Kernels& k, const ConvShape& s) {
  return k.winograd_suits(s) ? k.winograd_convolution() : k.direct_convolution();
}

int groups(const ConvShape& s, const ConvSizes& z) { return (s.images() + z.group - 1) / z.group; }

int partials(const ConvShape& s, const ConvSizes& z) {
  const int64_t most = std::clamp<int64_t>(int64_t{s.images()} * s.pixels() / kPixelsPerPartial, 1, kMostPartials);
  return std::min(static_cast<int>(most), groups(s, z));
}

int64_t worker_scratch(const ConvSizes& z, int64_t image, bool in_memory) {
  return aligned(z.scratch) + (in_memory ? 0 : aligned(z.group * image));
}

}  // namespace

ConvScratch conv_scratch(const Kernels& k, const ConvShape& s, ConvPass pass, bool in_memory) {
  if (pass == ConvPass::weight) {
    const ConvSizes z = k.weight_sizes(s);
    return {partials(s, z) * aligned(z.weights), aligned(z.scratch)};
  }
  const ConvSizes z = method_for(k, s).sizes(s, pass);
  return {z.weights, worker_scratch(z, pass == ConvPass::down ? s.y_image() : s.x_image(), in_memory)};
}

void conv_images(const Kernels& k, const ConvShape& s, ConvPass pass, const real* from, const real* w, const ConvResult& result,
                 real* shared, real* scratch, Pool& pool) {
  const bool down = pass == ConvPass::down;
  const int64_t image = down ? s.x_image() : s.y_image(), made = down ? s.y_image() : s.x_image();
  const ConvMethod& method = method_for(k, s);
  const ConvSizes z = method.sizes(s, pass);
  const int64_t each = worker_scratch(z, made, result.memory);
  if (z.weights > 0)
    pool.run(ConvMethod::kParts, [&](int part, int worker) { method.prepare(s, pass, part, w, shared, scratch + worker * each); });
  const real* weights = z.weights > 0 ? shared : w;
  pool.run(groups(s, z), [&](int group, int worker) {
    const int first = group * z.group, images = std::min(z.group, s.images() - first);
    real *own = scratch + worker * each, *to = result.memory ? result.memory + first * made : own + aligned(z.scratch);
    (method.*(down ? &ConvMethod::down : &ConvMethod::up))(s, images, from + first * image, weights, to, own);
    if (result.behind) result.behind->run(first * made, (first + images) * made, to, worker);
  });
}

void conv_weight(const Kernels& k, const ConvShape& s, const real* x, const real* y, real* w, real* shared, real* scratch,
                 Pool& pool) {
  const ConvSizes z = k.weight_sizes(s);
  const int count = groups(s, z), parts = partials(s, z);
  const int64_t stride = aligned(z.weights);
  pool.run(parts, [&](int part, int worker) {
    const int begin = count * part / parts, end = count * (part + 1) / parts;
    for (int group = begin; group < end; ++group) {
      const int first = group * z.group, images = std::min(z.group, s.images() - first);
      k.add_weight(s, images, x + first * s.x_image(), y + first * s.y_image(), group == begin, shared + part * stride,
                   scratch + worker * aligned(z.scratch));
    }
  });
  k.sum_weights(s, shared, parts, stride, w);
}

}  // namespace unpick
