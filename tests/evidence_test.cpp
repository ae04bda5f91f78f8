// The evidence of a model whose encoder and decoder ignore their inputs, or nearly: every number by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "core/session/evidence.h"

namespace unpick {
namespace {

constexpr double kX[] = {0.2, 0.9, 0.4};

// One image of three pixels.
class OneImage : public Dataset {
 public:
  std::string spec() const override { return "one-image"; }
  uint32_t size() const override { return 1; }
  Shape image() const override { return {1, 3, 1}; }
  void render(uint32_t, std::span<real> out) const override { std::copy(std::begin(kX), std::end(kX), out.begin()); }
};

// q(z|x) = N(.5, .25) for every x, and eta(z) = (1, -.5, .3) + slope z (1, 2, -1).
Model constant_model(Likelihood likelihood, double slope) {
  Model model({&architecture("linear"), &objective("vae"), likelihood, {1, 3, 1}, 1});
  const auto put = [&](const char* name, std::initializer_list<double> values) {
    size_t at = static_cast<size_t>(model.table.find(name)->offset);
    for (const double v : values) model.weights.span()[at++] = static_cast<real>(v);
  };
  put("encoder.lin1.bias", {0.5, std::log(0.25)});
  put("decoder.lin1.weight", {slope, 2 * slope, -slope});
  put("decoder.lin1.bias", {1, -0.5, 0.3});
  return model;
}

Report evidence_of(Likelihood likelihood, double slope, int batches) {
  Pool pool(2);
  const auto backend = make_cpu_backend(pool);
  const Model model = constant_model(likelihood, slope);
  return finish(evidence(model, OneImage(), *backend, 1, batches), pool);
}

// KL(N(.5, .25) || N(0, 1)) = (.25 + .25 - 1 + log 4) / 2
const double kKl = (std::log(4) - 0.5) / 2;

// |x - eta|^2 = .8^2 + 1.4^2 + .1^2; where eta moves with z, of z ~ q, its mean gains 6 (slope sd)^2.
TEST(Evidence, OfGaussianAndLaplacePixelsIsASquaredErrorAndAKl) {
  for (const Likelihood likelihood : {Likelihood::gaussian, Likelihood::laplace}) {
    const Report fixed = evidence_of(likelihood, 0, 2);
    EXPECT_NEAR(fixed.number("squared_error"), 2.61, 1e-6);
    EXPECT_NEAR(fixed.number("kl_loss"), kKl, 1e-6);
    for (const char* name : {"elbo", "reconstruction_loss"}) EXPECT_FALSE(fixed.has(name)) << "the pixels' variance is not known";

    // x - eta(z) = r - .1 sd epsilon (1, 2, -1), where r = x - eta(.5) = (-.85, 1.3, .15)
    const Report moved = evidence_of(likelihood, 0.1, 100);
    const double mean = 0.85 * 0.85 + 1.3 * 1.3 + 0.15 * 0.15 + 6 * 0.01 * 0.25;
    const double slope = 2 * 0.1 * 0.5 * (-0.85 + 2 * 1.3 - 0.15);  // in epsilon: nearly all of the spread
    EXPECT_NEAR(moved.number("squared_error"), mean, 4 * slope / std::sqrt(6400));
    EXPECT_GT(std::abs(moved.number("squared_error") - mean), 0) << "it samples";
  }
}

TEST(Evidence, OfBernoulliPixelsIsTheLowerBound) {
  const Report report = evidence_of(Likelihood::bernoulli, 0, 2);
  const double eta[] = {1, -0.5, 0.3};
  double cross_entropy = 0;
  for (size_t i = 0; i < 3; ++i) cross_entropy += std::log1p(std::exp(eta[i])) - kX[i] * eta[i];
  EXPECT_NEAR(report.number("reconstruction_loss"), cross_entropy, 1e-6);
  EXPECT_NEAR(report.number("kl_loss"), kKl, 1e-6);
  EXPECT_NEAR(report.number("elbo"), -cross_entropy - kKl, 2e-6);
  EXPECT_FALSE(report.has("squared_error"));
}

TEST(Evidence, RefusesOtherImagesThanTheModelTakes) {
  Pool pool(1);
  const auto backend = make_cpu_backend(pool);
  const Model model = constant_model(Likelihood::gaussian, 0);
  const auto other = open_dataset("pinwheel");
  EXPECT_THROW(evidence(model, *other, *backend, 1), Error);
}

}  // namespace
}  // namespace unpick
