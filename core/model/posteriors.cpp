// See posteriors.h.
#include "core/model/posteriors.h"

namespace unpick {

Posterior diagonal_posterior(Var q) {
  const int latent = q.shape()[1] / 2;
  const Var mu = slice(q, 1, 0, latent);
  const Var logvar = slice(q, 1, latent, latent);
  return {mu, logvar};
}

Var sample(const Posterior& q, Var epsilon) {
  const Scope scope(*epsilon.graph, "sample");
  const Var half = affine(q.logvar, 0.5);
  const Var sigma = exp(half);
  const Var noise = sigma * epsilon;
  return q.mu + noise;
}

Var kl_per_latent(const Posterior& q) {
  const Scope scope(*q.mu.graph, "kl");
  const Var variance = exp(q.logvar);
  const Var mu2 = q.mu * q.mu;
  const Var grown = variance + mu2;
  const Var shifted = affine(q.logvar, -1, -1);
  const Var twice = grown + shifted;
  const Var kl = affine(twice, 0.5);
  return sum(kl, {1, q.mu.shape()[1]});
}

}  // namespace unpick
