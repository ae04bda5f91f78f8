// Adam's update: one pass over memory, which bounds it. See core/model/adam.h.
#include "core/backend/kernels.h"
#include "core/backend/vector_math.h"

namespace unpick {
inline namespace UNPICK_ISA {
namespace {

using namespace simd;

struct Moments {
  Vec w, m, v;
};

// Of g, m and v: numbers so small that no weight ever feels them, but that would leave denormals behind.
constexpr real kTiny[] = {1e-15f, 1e-35f, 1e-33f};
UNPICK_INLINE Vec cleared(Vec x, Vec size, real below) { return kKeepsDenormals ? where(~(size < splat(below)), x) : x; }

UNPICK_INLINE Moments update(const AdamFactors& f, Vec w, Vec g, Vec m, Vec v) {
  const real* tiny = table(kTiny);
  g = cleared(g, abs(g), tiny[0]);
  m = cleared(m, abs(m), tiny[1]);
  v = cleared(v, v, tiny[2]);
  m = multiply_add(splat(f.one_minus_b1), g - m, m);
  v = multiply_add(splat(f.one_minus_b2), multiply_add(g, g, -v), v);
  w -= f.rate * m / multiply_add(simd::sqrt(v), splat(f.correction), splat(f.epsilon));
  return {w, m, v};
}

}  // namespace

void adam_run(const AdamFactors& factors, int64_t n, real* w, const real* g, real* m, real* v, int64_t ahead) {
  const AdamFactors f = factors;  // no store below can be meant for this one
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    __builtin_prefetch(w + i + ahead, 1);
    __builtin_prefetch(m + i + ahead, 1);
    __builtin_prefetch(v + i + ahead, 1);
    const Moments next = update(f, load(w + i), load(g + i), load(m + i), load(v + i));
    store(w + i, next.w), store(m + i, next.m), store(v + i, next.v);
  }
  if (const auto rest = static_cast<int>(n - i)) {
    const Moments next =
        update(f, load_first(w + i, rest), load_first(g + i, rest), load_first(m + i, rest), load_first(v + i, rest));
    store_first(w + i, next.w, rest), store_first(m + i, next.m, rest), store_first(v + i, next.v, rest);
  }
}

}  // namespace UNPICK_ISA
}  // namespace unpick
