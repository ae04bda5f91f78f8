// Products whose left operand is largely zero: the terms that are exactly zero are left out. See gemm.h.
//
// Where that happens: binary images (dSprites: 4 % ones) in the first layer and in its weight gradient, what a relu lets through
// (about half), and the tangents of one point, which die together behind it. It is found at run time in a pass over A, so the
// graph does not know it.
//
//   gather   each row of C is the sum of the few rows of B that its own list names; B is read where it lies
//   packed   the same with more of them; B is read from a copy of a few columns, which stays in L1
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

constexpr int kBlock = 64;  // elements that are tested for zero together
constexpr int kMaskedGroup = 4;
constexpr int kPackedDepth = kBytes == 16 ? 256 : 128;  // k whose kWide columns stay in L1
// Percent of nonzeros up to which a packed row by list beats a tile of several rows, which loads less for each multiply-add.
constexpr int kPackedShare = kBytes == 64 ? 40 : kBytes == 32 ? 55 : 75;
constexpr int kMaxRows = 65535;  // what a Number holds

// Numbers of the nonzero elements of each row of op(A), block of k by block, and rows with equal lists as tiles.
struct Lists {
  int depth;                               // k in a block; those of block i are counted from i depth
  Number *entries, *count, *tile, *tiles;  // [m][k], [blocks][m], first row of each tile and its end [m+1], their number [1]
};
int list_blocks(const Gemm& g, int depth) { return ceil_div(g.k, depth); }
Lists lists_in(const Gemm& g, int depth, real* memory) {
  auto* numbers = reinterpret_cast<Number*>(memory);
  Number *count = numbers + int64_t{g.m} * g.k, *tile = count + int64_t{g.m} * list_blocks(g, depth);
  return {depth, numbers, count, tile, tile + g.m + 1};
}

bool any(const real* p) {
  Mask seen{};
  UNPICK_UNROLL
  for (int i = 0; i < kBlock; i += kLanes) seen |= load(p + i) != Vec{};
  using Words = int64_t __attribute__((vector_size(kBytes)));
  int64_t all = 0;
  UNPICK_UNROLL
  for (int i = 0; i < kBytes / 8; ++i) all |= ((Words)seen)[i];
  return all != 0;
}

typedef std::make_unsigned_t<Int> Bits __attribute__((may_alias));  // NOLINT(modernize-use-using)

// The numbers of the nonzeros among p[0..n), of which there is room for n; how many. No branches: what a relu lets through cannot
// be guessed.
UNPICK_INLINE int list_nonzeros(const real* p, int n, Number* list) {
  const auto* bits = reinterpret_cast<const Bits*>(p);  // as whole numbers, which are compared in fewer steps: a sign, and the rest
  int count = 0;
  for (int i = 0; i < n; i += kBlock) {
    const int end = least(n, i + kBlock);
    if (end - i == kBlock && !any(p + i)) continue;
    for (int j = i; j < end; ++j) {
      list[count] = static_cast<Number>(j);
      count += (bits[j] << 1) != 0;
    }
  }
  return count;
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
enum class Guess { dense, gather, packed, masked };
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
  if (twins * 2 > kProbes) return count * 8 < all * 7 ? Guess::masked : Guess::dense;
  return count * 100 < all * kPackedShare ? Guess::packed : Guess::dense;
}

constexpr int kListedTogether = 32, kColumnsTogether = 512;  // rows, or columns, whose lists one chunk makes

void list_rows(const Gemm& g, const real* a, int chunk, const Lists& lists) {
  for (int m = chunk * kListedTogether; m < least(g.m, (chunk + 1) * kListedTogether); ++m)
    for (int block = 0; block < list_blocks(g, lists.depth); ++block) {
      const int64_t first = int64_t{m} * g.k + int64_t{block} * lists.depth;
      const int found = list_nonzeros(a + first, least(lists.depth, g.k - block * lists.depth), lists.entries + first);
      lists.count[block * g.m + m] = static_cast<Number>(found);
    }
}

