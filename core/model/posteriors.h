// The approximate posterior q(z|x): a Gaussian whose covariance is diagonal. (theory A1, A2)
#pragma once

#include "core/graph/graph.h"

namespace unpick {

struct Posterior {
  Var mu;      // [B,Z]
  Var logvar;  // [B,Z], log of the variances
};

Posterior diagonal_posterior(Var q);          // q [B,2Z] = (mu, logvar)
Var sample(const Posterior& q, Var epsilon);  // z = mu + exp(logvar/2) epsilon, epsilon ~ N(0,I) [B,Z]
// KL(q_j || N(0,1)) = (exp(logvar) + mu^2 - 1 - logvar) / 2, summed over the batch: [1,Z], nats.
Var kl_per_latent(const Posterior& q);

}  // namespace unpick
