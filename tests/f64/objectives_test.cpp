// Every objective in double: its gradient against finite differences along random directions, on every architecture and with every
// prior; its limiting cases bit for bit; its parts against numbers worked out in another way.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/base/buffer.h"
#include "core/base/decompositions.h"
#include "core/model/codec.h"
#include "core/model/surrogate.h"
#include "core/seams/linear_vae.h"
#include "core/session/session.h"

namespace unpick {
namespace {

using Hypers = std::map<std::string, double>;

struct Recorded {
  explicit Recorded(const VaeSpec& spec, int batch, Hypers numbers = {})
      : hypers(std::move(numbers)), training(record_training(spec, batch, table)) {
    weights = Buffer(table.region());
    gradients = Buffer(table.region());
    table.initialise(weights.span(), 3);
    // Biases that start at 0 would put the relu of every empty patch exactly on its kink.
    const Rng rng(5, Stream::test);
    std::vector<real> nudge(weights.span().size());
    rng.fill_uniform(nudge, 2, -0.01, 0.01);
    for (size_t i = 0; i < nudge.size(); ++i) weights.span()[i] += nudge[i];
    program = make_cpu_backend(pool)->prepare(Plan(*training.graph, training.request()), {weights.span(), gradients.span()});
    const auto x = program->data(training.x);
    rng.fill_uniform(x, 0, 0, 1);
    for (real& pixel : x) pixel = pixel < 0.1 ? 1 : 0;
    rng.fill_normal(program->data(training.epsilon), 1);
    write_constants(training.inputs, *program);
    write_step(training.inputs, *program, 1, 30, [this](const std::string& name) {
      const auto given = hypers.find(name);
      if (given != hypers.end()) return given->second;
      if (name == "step") return 30.0;
      if (name == "images") return 1000.0;
      if (name == "sigma2") return 0.3;
      return number(Config{}, name);
    });
  }
  double run(Var output) {
    program->run();
    return program->data(output)[0];
  }
  double loss() { return run(training.loss); }

  // The slope of `output` along a random direction of the weights in [begin, end): by gradient, over by finite differences.
  double slope_ratio(Var output, int64_t begin, int64_t end) {
    run(output);
    std::vector<real> direction(weights.span().size(), 0);
    Rng(9, Stream::test)
        .fill_uniform(std::span(direction).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)), 0, -1, 1);
    double slope = 0;
    for (size_t i = 0; i < direction.size(); ++i) slope += direction[i] * gradients.span()[i];
    const double h = 1e-7;
    double difference = 0;
    for (const int sign : {1, -1}) {
      for (size_t i = 0; i < direction.size(); ++i) weights.span()[i] += sign * h * direction[i];
      difference += sign * run(output) / (2 * h);
      for (size_t i = 0; i < direction.size(); ++i) weights.span()[i] -= sign * h * direction[i];
    }
    return difference / slope;
  }
  double slope_ratio() { return slope_ratio(training.loss, 0, training.main_region); }

  Hypers hypers;
  Pool pool{2};
  Parameters table;
  Training training;
  Buffer weights, gradients;
  std::unique_ptr<Executable> program;
};

// A small discriminator: the same rows as the large one.
VaeSpec spec_of(const char* model, const char* objective, const char* likelihood, Shape image, const char* posterior = "diagonal") {
  VaeSpec spec = make_vae_spec(model, objective, likelihood, image, 3, posterior);
  spec.settings.discriminator = {8, 2};
  return spec;
}
VaeSpec small(const char* objective, const char* posterior = "diagonal") {
  return spec_of("mlp", objective, unpick::objective(objective).gaussian_only ? "gaussian" : "bernoulli", {4, 4, 1}, posterior);
}

TEST(Objectives, GradientsMatchFiniteDifferences) {
  for (const Architecture& a : architectures())
    for (const Objective& o : objectives())
      for (const char* p : {"bernoulli", "gaussian", "laplace"}) {
        if (o.gaussian_only && std::string(p) != "gaussian") continue;
        const std::string model = a.name;
        if (model == "mlp-1200" && (o.samples || o.gaussian_only)) continue;  // the same layers as mlp, sixty times the work
        if (model.rfind("conv-", 0) == 0 && o.gaussian_only) continue;        // the same layers as conv
        const bool own_terms_only = !o.gaussian_only && !std::string(o.hypers).empty() && std::string(o.name) != "beta-vae";
        if (own_terms_only && model != "mlp") continue;  // their terms do not see the architecture
        const Shape image = a.needs_64 ? Shape{64, 64, 1} : Shape{6, 5, 2};
        if (std::string(p) == "laplace" && a.needs_64) continue;
        Recorded run(spec_of(a.name, o.name, p, image), 2);
        EXPECT_NEAR(run.slope_ratio(), 1, 1e-4) << a.name << ", " << o.name << ", " << p;
      }
}

