// Priors p(z): log densities and divergences as rows, samples from our own random numbers.
//
// KL(q||p) in closed form where there is one (normal, anisotropic), by quadrature where p is a product over latents (student-t,
// sparse), else from the step's own sample z ~ q, as log q(z|x) - log p(z): mixture, subspaces, hierarchical. vae.cpp reports the
// standard error of the latter.
//
//   normal               N(0, I)
//   anisotropic          N(0, diag omega), omega = Z softmax(w), so that the mean variance is 1; w = log of the variances of the
//                        data's first Z principal components, centred, set by the session. anisotropic-learned trains w from there
//   student-t            each z_j ~ t_nu, scale 1
//   mixture              2Z Gaussians of variance 0.03 around +-e_j, equally likely; the four clusters of Mathieu's pinwheel at Z =
//   2 sparse               each z_j ~ gamma N(0, 0.05^2) + (1 - gamma) N(0, 1); gamma = 0 is normal subspaces            groups of
//   m latents, each multivariate t_nu: turning z within a group changes nothing, across groups it does hierarchical         z_1 ~
//   N(0, I), the first half; z_2 | z_1 ~ N(tanh(A z_1), diag exp(tanh(B z_1))), A and B fixed and random
//
// Sources: Mathieu, Rainforth, Siddharth & Teh 2019, and theory M3; subspaces and hierarchical are named there without a formula,
// so these are our choice. Densities are nats. Read next: core/model/vae.cpp
#pragma once

#include <memory>
#include <string>

#include "core/model/layers.h"
#include "core/model/posteriors.h"

namespace unpick {

inline constexpr Stream kPriorStream{8};                 // of its samples, beside the streams of rng.h
inline constexpr const char* kPriorWeights = "prior.w";  // the parameter w of an anisotropic prior, [1,Z]

struct PriorSettings {
  std::string name = "normal";
  double nu = 9;          // degrees of freedom of student-t and subspaces
  double sparsity = 0.8;  // gamma
  int subspace = 2;       // latents in a group
};

class Prior {
 public:
  virtual ~Prior() = default;
  virtual bool normal() const { return false; }  // N(0, I), which some objectives assume

  virtual Var log_density(Recorder& r, Var z) const = 0;  // z [B,Z] -> log p(z) [B,1]
  // KL(q||p) in Z terms, summed over the batch: [1,Z]. Not ok(): no closed form and no quadrature.
  virtual Var kl_terms(Recorder&, const Posterior&) const { return {}; }

  // Samples: `draw` fills [B,Z] from (rng, step); `place`, as rows, makes samples of p of them, and trains what p trains.
  virtual void draw(const Rng& rng, uint32_t step, std::span<real> noise) const { rng.fill_normal(noise, step); }
  virtual Var place(Recorder&, Var noise) const { return noise; }
};

// Error(usage) if the prior does not exist with so many latents.
std::shared_ptr<const Prior> make_prior(const PriorSettings& settings, int latent);

// A step's samples of p, [B,Z], drawn anew each step from a stream of their own.
Var prior_samples(Recorder& r, std::shared_ptr<const Prior> prior, int batch, int latent);

// log q(z|x) - log p(z) at z = mu + L epsilon: [B,1], a sample of KL(q||p) for each image.
Var kl_samples(Recorder& r, const Prior& prior, const Posterior& q, Var epsilon, Var z);

// Nodes and weights for E[f(x)], x ~ N(0,1), exact for polynomials below degree 2 count (Golub & Welsch 1969).
struct Quadrature {
  std::vector<real> nodes, weights;
};
Quadrature gauss_hermite(int count);

}  // namespace unpick
