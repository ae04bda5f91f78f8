// The register tile of the convolutions: kRows x (V vectors) of sums, fed in two ways.
//
//   multiply  sum[r] += row[r][k] b[k]            k runs along each row: pixels times weights
//   outer     sum[r] += row[r][offset[k]] b[k]    k runs over pixels: the weight's gradient
//
// Two vectors in eight rows with 32 registers, in six with 16: fewer rows leave the multipliers waiting for their own sums. With
// 128 bits four vectors in two rows, the best of wasm's simd128. The loops over k are not unrolled: that gains nothing here, and
// costs a third in wasm.
#pragma once

#include "core/backend/simd.h"

namespace unpick::simd {
inline namespace UNPICK_ISA {

inline constexpr int kTileRows = kBytes == 16 ? 2 : kRegisters == 32 ? 8 : 6;
inline constexpr int kTileVectors = kBytes == 16 ? 4 : 2;
inline constexpr int kTileWidth = kTileVectors * kLanes;

constexpr int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
constexpr int smaller(int a, int b) { return a < b ? a : b; }

template <int V>
using Sums = Vec[kTileRows][V];
using Rows = const real* [kTileRows];

template <int V>
UNPICK_INLINE void clear(Sums<V>& sum) {
  UNPICK_UNROLL
  for (int r = 0; r < kTileRows; ++r) {
    UNPICK_UNROLL
    for (int v = 0; v < V; ++v) sum[r][v] = Vec{};
  }
}

template <int V>
UNPICK_INLINE void load_rows(Sums<V>& sum, const real* from, int64_t stride) {
  UNPICK_UNROLL
  for (int r = 0; r < kTileRows; ++r) {
    UNPICK_UNROLL
    for (int v = 0; v < V; ++v) sum[r][v] = load(from + r * stride + v * kLanes);
  }
}

template <int V>
UNPICK_INLINE void store_rows(const Sums<V>& sum, real* to, int64_t stride) {
  UNPICK_UNROLL
  for (int r = 0; r < kTileRows; ++r) {
    UNPICK_UNROLL
    for (int v = 0; v < V; ++v) store(to + r * stride + v * kLanes, sum[r][v]);
  }
}

// sum += elements row[r][at] of a column of A times V vectors of b.
template <int V>
UNPICK_INLINE void add_product(Sums<V>& sum, const real* const* row, int64_t at, const real* b) {
  Vec line[V];
  UNPICK_UNROLL
  for (int v = 0; v < V; ++v) line[v] = load(b + v * kLanes);
  UNPICK_UNROLL
  for (int r = 0; r < kTileRows; ++r) {
    UNPICK_UNROLL
    for (int v = 0; v < V; ++v) sum[r][v] += row[r][at] * line[v];
  }
}

// Depth: an int64_t, or an integral_constant of it for short runs that shall be unrolled.
template <int V, class Depth>
UNPICK_INLINE void multiply(Sums<V>& sum, const Rows& row, const real* b, int64_t ldb, Depth depth) {
  const real* p[kTileRows];
  UNPICK_UNROLL
  for (int r = 0; r < kTileRows; ++r) p[r] = row[r];
  for (int64_t k = 0; k < depth; ++k, b += ldb) add_product(sum, p, k, b);
}

// Rows of A are columns of memory: element k of each lies at offset[k].
template <int V>
UNPICK_INLINE void outer(Sums<V>& sum, const Rows& row, const int64_t* offset, const real* b, int64_t ldb, int64_t depth) {
  for (int64_t k = 0; k < depth; ++k, b += ldb) add_product(sum, row, offset[k], b);
}

}  // namespace UNPICK_ISA
}  // namespace unpick::simd
