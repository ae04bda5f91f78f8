// Every prior: its density integrates to 1, its samples have it, and its divergence from a posterior agrees with integration on a
// grid. (theory M3; table E rows 45 to 52)
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/base/buffer.h"
#include "core/model/vae.h"

namespace unpick {
namespace {

// log p at given points.
struct Density {
  Density(const PriorSettings& settings, int latent, int points) : prior(make_prior(settings, latent)) {
    Recorder r{graph, table};
    z = graph.input({points, latent}, "z");
    log_p = prior->log_density(r, z);
    weights = Buffer(table.region());
    program = make_cpu_backend(pool)->prepare(Plan(graph, {{log_p}, r.used, {}}), {weights.span(), {}});
    write_constants(r.inputs, *program);
  }
  std::span<const real> at(std::span<const real> points) {
    std::copy(points.begin(), points.end(), program->data(z).begin());
    program->run();
    return program->data(log_p);
  }

  std::shared_ptr<const Prior> prior;
  Graph graph;
  Parameters table;
  Buffer weights;
  Pool pool{2};
  Var z, log_p;
  std::unique_ptr<Executable> program;
};

// The middle points of a grid over [-reach, reach]^dimensions.
struct Grid {
  Grid(int dimensions, int side, double reach) : volume(std::pow(2 * reach / side, dimensions)) {
    const auto count = static_cast<int>(std::pow(side, dimensions) + 0.5);
    for (int i = 0; i < count; ++i)
      for (int d = 0, rest = i; d < dimensions; ++d, rest /= side)
        points.push_back(((rest % side) + 0.5) * 2 * reach / side - reach);
  }
  int count(int dimensions) const { return static_cast<int>(points.size()) / dimensions; }
  std::vector<real> points;
  double volume;
};

double integral(const PriorSettings& settings, int latent, int side, double reach) {
  const Grid grid(latent, side, reach);
  Density density(settings, latent, grid.count(latent));
  double sum = 0;
  for (const real l : density.at(grid.points)) sum += std::exp(l) * grid.volume;
  return sum;
}

TEST(Priors, DensitiesIntegrateToOne) {
  EXPECT_NEAR(integral({"normal"}, 1, 2000, 8), 1, 1e-9);
  EXPECT_NEAR(integral({"student-t", 5}, 1, 100000, 200), 1, 1e-6);
  EXPECT_NEAR(integral({"sparse", 9, 0.8}, 1, 4000, 8), 1, 1e-9);
  EXPECT_NEAR(integral({"mixture"}, 2, 400, 3), 1, 1e-6);
  EXPECT_NEAR(integral({"subspaces", 20}, 2, 400, 10), 1, 1e-4);
  EXPECT_NEAR(integral({"hierarchical"}, 2, 400, 9), 1, 1e-6);
  EXPECT_NEAR(integral({"anisotropic"}, 2, 300, 8), 1, 1e-6);
}

TEST(Priors, LimitsAreTheNormalOne) {
  const Grid grid(2, 20, 3);
  Density normal({"normal"}, 2, 400), heavy({"student-t", 1e6}, 2, 400), dense({"sparse", 9, 0}, 2, 400),
      even({"anisotropic"}, 2, 400);
  const auto expected = normal.at(grid.points);
  const auto t = heavy.at(grid.points), gamma0 = dense.at(grid.points), w0 = even.at(grid.points);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(t[i], expected[i], 1e-4);
    EXPECT_EQ(gamma0[i], expected[i]);
    EXPECT_NEAR(w0[i], expected[i], 1e-14);
  }
}

TEST(Priors, SubspacesDoNotSeeATurnWithinAGroupButOneAcross) {
  Density density({"subspaces", 3}, 4, 3);
  const double c = std::cos(0.7), s = std::sin(0.7), z[] = {0.5, -1.2, 0.3, 2.0};
  const std::vector<real> points{z[0],
                                 z[1],
                                 z[2],
                                 z[3],  //
                                 c * z[0] - s * z[1],
                                 s * z[0] + c * z[1],
                                 z[2],
                                 z[3],  // within the first group
                                 c * z[0] - s * z[2],
                                 z[1],
                                 s * z[0] + c * z[2],
                                 z[3]};
  const auto log_p = density.at(points);
  EXPECT_NEAR(log_p[1], log_p[0], 1e-14);
  EXPECT_GT(std::abs(log_p[2] - log_p[0]), 0.01);
}

// Samples by draw and place; their mean log p against minus the entropy, both moments against the grid's.
TEST(Priors, SamplesHaveTheDensity) {
  constexpr int kSamples = 20000;
  for (const PriorSettings& settings : {PriorSettings{"normal"}, PriorSettings{"student-t", 9}, PriorSettings{"sparse"},
                                        PriorSettings{"mixture"}, PriorSettings{"subspaces", 9}, PriorSettings{"hierarchical"}}) {
    Density density(settings, 2, kSamples);
    Graph graph;
    Recorder r{graph, density.table};
    const Var z = prior_samples(r, density.prior, kSamples, 2);
    const auto program = make_cpu_backend(density.pool)->prepare(Plan(graph, {{z}, {}, {}}), {});
    write_constants(r.inputs, *program);
    write_step(r.inputs, *program, 3, 5, {});
    program->run();
    const auto log_p = density.at(program->data(z));
    double mean = 0, square = 0, variance = 0;
    for (size_t i = 0; i < kSamples; ++i) {
      mean += log_p[i] / kSamples;
      square += log_p[i] * log_p[i] / kSamples;
      variance += program->data(z)[2 * i + 1] * program->data(z)[2 * i + 1] / kSamples;
    }
    const double reach = settings.name == "student-t" || settings.name == "subspaces" ? 30 : 9;
    const Grid grid(2, 900, reach);
    Density fine(settings, 2, grid.count(2));
    const auto on_grid = fine.at(grid.points);
    double expected = 0, expected_variance = 0;
    for (size_t i = 0; i < on_grid.size(); ++i) {
      const double p = std::exp(on_grid[i]) * grid.volume;
      expected += p * on_grid[i];
      expected_variance += p * grid.points[2 * i + 1] * grid.points[2 * i + 1];
    }
    const double error = std::sqrt((square - mean * mean) / kSamples);
    EXPECT_NEAR(mean, expected, 4 * error + 2e-3) << settings.name;
    EXPECT_NEAR(variance / expected_variance, 1, 0.06) << settings.name;
  }
}

// KL of one Gaussian from a prior: by the recorded terms, or by samples with their standard error.
struct Divergence {
  Divergence(const PriorSettings& settings, int latent, int batch, std::vector<real> moments)
      : prior(make_prior(settings, latent)) {
    Recorder r{graph, table};
    const Var q = graph.input({batch, 2 * latent});
    epsilon = graph.input({batch, latent});
    const Posterior posterior = diagonal_posterior(q);
    terms = prior->kl_terms(r, posterior);
    samples = kl_samples(r, *prior, posterior, epsilon, sample(posterior, epsilon));
    PlanRequest request{{samples}, r.used, {}};
    if (terms.ok()) request.outputs.push_back(terms);
    weights = Buffer(table.region());
    program = make_cpu_backend(pool)->prepare(Plan(graph, request), {weights.span(), {}});
    write_constants(r.inputs, *program);
    for (size_t i = 0; i < program->data(q).size(); ++i) program->data(q)[i] = moments[i % moments.size()];
  }
  double exact() {
    program->run();
    const auto parts = program->data(terms);
    return std::accumulate(parts.begin(), parts.end(), 0.0) / samples.shape()[0];
  }
  std::pair<double, double> sampled(uint32_t step) {
    Rng(1, Stream::test).fill_normal(program->data(epsilon), step);
    program->run();
    double mean = 0, square = 0;
    const auto values = program->data(samples);
    for (const real x : values) mean += x / static_cast<double>(values.size());
    for (const real x : values) square += (x - mean) * (x - mean) / static_cast<double>(values.size());
    return {mean, std::sqrt(square / static_cast<double>(values.size()))};
  }

