// Pointwise rows on a tile, in whole vectors. See kernels.h.
#include "core/backend/kernels.h"
#include "core/backend/vector_math.h"

namespace unpick {
inline namespace UNPICK_ISA {
namespace {

using namespace simd;

template <class F>
void map(real* y, const real* a, int64_t n, F f) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(y + i, f(load(a + i)));
  if (const auto rest = static_cast<int>(n - i)) store_first(y + i, f(load_first(a + i, rest)), rest);
}

template <class F>
void map(real* y, const real* a, const real* b, int64_t n, F f) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(y + i, f(load(a + i), load(b + i)));
  if (const auto rest = static_cast<int>(n - i)) store_first(y + i, f(load_first(a + i, rest), load_first(b + i, rest)), rest);
}

}  // namespace

bool pointwise_run(Op op, const Attributes& attr, real* y, const real* a, const real* b, int64_t n) {
  const auto scale = static_cast<real>(attr.a), shift = static_cast<real>(attr.b);
  switch (op) {
    case Op::Fill:
      for (int64_t i = 0; i < n; ++i) y[i] = scale;
      return true;
    case Op::Exp: map(y, a, n, [](Vec x) { return exp(x); }); return true;
    case Op::Log: map(y, a, n, [](Vec x) { return log(x); }); return true;
    case Op::Tanh: map(y, a, n, [](Vec x) { return tanh(x); }); return true;
    case Op::Softplus: map(y, a, n, [](Vec x) { return softplus(x); }); return true;
    case Op::Sigmoid: map(y, a, n, [](Vec x) { return sigmoid(x); }); return true;
    case Op::Sqrt: map(y, a, n, [](Vec x) { return simd::sqrt(x); }); return true;
    case Op::Sin: map(y, a, n, [](Vec x) { return by_lane(x, [](real v) { return std::sin(v); }); }); return true;
    case Op::Cos: map(y, a, n, [](Vec x) { return by_lane(x, [](real v) { return std::cos(v); }); }); return true;
    case Op::Recip: map(y, a, n, [](Vec x) { return real{1} / x; }); return true;
    case Op::Affine: map(y, a, n, [scale, shift](Vec x) { return scale * x + shift; }); return true;
    case Op::Add: map(y, a, b, n, [](Vec x, Vec z) { return x + z; }); return true;
    case Op::Mul: map(y, a, b, n, [](Vec x, Vec z) { return x * z; }); return true;
    case Op::Step: map(y, a, n, [](Vec x) { return where(x > Vec{}, splat(1)); }); return true;
    default: return false;
  }
}

}  // namespace UNPICK_ISA
}  // namespace unpick
