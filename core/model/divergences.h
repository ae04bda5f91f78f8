// Estimators over a batch, as rows: total correlation, divergences between the aggregate posterior q(z) = E_x q(z|x) and the prior,
// covariances of the codes. The pieces of the objectives; each is [1], in nats unless stated.
//
// Minibatch estimates are biased: a batch of B sees q(z) as a mixture of B posteriors. Each function says which constant it keeps.
// Densities need a diagonal posterior; MMD and covariances take either.
#pragma once

#include <string>

#include "core/model/priors.h"

namespace unpick {

enum class Tc { weighted, stratified };
Tc tc_estimator(const std::string& name);  // Error(usage)

// KL(q(z) || prod_j q(z_j)), Chen et al. 2018, from samples z_i ~ q(z|x_i):
//   mean_i [ log sum_k w_ik q(z_i|x_k)  -  sum_j log sum_k w_ik q(z_ij|x_k) ]
// weighted: w = 1. stratified: w_ik = 1/N for the own image, (N-M)/(N M) for one other, 1/M for the rest, M = B - 1, N the number
// of images (hyper "images"). The own weight stands on the diagonal, as in the paper's appendix C.2; its published code puts it
// into the first column.
//
// What is trained is this estimator; what is reported is the stratified one, whichever trains. The weighted one with its constant
// w = 1/(N B) counts each other image as one of N where it stands for N / M, and so is too large by up to Z log N.
struct TotalCorrelation {
  Var trained, reported;
};
TotalCorrelation total_correlation(Recorder& r, const Posterior& q, Var z, Tc estimator);

enum class Divergence { mmd_marginal, mmd, kl_inclusive, kl_exclusive };
Divergence divergence(const std::string& name);  // Error(usage)

// D(q(z), p(z)) from z ~ q(z|x_i) and as many prior samples, both [B,Z]:
//   mmd_marginal  sum over latents of 1-D MMD^2 with the inverse multiquadric k(a,b) = sum_c 2c / (2c + (a-b)^2), c of .1 .2 .5 1 2
//   5,
//                 unbiased within, all pairs across; sees marginals only; can be negative (Mathieu et al. 2019, their code)
//   mmd           the same in all dimensions at once, k = 2cZ / (2cZ + |a-b|^2)
//   kl_inclusive  KL(p||q): mean over prior samples of log p(z) - log (1/B) sum_k q(z|x_k)
//   kl_exclusive  KL(q||p): the same over posterior samples with the sign turned
Var aggregate_divergence(Recorder& r, Divergence kind, const Prior& prior, const Posterior& q, Var z, Var prior_samples);

// Population covariance of the rows of mu [B,Z] over the batch: [Z,Z].
Var covariance(Var mu);
// E_x[Sigma_x], [Z,Z]
Var mean_posterior_covariance(const Posterior& q);

// sum_{i != j} C_ij^2 and sum_i (C_ii - 1)^2 of C [Z,Z]
struct Penalties {
  Var off_diagonal, diagonal;
};
Penalties identity_penalties(Var C);

}  // namespace unpick
