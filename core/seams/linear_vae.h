// The linear VAE in closed form: x = W z + b + noise, an encoder mean A (x - b), a posterior covariance Sigma that is the same for
// all x. Everything is a function of the data's covariance C, so results are exact and need no samples.
//
// Why: here the whole story can be checked to the last digit. The objective fixes W only up to a rotation of z if Sigma is full; a
// diagonal Sigma loses diagonal_gap(P, beta) unless P is diagonal, and that loss is what turns W until its right singular vectors
// are the axes (Corollary 6.0). Fitting comes first, locking later.
//
// Notation: n outputs, m latents, tau = beta sigma^2, P = I + W'W / tau, W = U S V'. Objectives are maximised, nats per datum.
// In double, whatever `real` is. Source: theory B1, B5, B8 (Figure 2). Read next: core/seams/scores.h
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "core/model/posteriors.h"

namespace unpick {

struct LinearProblem {
  Eigen::MatrixXd C;  // [n,n], covariance of the data
  int latent;         // m <= n
  double sigma2, beta;

  double tau() const { return beta * sigma2; }
};

struct LinearVae {
  Eigen::MatrixXd W;      // [n,m] decoder
  Eigen::MatrixXd A;      // [m,n] encoder mean
  Eigen::MatrixXd Sigma;  // [m,m] posterior covariance
};

// ---- any linear VAE --------------------------------------------------------------------------------------------------
double linear_objective(const LinearProblem& problem, const LinearVae& vae);
// Partial derivatives of the objective; that by Sigma is symmetric, for a diagonal Sigma its diagonal is the gradient.
LinearVae linear_gradient(const LinearProblem& problem, const LinearVae& vae);

Eigen::MatrixXd linear_precision(const LinearProblem& problem, const Eigen::MatrixXd& W);  // P, [m,m]
// The encoder and Sigma that are best for a decoder: A = P^-1 W' / tau; Sigma = P^-1, or diag(1 / P_jj).
LinearVae with_best_encoder(const LinearProblem& problem, const Eigen::MatrixXd& W, PosteriorFamily family);

// ---- the maximiser, for fixed sigma^2 and beta -----------------------------------------------------------------------
struct LinearOptimum {
  LinearVae vae;            // at V = I, so that Sigma is diagonal and both families agree
  Eigen::VectorXd s, rate;  // [m]: singular values of W, sqrt(max(lambda_k - tau, 0)); KL of each latent
  int active;               // latents with lambda_k > tau; the others collapsed
  double error;             // E |x - W z - b|^2
  double objective;
};
LinearOptimum linear_optimum(const LinearProblem& problem);

// ---- training on the population ----------------------------------------------------------------------------------------
struct LinearTraining {
  PosteriorFamily family = PosteriorFamily::diagonal;
  uint64_t seed = 1;
  int64_t steps = 10000, late = 5000;  // Adam, with the rate `lr_late` from step `late` on
  double lr = 1e-2, lr_late = 1e-3;
  double scale = 0.3;                                       // first W and A ~ N(0, scale^2), Sigma = I
  std::vector<int64_t> marks{100, 300, 1000, 3000, 10000};  // steps to log, rising
};
struct LinearProgress {
  int64_t step;
  double objective;
  double dto;      // distance_to_axes(V): 0 locked, .985 on average for random V at m = 3
  double s_error;  // max_k |s_k / s*_k - 1| over the active latents
  double U_error;  // |UU' - U*U*'|_F
  Eigen::MatrixXd W;
};
std::vector<LinearProgress> train_linear(const LinearProblem& problem, const LinearTraining& training);

}  // namespace unpick
