// The diagonal and the full posterior: divergences and samples against Monte Carlo and linear algebra, gradients against finite
// differences, and the two families against each other. (theory A1, A2; table E rows 5, 6)
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/decompositions.h"
#include "core/model/model.h"
#include "core/session/session.h"

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kLatent = 3;

// One Gaussian, repeated for B samples: the rows of posteriors.h run with given numbers.
struct Sampler {
  Sampler(PosteriorFamily family, int batch) {
    q = graph.input({batch, 2 * kLatent});
    epsilon = graph.input({batch, kLatent});
    const int entries = lower_entries(family, kLatent);
    if (entries > 0) lower = graph.input({batch, entries});
    const Posterior posterior = entries > 0 ? full_posterior(q, lower) : diagonal_posterior(q);
    z = sample(posterior, epsilon);
    L = cholesky_factor(posterior);
    logvar = marginal_logvar(posterior);
    terms = kl_terms(posterior);
    marginal = kl_per_latent(posterior);
    program = make_cpu_backend(pool)->prepare(Plan(graph, {{z, L, logvar, terms, marginal}, {}, {}}), {});
  }
  void fill(std::vector<real> moments, std::vector<real> below) {
    repeat(program->data(q), moments);
    if (lower.ok()) repeat(program->data(lower), below);
  }
  static void repeat(std::span<real> to, const std::vector<real>& row) {
    for (size_t i = 0; i < to.size(); ++i) to[i] = row[i % row.size()];
  }
  double sum(Var row) {
    double total = 0;
    for (const real x : program->data(row)) total += x;
    return total / q.shape()[0];
  }
  MatrixXd factor() {
    MatrixXd matrix(kLatent, kLatent);
    for (int i = 0; i < kLatent; ++i)
      for (int j = 0; j < kLatent; ++j) matrix(i, j) = program->data(L)[static_cast<size_t>(i * kLatent + j)];
    return matrix;
  }

  Graph graph;
  Pool pool{2};
  Var q, lower, epsilon, z, L, logvar, terms, marginal;
  std::unique_ptr<Executable> program;
};

const std::vector<real> kMoments{0.3, -0.4, 0.2, std::log(0.7), std::log(0.9), std::log(1.2)};
const std::vector<real> kBelow{0.3, -0.2, 0.25};

// log N(z; mu, Sigma) from Sigma's eigenvalues: by another way than the one under test.
class LogDensity {
 public:
  LogDensity(const VectorXd& mu, const MatrixXd& sigma)
      : mu_(mu), of_(spectrum(sigma)), constant_(log_volume(sigma) + kLatent * std::log(2 * M_PI)) {}
  double operator()(const VectorXd& z) const {
    const VectorXd d = of_.vectors.transpose() * (z - mu_);
    return -0.5 * (d.cwiseAbs2().cwiseQuotient(of_.values).sum() + constant_);
  }

 private:
  VectorXd mu_;
  Spectrum of_;
  double constant_;
};

TEST(Posterior, KlAndSamplesMatchAMillionDraws) {
  for (const PosteriorFamily family : {PosteriorFamily::diagonal, PosteriorFamily::full}) {
    constexpr int kBatch = 1000, kBatches = 1000;
    Sampler s(family, kBatch);
    s.fill(kMoments, kBelow);
    const Rng rng(1, Stream::test);
    MatrixXd L = MatrixXd::Zero(kLatent, kLatent);
    for (int j = 0; j < kLatent; ++j) L(j, j) = std::exp(kMoments[static_cast<size_t>(kLatent + j)] / 2);
    if (family == PosteriorFamily::full) L(1, 0) = kBelow[0], L(2, 0) = kBelow[1], L(2, 1) = kBelow[2];
    const MatrixXd sigma = L * L.transpose();
    const VectorXd mu = Eigen::Map<const VectorXd>(kMoments.data(), kLatent);

    const LogDensity q(mu, sigma), p(VectorXd::Zero(kLatent), MatrixXd::Identity(kLatent, kLatent));
    double kl = 0;
    VectorXd mean = VectorXd::Zero(kLatent);
    MatrixXd second = MatrixXd::Zero(kLatent, kLatent);
    for (uint32_t batch = 0; batch < kBatches; ++batch) {
      rng.fill_normal(s.program->data(s.epsilon), batch);
      s.program->run();
      for (size_t i = 0; i < kBatch; ++i) {
        const VectorXd z = Eigen::Map<const VectorXd>(s.program->data(s.z).data() + i * kLatent, kLatent);
        kl += q(z) - p(z);
        mean += z;
        second += z * z.transpose();
      }
    }
    kl /= 1e6;
    mean /= 1e6;
    const MatrixXd covariance = second / 1e6 - mean * mean.transpose();
    std::printf("posterior %d: KL %.6f, of 1e6 draws %.6f; covariance off by %.5f\n", static_cast<int>(family), s.sum(s.terms), kl,
                (covariance - sigma).cwiseAbs().maxCoeff());
    EXPECT_NEAR(s.sum(s.terms), kl, 1e-3);
    EXPECT_LT((mean - mu).cwiseAbs().maxCoeff(), 5e-3);
    EXPECT_LT((covariance - sigma).cwiseAbs().maxCoeff(), 5e-3);
    EXPECT_LT((s.factor() - L).cwiseAbs().maxCoeff(), 1e-15);
    for (int j = 0; j < kLatent; ++j) EXPECT_NEAR(s.program->data(s.logvar)[static_cast<size_t>(j)], std::log(sigma(j, j)), 1e-14);
    // The marginals' divergences miss (sum log Sigma_jj - log det Sigma) / 2.
    const double missing = 0.5 * (sigma.diagonal().array().log().sum() - log_volume(sigma));
    EXPECT_NEAR(s.sum(s.terms) - s.sum(s.marginal), missing, 1e-13);
    EXPECT_EQ(missing > 0.01, family == PosteriorFamily::full);
  }
}

