// The gradient of every objective on every architecture, in double, against finite differences along random directions.
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/buffer.h"
#include "core/model/vae.h"

namespace unpick {
namespace {

struct Recorded {
  explicit Recorded(const VaeSpec& spec, int batch) : training(record_training(spec, batch, table)) {
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
    program->data(training.beta)[0] = 4;
    program->data(training.sigma2)[0] = 0.3;
  }
  double loss() {
    program->run();
    return program->data(training.loss)[0];
  }

  Pool pool{2};
  Parameters table;
  Training training;
  Buffer weights, gradients;
  std::unique_ptr<Executable> program;
};

TEST(Objectives, GradientsMatchFiniteDifferences) {
  for (const Architecture& a : architectures())
    for (const Objective& o : objectives())
      for (const char* p : {"bernoulli", "gaussian"}) {
        if (std::string(a.name) == "mlp-1200" && o.samples) continue;  // the same layers as mlp, sixty times the work
        const Shape image = a.needs_64 ? Shape{64, 64, 1} : Shape{6, 5, 2};
        Recorded run(make_vae_spec(a.name, o.name, p, image, 3), 2);
        run.loss();
        std::vector<real> direction(run.weights.span().size());
        Rng(9, Stream::test).fill_uniform(direction, 0, -1, 1);
        double slope = 0;
        for (size_t i = 0; i < direction.size(); ++i) slope += direction[i] * run.gradients.span()[i];
        const double h = 1e-7;
        double difference = 0;
        for (int sign : {1, -1}) {
          for (size_t i = 0; i < direction.size(); ++i) run.weights.span()[i] += sign * h * direction[i];
          difference += sign * run.loss() / (2 * h);
          for (size_t i = 0; i < direction.size(); ++i) run.weights.span()[i] -= sign * h * direction[i];
        }
        EXPECT_NEAR(difference / slope, 1, 1e-4) << a.name << ", " << o.name << ", " << p << ": slope " << slope;
      }
}

// beta = 1 is not almost the VAE, it is the VAE.
TEST(Objectives, BetaOneIsTheVaeBitForBit) {
  Recorded beta(make_vae_spec("mlp", "beta-vae", "bernoulli", {8, 8, 1}, 3), 4),
      vae(make_vae_spec("mlp", "vae", "bernoulli", {8, 8, 1}, 3), 4);
  beta.program->data(beta.training.beta)[0] = 1;
  EXPECT_EQ(beta.loss(), vae.loss());
  for (size_t i = 0; i < beta.gradients.span().size(); ++i) ASSERT_EQ(beta.gradients.span()[i], vae.gradients.span()[i]) << i;
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
