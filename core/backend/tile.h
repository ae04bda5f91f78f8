// The register tile of matrix products and convolutions: R rows by V vectors of sums, which stay in registers while k runs. Per k
// it loads V vectors of a row of B and broadcasts R elements of A:
//
//   multiply  sum[r] += row[r][k] b[k]            k runs along each row: pixels times weights
//   outer     sum[r] += row[r][offset[k]] b[k]    k runs over pixels: the weight's gradient
//   gemm_tile.h                                   rows of a matrix, all k or listed ones
//
// Why these sizes: R V sums, V vectors of B and one broadcast must fit the registers, and there must be enough sums in flight to
// hide the latency of a multiply-add: two vectors in eight rows with 32 registers, in six with 16. With 128 bits four vectors in
// two rows, the best of wasm's simd128. The loops over k are not unrolled: that gains nothing here, and costs a third in wasm.
#pragma once

#include "core/backend/simd.h"

namespace unpick::tile {
inline namespace UNPICK_ISA {

using namespace simd;

inline constexpr int kRows = kBytes == 16 ? 2 : kRegisters == 32 ? 8 : 6, kVectors = kBytes == 16 ? 4 : 2;
inline constexpr int kPanel = kVectors * kLanes;  // columns of a tile, and of a packed panel of B

constexpr int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }
constexpr int least(int a, int b) { return a < b ? a : b; }

// n things in `parts` nearly equal parts: where part i begins.
inline int part(int n, int parts, int i) { return static_cast<int>(int64_t{n} * i / parts); }

template <int V, int R = kRows>
using Sums = Vec[R][V];
using Rows = const real* [kRows];

template <int V, int R>
UNPICK_INLINE void load_rows(Sums<V, R>& sum, const real* from, int64_t stride) {
  UNPICK_UNROLL
  for (int r = 0; r < R; ++r) {
    UNPICK_UNROLL
    for (int v = 0; v < V; ++v) sum[r][v] = load(from + r * stride + v * kLanes);
  }
}

template <int V, int R>
UNPICK_INLINE void store_rows(const Sums<V, R>& sum, real* to, int64_t stride) {
  UNPICK_UNROLL
  for (int r = 0; r < R; ++r) {
    UNPICK_UNROLL
    for (int v = 0; v < V; ++v) store(to + r * stride + v * kLanes, sum[r][v]);
  }
}

// sum += elements row[r][at] of a column of A times V vectors of b.
template <int V, int R>
UNPICK_INLINE void add_product(Sums<V, R>& sum, const real* const* row, int64_t at, const real* b) {
  Vec line[V];
  UNPICK_UNROLL
  for (int v = 0; v < V; ++v) line[v] = load(b + v * kLanes);
  UNPICK_UNROLL
  for (int r = 0; r < R; ++r) {
    UNPICK_UNROLL
    for (int v = 0; v < V; ++v) sum[r][v] = multiply_add(splat(row[r][at]), line[v], sum[r][v]);
  }
}

// Depth: an int64_t, or an integral_constant of it for short runs that shall be unrolled.
template <int V, class Depth>
UNPICK_INLINE void multiply(Sums<V>& sum, const Rows& row, const real* b, int64_t ldb, Depth depth) {
  const real* p[kRows];
  UNPICK_UNROLL
  for (int r = 0; r < kRows; ++r) p[r] = row[r];
  for (int64_t k = 0; k < depth; ++k, b += ldb) add_product<V, kRows>(sum, p, k, b);
}

// Rows of A are columns of memory: element k of each lies at offset[k].
template <int V>
UNPICK_INLINE void outer(Sums<V>& sum, const Rows& row, const int64_t* offset, const real* b, int64_t ldb, int64_t depth) {
  for (int64_t k = 0; k < depth; ++k, b += ldb) add_product<V, kRows>(sum, row, offset[k], b);
}

// to[j][i] = from[i][j]: `rows` of `columns` elements.
inline void transpose(const real* from, int64_t ld_from, int rows, int columns, real* to, int64_t ld_to) {
  for (int j = 0; j < columns; j += kLanes)
    for (int i = 0; i < rows; i += kLanes) {
      const int height = least(kLanes, rows - i), width = least(kLanes, columns - j);
      const real* corner = from + i * ld_from + j;
      real* target = to + j * ld_to + i;
      if (height == kLanes && width == kLanes) {
        Vec square[kLanes];
        UNPICK_UNROLL
        for (int r = 0; r < kLanes; ++r) square[r] = load(corner + r * ld_from);
        simd::transpose(square);
        UNPICK_UNROLL
        for (int r = 0; r < kLanes; ++r) store(target + r * ld_to, square[r]);
      } else {
        for (int c = 0; c < width; ++c)
          for (int r = 0; r < height; ++r) target[c * ld_to + r] = corner[r * ld_from + c];
      }
    }
}

}  // namespace UNPICK_ISA
}  // namespace unpick::tile
