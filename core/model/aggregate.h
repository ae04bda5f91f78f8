// The aggregate posterior q(z) = (1/N) sum_x q(z|x): what the prior must resemble for samples of it to decode well.
//
// Of a diagonal posterior, from the means and log variances of N data, as a density and as averages over samples of it. Averages
// come with their standard error. Source: theory C; Mathieu et al. 2019 (overlap), Hoffman, Riquelme & Johnson 2017 (implicit
// prior).
#pragma once

#include <Eigen/Core>
#include <functional>
#include <span>

#include "core/base/rng.h"

namespace unpick {

struct Estimate {
  double value = 0, error = 0;  // mean and its standard error, nats
};

class AggregatePosterior {
 public:
  AggregatePosterior(std::span<const real> mu, std::span<const real> logvar, int latent);  // [N,Z] each

  Eigen::Index size() const { return mu_.cols(); }
  double log_posterior(Eigen::Index x, const Eigen::VectorXd& z) const;  // log q(z|x)
  double log_density(const Eigen::VectorXd& z) const;                    // log q(z)
  // Sample i of q(z) and the datum x it came from; x walks through the data.
  Eigen::VectorXd sample(const Rng& rng, uint32_t i, Eigen::Index& x) const;

  // I_q(x;z) = E_x KL(q(z|x) || q(z)): large means little overlap; log N at most. Falls as beta rises.
  Estimate overlap(const Rng& rng, uint32_t samples) const;
  // KL(q(z) || p(z)), and KL(p(z) || q(z)) by samples of p.
  using LogDensity = std::function<double(const Eigen::VectorXd&)>;
  Estimate kl_to(const LogDensity& log_p, const Rng& rng, uint32_t samples) const;
  Estimate kl_from(const LogDensity& log_p, const std::function<Eigen::VectorXd(uint32_t)>& sample_p, uint32_t samples) const;
  // Hoffman's implicit prior r(z) ~ q(z)^(1 - beta) p(z)^beta, not normalised: with it as the prior, beta-VAE is a VAE (M4).
  double log_implicit_prior(const Eigen::VectorXd& z, const LogDensity& log_p, double beta) const;

 private:
  Eigen::MatrixXd mu_, precision_;  // [Z,N]
  Eigen::VectorXd log_norm_;        // [N]
};

}  // namespace unpick
