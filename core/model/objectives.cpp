// The objectives. See objectives.h.
#include "core/model/objectives.h"

#include <array>

namespace unpick {
namespace {

// Kingma & Welling 2014:  L(x) = -E_q[log p(x|z)] + KL(q(z|x) || p(z))
Var vae(const ObjectiveInputs& in) { return in.reconstruction + in.kl; }

// Higgins et al. 2017:  L(x) = -E_q[log p(x|z)] + beta KL(q(z|x) || p(z))
Var beta_vae(const ObjectiveInputs& in) {
  const Var weighted = in.beta * in.kl;
  return in.reconstruction + weighted;
}

// L(x) = -log p(x | z = mu(x)): no noise, no prior
Var autoencoder(const ObjectiveInputs& in) { return in.reconstruction; }

constexpr std::array<Objective, 3> kObjectives{{
    {"vae", "the evidence lower bound (beta = 1)", true, false, vae},
    {"beta-vae", "the KL term weighted by beta", true, true, beta_vae},
    {"autoencoder", "reconstruction alone, without noise or prior", false, false, autoencoder},
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
