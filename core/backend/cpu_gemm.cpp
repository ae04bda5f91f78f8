// The matrix product: one micro-kernel (gemm_tile.h), three ways of feeding it. See gemm.h.
//
//   as stored     (stream_columns)  A is read as it is. A chunk is a few panels of columns of B; K is cut into blocks whose panel
//                                   stays in L1. A block of B is packed while the tiles of the block before are computed: a panel's
//                                   rows lie on pages of their own, which no hardware prefetcher follows.
//   A transposed  (outer_product)   A weight's gradient. K is the batch, so both factors are small, and are packed as a whole: A so
//                                   that a tile's rows are neighbours, B in panels. A chunk is a few long lines of C.
//   B transposed  (stream_rows)     Rows of B are the long side; op(A)' is packed once (it is small), C' is formed in tiles
//                                   and stored transposed.
#include "core/backend/gemm_tile.h"
#include "core/backend/kernels.h"

namespace unpick {
inline namespace UNPICK_ISA {
namespace {

using namespace tile;

constexpr int kDepth = 256;      // k per block: panel block stays in L1
constexpr int kRowBlock = 256;   // rows of C per chunk in stream_columns
constexpr int kStreamRows = 32;  // rows of B' per chunk in stream_rows

// Columns per group and per chunk of stream_columns, in panels: by size alone, so that threads do not change the cut.
constexpr int kGroup = 4;
int panels_per_chunk(const Gemm& g) {
  const int panels = ceil_div(g.n, kPanel);
  return panels >= 256 ? 4 * kGroup : panels >= 64 ? kGroup : 2;
}

void stream_columns(const Gemm& g, const real* a, const real* b, real* c, int chunk, real* scratch) {
  const int each = panels_per_chunk(g), columns = ceil_div(ceil_div(g.n, kPanel), each);
  const int begin = chunk % columns * each * kPanel, end = least(g.n, begin + each * kPanel);
  const int all = ceil_div(g.m, kRows), row_blocks = ceil_div(g.m, kRowBlock), row_block = chunk / columns;
  const int t0 = part(all, row_blocks, row_block), tiles = part(all, row_blocks, row_block + 1) - t0;
  constexpr int64_t kBuffer = int64_t{kGroup} * kDepth * kPanel;
  // Blocks of B: for each group of columns all k.
  const int depths = ceil_div(g.k, kDepth), blocks = depths * ceil_div(end - begin, kGroup * kPanel);
  const auto packing = [&](int block) {
    const int n0 = begin + block / depths * kGroup * kPanel, k0 = block % depths * kDepth;
    return Packing{b + int64_t{k0} * g.n + n0, g.n, least(kDepth, g.k - k0), least(kGroup * kPanel, end - n0),
                   scratch + (block % 2) * kBuffer};
  };
  Packing now = packing(0);
  for (int block = 0; block < blocks; ++block) {
    now.finish();
    Packing next = block + 1 < blocks ? packing(block + 1) : Packing{};
    const int n0 = begin + block / depths * kGroup * kPanel, k0 = block % depths * kDepth;
    const int panels = ceil_div(now.width, kPanel);
    for (int i = 0; i < tiles * panels; ++i) {
      next.advance(part(next.depth, tiles * panels, i + 1));
      const int t = i % tiles, p = i / tiles, n = n0 + p * kPanel;
      const int m = part(g.m, all, t0 + t), rows = part(g.m, all, t0 + t + 1) - m;
      const real *left = a + int64_t{m} * g.k + k0, *right = now.to + int64_t{p} * now.depth * kPanel;
      panel_product<false>(rows, least(kPanel, n0 + now.width - n),
                           {left, g.k, 1, right, kPanel, c + int64_t{m} * g.n + n, g.n, now.depth, k0 == 0}, scratch + 2 * kBuffer);
    }
    now = next;
  }
}

void outer_product(const Gemm& g, const Destination& c, int chunk, const real* shared, real* scratch) {
  const int all = ceil_div(g.m, kRows), down = ceil_div(g.m, kPieceRows), panels = ceil_div(g.n, kPanel);
  const int across = ceil_div(g.n, kPieceColumns), row = chunk / across, column = chunk % across;
  const int t0 = part(all, down, row), t1 = part(all, down, row + 1), m0 = part(g.m, all, t0), m1 = part(g.m, all, t1);
  const int p0 = part(panels, across, column), p1 = part(panels, across, column + 1);
  const int n0 = p0 * kPanel, n1 = least(g.n, p1 * kPanel);
  const real *tiles = shared, *columns = tiles + int64_t{all} * kRows * g.k;
  real *edge = scratch, *piece = edge + kRows * kPanel;
  const int64_t line = c.memory ? g.n : kPieceLine;
  for (int k0 = 0; k0 < g.k; k0 += kDepth)
    for (int p = p0; p < p1; ++p)
      for (int t = t0; t < t1; ++t) {
        const int m = part(g.m, all, t), n = p * kPanel;
        const real *left = tiles + (int64_t{t} * g.k + k0) * kRows, *right = columns + (int64_t{p} * g.k + k0) * kPanel;
        real* to = c.memory ? c.memory + int64_t{m} * g.n + n : piece + int64_t{m - m0} * kPieceLine + n - n0;
        panel_product<false>(part(g.m, all, t + 1) - m, least(kPanel, n1 - n),
                             {left, 1, kRows, right, kPanel, to, line, least(kDepth, g.k - k0), k0 == 0}, edge);
      }
  if (c.optimiser) c.optimiser->update({c.offset + int64_t{m0} * g.n + n0, m1 - m0, n1 - n0, g.n}, piece, kPieceLine);
}

void stream_rows(const Gemm& g, const real* b, real* c, int chunk, const real* shared, real* scratch) {
  const int n0 = chunk * kStreamRows, n1 = least(g.n, n0 + kStreamRows), panels = ceil_div(g.m, kPanel);
  const int tiles = ceil_div(n1 - n0, kRows);
  const int64_t wide = int64_t{panels} * kPanel;  // scratch holds C' [n1-n0, wide]
  for (int k0 = 0; k0 < g.k; k0 += kDepth) {
    const int depth = least(kDepth, g.k - k0), next_depth = least(kDepth, g.k - k0 - depth);
    for (int p = 0; p < panels; ++p)
      for (int t = 0; t < tiles; ++t) {
        const int n = n0 + part(n1 - n0, tiles, t), rows = n0 + part(n1 - n0, tiles, t + 1) - n;
        const real* from = b + int64_t{n} * g.k + k0;
        const int next = part(next_depth, panels, p), beyond = part(next_depth, panels, p + 1);
        for (int r = 0; r < rows; ++r) fetch(from + int64_t{r} * g.k + depth + next, beyond - next);
        panel_product<false>(rows, kPanel,
                             {from, g.k, 1, shared + (int64_t{p} * g.k + k0) * kPanel, kPanel,
                              scratch + (n - n0) * wide + p * kPanel, wide, depth, k0 == 0},
                             nullptr);
      }
  }
  transpose(scratch, wide, n1 - n0, g.m, c + n0, g.n);
}

// Before the first chunk parts of the factors are packed, so many of them together. B transposed: panels of op(A)' [k][kPanel],
// whose columns are rows of C. A transposed: tiles of op(A) [k][kRows], then panels of B [k][kPanel].
constexpr int kPackedTogether = 8;
int packed_parts(const Gemm& g) { return g.tb ? ceil_div(g.m, kPanel) : g.ta ? ceil_div(g.m, kRows) + ceil_div(g.n, kPanel) : 0; }

void pack_part(const Gemm& g, const real* a, const real* b, int index, real* shared) {
  const int tiles = g.tb ? 0 : ceil_div(g.m, kRows);
  if (index < tiles) {
    const int m = part(g.m, tiles, index);
    return pack<kRows>(a + m, g.m, g.k, part(g.m, tiles, index + 1) - m, shared + int64_t{index} * g.k * kRows);
  }
  const int first = (index - tiles) * kPanel, width = least(kPanel, (g.tb ? g.m : g.n) - first);
  real* panel = shared + (int64_t{tiles} * kRows + first) * g.k;
  if (!g.tb) return pack<kPanel>(b + first, g.n, g.k, width, panel);
  if (g.ta) return pack<kPanel>(a + first, g.m, g.k, width, panel);
  if (width < kPanel) __builtin_memset(panel, 0, sizeof(real) * static_cast<size_t>(g.k) * kPanel);
  transpose(a + int64_t{first} * g.k, g.k, width, g.k, panel, kPanel);
}

int chunks(const Gemm& g) {
  if (g.tb) return ceil_div(g.n, kStreamRows);
  if (g.ta) return ceil_div(g.m, kPieceRows) * ceil_div(g.n, kPieceColumns);
  return ceil_div(ceil_div(g.n, kPanel), panels_per_chunk(g)) * ceil_div(g.m, kRowBlock);
}
void run_chunk(const Gemm& g, const real* a, const real* b, const Destination& c, int chunk, const real* shared, real* scratch) {
  if (g.tb) return stream_rows(g, b, c.memory, chunk, shared, scratch);
  g.ta ? outer_product(g, c, chunk, shared, scratch) : stream_columns(g, a, b, c.memory, chunk, scratch);
}

}  // namespace

int64_t product_shared_scratch(const Gemm& g) {
  const int64_t rows = int64_t{ceil_div(g.m, kRows)} * kRows, columns = int64_t{ceil_div(g.n, kPanel)} * kPanel;
  const int64_t packed = g.tb ? int64_t{ceil_div(g.m, kPanel)} * kPanel * g.k : g.ta ? (rows + columns) * g.k : 0;
  const int64_t lists = list_scratch(g);
  return packed > lists ? packed : lists;
}

int64_t product_worker_scratch(const Gemm& g) {
  if (g.tb) return int64_t{kStreamRows} * ceil_div(g.m, kPanel) * kPanel;
  const int64_t blocks = int64_t{kRows + (g.ta ? 0 : 2 * kGroup * kDepth)} * kPanel, sparse = sparse_scratch(g);
  return (blocks > sparse ? blocks : sparse) + (g.in_pieces ? kPiece : 0);
}

void dense_product(const Gemm& g, const real* a, const real* b, const Destination& c, real* shared, real* scratch, Pool& pool) {
  const int parts = packed_parts(g), together = g.tb ? 1 : kPackedTogether;
  pool.run(ceil_div(parts, together), [&](int chunk, int) {
    for (int i = chunk * together; i < least(parts, (chunk + 1) * together); ++i) pack_part(g, a, b, i, shared);
  });
  pool.run(chunks(g),
           [&](int chunk, int worker) { run_chunk(g, a, b, c, chunk, shared, scratch + worker * product_worker_scratch(g)); });
}

}  // namespace UNPICK_ISA
}  // namespace unpick
