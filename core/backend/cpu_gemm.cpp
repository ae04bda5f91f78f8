// The matrix product: one micro-kernel in vector extensions, two ways of feeding it. See gemm.h.
//
// The micro-kernel keeps kRows x kPanel sums in registers; per k it loads one vector line of the packed panel and
// broadcasts kRows elements of A.
//   B as stored  (stream_columns): a chunk is a panel of columns of B; K is cut into blocks that stay in L1.
//   B transposed (stream_rows):    rows of B are the long side; op(A)' is packed once (it is small), C' is formed in tiles
//                                  and stored transposed.
#include <algorithm>
#include <cstring>

#include "core/backend/gemm.h"

namespace unpick {
namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64, kRows = 8, kVectors = 2;
#elif defined(__AVX__)
constexpr int kBytes = 32, kRows = 4, kVectors = 2;
#else
constexpr int kBytes = 16, kRows = 4, kVectors = 2;
#endif
constexpr int kLanes = kBytes / static_cast<int>(sizeof(real));
constexpr int kPanel = kLanes * kVectors;  // columns of a packed panel
constexpr int kDepth = 256;                // k per block: panel block stays in L1
constexpr int kRowBlock = 256;             // rows of C per chunk in stream_columns
constexpr int kStreamRows = 4 * kRows;     // rows of B' per chunk in stream_rows

using Vec = real __attribute__((vector_size(kBytes)));
// A typedef: in an alias declaration clang 14 drops `aligned` and would load as if from a full line.
typedef real VecU __attribute__((vector_size(kBytes), aligned(sizeof(real)), may_alias));  // NOLINT(modernize-use-using)

inline Vec load(const real* p) { return *reinterpret_cast<const VecU*>(p); }
inline void store(real* p, Vec v) { *reinterpret_cast<VecU*>(p) = v; }

#ifdef __clang__
#define UNPICK_UNROLL _Pragma("unroll")
#else
#define UNPICK_UNROLL _Pragma("GCC unroll 16")
#endif

// c[r][0..kPanel) (+)= sum_k a[r*row + k*step] panel[k][..]. Rows past `rows` repeat the last one and are not stored.
template <bool kColumnMajorA>
__attribute__((noinline)) void tile(const real* a, int64_t lda, const real* panel, int depth, real* c, int64_t ldc, int rows,
                                    bool fresh) {
  Vec sum[kRows][kVectors];
  real* line[kRows];
  const real* p[kRows];
  UNPICK_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const int64_t row = std::min(r, rows - 1);
    line[r] = c + row * ldc;
    p[r] = a + (kColumnMajorA ? row : row * lda);
    UNPICK_UNROLL
    for (int v = 0; v < kVectors; ++v) sum[r][v] = fresh ? Vec{} : load(line[r] + v * kLanes);
  }
  const int64_t step = kColumnMajorA ? lda : 1;
  if (kColumnMajorA && rows == kRows) {  // one pointer instead of kRows
    const real* q = a;
    for (int k = 0; k < depth; ++k, q += lda, panel += kPanel) {
      Vec b[kVectors];
      UNPICK_UNROLL
      for (int v = 0; v < kVectors; ++v) b[v] = load(panel + v * kLanes);
      UNPICK_UNROLL
      for (int r = 0; r < kRows; ++r) {
        UNPICK_UNROLL
        for (int v = 0; v < kVectors; ++v) sum[r][v] += q[r] * b[v];
      }
    }
  } else {
    int64_t at = 0;
    for (int k = 0; k < depth; ++k, at += step, panel += kPanel) {
      Vec b[kVectors];
      UNPICK_UNROLL
      for (int v = 0; v < kVectors; ++v) b[v] = load(panel + v * kLanes);
      UNPICK_UNROLL
      for (int r = 0; r < kRows; ++r) {
        UNPICK_UNROLL
        for (int v = 0; v < kVectors; ++v) sum[r][v] += p[r][at] * b[v];
      }
    }
  }
  UNPICK_UNROLL
  for (int r = 0; r < kRows; ++r) {
    if (r >= rows) break;
    UNPICK_UNROLL
    for (int v = 0; v < kVectors; ++v) store(line[r] + v * kLanes, sum[r][v]);
  }
}

int ceil_div(int a, int b) { return (a + b - 1) / b; }

// panel[k][j] = b[k][j] for j < width, 0 beyond.
void pack(const real* b, int64_t ldb, int depth, int width, real* panel) {
  for (int k = 0; k < depth; ++k, b += ldb, panel += kPanel) {
    if (width == kPanel) {
      for (int v = 0; v < kVectors; ++v) store(panel + v * kLanes, load(b + v * kLanes));
    } else {
      std::copy_n(b, width, panel);
      std::fill_n(panel + width, kPanel - width, real{0});
    }
  }
}

// panel[k][j] = b[j][k] for j < width, 0 beyond.
void pack_transposed(const real* b, int64_t ldb, int depth, int width, real* panel) {
  constexpr int kBlock = 16;
  for (int k0 = 0; k0 < depth; k0 += kBlock)
    for (int j = 0; j < kPanel; ++j)
      for (int k = k0; k < std::min(depth, k0 + kBlock); ++k)
        panel[static_cast<int64_t>(k) * kPanel + j] = j < width ? b[j * ldb + k] : real{0};
}

