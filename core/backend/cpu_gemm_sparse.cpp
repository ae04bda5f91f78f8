// Products whose left operand is largely zero: the terms that are exactly zero are left out. See gemm.h.
//
// Where that happens: binary images (dSprites: 4 % ones) in the first layer and in its weight gradient, and the tangents of
// one point, which die together behind a relu. It is found at run time in a pass over A, so the graph does not know it.
//
//   gather   each row of C is the sum of the few rows of B that its own list names; B is read where it lies
//   masked   neighbouring rows of A with the same zeros form tiles of the dense product, which skip those k
//
// Invariants: the remaining terms are added in the order of the dense product, so that for finite B the result is the same bit
// for bit; hence a decision may depend on the data, but nothing depends on the decision.
#include "core/backend/gemm_tile.h"
#include "core/backend/kernels.h"

namespace unpick {
inline namespace UNPICK_ISA {
namespace {

using namespace tile;

constexpr int kBlock = 64;       // elements that are tested for zero together
constexpr int kGatherRows = 32;  // rows of C per chunk
constexpr int kGatherColumns = 2 * kWide;
constexpr int kMaskedGroup = 4;
constexpr int kMaxRows = 65535;  // what a Number holds

// Numbers of the nonzero elements of each row of op(A), and rows with equal lists as tiles.
struct Lists {
  Number *entries, *count, *tile, *tiles;  // [m][k], [m], first row of each tile and its end [m+1], their number [1]
};
Lists lists_in(const Gemm& g, real* memory) {
  auto* numbers = reinterpret_cast<Number*>(memory);
  const int64_t entries = int64_t{g.m} * g.k;
  return {numbers, numbers + entries, numbers + entries + g.m, numbers + entries + 2 * g.m + 1};
}

bool any(const real* p) {
  Mask seen{};
  UNPICK_UNROLL
  for (int i = 0; i < kBlock; i += kLanes) seen |= load(p + i) != Vec{};
  Int all = 0;
  UNPICK_UNROLL
  for (int i = 0; i < kLanes; ++i) all |= seen[i];
  return all != 0;
}

// visit(i) for each nonzero p[i].
template <class Visit>
UNPICK_INLINE void for_nonzero(const real* p, int n, Visit visit) {
  int i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    if (!any(p + i)) continue;
    for (int j = i; j < i + kBlock; ++j)
      if (p[j] != 0) visit(j);
  }
  for (; i < n; ++i)
    if (p[i] != 0) visit(i);
}

int nonzeros(const real* p, int n) {
  int count = 0;
  for (int i = 0; i < n; ++i) count += p[i] != 0;
  return count;
}

bool same_zeros(const real* p, const real* q, int n) {
  int differences = 0;
  for (int i = 0; i < n; ++i) differences += (p[i] != 0) != (q[i] != 0);
  return differences == 0;
}

// A look at a few rows of A as it lies in memory: is the full pass worth while?
enum class Guess { dense, gather, masked };
Guess guess(const Gemm& g, const real* a) {
  constexpr int kProbes = 5;
  const int rows = g.ta ? g.k : g.m, columns = g.ta ? g.m : g.k;
  int64_t count = 0;
  int twins = 0;
  for (int i = 0; i < kProbes; ++i) {
    const real* row = a + int64_t{part(rows - 1, kProbes, i)} * columns;
    count += nonzeros(row, columns);
    twins += rows > 1 && !g.ta && same_zeros(row, row + columns, columns);
  }
  const int64_t all = int64_t{kProbes} * columns;
  if (count * 5 < all || rows == 1) return Guess::gather;
  return twins * 2 > kProbes && count * 8 < all * 7 ? Guess::masked : Guess::dense;
}

void list_rows(const Gemm& g, const real* a, int chunk, const Lists& lists) {
  for (int m = chunk * kGatherRows; m < least(g.m, (chunk + 1) * kGatherRows); ++m) {
    Number* at = lists.entries + int64_t{m} * g.k;
    int count = 0;
    for_nonzero(a + int64_t{m} * g.k, g.k, [&](int k) { at[count++] = static_cast<Number>(k); });
    lists.count[m] = static_cast<Number>(count);
  }
}

void list_columns(const Gemm& g, const real* a, int chunk, const Lists& lists) {
  const int m0 = chunk * kBlock, width = least(kBlock, g.m - m0);
  for (int m = m0; m < m0 + width; ++m) lists.count[m] = 0;
  for (int k = 0; k < g.k; ++k)
    for_nonzero(a + int64_t{k} * g.m + m0, width,
                [&](int j) { lists.entries[int64_t{m0 + j} * g.k + lists.count[m0 + j]++] = static_cast<Number>(k); });
}

// Cuts the rows into tiles of equal lists; says how many different lists follow one another.
int cut_tiles(const Gemm& g, const Lists& lists) {
  int tiles = 0, runs = 0;
  for (int m = 0; m < g.m; ++runs) {
    const Number* first = lists.entries + int64_t{m} * g.k;
    int end = m + 1;
    const auto equal = [&](int row) {
      const Number* other = lists.entries + int64_t{row} * g.k;
      if (lists.count[row] != lists.count[m]) return false;
      int differences = 0;
      for (int i = 0; i < lists.count[m]; ++i) differences += first[i] != other[i];
      return differences == 0;
    };
    while (end < g.m && equal(end)) ++end;
    const int parts = ceil_div(end - m, kListedRows);
    for (int i = 0; i < parts; ++i) lists.tile[tiles++] = static_cast<Number>(m + part(end - m, parts, i));
    m = end;
  }
  lists.tile[tiles] = static_cast<Number>(g.m);
  lists.tiles[0] = static_cast<Number>(tiles);
  return runs;
}

Operands operands(const Gemm& g, const real* a, const Lists& lists, int m) {
  Operands o{};
  o.a = g.ta ? a + m : a + int64_t{m} * g.k;
  o.row = g.ta ? 1 : g.k;
  o.step = g.ta ? g.m : 1;
  o.list = lists.entries + int64_t{m} * g.k;
  o.depth = lists.count[m];
  o.ldc = g.n;
  o.fresh = true;
  return o;
}

// Blocks of at least kGatherColumns columns.
int column_blocks(const Gemm& g) { return g.n < kGatherColumns ? 1 : g.n / kGatherColumns; }

void gather(const Gemm& g, const real* a, const real* b, const Destination& c, int chunk, const Lists& lists, real* piece) {
  const int blocks = column_blocks(g), block = chunk % blocks, n0 = block * kGatherColumns;
  const int n1 = block + 1 < blocks ? n0 + kGatherColumns : g.n;
  const int m0 = chunk / blocks * kGatherRows, m1 = least(g.m, m0 + kGatherRows);
  for (int m = m0; m < m1; ++m) {
    Operands o = operands(g, a, lists, m);
    o.ldb = g.n;
    const auto columns = [&](int n) {
      o.b = b + n;
      o.c = c.memory ? c.memory + int64_t{m} * g.n + n : piece + int64_t{m - m0} * kPieceLine + n - n0;
    };
    int n = n0;
    for (; n + kWide <= n1; n += kWide) columns(n), product<1, 8, true>(o);
    for (; n + kLanes <= n1; n += kLanes) columns(n), product<1, 1, true>(o);
    if (n < n1) columns(n1 - kLanes), product<1, 1, true>(o);  // the last line overlaps the one before it
  }
  if (c.optimiser) c.optimiser->update({c.offset + int64_t{m0} * g.n + n0, m1 - m0, n1 - n0, g.n}, piece, kPieceLine);
}

// Panels of a block of the masked product, as many as stay in L2 beside the next block, and of a chunk. A tile of A meets the
// panels of a block in turn: its rows of C may lie on a page each, which is looked up once for all of them.
int masked_group(const Gemm& g) { return least(kMaskedGroup, 1 + kMaskedGroup * 256 / (g.k + 1)); }
int masked_panels(const Gemm& g) { return masked_group(g) * (ceil_div(g.n, kPanel) >= 64 ? 4 : 1); }

void masked(const Gemm& g, const real* a, const real* b, real* c, int chunk, const Lists& lists, real* scratch) {
  const int wide = masked_group(g) * kPanel, each = masked_panels(g) * kPanel;
  const int begin = chunk * each, end = least(g.n, begin + each), tiles = lists.tiles[0];
  const int64_t buffer = int64_t{g.k} * wide;
  const auto packing = [&](int n) {
    return Packing{b + n, g.n, g.k, least(wide, end - n), scratch + (n - begin) / wide % 2 * buffer};
  };
  Packing now = packing(begin);
  for (int n0 = begin; n0 < end; n0 += wide) {
    now.finish();
    Packing next = n0 + wide < end ? packing(n0 + wide) : Packing{};
    for (int t = 0; t < tiles; ++t) {
      next.advance(part(next.depth, tiles, t + 1));
      const int m = lists.tile[t];
      Operands o = operands(g, a, lists, m);
      o.ldb = kPanel;
      for (int p = 0; p * kPanel < now.width; ++p) {
        o.b = now.to + int64_t{p} * g.k * kPanel;
        o.c = c + int64_t{m} * g.n + n0 + p * kPanel;
        panel_product<true>(lists.tile[t + 1] - m, least(kPanel, now.width - p * kPanel), o, scratch + 2 * buffer);
      }
    }
    now = next;
  }
}

}  // namespace

bool may_skip(const Gemm& g) {
  return !g.tb && !g.accumulate && g.n >= 4 * kPanel && g.m < kMaxRows && g.k < kMaxRows && int64_t{g.m} * g.n * g.k >= (1 << 16);
}

int64_t masked_scratch(const Gemm& g) { return may_skip(g) ? (2 * int64_t{g.k} * masked_group(g) + kListedRows) * kPanel : 0; }

int64_t list_scratch(const Gemm& g) {
  constexpr int kNumbers = static_cast<int>(sizeof(real) / sizeof(Number));
  return may_skip(g) ? (int64_t{g.m} * g.k + 2 * g.m + 2) / kNumbers + 1 : 0;
}

bool sparse_product(const Gemm& g, const real* a, const real* b, const Destination& c, real* shared, real* scratch, Pool& pool) {
  if (!may_skip(g)) return false;
  const Guess hope = guess(g, a);
  if (hope == Guess::dense) return false;
  const Lists lists = lists_in(g, shared);
  pool.run(ceil_div(g.m, g.ta ? kBlock : kGatherRows),
           [&](int chunk, int) { (g.ta ? list_columns : list_rows)(g, a, chunk, lists); });
  int64_t count = 0;
  for (int m = 0; m < g.m; ++m) count += lists.count[m];
  const int64_t all = int64_t{g.m} * g.k;
  if (count * 5 < all || g.m == 1) {
    pool.run(ceil_div(g.m, kGatherRows) * column_blocks(g),
             [&](int chunk, int worker) { gather(g, a, b, c, chunk, lists, scratch + worker * product_worker_scratch(g)); });
    return true;
  }
  if (hope != Guess::masked || g.in_pieces || cut_tiles(g, lists) * 4 > g.m || count * 8 > all * 7) return false;
  const int chunks = ceil_div(ceil_div(g.n, kPanel), masked_panels(g));
  pool.run(chunks,
           [&](int chunk, int worker) { masked(g, a, b, c.memory, chunk, lists, scratch + worker * product_worker_scratch(g)); });
  return true;
}

}  // namespace UNPICK_ISA
}  // namespace unpick
