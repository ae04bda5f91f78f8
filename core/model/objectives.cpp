// The objectives. See objectives.h. Each function shows what is minimised, L, with its source.
#include "core/model/objectives.h"

#include <array>

#include "core/model/surrogate.h"

namespace unpick {
namespace {

// The objective with one more term: base + weight term.
ObjectiveLoss with_term(const ObjectiveInputs& in, Var base, const char* weight, Var term) {
  const Var w = in.r.hyper(weight);
  const Var weighted = w * term;
  return {base + weighted, term};
}

// Kingma & Welling 2014:  L = -E_q[log p(x|z)] + KL(q(z|x) || p(z))
Var elbo(const ObjectiveInputs& in) { return in.reconstruction + in.kl; }
ObjectiveLoss vae(const ObjectiveInputs& in) { return {elbo(in)}; }

// Higgins et al. 2017:  L = -E_q[log p(x|z)] + beta KL(q(z|x) || p(z))
Var weighted_elbo(const ObjectiveInputs& in) {
  const Var weighted = in.beta * in.kl;
  return in.reconstruction + weighted;
}
ObjectiveLoss beta_vae(const ObjectiveInputs& in) { return {weighted_elbo(in)}; }

// L = -log p(x | z = mu(x)): no noise, no prior
ObjectiveLoss autoencoder(const ObjectiveInputs& in) { return {in.reconstruction}; }

// Burgess et al. 2018:  L = -E_q[log p(x|z)] + gamma |KL(q||p) - C(t)|,  C(t) = C min(1, t / T), KL summed over latents
ObjectiveLoss annealed_vae(const ObjectiveInputs& in) {
  const Var t = in.r.hyper("step");
  const Var T = in.r.hyper("capacity_steps");
  const Var progress = t / T;
  const Var left = relu(affine(progress, -1, 1));
  const Var ramp = affine(left, -1, 1);
  const Var capacity = in.r.hyper("capacity") * ramp;
  return with_term(in, in.reconstruction, "gamma", absolute(in.kl - capacity));
}

// Kim & Mnih 2018:  L = -E_q[log p(x|z)] + KL(q||p) + gamma TC,  TC = E_q[D_joint(z) - D_shuffled(z)]
ObjectiveLoss factor_vae(const ObjectiveInputs& in) {
  const DensityRatio ratio = density_ratio(in.r, in.z, in.settings.discriminator);
  ObjectiveLoss result = with_term(in, elbo(in), "gamma_tc", ratio.tc);
  result.adversary = ratio.cross_entropy;
  return result;
}

// Chen et al. 2018:  L = -E_q[log p(x|z)] + KL(q||p) + (beta - 1) TC
ObjectiveLoss beta_tcvae(const ObjectiveInputs& in) {
  const TotalCorrelation tc = total_correlation(in.r, in.q, in.z, in.settings.tc);
  const Var weight = affine(in.beta, 1, -1);
  const Var base = elbo(in);
  const Var weighted = weight * tc.trained;
  return {base + weighted, tc.reported};
}

// lambda_od sum_{i != j} C_ij^2 + lambda_d sum_i (C_ii - 1)^2
ObjectiveLoss with_identity(const ObjectiveInputs& in, Var C) {
  const Penalties p = identity_penalties(C);
  const Var off = in.r.hyper("lambda_od") * p.off_diagonal;
  const Var on = in.r.hyper("lambda_d") * p.diagonal;
  const Var base = elbo(in);
  const Var penalty = off + on;
  return {base + penalty, penalty};
}

// Kumar, Sattigeri & Balakrishnan 2018:  L = -E_q[log p(x|z)] + KL(q||p) + penalty of Cov_x(mu)
ObjectiveLoss dip_vae_i(const ObjectiveInputs& in) { return with_identity(in, covariance(in.q.mu)); }

// ... II: penalty of Cov_x(mu) + E_x[Sigma_x], the covariance of q(z)
ObjectiveLoss dip_vae_ii(const ObjectiveInputs& in) {
  const Var of_means = covariance(in.q.mu);
  return with_identity(in, of_means + mean_posterior_covariance(in.q));
}

// Mathieu, Rainforth, Siddharth & Teh 2019:  L = -E_q[log p(x|z)] + beta KL(q||p) + alpha D(q(z), p(z))
ObjectiveLoss decomposition(const ObjectiveInputs& in) {
  const Var base = weighted_elbo(in);
  const Var samples = prior_samples(in.r, in.prior, in.z.shape()[0], in.z.shape()[1]);
  const Var D = aggregate_divergence(in.r, in.settings.divergence, *in.prior, in.q, in.z, samples);
  return with_term(in, base, "alpha", D);
}

// Kumar & Poole 2020 in kind, theory B1:  L = -log p(x|d(mu)) + (beta/2) [|mu|^2 + log det(I + J'J / (beta sigma^2))], J = dd/dz at
// mu; for a diagonal posterior sum_j log(1 + (J'J)_jj / (beta sigma^2)) in place of log det. What is left of beta-VAE when q is the
// best Gaussian for a decoder without curvature: no noise, and the encoder's own covariance is not used or trained.
ObjectiveLoss surrogate(const ObjectiveInputs& in) {
  const Var tau = in.beta * in.spread;
  const Var penalty = surrogate_penalty(in.r, in.q, tau, in.decode);
  const Var weighted = in.beta * penalty;
  ObjectiveLoss result{in.reconstruction + weighted};
  result.kl = penalty;
  return result;
}

constexpr std::array<Objective, 10> kObjectives{{
    {"vae", "the evidence lower bound (beta = 1)", "", true, false, false, vae},
    {"beta-vae", "the KL term weighted by beta", " beta ", true, false, false, beta_vae},
    {"autoencoder", "reconstruction alone, without noise or prior", "", false, false, false, autoencoder},
    {"annealed-vae", "the KL term held at a capacity that grows", " gamma capacity capacity_steps ", true, false, false,
     annealed_vae},
    {"factor-vae", "total correlation punished, as a discriminator sees it", " gamma_tc lr_discriminator ", true, false, false,
     factor_vae},
    {"beta-tcvae", "total correlation punished, as the minibatch sees it", " beta ", true, true, false, beta_tcvae},
    {"dip-vae-i", "covariance of the means drawn to the identity", " lambda_od lambda_d ", true, false, false, dip_vae_i},
    {"dip-vae-ii", "covariance of q(z) drawn to the identity", " lambda_od lambda_d ", true, false, false, dip_vae_ii},
    {"decomposition", "overlap by beta, q(z) drawn to p(z) by alpha", " beta alpha ", true, false, false, decomposition},
    {"surrogate", "the beta-VAE without noise: the log det of the decoder's Jacobian", " beta ", false, false, true, surrogate},
}};

}  // namespace

std::span<const Objective> objectives() { return kObjectives; }

const Objective& objective(const std::string& name) {
  std::string known;
  for (const Objective& o : kObjectives) {
    if (name == o.name) return o;
    known += (known.empty() ? "" : ", ") + std::string(o.name);
  }
  throw Error(ErrorKind::usage, "objective '" + name + "'", "unknown", "choose one of " + known);
}

}  // namespace unpick
