// The approximate posterior q(z|x) = N(mu, L L'), L lower triangular: diagonal, or full by its Cholesky factor.
//
// Both families share their rows: the encoder emits mu and log L_jj^2 for either, and the entries below the diagonal for the full
// one. While those are 0 the two are equal bit for bit, so that runs of both can start alike (layers.h, Init::zero).
//
// A full covariance has no KL per latent. What is reported is the KL of each marginal, N(mu_j, Sigma_jj) from N(0,1); their sum is
// smaller than the joint KL by (sum_j log Sigma_jj - log det Sigma) / 2 >= 0. The loss uses the joint KL.
// Source: theory A1, A2.
#pragma once

#include <string>

#include "core/graph/graph.h"

namespace unpick {

enum class PosteriorFamily { diagonal, full };
PosteriorFamily posterior_family(const std::string& name);  // Error(usage)
int lower_entries(PosteriorFamily family, int latent);      // numbers below the diagonal of L: 0 or Z(Z-1)/2

struct Posterior {
  Var mu;       // [B,Z]
  Var logvar;   // [B,Z], log L_jj^2; of a diagonal posterior the log variances
  Var lower{};  // [B,Z(Z-1)/2], L_ij for i > j, row by row; not ok(): all are 0
};

Posterior diagonal_posterior(Var q);         // q [B,2Z] = (mu, logvar)
Posterior full_posterior(Var q, Var lower);  // lower [B,Z(Z-1)/2]

Var sample(const Posterior& q, Var epsilon);  // z = mu + L epsilon, epsilon ~ N(0,I) [B,Z]
Var marginal_variance(const Posterior& q);    // Sigma_jj, [B,Z]
Var marginal_logvar(const Posterior& q);      // log Sigma_jj, [B,Z]
Var cholesky_factor(const Posterior& q);      // L, [B,Z,Z]

// KL(q || N(0,I)) = sum_j (Sigma_jj + mu_j^2 - 1 - log L_jj^2) / 2 in its terms, summed over the batch: [1,Z], nats. Term j is that
// of the chain rule, z_j given the latents before it.
Var kl_terms(const Posterior& q);
// KL(q_j || N(0,1)) = (Sigma_jj + mu_j^2 - 1 - log Sigma_jj) / 2 of the marginals, summed over the batch: [1,Z], nats.
Var kl_per_latent(const Posterior& q);

}  // namespace unpick