void stream_columns(const Gemm& g, const real* a, const real* b, real* c, int chunk, real* scratch) {
  const int panels = ceil_div(g.n, kPanel);
  const int n0 = chunk % panels * kPanel, width = std::min(kPanel, g.n - n0);
  const int m0 = chunk / panels * kRowBlock, m1 = std::min(g.m, m0 + kRowBlock);
  const int64_t lda = g.ta ? g.m : g.k, ldc = g.n;
  real* panel = scratch;
  real* edge = scratch + kDepth * kPanel;  // a tile of C when the panel is narrower than the kernel
  for (int k0 = 0; k0 < g.k; k0 += kDepth) {
    const int depth = std::min(kDepth, g.k - k0);
    const bool fresh = k0 == 0 && !g.accumulate;
    pack(b + static_cast<int64_t>(k0) * g.n + n0, g.n, depth, width, panel);
    for (int m = m0; m < m1; m += kRows) {
      const int rows = std::min(kRows, m1 - m);
      const real* at = a + (g.ta ? k0 * lda + m : m * lda + k0);
      real* out = c + m * ldc + n0;
      const auto product = g.ta ? tile<true> : tile<false>;
      if (width == kPanel) {
        product(at, lda, panel, depth, out, ldc, rows, fresh);
        continue;
      }
      if (!fresh)
        for (int r = 0; r < rows; ++r) std::copy_n(out + r * ldc, width, edge + r * kPanel);
      product(at, lda, panel, depth, edge, kPanel, rows, fresh);
      for (int r = 0; r < rows; ++r) std::copy_n(edge + r * kPanel, width, out + r * ldc);
    }
  }
}

// Packs panel number `index` of op(A)' [k, m]: columns are rows of C.
void pack_rows_of_a(const Gemm& g, const real* a, int index, real* shared) {
  const int m0 = index * kPanel, width = std::min(kPanel, g.m - m0);
  real* panel = shared + static_cast<int64_t>(index) * g.k * kPanel;
  if (g.ta)
    pack(a + m0, g.m, g.k, width, panel);
  else
    pack_transposed(a + static_cast<int64_t>(m0) * g.k, g.k, g.k, width, panel);
}

void stream_rows(const Gemm& g, const real* b, real* c, int chunk, const real* shared, real* scratch) {
  const int n0 = chunk * kStreamRows, n1 = std::min(g.n, n0 + kStreamRows), panels = ceil_div(g.m, kPanel);
  const int64_t wide = static_cast<int64_t>(panels) * kPanel;  // scratch holds C' [n1-n0, wide]
  for (int k0 = 0; k0 < g.k; k0 += kDepth) {
    const int depth = std::min(kDepth, g.k - k0);
    for (int p = 0; p < panels; ++p)
      for (int n = n0; n < n1; n += kRows)
        tile<false>(b + static_cast<int64_t>(n) * g.k + k0, g.k, shared + (static_cast<int64_t>(p) * g.k + k0) * kPanel, depth,
                    scratch + (n - n0) * wide + p * kPanel, wide, std::min(kRows, n1 - n), k0 == 0);
  }
  for (int m = 0; m < g.m; ++m)
    for (int n = n0; n < n1; ++n) {
      const real value = scratch[(n - n0) * wide + m];
      real& out = c[static_cast<int64_t>(m) * g.n + n];
      out = g.accumulate ? out + value : value;
    }
}

}  // namespace

int Gemm::chunks() const { return tb ? ceil_div(n, kStreamRows) : ceil_div(n, kPanel) * ceil_div(m, kRowBlock); }
int64_t Gemm::shared_scratch() const { return tb ? int64_t{ceil_div(m, kPanel)} * kPanel * k : 0; }
int64_t Gemm::worker_scratch() const {
  return tb ? int64_t{kStreamRows} * ceil_div(m, kPanel) * kPanel : int64_t{kDepth} * kPanel + int64_t{kRows} * kPanel;
}

void gemm(const Gemm& g, const real* a, const real* b, real* c, real* shared, real* scratch, Pool& pool) {
  if (!g.tb) {
    pool.run(g.chunks(), [&](int chunk, int worker) { stream_columns(g, a, b, c, chunk, scratch + worker * g.worker_scratch()); });
    return;
  }
  pool.run(ceil_div(g.m, kPanel), [&](int panel, int) { pack_rows_of_a(g, a, panel, shared); });
  pool.run(g.chunks(), [&](int chunk, int worker) { stream_rows(g, b, c, chunk, shared, scratch + worker * g.worker_scratch()); });
}

void gemm(const Gemm& g, const real* a, const real* b, real* c, real* shared, real* scratch) {
  if (!g.tb) {
    for (int chunk = 0; chunk < g.chunks(); ++chunk) stream_columns(g, a, b, c, chunk, scratch);
    return;
  }
  for (int panel = 0; panel < ceil_div(g.m, kPanel); ++panel) pack_rows_of_a(g, a, panel, shared);
  for (int chunk = 0; chunk < g.chunks(); ++chunk) stream_rows(g, b, c, chunk, shared, scratch);
}

}  // namespace unpick
