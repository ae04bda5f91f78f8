// The decoder's Jacobian and residual Hessian, in double, against finite differences and a closed form.
#include <gtest/gtest.h>

#include <cmath>

#include "core/graph/derive.h"
#include "core/seams/jacobian.h"

namespace unpick {
namespace {

struct Decoder3 {
  explicit Decoder3(const char* name, const char* kind, Shape image) : model(make_vae_spec(name, "vae", kind, image, 3)) {
    model.table.initialise(model.weights.span(), 4);
    backend = make_cpu_backend(pool);
  }
  std::vector<real> mean(std::vector<real> z) {
    std::vector<real> d(static_cast<size_t>(model.spec.image.size()));
    Decoder(model.spec, model.table, model.weights.span(), *backend, 1).run(z, {}, d);
    return d;
  }
  Pool pool{2};
  Model model;
  std::unique_ptr<Backend> backend;
};

TEST(Jacobian, MatchesFiniteDifferencesAtEveryPoint) {
  for (const auto& [name, image] :
       {std::pair{"mlp", Shape{5, 4, 1}}, {"mlp-1200", Shape{3, 3, 1}}, {"conv-burgess", Shape{64, 64, 1}}}) {
    Decoder3 d(name, "bernoulli", image);
    const auto pixels = static_cast<size_t>(image.size());
    std::vector<real> z(6);
    Rng(2, Stream::test).fill_normal(z, 0);
    JacobianProgram program(mean_map(d.model), 2, *d.backend);
    const auto J = program.run(z);
    for (size_t point = 0; point < 2; ++point)
      for (size_t j = 0; j < 3; ++j) {
        const double h = 1e-6;
        std::vector<real> up(z.begin() + static_cast<long>(3 * point), z.begin() + static_cast<long>(3 * point + 3)), down = up;
        up[j] += h;
        down[j] -= h;
        const auto a = d.mean(up), b = d.mean(down);
        for (size_t i = 0; i < pixels; ++i)
          ASSERT_NEAR(J[(point * 3 + j) * pixels + i], (a[i] - b[i]) / (2 * h), 1e-8) << name << " " << i;
      }
  }
}

TEST(Jacobian, IsTheSameWhenPointsAreTakenInParts) {
  Decoder3 d("mlp", "bernoulli", {5, 4, 1});
  std::vector<real> z(8 * 3);
  Rng(2, Stream::test).fill_normal(z, 0);
  JacobianProgram whole(mean_map(d.model), 8, *d.backend), parts(mean_map(d.model), 8, *d.backend, {}, 1);
  const auto a = whole.run(z), b = parts.run(z);
  ASSERT_EQ(a.size(), b.size());
  EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin())) << "bit for bit";
  for (int p = 0; p < 8; ++p) {
    EXPECT_TRUE(std::equal(whole.value(p).begin(), whole.value(p).end(), parts.value(p).begin())) << p;
    EXPECT_TRUE(std::equal(whole.jacobian(p).begin(), whole.jacobian(p).end(), parts.jacobian(p).begin())) << p;
  }
}

TEST(Jacobian, AShorterRunLeavesTheOtherPointsAsTheyWere) {
  Decoder3 d("mlp", "bernoulli", {5, 4, 1});
  std::vector<real> z(8 * 3), changed(8 * 3);
  Rng(2, Stream::test).fill_normal(z, 0);
  Rng(3, Stream::test).fill_normal(changed, 0);
  for (const int64_t most_arena : {16 << 20, 40000, 20000, 10000, 5000, 1}) {  // all, some and one at a time
    JacobianProgram program(mean_map(d.model), 8, *d.backend, {}, most_arena), fresh(mean_map(d.model), 8, *d.backend);
    program.run(z);
    program.run(std::span(changed).first(3 * 3));
    std::vector<real> now(changed.begin(), changed.begin() + 3 * 3);
    now.insert(now.end(), z.begin() + 3 * 3, z.end());
    fresh.run(now);
    for (int p = 0; p < 8; ++p) {
      EXPECT_TRUE(std::equal(program.value(p).begin(), program.value(p).end(), fresh.value(p).begin())) << p;
      EXPECT_TRUE(std::equal(program.jacobian(p).begin(), program.jacobian(p).end(), fresh.jacobian(p).begin())) << p;
    }
  }
}

