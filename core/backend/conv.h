// Convolutions on the CPU: images are NHWC, weights [R,S,C,K] as in graph.h.
//
// Three products serve convolution and transposed convolution alike, since they are the partials of <y, conv(x, w)>. With x
// the larger and y the smaller image,
//   down    y = conv(x, w)                      Conv forward, ConvT backward
//   up      x = the adjoint of down in x        ConvT forward, Conv backward
//   weight  w = the adjoint of down in w, summed over the images
//
// Why methods: the 4x4 kernels of stride 2 that every convolutional VAE uses admit Winograd's minimal filtering at 9/16 of the
// multiplications (cpu_conv_winograd.cpp); everything else is done directly (cpu_conv_direct.cpp), and so is every weight's
// gradient: there Winograd leaves residues of 1e-9 where the gradient is exactly zero, and Adam's first steps turn them into whole
// steps. All work on a few images at a time, so that what they form in between stays in L2. cpu_conv.cpp chooses and runs them over
// the pool.
//
// Invariants: images are cut into groups, and groups into partial sums of the weight, by shape alone: results do not depend on the
// number of threads. All memory comes from the caller.
//
// Read next: tile.h, cpu_conv_direct.cpp, cpu_conv_winograd.cpp
#pragma once

#include "core/backend/simd.h"
#include "core/base/pool.h"
#include "core/base/types.h"

namespace unpick {

struct Kernels;  // kernels.h

struct ConvShape {
  Shape x, w, y;
  int stride, pad;

  UNPICK_INLINE int images() const { return x[0]; }
  UNPICK_INLINE int channels() const { return w[2]; }  // C, of x
  UNPICK_INLINE int filters() const { return w[3]; }   // K, of y
  UNPICK_INLINE int pixels() const { return y[1] * y[2]; }
  UNPICK_INLINE int taps() const { return w[0] * w[1] * w[2]; }  // R S C: the weights of one filter
  UNPICK_INLINE int64_t x_image() const { return int64_t{x[1]} * x[2] * x[3]; }
  UNPICK_INLINE int64_t y_image() const { return int64_t{y[1]} * y[2] * y[3]; }
};

enum class ConvPass : uint8_t { down, up, weight };

// What a pass needs, in elements.
struct ConvSizes {
  int group = 1;        // images that are worked on together
  int64_t weights = 0;  // down, up: the weights in the form that the pass reads, 0 if as they are; weight: a partial sum
  int64_t scratch = 0;  // one per worker
};

class ConvMethod {
 public:
  static constexpr int kParts = 4;  // prepare is cut into so many parts, for the pool

  virtual ConvSizes sizes(const ConvShape& s, ConvPass pass) const = 0;
  virtual void prepare(const ConvShape& s, ConvPass pass, int part, const real* w, real* weights, real* scratch) const = 0;
  // `images` images from x and y on, at most a group.
  virtual void down(const ConvShape& s, int images, const real* x, const real* weights, real* y, real* scratch) const = 0;
  virtual void up(const ConvShape& s, int images, const real* y, const real* weights, real* x, real* scratch) const = 0;

 protected:
  ~ConvMethod() = default;
};

// What one instruction set's files define for its table.
inline namespace UNPICK_ISA {
const ConvMethod& direct_convolution();
const ConvMethod& winograd_convolution();
bool winograd_suits(const ConvShape& s);

// partial (+)= the weight's gradient of a group of images, laid out for sum_weights.
ConvSizes weight_sizes(const ConvShape& s);
void add_weight(const ConvShape& s, int images, const real* x, const real* y, bool fresh, real* partial, real* scratch);
// w = the sum of the partial sums, which lie `stride` elements apart.
void sum_weights(const ConvShape& s, const real* partial, int partials, int64_t stride, real* w);
}  // namespace UNPICK_ISA

// What follows a convolution for each group of images, while they are in the cache.
class ImageLoop {
 public:
  // Elements begin..end-1 of the result, which lie at `images`.
  virtual void run(int64_t begin, int64_t end, const real* images, int worker) const = 0;

 protected:
  ~ImageLoop() = default;
};

// Where a convolution's result goes: to memory, to a loop, or both.
struct ConvResult {
  real* memory = nullptr;
  const ImageLoop* behind = nullptr;
};

// What the two functions below need, in elements: `shared` once, `worker` for each worker. `in_memory`: so is the result.
struct ConvScratch {
  int64_t shared, worker;
};
ConvScratch conv_scratch(const Kernels& k, const ConvShape& s, ConvPass pass, bool in_memory = true);

// Pass down from x, or up from y.
void conv_images(const Kernels& k, const ConvShape& s, ConvPass pass, const real* from, const real* w, const ConvResult& result,
                 real* shared, real* scratch, Pool& pool);
void conv_weight(const Kernels& k, const ConvShape& s, const real* x, const real* y, real* w, real* shared, real* scratch,
                 Pool& pool);

}  // namespace unpick
