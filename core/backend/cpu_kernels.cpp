// The table of the instruction set for which this file is being compiled. See kernels.h.
#include "core/backend/kernels.h"

#define UNPICK_TEXT_OF(name) #name
#define UNPICK_TEXT(name) UNPICK_TEXT_OF(name)
#define UNPICK_JOIN_OF(a, b) a##b
#define UNPICK_JOIN(a, b) UNPICK_JOIN_OF(a, b)

namespace unpick {
inline namespace UNPICK_ISA {

int64_t multiply_adds_run(int64_t times, real* result) {
  using namespace simd;
  constexpr int kSums = 12;  // independent chains: more than a multiply-add takes cycles times those begun per cycle
  Vec sum[kSums];
  UNPICK_UNROLL
  for (int i = 0; i < kSums; ++i) sum[i] = splat(result[0]) + static_cast<real>(i);
  const Vec a = splat(result[1]), b = splat(result[2]);
  for (int64_t t = 0; t < times; ++t) {
    UNPICK_UNROLL
    for (int i = 0; i < kSums; ++i) sum[i] = multiply_add(sum[i], a, b);
  }
  UNPICK_UNROLL
  for (int i = 1; i < kSums; ++i) sum[0] += sum[i];
  result[0] = sum[0][0];
  return 2 * times * kSums * kLanes;
}

}  // namespace UNPICK_ISA

const Kernels& UNPICK_JOIN(kernels_of_, UNPICK_ISA)() {
  static constexpr Kernels table{UNPICK_TEXT(UNPICK_ISA),
                                 product_shared_scratch,
                                 product_worker_scratch,
                                 dense_product,
                                 sparse_product,
                                 direct_convolution,
                                 winograd_convolution,
                                 winograd_suits,
                                 weight_sizes,
                                 add_weight,
                                 sum_weights,
                                 pointwise_run,
                                 adam_run,
                                 multiply_adds_run};
  return table;
}

}  // namespace unpick
