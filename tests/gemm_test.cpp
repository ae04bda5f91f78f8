// The matrix product against the three loops that define it, over shapes that meet every edge of its tiles.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/backend/kernels.h"
#include "core/base/rng.h"

namespace unpick {
namespace {

struct Shapes {
  int m, n, k;
};

void check(const Kernels& kernel, Gemm g, int threads) {
  const auto size = [](int a, int b) { return static_cast<size_t>(a) * static_cast<size_t>(b); };
  std::vector<real> a(size(g.m, g.k)), b(size(g.k, g.n)), c(size(g.m, g.n) + 8, 7),
      shared(static_cast<size_t>(kernel.gemm_shared_scratch(g))),
      scratch(static_cast<size_t>(kernel.gemm_worker_scratch(g) * threads));
  const Rng rng(1, Stream::test);
  rng.fill_uniform(a, 0, -1, 1);
  rng.fill_uniform(b, 1, -1, 1);
  Pool pool(threads);
  kernel.gemm_dense(g, a.data(), b.data(), {c.data()}, shared.data(), scratch.data(), pool);
  for (int i = 0; i < g.m; ++i)
    for (int j = 0; j < g.n; ++j) {
      double sum = 0, scale = 0;
      for (int k = 0; k < g.k; ++k) {
        const double x = a[g.ta ? size(k, g.m) + static_cast<size_t>(i) : size(i, g.k) + static_cast<size_t>(k)];
        const double y = b[g.tb ? size(j, g.k) + static_cast<size_t>(k) : size(k, g.n) + static_cast<size_t>(j)];
        sum += x * y;
        scale += std::abs(x * y);
      }
      ASSERT_NEAR(c[size(i, g.n) + static_cast<size_t>(j)], sum,
                  (g.k + 1) * 6e-8 * scale)  // the a-priori bound of a sum of k products
          << kernel.isa << ", " << g.m << "x" << g.n << "x" << g.k << " at " << i << "," << j;
    }
  for (size_t i = size(g.m, g.n); i < c.size(); ++i) ASSERT_EQ(c[i], 7) << "wrote behind the result";
}

TEST(Gemm, AgreesWithTheDefinitionOnEveryEdge) {
  for (const Shapes s : {Shapes{1, 1, 1},
                         {3, 5, 7},
                         {8, 32, 16},
                         {9, 33, 17},
                         {64, 20, 256},
                         {64, 256, 10},
                         {31, 65, 300},
                         {300, 40, 31},
                         {257, 33, 513}})
    for (bool ta : {false, true})
      for (bool tb : {false, true})
        for (const Kernels* kernel : available_kernels()) check(*kernel, {s.m, s.n, s.k, ta, tb}, 1);
}

TEST(Gemm, ThreadsDoNotChangeABit) {
  for (bool tb : {false, true}) {
    const Gemm g{64, 300, 700, false, tb};
    std::vector<real> a(64 * 700), b(300 * 700), first(64 * 300);
    Rng(1, Stream::test).fill_uniform(a, 0, -1, 1);
    Rng(1, Stream::test).fill_uniform(b, 1, -1, 1);
    for (int threads : {1, 2, 3, 5, 16}) {
      Pool pool(threads);
      std::vector<real> c(64 * 300), shared(static_cast<size_t>(g.shared_scratch())),
          scratch(static_cast<size_t>(g.worker_scratch() * threads));
      gemm(g, a.data(), b.data(), {c.data()}, shared.data(), scratch.data(), pool);
      if (threads == 1)
        first = c;
      else
        EXPECT_EQ(c, first) << threads;
    }
  }
}

// A with few nonzeros, with more of them, or with neighbouring rows that share their zeros: the same product without the zeros.
TEST(Gemm, LeavingOutZerosDoesNotChangeABit) {
  struct Case {
    Gemm g;
    int rows_alike;  // rows of op(A) in turn that have the same zeros
    int one_in;      // nonzero elements
  };
  for (const Case& t : {Case{{64, 256, 700}, 1, 20},
                        {{64, 257, 700}, 1, 20},
                        {{700, 129, 64, true}, 1, 20},
                        {{1, 300, 256}, 1, 2},
                        {{64, 256, 300}, 1, 3},
                        {{300, 517, 260}, 1, 3},
                        {{300, 141, 600, true}, 1, 3},
                        {{40, 300, 260}, 10, 2},
                        {{33, 133, 1100}, 11, 3}}) {
    const Gemm& g = t.g;
    std::vector<real> a(static_cast<size_t>(g.m * g.k)), b(static_cast<size_t>(g.k * g.n)), dense(static_cast<size_t>(g.m * g.n));
    const Rng rng(1, Stream::test);
    rng.fill_uniform(a, 0, -1, 1);
    rng.fill_uniform(b, 1, -1, 1);
    std::vector<real> keep(a.size());
    rng.fill_uniform(keep, 2, 0, 1);
    for (int m = 0; m < g.m; ++m)
      for (int k = 0; k < g.k; ++k)
        if (keep[static_cast<size_t>(m / t.rows_alike * g.k + k)] * static_cast<real>(t.one_in) > 1)
          a[static_cast<size_t>(g.ta ? k * g.m + m : m * g.k + k)] = 0;
    for (const Kernels* kernel : available_kernels()) {
      std::vector<real> shared(static_cast<size_t>(kernel->gemm_shared_scratch(g))),
          one(static_cast<size_t>(kernel->gemm_worker_scratch(g)));
      Pool alone(1);
      kernel->gemm_dense(g, a.data(), b.data(), {dense.data()}, shared.data(), one.data(), alone);
      for (int threads : {1, 2, 3, 5}) {
        Pool pool(threads);
        std::vector<real> c(dense.size() + 8, 7), scratch(static_cast<size_t>(kernel->gemm_worker_scratch(g) * threads));
        ASSERT_TRUE(kernel->gemm_sparse(g, a.data(), b.data(), {c.data()}, shared.data(), scratch.data(), pool)) << kernel->isa;
        for (size_t i = 0; i < dense.size(); ++i) ASSERT_EQ(c[i], dense[i]) << kernel->isa << ", " << g.m << "x" << g.n;
        for (size_t i = dense.size(); i < c.size(); ++i) ASSERT_EQ(c[i], 7) << "wrote behind the result";
      }
    }
  }
}

// Puts the pieces together again and counts how often each element came.
struct Collector final : Optimiser {
  explicit Collector(size_t size) : values(size), times(size) {}
  void update(const Rectangle& where, const real* g, int64_t ldg) override {
    for (int row = 0; row < where.rows; ++row)
      for (int64_t column = 0; column < where.columns; ++column) {
        const auto at = static_cast<size_t>(where.offset + row * where.pitch + column);
        values.at(at) = g[row * ldg + column];
        ++times.at(at);
      }
  }
  std::vector<real> values;
  std::vector<char> times;  // pieces do not overlap, so threads write different ones
};

TEST(Gemm, PiecesAreTheWholeProductEachElementOnce) {
  constexpr int kOffset = 5;
  for (const size_t one_in : {1u, 3u, 19u})
    for (const Shapes s : {Shapes{1, 1, 1}, {9, 33, 17}, {64, 256, 64}, {65, 1030, 64}, {1200, 60, 64}, {700, 300, 300}})
      for (const Kernels* kernel : available_kernels()) {
        Gemm g{s.m, s.n, s.k, true};
        std::vector<real> a(static_cast<size_t>(g.m * g.k)), b(static_cast<size_t>(g.k * g.n)),
            whole(static_cast<size_t>(g.m * g.n));
        Rng(1, Stream::test).fill_uniform(a, 0, -1, 1);
        Rng(1, Stream::test).fill_uniform(b, 1, -1, 1);
        for (size_t i = 0; i < a.size(); ++i)
          if (i % one_in) a[i] = 0;
        Pool pool(3);
        const auto multiply = [&](const Destination& c) {
          std::vector<real> shared(static_cast<size_t>(kernel->gemm_shared_scratch(g))),
              scratch(static_cast<size_t>(3 * kernel->gemm_worker_scratch(g)));
          if (!kernel->gemm_sparse(g, a.data(), b.data(), c, shared.data(), scratch.data(), pool))
            kernel->gemm_dense(g, a.data(), b.data(), c, shared.data(), scratch.data(), pool);
        };
        multiply({whole.data()});
        g.in_pieces = true;
        Collector pieces(kOffset + whole.size());
        multiply({nullptr, &pieces, kOffset});
        for (size_t i = 0; i < whole.size(); ++i) {
          ASSERT_EQ(pieces.times[kOffset + i], 1) << kernel->isa << ", " << s.m << "x" << s.n << " at " << i;
          ASSERT_EQ(pieces.values[kOffset + i], whole[i]) << kernel->isa << ", " << s.m << "x" << s.n << " at " << i;
        }
      }
}

TEST(Gemm, DenseOperandsAreLeftToTheDenseProduct) {
  const Gemm g{64, 256, 256};
  std::vector<real> a(64 * 256), b(256 * 256), c(64 * 256, 7), shared(static_cast<size_t>(g.shared_scratch())),
      scratch(static_cast<size_t>(g.worker_scratch()));
  Rng(1, Stream::test).fill_uniform(a, 0, -1, 1);
  for (real& x : a) x = x > -0.8f ? x : 0;  // a tenth of it zero, each row in other places
  Pool pool(1);
  EXPECT_FALSE(kernels().gemm_sparse(g, a.data(), b.data(), {c.data()}, shared.data(), scratch.data(), pool));
  EXPECT_EQ(c, std::vector<real>(c.size(), 7));
}

}  // namespace
}  // namespace unpick
