// The micro-kernel of all matrix products: a tile of C (tile.h). With `list`, k runs over the listed numbers only, which leaves out
// terms that are exactly zero: same order, same sums. Few rows take more vectors.
#pragma once

#include "core/backend/tile.h"

namespace unpick::tile {
inline namespace UNPICK_ISA {

inline constexpr int kListedRows = kRegisters == 32 ? 12 : kRows;  // by list: a point's ten tangents, say, together
inline constexpr int kWide = 8 * kLanes;                           // columns of a tile of a single row
// The most of a product that goes to an optimiser at once: it stays in L2.
inline constexpr int kPieceRows = 32, kPieceColumns = 1024, kPieceLine = kPieceColumns + 16;
inline constexpr int64_t kPiece = int64_t{kPieceRows + 2 * kRows} * kPieceLine;  // rows are shared out by tiles: up to two more
inline constexpr int kAhead = 8;                                                 // listed rows of B that are asked for in advance

typedef uint16_t Number __attribute__((may_alias));  // NOLINT(modernize-use-using): lists live in scratch made for reals

struct Operands {
  const real* a;  // element (r, k) at a[r * row + k * step]
  int64_t row, step;
  const real* b;  // row k at b + k * ldb
  int64_t ldb;
  real* c;  // row r at c + r * ldc
  int64_t ldc;
  int depth;                     // numbers of k
  bool fresh;                    // C = instead of C +=
  const Number* list = nullptr;  // null: k = 0..depth-1
};

// Asks for lines that will be needed soon.
inline void fetch(const real* p, int64_t elements) {
  constexpr int kLine = 64 / static_cast<int>(sizeof(real));
  for (int64_t i = 0; i < elements; i += kLine) __builtin_prefetch(p + i);
}

// kFar: rows of B lie where no cache has them, and are asked for in advance.
template <int R, int V, bool kListed, bool kFar = false>
__attribute__((noinline)) void product(const Operands& o) {
  Sums<V, R> sum{};
  if (!o.fresh) load_rows<V, R>(sum, o.c, o.ldc);
  const real* a[R];
  UNPICK_UNROLL
  for (int r = 0; r < R; ++r) a[r] = o.a + r * o.row;
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
    add_product<V, R>(sum, a, at, b);
    if constexpr (!kListed) {
      at += step;
      b += ldb;
    }
  }
  store_rows<V, R>(sum, o.c, o.ldc);
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