TEST(Objectives, GradientsMatchFiniteDifferencesForEveryEstimatorPosteriorAndNoise) {
  const auto check = [](const VaeSpec& spec, const std::string& what) {
    Recorded run(spec, 5);
    EXPECT_NEAR(run.slope_ratio(), 1, 1e-4) << what;
  };
  for (const char* objective : {"annealed-vae", "factor-vae", "dip-vae-i", "dip-vae-ii", "decomposition", "surrogate"})
    check(small(objective, "full"), std::string(objective) + ", full");
  for (const Divergence d : {Divergence::mmd, Divergence::kl_inclusive, Divergence::kl_exclusive}) {
    VaeSpec spec = small("decomposition");
    spec.settings.divergence = d;
    check(spec, "divergence " + std::to_string(static_cast<int>(d)));
  }
  VaeSpec stratified = small("beta-tcvae");
  stratified.settings.tc = Tc::stratified;
  check(stratified, "stratified");
  for (const Noise n : {Noise::learned, Noise::learned_each}) {
    VaeSpec spec = spec_of("mlp", "beta-vae", "gaussian", {4, 4, 1});
    spec.noise = n;
    check(spec, "noise " + std::to_string(static_cast<int>(n)));
  }
}

TEST(Objectives, GradientsMatchFiniteDifferencesForEveryPriorAndDivergence) {
  const auto check = [](VaeSpec spec, const char* prior, const std::string& what) {
    spec.prior = make_prior({prior}, 4);
    for (const bool sampled : {false, true}) {
      spec.sampled_kl = sampled;
      Recorded run(spec, 5);
      EXPECT_NEAR(run.slope_ratio(), 1, 1e-4) << prior << ", " << what << (sampled ? ", sampled" : "");
    }
  };
  const std::pair<Divergence, const char*> divergences[] = {{Divergence::mmd_marginal, "mmd-marginal"},
                                                            {Divergence::mmd, "mmd"},
                                                            {Divergence::kl_inclusive, "kl-inclusive"},
                                                            {Divergence::kl_exclusive, "kl-exclusive"}};
  for (const char* prior : {"normal", "anisotropic-learned", "student-t", "mixture", "sparse", "subspaces", "hierarchical"}) {
    check(make_vae_spec("mlp", "beta-vae", "bernoulli", {4, 4, 1}, 4), prior, "beta-vae");
    VaeSpec spec = make_vae_spec("mlp", "decomposition", "bernoulli", {4, 4, 1}, 4);
    for (const auto& [divergence, name] : divergences) {
      spec.settings.divergence = divergence;
      check(spec, prior, name);
    }
  }
}

TEST(Objectives, TheDiscriminatorsGradientIsThatOfItsCrossEntropyAlone) {
  Recorded run(small("factor-vae"), 6);
  EXPECT_LT(run.training.main_region, run.table.region());
  EXPECT_NEAR(run.slope_ratio(run.training.adversary, run.training.main_region, run.table.region()), 1, 1e-4);
}

// A fixed prior has weights that take no step.
TEST(Objectives, AFixedAnisotropicPriorHasNoGradient) {
  for (const bool learned : {false, true}) {
    VaeSpec spec = small("beta-vae");
    spec.prior = make_prior({learned ? "anisotropic-learned" : "anisotropic"}, 3);
    Recorded run(spec, 4);
    run.loss();
    double size = 0;
    const Parameter& w = *run.table.find(kPriorWeights);
    for (int j = 0; j < 3; ++j) size += std::abs(run.gradients.span()[static_cast<size_t>(w.offset + j)]);
    EXPECT_EQ(size > 0, learned);
  }
}

