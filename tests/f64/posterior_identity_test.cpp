// The posterior identity of decoders whose answer is known, in double: closed forms, stationary points of the objective, samples
// against Stein's form, kinks, and what is refused. Averages over samples are within 4 of their standard errors.
#include "core/seams/posterior_identity.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/decompositions.h"
#include "core/seams/scores.h"
#include "core/seams/toys.h"
#include "tests/f64/support.h"

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

TEST(PosteriorIdentity, OfALinearDecoderIsClosedFormInEveryWay) {
  Machine m;
  const MatrixXd W = normal_matrix(5, 3, 2);
  const double sigma2 = 0.3, beta = 4;
  PosteriorIdentity identity(linear_map(W), Likelihood::gaussian, sigma2, *m.backend);
  const MatrixXd exact = MatrixXd::Identity(3, 3) + W.transpose() * W / (beta * sigma2), sigma = inverse_of_positive(exact);
  const std::vector<real> x{1, -2, 0.5, 0, 3};
  const VectorXd mu = sigma * W.transpose() * Eigen::Map<const VectorXd>(x.data(), 5) / (beta * sigma2);
  const GaussianPosterior q{mu, cholesky(sigma)};
  const Rng rng(7, Stream::test);
  for (const Expectation& how : {Expectation{}, {Expectation::sampled, 16}, {Expectation::stein, 4096}}) {
    const LikelihoodMoments moments = identity.moments(x, q, how, rng);
    const MatrixXd P = moments.precision(beta);
    if (how.kind == Expectation::stein) {
      EXPECT_LE(identity_error(sigma, P), 0.2);
      EXPECT_LE(((P - exact).array().abs() / (moments.standard_error / beta).array()).maxCoeff(), 4);
    } else {
      EXPECT_LE(identity_error(sigma, P), 1e-12);
      EXPECT_LE((identity.gauss_newton(q, how, rng) - moments.hessian).norm(), 1e-12);
    }
    if (how.kind == Expectation::sampled) continue;
    EXPECT_LE(mean_condition_error(moments.mean(beta), mu), 1e-12) << "antithetic samples cancel";
  }
  const double lost = beta / 2 * (exact.diagonal().array().log().sum() - log_volume(exact));
  EXPECT_NEAR(diagonal_gap(exact, beta), lost, 1e-13);
}

// Gauss-Hermite nodes and weights for N(0,1), by Golub and Welsch.
std::pair<VectorXd, VectorXd> quadrature(int n) {
  MatrixXd T = MatrixXd::Zero(n, n);
  for (int i = 1; i < n; ++i) T(i, i - 1) = T(i - 1, i) = std::sqrt(static_cast<double>(i));
  const auto [nodes, vectors] = spectrum(T);
  return {nodes, vectors.row(0).transpose().cwiseAbs2()};
}

// L_beta of the toy "generic", its posterior found by iterating the identity itself; then every derivative of L_beta in
// the parameters of q must be zero, by finite differences of the same quadrature.
TEST(PosteriorIdentity, IsWhereTheObjectiveIsStationary) {
  Machine m;
  const std::pair<VectorXd, VectorXd> rule = quadrature(24);
  const VectorXd &nodes = rule.first, &weights = rule.second;
  const double sigma2 = 0.3;
  const Rng rng(8, Stream::test);
  for (const Likelihood kind : {Likelihood::gaussian, Likelihood::bernoulli})
    for (const bool full : {true, false})
      for (const double beta : {1.0, 4.0}) {
        const std::vector<real> x = kind == Likelihood::gaussian ? std::vector<real>{.5, -.3, .8} : std::vector<real>{1, 0, 1};
        PosteriorIdentity identity(toy("generic").map, kind, sigma2, *m.backend);
        const auto over_q = [&](const VectorXd& mu, const MatrixXd& L, auto&& use) {
          for (Eigen::Index i = 0; i < nodes.size(); ++i)
            for (Eigen::Index j = 0; j < nodes.size(); ++j)
              use(weights(i) * weights(j), VectorXd(mu + L * Eigen::Vector2d(nodes(i), nodes(j))));
        };
        const auto log_likelihood = [&](const VectorXd& z) {
          const double d[] = {z(0) + .3 * z(1) * z(1), 1.5 * z(1) + .3 * std::sin(z(0)), .4 * z(0) * z(1)};
          double sum = 0;
          for (size_t i = 0; i < 3; ++i)
            sum +=
                kind == Likelihood::gaussian ? -std::pow(x[i] - d[i], 2) / (2 * sigma2) : x[i] * d[i] - std::log1p(std::exp(d[i]));
          return sum;
        };
        const auto objective = [&](const VectorXd& mu, const MatrixXd& L) {
          double value = -beta / 2 * (L.squaredNorm() + mu.squaredNorm() - 2 - 2 * std::log(L(0, 0) * L(1, 1)));
          over_q(mu, L, [&](double w, const VectorXd& z) { value += w * log_likelihood(z); });
          return value;
        };
        VectorXd mu = VectorXd::Zero(2);
        MatrixXd sigma = MatrixXd::Identity(2, 2) / 4, L = MatrixXd::Identity(2, 2) / 2, P;
        for (int step = 0; step < 40; ++step) {
          MatrixXd hessian = MatrixXd::Zero(2, 2);
          VectorXd gradient = VectorXd::Zero(2);
          over_q(mu, L, [&](double w, const VectorXd& z) {
            const LikelihoodMoments at = identity.moments(x, {z, MatrixXd::Identity(2, 2)}, {}, rng);
            hessian += w * at.hessian;
            gradient += w * at.gradient;
          });
          P = LikelihoodMoments{hessian, {}, gradient}.precision(beta);
          const MatrixXd target = full ? P : MatrixXd(P.diagonal().asDiagonal());
          sigma = inverse_of_positive(0.5 * inverse_of_positive(sigma) + 0.5 * target);
          mu += 0.5 * sigma * (gradient / beta - mu);
          L = cholesky(sigma);
        }
        EXPECT_LE(full ? identity_error(sigma, P) : diagonal_errors(sigma.diagonal(), P).maxCoeff(), 1e-9);
        double steepest = 0;
        const double h = 1e-5;
        for (int parameter = 0; parameter < (full ? 5 : 4); ++parameter) {
          const auto moved = [&](double by) {
            VectorXd mean = mu;
            MatrixXd root = L;
            if (parameter < 2) mean(parameter) += by;
            if (parameter == 2 || parameter == 3) root(parameter - 2, parameter - 2) += by;
            if (parameter == 4) root(1, 0) += by;
            return objective(mean, root);
          };
          steepest = std::max(steepest, std::abs(moved(h) - moved(-h)) / (2 * h));
        }
        std::printf("  %-9s %-8s beta %g: steepest derivative of the objective %.1e\n",
                    kind == Likelihood::gaussian ? "Gaussian" : "Bernoulli", full ? "full" : "diagonal", beta, steepest);
        EXPECT_LE(steepest, 1e-6);
      }
}

