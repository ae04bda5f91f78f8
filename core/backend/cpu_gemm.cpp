// The matrix product: one micro-kernel (gemm_tile.h), two ways of feeding it. See gemm.h.
//
//   B as stored  (stream_columns): a chunk is a few panels of columns of B; K is cut into blocks whose panel stays in L1. A is read
//                                  as it is, or, if transposed, from a copy in which a tile's rows are neighbours.
//   B transposed (stream_rows):    rows of B are the long side; op(A)' is packed once (it is small), C' is formed in tiles
//                                  and stored transposed.
//
// A block of B is packed while the tiles of the block before are computed: a panel's rows lie on pages of their own, which no
// hardware prefetcher follows.
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
  if (g.in_pieces) return kPieceColumns / kPanel;
  const int panels = ceil_div(g.n, kPanel);
  return panels >= 256 ? 4 * kGroup : panels >= 64 ? kGroup : 2;
}

// panel[k][j] = b[j][k] for j < width, 0 beyond.
void pack_transposed(const real* b, int64_t ldb, int depth, int width, real* panel) {
  constexpr int kBlock = 16;
  for (int k0 = 0; k0 < depth; k0 += kBlock)
    for (int j = 0; j < kPanel; ++j)
      for (int k = k0; k < least(depth, k0 + kBlock); ++k) panel[int64_t{k} * kPanel + j] = j < width ? b[j * ldb + k] : real{0};
}

int rows_per_chunk(const Gemm& g) { return g.in_pieces ? kPieceRows : kRowBlock; }

// Packs tile number t of op(A), which is A transposed: [k][kRows].
void pack_tile_of_a(const Gemm& g, const real* a, int t, real* shared) {
  const int tiles = ceil_div(g.m, kRows), m = part(g.m, tiles, t), rows = part(g.m, tiles, t + 1) - m;
  pack<kRows>(a + m, g.m, g.k, rows, shared + int64_t{t} * g.k * kRows);
}

void stream_columns(const Gemm& g, const real* a, const real* b, const Destination& c, int chunk, const real* shared,
                    real* scratch) {
  const int each = panels_per_chunk(g), columns = ceil_div(ceil_div(g.n, kPanel), each);
  const int begin = chunk % columns * each * kPanel, end = least(g.n, begin + each * kPanel);
  const int all = ceil_div(g.m, kRows), row_blocks = ceil_div(g.m, rows_per_chunk(g)), row_block = chunk / columns;
  const int t0 = part(all, row_blocks, row_block), tiles = part(all, row_blocks, row_block + 1) - t0;
  constexpr int64_t kBuffer = int64_t{kGroup} * kDepth * kPanel;
  real *edge = scratch + 2 * kBuffer, *piece = edge + kRows * kPanel;
  const int m0 = part(g.m, all, t0), m1 = part(g.m, all, t0 + tiles);
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
      Operands o{};
      o.a = g.ta ? shared + (int64_t{t0 + t} * g.k + k0) * kRows : a + int64_t{m} * g.k + k0;
      o.row = g.ta ? 1 : g.k;
      o.step = g.ta ? kRows : 1;
      o.b = now.to + int64_t{p} * now.depth * kPanel;
      o.ldb = kPanel;
      o.depth = now.depth;
      o.c = c.memory ? c.memory + int64_t{m} * g.n + n : piece + int64_t{m - m0} * kPieceLine + n - begin;
      o.ldc = c.memory ? g.n : kPieceLine;
      o.fresh = k0 == 0 && !g.accumulate;
      panel_product<false>(rows, least(kPanel, n0 + now.width - n), o, edge);
    }
    now = next;
  }
  if (c.optimiser) c.optimiser->update({c.offset + int64_t{m0} * g.n + begin, m1 - m0, end - begin, g.n}, piece, kPieceLine);
}