TEST(Posterior, AFullOneWithADiagonalFactorIsTheDiagonalOneBitForBit) {
  Sampler full(PosteriorFamily::full, 4), diagonal(PosteriorFamily::diagonal, 4);
  for (Sampler* s : {&full, &diagonal}) {
    s->fill(kMoments, {0, 0, 0});
    Rng(2, Stream::test).fill_normal(s->program->data(s->epsilon), 0);
    s->program->run();
  }
  for (const auto& [a, b] : {std::pair{full.z, diagonal.z}, {full.L, diagonal.L}, {full.terms, diagonal.terms}})
    for (size_t i = 0; i < full.program->data(a).size(); ++i) EXPECT_EQ(full.program->data(a)[i], diagonal.program->data(b)[i]);
  for (const auto& [a, b] : {std::pair{full.logvar, diagonal.logvar}, {full.marginal, diagonal.marginal}})  // log(exp(x)) is not x
    for (size_t i = 0; i < full.program->data(a).size(); ++i)
      EXPECT_NEAR(full.program->data(a)[i], diagonal.program->data(b)[i], 1e-15);
}

TEST(Posterior, GradientsOfTheFullOneMatchFiniteDifferences) {
  for (const Architecture& a : architectures()) {
    if (std::string(a.name) == "mlp-1200") continue;  // the same layers as mlp, sixty times the work
    Parameters table;
    const Shape image = a.needs_64 ? Shape{64, 64, 1} : Shape{6, 5, 2};
    const Training t = record_training(make_vae_spec(a.name, "beta-vae", "gaussian", image, 4, "full"), 3, table);
    Buffer weights(table.region()), gradients(table.region());
    table.initialise(weights.span(), 3);
    const Rng rng(5, Stream::test);
    std::vector<real> nudge(weights.span().size()), direction(nudge.size());  // off the kinks, and L off the diagonal
    rng.fill_uniform(nudge, 0, -0.05, 0.05);
    for (size_t i = 0; i < nudge.size(); ++i) weights.span()[i] += nudge[i];
    Pool pool(2);
    const auto program = make_cpu_backend(pool)->prepare(Plan(*t.graph, t.request()), {weights.span(), gradients.span()});
    rng.fill_uniform(program->data(t.x), 1, 0, 1);
    rng.fill_normal(program->data(t.epsilon), 2);
    program->data(t.beta)[0] = 4;
    program->data(t.sigma2)[0] = 0.3;
    program->run();
    double marginals = 0;
    for (const real kl : program->data(t.kl_per_latent)) marginals += kl;
    EXPECT_GT(program->data(t.kl)[0], marginals);
    const Parameter* lower = table.find("encoder.lower.weight");
    ASSERT_NE(lower, nullptr);
    // Once along all parameters, once along those of L alone.
    for (const bool only_lower : {false, true}) {
      rng.fill_uniform(direction, 3, -1, 1);
      for (int64_t i = 0; only_lower && i < static_cast<int64_t>(direction.size()); ++i)
        if (i < lower->offset || i >= lower->offset + lower->shape.size()) direction[static_cast<size_t>(i)] = 0;
      program->run();
      double slope = 0, difference = 0;
      for (size_t i = 0; i < direction.size(); ++i) slope += direction[i] * gradients.span()[i];
      const bool smooth = std::string(a.name) == "linear";  // the others have kinks
      const double h = smooth ? 1e-6 : 1e-7;
      for (const int sign : {1, -1}) {
        for (size_t i = 0; i < direction.size(); ++i) weights.span()[i] += sign * h * direction[i];
        program->run();
        difference += sign * program->data(t.loss)[0] / (2 * h);
        for (size_t i = 0; i < direction.size(); ++i) weights.span()[i] -= sign * h * direction[i];
      }
      EXPECT_NEAR(difference / slope, 1, smooth ? 1e-7 : 1e-4) << a.name << ": slope " << slope;
    }
  }
}