TEST(PosteriorIdentity, OfSamplesAgreesWithSteinForSmoothDecoders) {
  Machine m;
  PosteriorIdentity identity(toy("rotated-additive").map, Likelihood::gaussian, 0.2, *m.backend);
  const GaussianPosterior q{Eigen::Vector2d(0.3, -0.2), (MatrixXd(2, 2) << .4, 0, .1, .3).finished()};
  const std::vector<real> x{.2, -.1, .4, .3};
  const Rng rng(9, Stream::test);
  const LikelihoodMoments a = identity.moments(x, q, {Expectation::sampled, 4000}, rng);
  const LikelihoodMoments b = identity.moments(x, q, {Expectation::stein, 20000, 5000}, rng);
  const MatrixXd error = (a.standard_error.cwiseAbs2() + b.standard_error.cwiseAbs2()).cwiseSqrt();
  EXPECT_LE(((a.hessian - b.hessian).cwiseAbs().array() / error.array()).maxCoeff(), 4);
  const MatrixXd A = identity.gauss_newton(q, {Expectation::sampled, 4000}, rng);
  EXPECT_GT((A - a.hessian).norm(), 0.1) << "this decoder is curved";
}

// d(z) = relu(z): the kink has weight N(0; mu, s²), which automatic derivatives do not see.
TEST(PosteriorIdentity, SteinSeesTheKinksOfReluDecoders) {
  Machine m;
  const double sigma2 = 0.5, mu = 0.2, s = 0.7, x = 1.5;
  const DecoderMap map{1, 1, [](Recorder&, Var z) { return relu(z); }};
  PosteriorIdentity identity(map, Likelihood::gaussian, sigma2, *m.backend);
  const GaussianPosterior q{VectorXd::Constant(1, mu), MatrixXd::Constant(1, 1, s)};
  const double slope = std::erfc(-mu / s / std::sqrt(2.0)) / 2 / sigma2;
  const double kink = x / sigma2 * std::exp(-mu * mu / (2 * s * s)) / (s * std::sqrt(2 * M_PI));
  const Rng rng(10, Stream::test);
  const std::vector<real> image{x};
  const LikelihoodMoments plain = identity.moments(image, q, {Expectation::sampled, 4000}, rng);
  const LikelihoodMoments stein = identity.moments(image, q, {Expectation::stein, 20000}, rng);
  EXPECT_NEAR(plain.hessian(0, 0), slope, 4 * plain.standard_error(0, 0));
  EXPECT_NEAR(stein.hessian(0, 0), slope - kink, 4 * stein.standard_error(0, 0));
  EXPECT_LE(stein.standard_error(0, 0), 0.05 * kink);
}

TEST(PosteriorIdentity, RefusesWhatCannotBeRight) {
  Machine m;
  PosteriorIdentity identity(toy("generic").map, Likelihood::gaussian, 1, *m.backend);
  const std::vector<real> x(3);
  const Rng rng(1, Stream::test);
  const GaussianPosterior q{VectorXd::Zero(2), MatrixXd::Identity(2, 2)};
  expect_error(ErrorKind::usage, "sigma2", [&] { PosteriorIdentity(toy("generic").map, Likelihood::gaussian, 0, *m.backend); });
  expect_error(ErrorKind::usage, "posterior", [&] { identity.moments(x, {VectorXd::Zero(3), MatrixXd::Identity(3, 3)}, {}, rng); });
  expect_error(ErrorKind::usage, "not positive", [&] { identity.moments(x, {q.mean, MatrixXd::Zero(2, 2)}, {}, rng); });
  expect_error(ErrorKind::usage, "samples", [&] { identity.moments(x, q, {Expectation::sampled, 0}, rng); });
  expect_error(ErrorKind::usage, "Stein", [&] { identity.moments(x, q, {Expectation::stein, 255}, rng); });
  EXPECT_TRUE(std::isnan(mean_condition_error(q.mean, q.mean)));
  EXPECT_THROW(GaussianPosterior::diagonal(std::vector<real>(2), std::vector<real>(3)), ShapeError);
}

}  // namespace
}  // namespace unpick
