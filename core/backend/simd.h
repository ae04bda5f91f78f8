// The vector that every CPU kernel is written in: as wide as the instruction set for which the file is being compiled.
//
// Why vector extensions and not intrinsics: one source serves AVX-512, AVX2, SSE, NEON and wasm, in float and in double.
// Sums of products are written multiply_add(a, b, sum): one instruction where there is one.
//
// A kernel file holds its functions in `inline namespace UNPICK_ISA`, so that the same file compiled for two instruction sets
// gives two sets of symbols. For the same reason it calls nothing that the linker could share between them: no Eigen, no
// standard containers, no strings.
//
// Loops over an array of vectors need UNPICK_UNROLL, every one of them, or the array leaves the registers.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "core/base/types.h"

#if defined(__AVX512F__)
#define UNPICK_ISA avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define UNPICK_ISA avx2
#elif defined(__SSE4_1__)
#define UNPICK_ISA sse4
#elif defined(__wasm_relaxed_simd__)
#define UNPICK_ISA relaxed
#else
#define UNPICK_ISA baseline
#endif

#ifdef __clang__
#define UNPICK_UNROLL _Pragma("unroll")
#else
#define UNPICK_UNROLL _Pragma("GCC unroll 32")
#endif
#define UNPICK_INLINE inline __attribute__((always_inline))

namespace unpick::simd {
inline namespace UNPICK_ISA {

#if defined(__AVX512F__)
inline constexpr int kBytes = 64, kRegisters = 32;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr int kBytes = 32, kRegisters = 16;
#else
inline constexpr int kBytes = 16, kRegisters = 16;
#endif
inline constexpr int kLanes = kBytes / static_cast<int>(sizeof(real));

using Int = std::conditional_t<sizeof(real) == 4, int32_t, int64_t>;
using Vec = real __attribute__((vector_size(kBytes)));
using Mask = Int __attribute__((vector_size(kBytes)));  // the result of comparing two Vec: all bits set or none
// Typedefs: in an alias declaration clang 14 drops `aligned` and would load as if from a full line.
typedef real VecU __attribute__((vector_size(kBytes), aligned(sizeof(real)), may_alias));  // NOLINT(modernize-use-using)

UNPICK_INLINE Vec load(const real* p) { return *reinterpret_cast<const VecU*>(p); }
UNPICK_INLINE void store(real* p, Vec v) { *reinterpret_cast<VecU*>(p) = v; }
UNPICK_INLINE Vec splat(real x) { return x - Vec{}; }

// f on each lane: for functions that are not worth a vector form.
template <class F>
UNPICK_INLINE Vec by_lane(Vec x, F f) {
  for (int i = 0; i < kLanes; ++i) x[i] = f(x[i]);
  return x;
}

// at_most, at_least: NaN stays NaN. multiply_add: a b + c, rounded once where the machine can; compilers contract it by themselves,
// but not for browsers, whose machines differ.
#ifdef __wasm_simd128__                        // built for float alone
inline constexpr bool kKeepsDenormals = true;  // there is no switch (core/base/denormals.h): kernels that meet many avoid them
UNPICK_INLINE Vec at_most(Vec x, Vec bound) { return __builtin_wasm_pmin_f32x4(x, bound); }
UNPICK_INLINE Vec at_least(Vec x, Vec bound) { return __builtin_wasm_pmax_f32x4(x, bound); }
UNPICK_INLINE Vec sqrt(Vec x) { return __builtin_wasm_sqrt_f32x4(x); }
#else
inline constexpr bool kKeepsDenormals = false;
UNPICK_INLINE Vec at_most(Vec x, Vec bound) { return bound < x ? bound : x; }
UNPICK_INLINE Vec at_least(Vec x, Vec bound) { return x < bound ? bound : x; }
UNPICK_INLINE Vec sqrt(Vec x) {
  return by_lane(x, [](real v) { return std::sqrt(v); });
}
#endif
#if defined(__wasm_relaxed_simd__) && __clang_major__ < 15  // under the number of a draft: web/clang14/renumber.mjs
UNPICK_INLINE Vec multiply_add(Vec a, Vec b, Vec c) { return __builtin_wasm_fma_f32x4(a, b, c); }
#elif defined(__wasm_relaxed_simd__)
UNPICK_INLINE Vec multiply_add(Vec a, Vec b, Vec c) { return __builtin_wasm_relaxed_madd_f32x4(a, b, c); }
#else
UNPICK_INLINE Vec multiply_add(Vec a, Vec b, Vec c) { return a * b + c; }
#endif

// What can be done with bits is: where there is no instruction for a choice (a browser on most machines) one costs three.
UNPICK_INLINE Vec select(Mask m, Vec yes, Vec no) { return m ? yes : no; }
UNPICK_INLINE Vec where(Mask m, Vec x) { return (Vec)((Mask)x & m); }  // 0 elsewhere
UNPICK_INLINE Vec abs(Vec x) { return (Vec)((Mask)x & ~(Mask)splat(real{-0.0f})); }

// The lanes of a whose numbers have the bit D, and those of b whose numbers have it not, change places.
template <int D, int... L>
UNPICK_INLINE void exchange(Vec& a, Vec& b, std::integer_sequence<int, L...>) {
  const Vec low = __builtin_shufflevector(a, b, ((L & D) ? L - D + kLanes : L)...);
  b = __builtin_shufflevector(a, b, ((L & D) ? L + kLanes : L + D)...);
  a = low;
}

// rows[i][j] and rows[j][i] change places.
template <int D = kLanes / 2>
UNPICK_INLINE void transpose(Vec (&rows)[kLanes]) {
  if constexpr (D > 0) {
    UNPICK_UNROLL
    for (int i = 0; i < kLanes; ++i)
      if (!(i & D)) exchange<D>(rows[i], rows[i + D], std::make_integer_sequence<int, kLanes>{});
    transpose<D / 2>(rows);
  }
}

// The first n < kLanes elements; the rest are zero, or left alone.
UNPICK_INLINE Vec load_first(const real* p, int n) {
  Vec v{};
  for (int i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
UNPICK_INLINE void store_first(real* p, Vec v, int n) {
  for (int i = 0; i < n; ++i) p[i] = v[i];
}

}  // namespace UNPICK_ISA
}  // namespace unpick::simd