void list_columns(const Gemm& g, const real* a, int chunk, const Lists& lists) {
  const int m0 = chunk * kColumnsTogether, width = least(kColumnsTogether, g.m - m0);
  for (int k = 0; k < g.k; ++k) {
    const int block = k / lists.depth, k0 = block * lists.depth;
    Number *count = lists.count + block * g.m + m0, *entries = lists.entries + int64_t{m0} * g.k + k0;
    for (int j = 0; k == k0 && j < width; ++j) count[j] = 0;
    Number columns[kColumnsTogether];
    const int found = list_nonzeros(a + int64_t{k} * g.m + m0, width, columns);
    for (int i = 0; i < found; ++i) {
      const int j = columns[i];
      entries[int64_t{j} * g.k + count[j]++] = static_cast<Number>(k - k0);
    }
  }
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

Operands operands(const Gemm& g, const real* a, const Lists& lists, int m, int block = 0) {
  const int64_t k0 = int64_t{block} * lists.depth;
  const Number* list = lists.entries + int64_t{m} * g.k + k0;
  const real* first = g.ta ? a + k0 * g.m + m : a + int64_t{m} * g.k + k0;
  return {first, g.ta ? 1 : g.k, g.ta ? g.m : 1, nullptr, 0, nullptr, g.n, lists.count[block * g.m + m], block == 0, list};
}

// What a chunk makes of C.
struct Cut {
  int rows, columns;
};
Cut cut_of(const Gemm& g, bool packed) {
  if (g.in_pieces) return {kPieceRows, kPieceColumns};
  return {packed ? 256 : 32, 2 * kWide};
}
int by_list_chunks(const Gemm& g, const Cut& cut) { return ceil_div(g.m, cut.rows) * ceil_div(g.n, cut.columns); }

// gather and packed. The last kWide columns may overlap those before them.
void by_list(const Gemm& g, const real* a, const real* b, const Destination& c, bool packed, int chunk, const Lists& lists,
             real* scratch) {
  const Cut cut = cut_of(g, packed);
  const int across = ceil_div(g.n, cut.columns), n0 = part(g.n, across, chunk % across), n1 = part(g.n, across, chunk % across + 1);
  const int m0 = chunk / across * cut.rows, m1 = least(g.m, m0 + cut.rows);
  real *piece = scratch, *copy = scratch + (g.in_pieces ? kPiece : 0);
  for (int next = n0; next < n1; next += kWide) {
    const int n = least(next, n1 - kWide);
    for (int block = 0; block < list_blocks(g, lists.depth); ++block) {
      const int k0 = block * lists.depth;
      const real* from = b + int64_t{k0} * g.n + n;
      if (packed) pack<kWide>(from, g.n, least(lists.depth, g.k - k0), kWide, copy);
      for (int m = m0; m < m1; ++m) {
        Operands o = operands(g, a, lists, m, block);
        o.b = packed ? copy : from;
        o.ldb = packed ? kWide : g.n;
        o.c = c.memory ? c.memory + int64_t{m} * g.n + n : piece + int64_t{m - m0} * kPieceLine + n - n0;
        packed ? product<1, 8, true>(o) : product<1, 8, true, true>(o);
      }
    }
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
  return !g.tb && g.n >= 4 * kPanel && g.m < kMaxRows && g.k < kMaxRows && int64_t{g.m} * g.n * g.k >= (1 << 16);
}

int64_t sparse_scratch(const Gemm& g) {
  if (!may_skip(g)) return 0;
  const int64_t masked = (2 * int64_t{g.k} * masked_group(g) + kListedRows) * kPanel, packed = int64_t{kPackedDepth} * kWide;
  return masked > packed ? masked : packed;
}

int64_t list_scratch(const Gemm& g) {
  constexpr int kNumbers = static_cast<int>(sizeof(real) / sizeof(Number));
  const int64_t rows = 1 + list_blocks(g, least(g.k, kPackedDepth));
  return may_skip(g) ? (int64_t{g.m} * (g.k + rows) + 2) / kNumbers + 1 : 0;
}

bool sparse_product(const Gemm& g, const real* a, const real* b, const Destination& c, real* shared, real* scratch, Pool& pool) {
  if (!may_skip(g)) return false;
  const Guess hope = guess(g, a);
  if (hope == Guess::dense) return false;
  const Lists lists = lists_in(g, hope == Guess::packed ? least(g.k, kPackedDepth) : g.k, shared);
  pool.run(ceil_div(g.m, g.ta ? kColumnsTogether : kListedTogether),
           [&](int chunk, int) { (g.ta ? list_columns : list_rows)(g, a, chunk, lists); });
  int64_t count = 0;
  for (int i = 0; i < g.m * list_blocks(g, lists.depth); ++i) count += lists.count[i];
  const int64_t all = int64_t{g.m} * g.k;
  const bool few = count * 5 < all || g.m == 1, packed = !few && hope == Guess::packed && count * 100 < all * kPackedShare;
  if (few || packed) {
    pool.run(by_list_chunks(g, cut_of(g, packed)), [&](int chunk, int worker) {
      by_list(g, a, b, c, packed, chunk, lists, scratch + worker * product_worker_scratch(g));
    });
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
