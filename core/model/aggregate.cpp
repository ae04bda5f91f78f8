// See aggregate.h.
#include "core/model/aggregate.h"

#include <cmath>
#include <numbers>

namespace unpick {
namespace {

template <class Term>
Estimate average(uint32_t samples, Term term) {
  Estimate e;
  double square = 0;
  for (uint32_t i = 0; i < samples; ++i) {
    const double t = term(i);
    e.value += t / samples;
    square += t * t / samples;
  }
  e.error = std::sqrt(std::max(0.0, square - e.value * e.value) / samples);
  return e;
}

}  // namespace

AggregatePosterior::AggregatePosterior(std::span<const real> mu, std::span<const real> logvar, int latent) {
  const auto n = static_cast<Eigen::Index>(mu.size()) / latent;
  mu_ = Eigen::Map<const Eigen::Matrix<real, -1, -1>>(mu.data(), latent, n).cast<double>();
  const Eigen::MatrixXd log_variance = Eigen::Map<const Eigen::Matrix<real, -1, -1>>(logvar.data(), latent, n).cast<double>();
  precision_ = (-log_variance).array().exp();
  log_norm_ = -0.5 * (log_variance.colwise().sum().array() + latent * std::log(2 * std::numbers::pi)).transpose();
}

double AggregatePosterior::log_posterior(Eigen::Index x, const Eigen::VectorXd& z) const {
  return log_norm_(x) - 0.5 * ((z - mu_.col(x)).array().square() * precision_.col(x).array()).sum();
}

double AggregatePosterior::log_density(const Eigen::VectorXd& z) const {
  const Eigen::VectorXd logs =
      log_norm_ - 0.5 * ((mu_.colwise() - z).array().square() * precision_.array()).colwise().sum().matrix().transpose();
  const double most = logs.maxCoeff();
  return most + std::log((logs.array() - most).exp().mean());
}

Eigen::VectorXd AggregatePosterior::sample(const Rng& rng, uint32_t i, Eigen::Index& x) const {
  x = static_cast<Eigen::Index>(i) % size();
  Eigen::VectorXd z = mu_.col(x);
  for (Eigen::Index j = 0; j < z.size(); ++j) z(j) += rng.normal(i, static_cast<uint32_t>(j)) / std::sqrt(precision_(j, x));
  return z;
}

Estimate AggregatePosterior::overlap(const Rng& rng, uint32_t samples) const {
  return average(samples, [&](uint32_t i) {
    Eigen::Index x = 0;
    const Eigen::VectorXd z = sample(rng, i, x);
    return log_posterior(x, z) - log_density(z);
  });
}

Estimate AggregatePosterior::kl_to(const LogDensity& log_p, const Rng& rng, uint32_t samples) const {
  return average(samples, [&](uint32_t i) {
    Eigen::Index x = 0;
    const Eigen::VectorXd z = sample(rng, i, x);
    return log_density(z) - log_p(z);
  });
}

Estimate AggregatePosterior::kl_from(const LogDensity& log_p, const std::function<Eigen::VectorXd(uint32_t)>& sample_p,
                                     uint32_t samples) const {
  return average(samples, [&](uint32_t i) {
    const Eigen::VectorXd z = sample_p(i);
    return log_p(z) - log_density(z);
  });
}

double AggregatePosterior::log_implicit_prior(const Eigen::VectorXd& z, const LogDensity& log_p, double beta) const {
  return (1 - beta) * log_density(z) + beta * log_p(z);
}

}  // namespace unpick