// Limiting cases are not almost equal: loss and gradient agree in every bit.
TEST(Objectives, LimitingCasesAreEqualBitForBit) {
  struct Limit {
    const char *special, *general;
    Hypers numbers;
  };
  const Limit cases[] = {{"vae", "beta-vae", {{"beta", 1}}},
                         {"vae", "beta-tcvae", {{"beta", 1}}},
                         {"vae", "factor-vae", {{"gamma_tc", 0}}},
                         {"vae", "dip-vae-i", {{"lambda_od", 0}, {"lambda_d", 0}}},
                         {"vae", "dip-vae-ii", {{"lambda_od", 0}, {"lambda_d", 0}}},
                         {"vae", "decomposition", {{"alpha", 0}, {"beta", 1}}},
                         {"beta-vae", "decomposition", {{"alpha", 0}, {"beta", 4}}},
                         {"autoencoder", "annealed-vae", {{"gamma", 0}}}};
  for (const Limit& c : cases)
    for (const char* posterior : {"diagonal", "full"}) {
      const bool needs_diagonal = objective(c.general).diagonal_only || std::string(c.special) == "autoencoder";
      if (needs_diagonal && std::string(posterior) == "full") continue;
      const bool without_noise = std::string(c.general) == "annealed-vae";
      VaeSpec one = small(c.special, posterior), other = small(c.general, posterior);
      one.likelihood = other.likelihood;
      Recorded special(one, 4, c.numbers), general(other, 4, c.numbers);
      if (without_noise) {  // z = mu where epsilon = 0
        const auto epsilon = general.program->data(general.training.epsilon);
        std::fill(epsilon.begin(), epsilon.end(), real{0});
      }
      EXPECT_EQ(special.loss(), general.loss()) << c.general << ", " << posterior;
      for (int64_t i = 0; i < special.table.region(); ++i)
        ASSERT_EQ(special.gradients.span()[static_cast<size_t>(i)], general.gradients.span()[static_cast<size_t>(i)])
            << c.general << ", " << posterior << ", " << i;
    }
}

TEST(Objectives, PartsThatDoNotFitAreRefused) {
  EXPECT_THROW(make_vae_spec("mlp", "surrogate", "bernoulli", {4, 4, 1}, 3), Error);
  EXPECT_THROW(make_vae_spec("mlp", "beta-tcvae", "bernoulli", {4, 4, 1}, 3, "full"), Error);
  VaeSpec spec = small("autoencoder");
  spec.prior = make_prior({"student-t"}, 3);
  EXPECT_THROW(require_compatible(spec), Error);
  spec = small("beta-vae");
  spec.noise = Noise::learned;
  EXPECT_THROW(require_compatible(spec), Error);
}

// ---- AnnealedVAE -------------------------------------------------------------------------------------------------------------

TEST(AnnealedVae, CapacityGrowsWithTheStepAndStops) {
  for (const auto& [step, capacity] : {std::pair{0.0, 0.0}, {25.0, 5.0}, {100.0, 20.0}, {700.0, 20.0}}) {
    Recorded run(small("annealed-vae"), 4, {{"step", step}, {"capacity_steps", 100}, {"capacity", 20}, {"gamma", 3}});
    const double loss = run.loss(), kl = run.run(run.training.kl), reconstruction = run.run(run.training.reconstruction);
    EXPECT_NEAR(loss, reconstruction + 3 * std::abs(kl - capacity), 1e-10);
    EXPECT_NEAR(run.run(run.training.term), std::abs(kl - capacity), 1e-12);
  }
}

// ---- surrogate ---------------------------------------------------------------------------------------------------------------

TEST(Surrogate, LogDetIsThatOfLinearAlgebra) {
  constexpr int kBatch = 3, kSize = 5;
  Graph g;
  const Var A = g.input({kBatch, kSize, kSize});
  const Var result = log_det(A);
  Pool pool(1);
  const auto program = make_cpu_backend(pool)->prepare(Plan(g, {{result}, {}, {}}), {});
  std::vector<double> expected;
  for (int b = 0; b < kBatch; ++b) {
    Eigen::MatrixXd M(kSize, kSize);
    for (int i = 0; i < kSize * kSize; ++i)
      M.data()[i] = Rng(1, Stream::test).normal(static_cast<uint32_t>(b), static_cast<uint32_t>(i));
    const Eigen::MatrixXd positive = M * M.transpose() + Eigen::MatrixXd::Identity(kSize, kSize);
    std::copy_n(positive.data(), kSize * kSize, program->data(A).data() + b * kSize * kSize);
    expected.push_back(log_volume(positive));
  }
  program->run();
  for (int b = 0; b < kBatch; ++b)
    EXPECT_NEAR(program->data(result)[static_cast<size_t>(b)], expected[static_cast<size_t>(b)], 1e-12);
}

