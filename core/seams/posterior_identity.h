// The exact link between a posterior and the derivatives of its decoder. For the Gaussian q that maximises the objective,
//
//   Sigma^-1 = P(x) = I - (1/beta) E_q[ Hessian_z log p(x|z) ],      mu = (1/beta) E_q[ grad_z log p(x|z) ].
//
// With a diagonal q only the diagonal of P is forced, 1 / Sigma_jj = P_jj; what P's off-diagonals cost is diagonal_gap.
//
// Why the likelihood is differentiated as a whole: the same rows serve every likelihood and decoder. For a Gaussian one this
// is I + E[J'J - sum (x-d)_i H_i] / tau with tau = beta sigma2, for a Bernoulli one I + E[J' diag(p(1-p)) J - sum (x-p)_i H_i] /
// beta with J and H_i of the logits. Its first part alone, the Gauss-Newton part A, gives the approximation I + A/beta.
//
// ReLU decoders: automatic derivatives give H_i = 0, though the kinks make E_q[H_i] differ from 0. The Stein form needs only
// gradients and holds for any decoder: E_q[Hessian f] = sym E[ L^-T eps grad f(mu + L eps)' ].
//
// Source: theory B1 (Opper and Archambeau 2009), A5 and B6. Read next: core/seams/scores.h
#pragma once

#include <Eigen/Core>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/seams/jacobian.h"

namespace unpick {

// q(z|x) = N(mean, root root')
struct GaussianPosterior {
  Eigen::VectorXd mean;  // [Z]
  Eigen::MatrixXd root;  // [Z,Z] lower triangular, positive diagonal

  static GaussianPosterior diagonal(std::span<const real> mean, std::span<const real> logvar);
  static GaussianPosterior of(std::span<const real> mean, std::span<const real> L);  // [Z], [Z,Z] row by row, as encoders give it
  Eigen::MatrixXd covariance() const { return root * root.transpose(); }
};

// How E_q is taken.
struct Expectation {
  enum Kind { at_mean, sampled, stein } kind = at_mean;
  int samples = 64;   // ignored at the mean; for stein even and at least 256, in antithetic pairs
  uint32_t step = 0;  // sample k of datum i uses step `step + i samples + k` of the generator
};

struct Datum {
  std::span<const real> x;  // [D]
  GaussianPosterior q;
};

struct LikelihoodMoments {
  Eigen::MatrixXd hessian;         // [Z,Z] E_q[-Hessian_z log p(x|z)]
  Eigen::MatrixXd standard_error;  // [Z,Z] of `hessian`, from its samples; 0 at the mean
  Eigen::VectorXd gradient;        // [Z] E_q[grad_z log p(x|z)]

  Eigen::MatrixXd precision(double beta) const;  // P(x); inactive latents: delete their rows and columns
  Eigen::VectorXd mean(double beta) const { return gradient / beta; }
};

// Why this identity says nothing of such a model, to end a sentence with: "the likelihood is laplace, ...". Empty if it does: of
// reconstruction + beta KL from N(0, I), with a likelihood that is given and has second derivatives.
std::string identity_obstacle(const VaeSpec& spec);
// Whether log p(x|z) has the second derivatives that are taken here, with a sigma2 that a setting knows.
bool has_hessian(const VaeSpec& spec);

// |mean - mu| / |mu|, A5's third number for one x; NaN if mu is 0.
double mean_condition_error(const Eigen::VectorXd& mean, const Eigen::VectorXd& mu);

class PosteriorIdentity {
 public:
  // `eta` gives the likelihood's parameters, as logit_map does; what it refers to must outlive this. sigma2: Gaussian only.
  PosteriorIdentity(DecoderMap eta, Likelihood likelihood, double sigma2, Backend& backend);
  ~PosteriorIdentity();

  // For each datum. Error(usage) for sizes that do not fit, a root that is not positive, too few samples; Error(failed) if a
  // number is not finite.
  std::vector<LikelihoodMoments> moments(std::span<const Datum> data, Expectation how, const Rng& rng);
  LikelihoodMoments moments(std::span<const real> x, const GaussianPosterior& q, Expectation how, const Rng& rng);

  // A = E_q[J' W J], W the likelihood's curvature in eta: 1/sigma2 or p(1-p). Of the same samples as `moments`; x does not enter.
  // The residual part is C = A - hessian, so that P = I + (A - C)/beta.
  std::vector<Eigen::MatrixXd> gauss_newton(std::span<const Datum> data, Expectation how, const Rng& rng);
  Eigen::MatrixXd gauss_newton(const GaussianPosterior& q, Expectation how, const Rng& rng);

 private:
  struct Program;  // gradients, with or without Hessians, of a batch of codes
  Program& program(bool hessian, size_t rows);
  void add_samples(const GaussianPosterior& q, Expectation how, const Rng& rng, std::vector<real>& to) const;  // [K,Z] more

  DecoderMap eta_;
  Likelihood likelihood_;
  double sigma2_;
  Backend& backend_;
  std::array<std::unique_ptr<Program>, 2> programs_;
  std::unique_ptr<JacobianProgram> jacobian_;
};

}  // namespace unpick