  std::shared_ptr<const Prior> prior;
  Graph graph;
  Parameters table;
  Buffer weights;
  Pool pool{2};
  Var epsilon, terms, samples;
  std::unique_ptr<Executable> program;
};

// The same on a fine grid around the posterior.
double kl_on_grid(const PriorSettings& settings, const std::vector<real>& moments, int side) {
  const int latent = static_cast<int>(moments.size()) / 2;
  Grid grid(latent, side, 8);  // in units of sigma
  std::vector<double> log_q;
  double scale = 1;
  for (int d = 0; d < latent; ++d) scale *= std::exp(moments[static_cast<size_t>(latent + d)] / 2);
  for (size_t i = 0; i < grid.points.size(); i += static_cast<size_t>(latent)) {
    double sum = -std::log(scale);
    for (size_t d = 0; d < static_cast<size_t>(latent); ++d) {
      real& z = grid.points[i + d];
      sum += -0.5 * z * z - 0.5 * std::log(2 * M_PI);
      z = moments[d] + std::exp(moments[static_cast<size_t>(latent) + d] / 2) * z;
    }
    log_q.push_back(sum);
  }
  Density density(settings, latent, grid.count(latent));
  const auto log_p = density.at(grid.points);
  double kl = 0;
  for (size_t i = 0; i < log_q.size(); ++i) kl += std::exp(log_q[i]) * (log_q[i] - log_p[i]) * scale * grid.volume;
  return kl;
}

TEST(Priors, QuadratureMatchesAFineGrid) {
  double worst_t = 0, worst_sparse = 0;
  for (const double mu : {-2.0, -0.15, 0.0, 0.07, 0.8})
    for (const double sigma : {0.003, 0.015, 0.025, 0.1, 0.4, 1.0}) {
      const std::vector<real> moments{mu, 2 * std::log(sigma)};
      for (const double nu : {2.0, 9.0})
        worst_t = std::max(worst_t, std::abs(Divergence({"student-t", nu}, 1, 2, moments).exact() -
                                             kl_on_grid({"student-t", nu}, moments, 20000)));
      for (const double gamma : {0.2, 0.8})
        worst_sparse = std::max(worst_sparse, std::abs(Divergence({"sparse", 9, gamma}, 1, 2, moments).exact() -
                                                       kl_on_grid({"sparse", 9, gamma}, moments, 20000)));
    }
  std::printf("quadrature off by %.1e (student-t), %.1e (sparse) nats at most\n", worst_t, worst_sparse);
  EXPECT_LT(worst_t, 1e-6);
  EXPECT_LT(worst_sparse, 1e-9);
}

TEST(Priors, AnisotropicKlMatchesSamplesAndItsVariancesAddUp) {
  Divergence divergence({"anisotropic"}, 3, 4000, {0.3, -0.4, 0.2, -1, -0.5, 0.1});
  const Parameter& w = *divergence.table.find(kPriorWeights);
  std::vector<double> omega{1.2, -0.3, 0.4};
  for (size_t j = 0; j < 3; ++j) divergence.weights.span()[static_cast<size_t>(w.offset) + j] = omega[j];
  double total = 0, closed = 0;
  for (double& o : omega) total += o = std::exp(o);
  const double mu[] = {0.3, -0.4, 0.2}, logvar[] = {-1, -0.5, 0.1};
  for (size_t j = 0; j < 3; ++j) {  // variances that sum to 3
    omega[j] *= 3 / total;
    closed += 0.5 * ((std::exp(logvar[j]) + mu[j] * mu[j]) / omega[j] - 1 + std::log(omega[j]) - logvar[j]);
  }
  EXPECT_NEAR(divergence.exact(), closed, 1e-12);
  const auto [kl, error] = divergence.sampled(0);
  EXPECT_NEAR(kl, closed, 4 * error);
}

TEST(Priors, SampledKlMatchesAGridWithinItsStandardError) {
  for (const PriorSettings& settings : {PriorSettings{"mixture"}, PriorSettings{"subspaces"}, PriorSettings{"hierarchical"}}) {
    const std::vector<real> moments{0.6, -0.3, -2.0, -1.0};
    Divergence divergence(settings, 2, 100000, moments);
    EXPECT_FALSE(divergence.terms.ok());
    const double grid = kl_on_grid(settings, moments, 700);
    const auto [kl, error] = divergence.sampled(1);
    std::printf("%s: KL %.4f on the grid, %.4f +- %.4f by samples\n", settings.name.c_str(), grid, kl, error);
    EXPECT_NEAR(kl, grid, 4 * error);
    EXPECT_NEAR(kl / grid, 1, 0.01);
  }
}

TEST(Priors, SettingsThatDoNotFitAreRefused) {
  EXPECT_THROW(make_prior({"norml"}, 3), Error);
  EXPECT_THROW(make_prior({"subspaces", 9, 0.8, 2}, 5), Error);
  EXPECT_THROW(make_prior({"hierarchical"}, 1), Error);
}

TEST(Priors, GaussHermiteIsExactForPolynomials) {
  const Quadrature rule = gauss_hermite(5);
  double moments[9] = {};
  for (size_t i = 0; i < 5; ++i)
    for (int k = 0; k < 9; ++k) moments[k] += rule.weights[i] * std::pow(rule.nodes[i], k);
  const double expected[] = {1, 0, 1, 0, 3, 0, 15, 0, 105};
  for (int k = 0; k < 9; ++k) EXPECT_NEAR(moments[k], expected[k], 1e-11);
}

}  // namespace
}  // namespace unpick