TEST(Posterior, AnAutoencoderHasNoCovariance) {
  EXPECT_THROW(make_vae_spec("mlp", "autoencoder", "bernoulli", {8, 8, 1}, 3, "full"), Error);
  EXPECT_THROW(make_vae_spec("mlp", "vae", "bernoulli", {8, 8, 1}, 3, "banded"), Error);
}

std::unique_ptr<Session> session(const char* posterior, const char* model, Pool& pool) {
  Config config;
  apply_preset(config, "live");
  for (const auto& [name, value] : {std::pair{"posterior", posterior}, {"model", model}, {"latent", "4"}, {"batch", "16"}})
    set(config, name, value);
  return std::make_unique<Session>(config, open_dataset(config.data), pool);
}

// The same first weights, the same first loss: whatever comes apart later comes from the family.
TEST(Posterior, BothFamiliesStartAlikeAndThenPart) {
  Pool pool(2);
  for (const char* model : {"mlp", "conv-locatello"}) {
    const auto diagonal = session("diagonal", model, pool), full = session("full", model, pool);
    for (const Parameter& p : diagonal->model().table.rows()) {
      const Parameter* same = full->model().table.find(p.name);
      ASSERT_NE(same, nullptr) << p.name;
      for (int64_t i = 0; i < p.shape.size(); ++i)
        ASSERT_EQ(diagonal->model().weights.data()[p.offset + i], full->model().weights.data()[same->offset + i]) << p.name;
    }
    diagonal->advance(1);
    full->advance(1);
    EXPECT_EQ(diagonal->losses().loss, full->losses().loss) << model;
    diagonal->advance(5);
    full->advance(5);
    EXPECT_NE(diagonal->losses().loss, full->losses().loss) << model;
    double sum = 0;
    for (const double kl : full->losses().kl_per_latent) sum += kl;
    EXPECT_LT(sum, full->losses().kl);
  }
}

TEST(Posterior, AFullRunResumesBitForBitOnAnyNumberOfThreads) {
  Pool two(2), five(5);
  const auto whole = session("full", "mlp", two), first = session("full", "mlp", two), second = session("full", "mlp", five);
  whole->advance(12);
  first->advance(5);
  second->restore(first->state(), {});
  second->advance(7);
  EXPECT_EQ(second->fingerprint(), whole->fingerprint());
}

TEST(Posterior, TheEncoderGivesTheFactorAndTheMarginalVariances) {
  Pool pool(2);
  const auto s = session("full", "mlp", pool);
  s->advance(20);
  Model& model = s->model();
  const size_t n = 5, pixels = 4096;
  std::vector<real> x(n * pixels), mu(n * 4), logvar(n * 4), L(n * 16), again(n * 4);
  for (uint32_t i = 0; i < n; ++i) s->data().render(i * 100, std::span(x).subspan(i * pixels, pixels));
  Encoder(model.spec, model.table, model.weights.span(), s->backend(), 2, true).run(x, mu, logvar, L);
  Encoder plain(model.spec, model.table, model.weights.span(), s->backend(), 2);
  plain.run(x, again, {});
  EXPECT_EQ(mu, again);
  EXPECT_THROW(plain.run(x, {}, {}, L), ShapeError);
  double below = 0;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < 4; ++j) {
      double variance = 0;
      for (size_t k = 0; k < 4; ++k) {
        const double entry = L[i * 16 + j * 4 + k];
        variance += entry * entry;
        EXPECT_TRUE(k <= j || entry == 0);
        if (k < j) below = std::max(below, std::abs(entry));
      }
      EXPECT_NEAR(logvar[i * 4 + j], std::log(variance), 1e-12);
    }
  EXPECT_GT(below, 1e-3) << "the off-diagonal entries have moved";
}

}  // namespace
}  // namespace unpick