// The penalty of a nonlinear decoder, with its Jacobian by finite differences.
TEST(Surrogate, ThePenaltyHoldsTheDecodersJacobian) {
  for (const char* posterior : {"diagonal", "full"}) {
    const VaeSpec spec = small("surrogate", posterior);
    Recorded run(spec, 4);
    const double penalty = run.run(run.training.kl), tau = 4 * 0.3;
    Encoder encoder(spec, run.table, run.weights.span(), *make_cpu_backend(run.pool), 4);
    Decoder decoder(spec, run.table, run.weights.span(), *make_cpu_backend(run.pool), 4);
    std::vector<real> mu(12), logvar(12), up(4 * 16), down(4 * 16);
    encoder.run(run.program->data(run.training.x), mu, logvar);
    double expected = 0;
    std::vector<Eigen::MatrixXd> J(4, Eigen::MatrixXd(16, 3));
    for (size_t j = 0; j < 3; ++j) {
      std::vector<real> moved = mu;
      for (size_t b = 0; b < 4; ++b) moved[b * 3 + j] += 1e-6;
      decoder.run(moved, {}, up);
      for (size_t b = 0; b < 4; ++b) moved[b * 3 + j] -= 2e-6;
      decoder.run(moved, {}, down);
      for (size_t b = 0; b < 4; ++b)
        for (size_t i = 0; i < 16; ++i)
          J[b](static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = (up[b * 16 + i] - down[b * 16 + i]) / 2e-6;
    }
    for (size_t b = 0; b < 4; ++b) {
      const Eigen::MatrixXd P = Eigen::MatrixXd::Identity(3, 3) + J[b].transpose() * J[b] / tau;
      for (size_t j = 0; j < 3; ++j) expected += mu[b * 3 + j] * mu[b * 3 + j] / 8;
      expected += (std::string(posterior) == "full" ? log_volume(P) : P.diagonal().array().log().sum()) / 8;
    }
    EXPECT_NEAR(penalty, expected, 1e-8) << posterior;
  }
}

// With a linear decoder the surrogate is the beta-VAE with its best covariance: the same value at the closed-form optimum, which
// is stationary for it too. The data are twelve points with exactly the covariance of theory B5.
TEST(Surrogate, OfALinearDecoderHasTheOptimumOfTheBetaVae) {
  constexpr int kOutputs = 6, kFactors = 3;
  for (const double beta : {1., 2., 4.})
    for (const char* posterior : {"diagonal", "full"}) {
      Eigen::VectorXd lambda(kOutputs);
      lambda << 4, 2, 1, .15, .15, .15;
      LinearProblem problem;
      problem.C = lambda.asDiagonal();
      problem.latent = kFactors;
      problem.sigma2 = .15;
      problem.beta = beta;
      const LinearOptimum best = linear_optimum(problem);
      Recorded run(make_vae_spec("linear", "surrogate", "gaussian", {1, kOutputs, 1}, kFactors, posterior), 2 * kOutputs,
                   {{"beta", beta}, {"sigma2", .15}});
      std::fill(run.weights.span().begin(), run.weights.span().end(), real{0});
      const auto weight = [&](const char* name, int row, int column) -> real& {
        const Parameter& p = *run.table.find(name);
        return run.weights.span()[static_cast<size_t>(p.offset + row * p.shape[1] + column)];
      };
      for (int i = 0; i < kOutputs; ++i)
        for (int j = 0; j < kFactors; ++j) {
          weight("encoder.lin1.weight", i, j) = best.vae.A(j, i);
          weight("decoder.lin1.weight", j, i) = best.vae.W(i, j);
        }
      const auto x = run.program->data(run.training.x);
      std::fill(x.begin(), x.end(), real{0});
      for (int i = 0; i < kOutputs; ++i)
        for (const int sign : {0, 1})
          x[static_cast<size_t>((2 * i + sign) * kOutputs + i)] = (sign ? -1 : 1) * std::sqrt(kOutputs * lambda(i));
      EXPECT_NEAR(run.loss(), -best.objective, 1e-10) << "beta " << beta << ", " << posterior;
      for (const real slope : run.gradients.span()) ASSERT_NEAR(slope, 0, 1e-9) << "beta " << beta << ", " << posterior;
    }
}

TEST(Objectives, KlOfAStandardNormalIsZeroAndOfAKnownOneKnown) {
  Graph g;
  const Var q = g.input({2, 4});
  const Var kl = kl_per_latent(diagonal_posterior(q));
  Pool pool(1);
  const auto program = make_cpu_backend(pool)->prepare(Plan(g, {{kl}, {}, {}}), {});
  program->run();
  EXPECT_EQ(program->data(kl)[0], 0);
  // mu = 2, variance = e: (e + 4 - 1 - 1) / 2
  program->data(q)[0] = 2;
  program->data(q)[2] = 1;
  program->run();
  EXPECT_NEAR(program->data(kl)[0], (std::exp(1.0) + 2) / 2, 1e-15);
  EXPECT_EQ(program->data(kl)[1], 0);
}

}  // namespace
}  // namespace unpick