// The decoder (z0 z1, z1 sin z2, |z|²), by rows that stay in their place, or by columns, which every row of the graph mixes.
DecoderMap three_numbers(bool by_columns) {
  return {3, 3, [by_columns](Recorder&, Var z) {
            const Var along = by_columns ? permute(z, {1, 0, 2, 3}) : z;
            const int axis = by_columns ? 0 : 1;
            const Var z0 = slice(along, axis, 0, 1);
            const Var z1 = slice(along, axis, 1, 1);
            const Var z2 = slice(along, axis, 2, 1);
            const Var a = z0 * z1;
            const Var s = sin(z2);
            const Var b = z1 * s;
            const Var squares = along * along;
            const Var c = sum(squares, a.shape());
            Var all = pad(a, axis, 0, 3);
            all = all + pad(b, axis, 1, 3);
            all = all + pad(c, axis, 2, 3);
            return by_columns ? permute(all, {1, 0, 2, 3}) : all;
          }};
}

TEST(Jacobian, IsTheSameForDecodersThatMixTheirRowsOnTheWay) {
  Pool pool{1};
  const auto backend = make_cpu_backend(pool);
  const std::vector<real> z{0.3, -0.5, 0.8, 1, 2, 3}, r{1, -2, 0.5};
  JacobianProgram plain(three_numbers(false), 2, *backend), mixing(three_numbers(true), 2, *backend),
      some(three_numbers(false), 2, *backend, {0, 2});
  const auto J = plain.run(z), same = mixing.run(z), part = some.run(z);
  const double expected[3][3] = {{-0.5, 0, 0.6}, {0.3, std::sin(0.8), -1}, {0, -0.5 * std::cos(0.8), 1.6}};
  for (size_t j = 0; j < 3; ++j)
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(J[3 * j + i], expected[j][i], 1e-15);
  for (size_t k = 0; k < 18; ++k) EXPECT_EQ(J[k], same[k]);
  for (int point = 0; point < 2; ++point)
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(plain.value(point)[i], mixing.value(point)[i]);
      EXPECT_EQ(some.jacobian(point)[3 + i], plain.jacobian(point)[6 + i]) << "latent 2 is the second of {0, 2}";
      EXPECT_EQ(part[static_cast<size_t>(6 * point) + i], plain.jacobian(point)[i]);
    }
  ResidualHessianProgram one(three_numbers(false), *backend), other(three_numbers(true), *backend);
  const auto C = one.run(std::span(z).first(3), r), D = other.run(std::span(z).first(3), r);
  for (size_t k = 0; k < 9; ++k) EXPECT_NEAR(C[k], D[k], 1e-15);
}

TEST(Jacobian, DirectionsOfRowsThatMixAreRefused) {
  Graph g;
  const Var x = g.input({3, 2});
  const Var t = g.input({12, 2});
  const Var mixed = matmul(x, x, true, false);
  EXPECT_TRUE(keeps_rows(std::array{relu(x)}, std::array{x}));
  EXPECT_FALSE(keeps_rows(std::array{mixed}, std::array{x}));
  EXPECT_THROW(jvp(std::array{mixed}, std::array{x}, std::array{t}), ShapeError);
  EXPECT_THROW(jvp(std::array{x}, std::array{x}, std::array{g.input({7, 2})}), ShapeError);
}

TEST(Jacobian, OfALinearGaussianDecoderIsItsWeightMatrix) {
  Decoder3 d("linear", "gaussian", {4, 2, 1});
  JacobianProgram program(mean_map(d.model), 1, *d.backend);
  const auto J = program.run(std::vector<real>{0.3, -1, 2});
  const Parameter* w = d.model.table.find("decoder.lin1.weight");
  for (size_t k = 0; k < 24; ++k) EXPECT_EQ(J[k], d.model.weights.span()[static_cast<size_t>(w->offset) + k]);
}

TEST(ResidualHessian, IsSymmetricAndMatchesFiniteDifferencesOfTheGradient) {
  Decoder3 d("mlp-1200", "bernoulli", {3, 3, 1});  // tanh: smooth
  const std::vector<real> z{0.3, -0.5, 0.8};
  std::vector<real> r(9);
  Rng(3, Stream::test).fill_uniform(r, 0, -1, 1);
  ResidualHessianProgram program(mean_map(d.model), *d.backend);
  const auto result = program.run(z, r);
  const std::vector<real> C(result.begin(), result.end());
  const double h = 1e-4;
  const auto f = [&](size_t i, double a, size_t j, double b) {
    std::vector<real> moved = z;
    moved[i] += a;
    moved[j] += b;
    const auto mean = d.mean(moved);
    double sum = 0;
    for (size_t k = 0; k < 9; ++k) sum += r[k] * mean[k];
    return sum;
  };
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(C[3 * i + j], C[3 * j + i], 1e-15);
      const double second = (f(i, h, j, h) - f(i, h, j, -h) - f(i, -h, j, h) + f(i, -h, j, -h)) / (4 * h * h);
      EXPECT_NEAR(C[3 * i + j], second, 1e-7);
    }
}

}  // namespace
}  // namespace unpick