// Packs panel number `index` of op(A)' [k, m]: columns are rows of C.
void pack_rows_of_a(const Gemm& g, const real* a, int index, real* shared) {
  const int m0 = index * kPanel, width = least(kPanel, g.m - m0);
  real* panel = shared + int64_t{index} * g.k * kPanel;
  if (g.ta)
    pack<kPanel>(a + m0, g.m, g.k, width, panel);
  else
    pack_transposed(a + int64_t{m0} * g.k, g.k, g.k, width, panel);
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
        Operands o{};
        o.a = from;
        o.row = g.k;
        o.step = 1;
        o.b = shared + (int64_t{p} * g.k + k0) * kPanel;
        o.ldb = kPanel;
        o.depth = depth;
        o.c = scratch + (n - n0) * wide + p * kPanel;
        o.ldc = wide;
        o.fresh = k0 == 0;
        panel_product<false>(rows, kPanel, o, nullptr);
      }
  }
  for (int m = 0; m < g.m; ++m)
    for (int n = n0; n < n1; ++n) {
      const real value = scratch[(n - n0) * wide + m];
      real& out = c[int64_t{m} * g.n + n];
      out = g.accumulate ? out + value : value;
    }
}

int chunks(const Gemm& g) {
  return g.tb ? ceil_div(g.n, kStreamRows)
              : ceil_div(ceil_div(g.n, kPanel), panels_per_chunk(g)) * ceil_div(g.m, rows_per_chunk(g));
}

}  // namespace

int64_t product_shared_scratch(const Gemm& g) {
  const int64_t packed = g.tb   ? int64_t{ceil_div(g.m, kPanel)} * kPanel * g.k
                         : g.ta ? int64_t{ceil_div(g.m, kRows)} * kRows * g.k
                                : 0;
  const int64_t lists = list_scratch(g);
  return packed > lists ? packed : lists;
}

int64_t product_worker_scratch(const Gemm& g) {
  if (g.tb) return int64_t{kStreamRows} * ceil_div(g.m, kPanel) * kPanel;
  const int64_t blocks = int64_t{2 * kGroup * kDepth + kRows} * kPanel, masked = masked_scratch(g);
  return (blocks > masked ? blocks : masked) + (g.in_pieces ? kPiece : 0);
}

void product_over_pool(const Gemm& g, const real* a, const real* b, const Destination& c, real* shared, real* scratch, Pool& pool) {
  if (sparse_product(g, a, b, c, shared, scratch, pool)) return;
  if (!g.tb) {
    constexpr int kTiles = 16;  // packed by one chunk
    const int tiles = g.ta ? ceil_div(g.m, kRows) : 0;
    pool.run(ceil_div(tiles, kTiles), [&](int chunk, int) {
      for (int t = chunk * kTiles; t < least(tiles, chunk * kTiles + kTiles); ++t) pack_tile_of_a(g, a, t, shared);
    });
    pool.run(chunks(g), [&](int chunk, int worker) {
      stream_columns(g, a, b, c, chunk, shared, scratch + worker * product_worker_scratch(g));
    });
    return;
  }
  pool.run(ceil_div(g.m, kPanel), [&](int panel, int) { pack_rows_of_a(g, a, panel, shared); });
  pool.run(chunks(g), [&](int chunk, int worker) {
    stream_rows(g, b, c.memory, chunk, shared, scratch + worker * product_worker_scratch(g));
  });
}

void product_alone(const Gemm& g, const real* a, const real* b, real* c, real* shared, real* scratch) {
  if (!g.tb) {
    for (int t = 0; g.ta && t < ceil_div(g.m, kRows); ++t) pack_tile_of_a(g, a, t, shared);
    for (int chunk = 0; chunk < chunks(g); ++chunk) stream_columns(g, a, b, {c}, chunk, shared, scratch);
    return;
  }
  for (int panel = 0; panel < ceil_div(g.m, kPanel); ++panel) pack_rows_of_a(g, a, panel, shared);
  for (int chunk = 0; chunk < chunks(g); ++chunk) stream_rows(g, b, c, chunk, shared, scratch);
}

}  // namespace UNPICK_ISA
}  // namespace unpick
