// The micro-kernel of all matrix products: a tile of C, R rows by V vectors, kept in registers while k runs.
//
// Per k it loads V vectors of B's row and broadcasts R elements of A. With `list`, k runs over the listed numbers only, which
// leaves out terms that are exactly zero: same order, same sums.
//
// Why these sizes: R V sums, V vectors of B and one broadcast must fit the registers, and there must be enough
// sums in flight to hide the latency of a multiply-add (8 or more). Few rows take more vectors.
#pragma once

#include "core/backend/simd.h"

namespace unpick::tile {
inline namespace UNPICK_ISA {

using namespace simd;

#ifdef __wasm_simd128__
inline constexpr int kRows = 2, kVectors = 4;  // a broadcast is a load there, and costs as much as one
#else
inline constexpr int kRows = kRegisters == 32 ? 8 : kBytes == 32 ? 6 : 4, kVectors = 2;  // the most rows of a tile; its vectors
#endif
inline constexpr int kListedRows = kRegisters == 32 ? 12 : kRows;  // by list: a point's ten tangents, say, together
inline constexpr int kPanel = kVectors * kLanes;                   // columns of a tile, and of a packed panel of B
inline constexpr int kWide = 8 * kLanes;                           // columns of a tile of a single row
// The most of a product that goes to an optimiser at once: it stays in L2.
inline constexpr int kPieceRows = 64, kPieceColumns = kRegisters == 32 ? 512 : 256, kPieceLine = kPieceColumns + 16;
inline constexpr int64_t kPiece = int64_t{kPieceRows + 2 * kRows} * kPieceLine;  // rows are shared out by tiles: up to two more
inline constexpr int kAhead = 8;                                                 // listed rows of B that are asked for in advance

typedef uint16_t Number __attribute__((may_alias));  // NOLINT(modernize-use-using): lists live in scratch made for reals

struct Operands {
  const real* a;  // element (r, k) at a[r * row + k * step]
  int64_t row, step;
  const real* b;  // row k at b + k * ldb
  int64_t ldb;
  const Number* list = nullptr;  // null: k = 0..depth-1
  int depth;                     // numbers of k
  real* c;                       // row r at c + r * ldc
  int64_t ldc;
  bool fresh;  // C = instead of C +=
};

// Asks for lines that will be needed soon.
inline void fetch(const real* p, int64_t elements) {
  constexpr int kLine = 64 / static_cast<int>(sizeof(real));
  for (int64_t i = 0; i < elements; i += kLine) __builtin_prefetch(p + i);
}

// kFar: rows of B lie where no cache has them, and are asked for in advance.
template <int R, int V, bool kListed, bool kFar = false>
__attribute__((noinline)) void product(const Operands& o) {
  Vec sum[R][V];
  const real* a[R];
  UNPICK_UNROLL
  for (int r = 0; r < R; ++r) {
    a[r] = o.a + r * o.row;
    UNPICK_UNROLL
    for (int v = 0; v < V; ++v) sum[r][v] = o.fresh ? Vec{} : load(o.c + r * o.ldc + v * kLanes);
  }
  const int64_t step = o.step, ldb = o.ldb;
  const real* b = o.b;
  const Number* list = o.list;
  int64_t at = 0;
  for (int left = o.depth; left > 0; --left) {
    if constexpr (kListed) {
      const int64_t k = *list;
      at = k * step;
      b = o.b + k * ldb;
      if constexpr (kFar) fetch(o.b + list[left > kAhead ? kAhead : 0] * ldb, V * kLanes);
      ++list;
    }
    Vec line[V];
    UNPICK_UNROLL
    for (int v = 0; v < V; ++v) line[v] = load(b + v * kLanes);
    UNPICK_UNROLL
    for (int r = 0; r < R; ++r) {
      UNPICK_UNROLL
      for (int v = 0; v < V; ++v) sum[r][v] += a[r][at] * line[v];
    }
    if constexpr (!kListed) {
      at += step;
      b += ldb;
    }
  }
  UNPICK_UNROLL
  for (int r = 0; r < R; ++r) {
    UNPICK_UNROLL
    for (int v = 0; v < V; ++v) store(o.c + r * o.ldc + v * kLanes, sum[r][v]);
  }
}

template <bool kListed, int R = kListed ? kListedRows : kRows>
void whole_product(int rows, const Operands& o) {
  if constexpr (R == 1)
    product<1, kVectors, kListed>(o);
  else
    rows == R ? product<R, kVectors, kListed>(o) : whole_product<kListed, R - 1>(rows, o);
}

// C[rows, width] for rows = 1..kRows, or kListedRows, and width = 1..kPanel; a narrow one goes through `edge` (kListedRows x
// kPanel), and B's rows must be readable, and zero, up to kPanel.
//
// Operands go by reference all the way: copied as vectors right after they were written field by field, they would wait until every
// store before them, the last tile's among them, has reached the cache.
template <bool kListed>
void panel_product(int rows, int width, const Operands& o, real* edge) {
  if (width == kPanel) return whole_product<kListed>(rows, o);
  Operands narrow = o;
  narrow.c = edge;
  narrow.ldc = kPanel;
  for (int r = 0; r < rows && !o.fresh; ++r)
    for (int j = 0; j < width; ++j) edge[r * kPanel + j] = o.c[r * o.ldc + j];
  whole_product<kListed>(rows, narrow);
  for (int r = 0; r < rows; ++r)
    for (int j = 0; j < width; ++j) o.c[r * o.ldc + j] = edge[r * kPanel + j];
}

// packed[k][j] = b[k][j] for j < width, 0 up to kWidth.
template <int kWidth>
void pack(const real* b, int64_t ldb, int depth, int width, real* packed) {
  for (int k = 0; k < depth; ++k, b += ldb, packed += kWidth) {
    if (width == kWidth) {
      int j = 0;
      UNPICK_UNROLL
      for (; j + kLanes <= kWidth; j += kLanes) store(packed + j, load(b + j));
      UNPICK_UNROLL
      for (; j < kWidth; ++j) packed[j] = b[j];
    } else {
      for (int j = 0; j < kWidth; ++j) packed[j] = j < width ? b[j] : real{0};
    }
  }
}

inline int ceil_div(int a, int b) { return (a + b - 1) / b; }
inline int least(int a, int b) { return a < b ? a : b; }

// n things in `parts` nearly equal parts: where part i begins.
inline int part(int n, int parts, int i) { return static_cast<int>(int64_t{n} * i / parts); }

// Copies columns of B into panels, a few rows at a time, between the tiles of the block before.
//
// Why not fetch a block into a cache and copy it later: rows that are a power of two apart fall into the same few places of every
// cache, which would have forgotten them. So each step copies rows that were asked for a little earlier.
struct Packing {
  static constexpr int kStep = 16;  // rows asked for and not yet copied: they take twice as many lines at most as such places hold

  const real* b = nullptr;
  int64_t ldb = 0;
  int depth = 0, width = 0;  // width of all panels together; the last one may be narrow
  real* to = nullptr;        // panel p at to + p * depth * kPanel
  int done = 0, asked = 0;   // rows

  void advance(int until) {
    for (int p = 0; p * kPanel < width; ++p)
      pack<kPanel>(b + done * ldb + p * kPanel, ldb, until - done, least(kPanel, width - p * kPanel),
                   to + (int64_t{p} * depth + done) * kPanel);
    for (const int ahead = least(depth, until + kStep); asked < ahead; ++asked) fetch(b + asked * ldb, width);
    done = until;
  }

  void finish() {
    while (done < depth) advance(least(depth, done + kStep));
  }
};

}  // namespace UNPICK_ISA
}  // namespace unpick::tile
