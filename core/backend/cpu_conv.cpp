// Convolutions as matrix products, image by image. See cpu_rows.h.
//
// All three are partials of <y, conv(x, w)>. With the patches of an image laid out as columns [P Q, R S C] and the weights
// as they are stored, [R S C, K]:
//   conv            y  = columns(x) w            one product per image
//   conv_transpose  x  = uncolumns(y w')
//   conv_weight     w  = sum over images of columns(x)' y, in kGroups partial sums, so that threads do not change it
// Columns of one image stay in L2. The faster structures are described in docs/speed.md.
#include <algorithm>

#include "core/backend/cpu_rows.h"
#include "core/backend/gemm.h"

namespace unpick::cpu {
namespace {

constexpr int kGroups = 16;

struct Sizes {
  int pixels, taps, filters;  // P Q, R S C, K
  int64_t x, y;               // elements of one image
  explicit Sizes(const ConvShape& s)
      : pixels(s.y[1] * s.y[2]), taps(s.w[0] * s.w[1] * s.w[2]), filters(s.w[3]), x(s.x.size() / s.x[0]), y(s.y.size() / s.y[0]) {}
  int64_t columns() const { return aligned(int64_t{pixels} * taps); }
};

Gemm forward(const Sizes& z) { return {z.pixels, z.filters, z.taps}; }
Gemm backward(const Sizes& z) { return {z.pixels, z.taps, z.filters, false, true}; }
Gemm weights(const Sizes& z) { return {z.taps, z.filters, z.pixels, true, false, true}; }
int64_t packed(const Sizes& z) { return aligned(std::max(backward(z).shared_scratch(), weights(z).shared_scratch())); }

// Visits each run of channels: visit(columns offset, image offset or -1 outside, floats).
template <class Visit>
void for_patches(const ConvShape& s, Visit visit) {
  const int height = s.x[1], width = s.x[2], channels = s.x[3];
  int64_t column = 0;
  for (int p = 0; p < s.y[1]; ++p)
    for (int q = 0; q < s.y[2]; ++q)
      for (int r = 0; r < s.w[0]; ++r) {
        const int h = p * s.stride + r - s.pad;
        const int w0 = q * s.stride - s.pad;
        if (h >= 0 && h < height && w0 >= 0 && w0 + s.w[1] <= width) {  // the whole line of the patch lies inside
          visit(column, (int64_t{h} * width + w0) * channels, s.w[1] * channels);
          column += s.w[1] * channels;
          continue;
        }
        for (int t = 0; t < s.w[1]; ++t, column += channels) {
          const int w = w0 + t;
          const bool inside = h >= 0 && h < height && w >= 0 && w < width;
          visit(column, inside ? (int64_t{h} * width + w) * channels : -1, channels);
        }
      }
}

void to_columns(const ConvShape& s, const real* x, real* columns) {
  for_patches(s, [&](int64_t column, int64_t image, int n) {
    if (image < 0)
      std::fill_n(columns + column, n, real{0});
    else
      std::copy_n(x + image, n, columns + column);
  });
}

void from_columns(const ConvShape& s, const real* columns, real* x) {
  std::fill_n(x, s.x.size() / s.x[0], real{0});
  for_patches(s, [&](int64_t column, int64_t image, int n) {
    if (image >= 0)
      for (int i = 0; i < n; ++i) x[image + i] += columns[column + i];
  });
}

}  // namespace

int64_t ConvShape::worker_scratch() const {
  const Sizes z(*this);
  const int64_t product = std::max({forward(z).worker_scratch(), backward(z).worker_scratch(), weights(z).worker_scratch()});
  return z.columns() + packed(z) + aligned(product);
}

int64_t ConvShape::shared_scratch() const { return kGroups * aligned(w.size()); }

void conv(const ConvShape& s, const real* x, const real* w, real* y, real* scratch, Pool& pool) {
  const Sizes z(s);
  pool.run(s.x[0], [&](int image, int worker) {
    real* columns = scratch + worker * s.worker_scratch();
    to_columns(s, x + image * z.x, columns);
    gemm(forward(z), columns, w, y + image * z.y, nullptr, columns + z.columns());
  });
}

void conv_transpose(const ConvShape& s, const real* y, const real* w, real* x, real* scratch, Pool& pool) {
  const Sizes z(s);
  pool.run(s.x[0], [&](int image, int worker) {
    real* columns = scratch + worker * s.worker_scratch();
    real* shared = columns + z.columns();
    gemm(backward(z), y + image * z.y, w, columns, shared, shared + packed(z));
    from_columns(s, columns, x + image * z.x);
  });
}

void conv_weight(const ConvShape& s, const real* x, const real* y, real* w, real* shared, real* scratch, Pool& pool) {
  const Sizes z(s);
  const int images = s.x[0], groups = std::min(kGroups, images);
  const int64_t size = s.w.size();
  pool.run(groups, [&](int group, int worker) {
    real* columns = scratch + worker * s.worker_scratch();
    real* own = columns + z.columns();
    real* partial = shared + group * aligned(size);
    std::fill_n(partial, size, real{0});
    for (int image = images * group / groups; image < images * (group + 1) / groups; ++image) {
      to_columns(s, x + image * z.x, columns);
      gemm(weights(z), columns, y + image * z.y, partial, own, own + packed(z));
    }
  });
  std::copy_n(shared, size, w);
  for (int group = 1; group < groups; ++group)
    for (int64_t i = 0; i < size; ++i) w[i] += shared[group * aligned(size) + i];
}

}  // namespace unpick::cpu
