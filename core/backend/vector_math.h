// exp, log, tanh, sigmoid and softplus on whole vectors, for float; for double, in which only tests run, lane by lane from libm.
//
// Why our own: a cross-entropy over 64 images of 64x64 and its gradient need half a million of them per step, and libm takes
// them one at a time. Polynomials are those of Cephes (Moshier 1992); sigmoid and softplus go through exp(-|x|), so that they
// keep full relative precision in both tails.
//
// Errors against the exact value, in units of the last place, over all floats (tests/vector_math_test.cpp measures them):
// exp 1.0, log 0.8, tanh 1.3, sigmoid 2.5, softplus 1.6. NaN and infinities are as in libm.
#pragma once

#include <cmath>

#include "core/backend/simd.h"

namespace unpick::simd {
inline namespace UNPICK_ISA {

// Constants in memory, and to stay there: in the browser (V8) one that is part of the program is put together anew in three steps
// wherever it is used.
template <int N>
UNPICK_INLINE const real* table(const real (&constants)[N]) {
  const real* p = constants;
#ifdef __wasm_simd128__
  asm("" : "+r"(p));
#endif
  return p;
}

#ifdef UNPICK_DOUBLE

UNPICK_INLINE Vec exp(Vec x) {
  return by_lane(x, [](real v) { return std::exp(v); });
}
UNPICK_INLINE Vec log(Vec x) {
  return by_lane(x, [](real v) { return std::log(v); });
}
UNPICK_INLINE Vec tanh(Vec x) {
  return by_lane(x, [](real v) { return std::tanh(v); });
}
UNPICK_INLINE Vec log1p_of_unit(Vec u) {
  return by_lane(u, [](real v) { return std::log1p(v); });
}

#else

// Horner's scheme, highest coefficient first.
template <int N>
UNPICK_INLINE Vec polynomial(Vec x, const real (&coefficients)[N]) {
  const real* c = table(coefficients);
  Vec y = splat(c[0]);
  UNPICK_UNROLL
  for (int i = 1; i < N; ++i) y = multiply_add(y, x, splat(c[i]));
  return y;
}

UNPICK_INLINE Vec exp(Vec x) {
  constexpr real kShift = 12582912;                  // 1.5 2^23: adding it rounds to an integer, which is then in the low bits
  x = at_least(at_most(x, splat(89)), splat(-104));  // beyond, the scaling below gives infinity, and 0
  const Vec shifted = multiply_add(x, splat(1.44269504088896341f), splat(kShift));
  const Vec n = shifted - kShift;
  const Vec r = multiply_add(n, splat(2.12194440e-4f), multiply_add(n, splat(-0.693359375f), x));  // x - n log 2, in two parts
  static constexpr real kTerms[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                                    4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
  const Vec p = polynomial(r, kTerms);
  const Vec y = multiply_add(p, r * r, r) + real{1};
  const Mask e = (Mask)shifted - (Mask)splat(kShift);  // n as an integer
  const Mask half = e >> 1;                            // 2^n in two factors: neither overflows
  const Vec low = (Vec)((half + 127) << 23), high = (Vec)((e - half + 127) << 23);
  return y * low * high;
}

// log m + log 2 n for f = m - 1, m in [sqrt 1/2, sqrt 2)
UNPICK_INLINE Vec log_near_one(Vec f, Vec n) {
  const Vec z = f * f;
  static constexpr real kTerms[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,  -1.2420140846e-1f, 1.4249322787e-1f,
                                    -1.6668057665e-1f, 2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
  const Vec p = polynomial(f, kTerms);
  const Vec low = multiply_add(p * f, z, n * real{-2.12194440e-4f});
  return multiply_add(n, splat(0.693359375f), f + multiply_add(z, splat(-0.5f), low));
}

UNPICK_INLINE Vec log(Vec x) {
  constexpr real kLeast = 1.17549435e-38f, kInfinity = __builtin_inff();
  const Mask tiny = x < splat(kLeast);
  const Vec scaled = select(tiny, x * real{8388608}, x);  // 2^23
  const Mask bits = (Mask)scaled;
  Mask e = ((bits >> 23) & 0xff) - 126;
  Vec m = (Vec)((bits & 0x007fffff) | 0x3f000000);  // in [1/2, 1)
  const Mask low = m < splat(0.707106781186547524f);
  e = e + low;  // a true comparison is -1
  m = select(low, m + m, m);
  Vec n = __builtin_convertvector(e, Vec);
  n = select(tiny, n - real{23}, n);
  Vec y = log_near_one(m - real{1}, n);
  y = select(x == splat(kInfinity), x, y);
  y = select(x == Vec{}, splat(-kInfinity), y);
  return select(x >= Vec{}, y, splat(__builtin_nanf("")));
}

// log(1 + u) for u in [0, 1]
UNPICK_INLINE Vec log1p_of_unit(Vec u) {
  const Mask big = u > splat(0.41421356f);  // then 1 + u = 2 (1 + (u - 1) / 2)
  return log_near_one(select(big, (u - real{1}) * real{0.5f}, u), where(big, splat(1)));
}

UNPICK_INLINE Vec tanh(Vec x) {
  const Vec size = abs(x), z = x * x;
  static constexpr real kTerms[] = {-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f,
                                    -3.33332819422e-1f};
  const Vec small = multiply_add(polynomial(z, kTerms) * z, x, x);
  const Vec large = real{1} - real{2} / (exp(size + size) + real{1});
  return select(size < splat(0.625f), small, select(x < Vec{}, -large, large));
}

#endif

// 1 / (1 + e^-x)
UNPICK_INLINE Vec sigmoid(Vec x) {
  const Vec u = exp(-abs(x)), inverse = real{1} / (u + real{1});
  return select(x < Vec{}, u * inverse, inverse);
}

// log(1 + e^x)
UNPICK_INLINE Vec softplus(Vec x) { return where(x > Vec{}, x) + log1p_of_unit(exp(-abs(x))); }

}  // namespace UNPICK_ISA
}  // namespace unpick::simd
