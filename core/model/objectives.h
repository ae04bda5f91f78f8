// Objectives: what training minimises, one function each, with its equation. Adding one is a row and a function.
//
// Sums over pixels and latents, means over the batch; nats per image. What an objective needs beside the model it asks the Recorder
// for: a hyper-parameter by its setting's name, samples, constants, parameters of a second network. So no caller knows which
// objective needs what.
//
// Read next: core/model/divergences.h, core/model/vae.cpp
#pragma once

#include <functional>
#include <span>
#include <string>

#include "core/model/discriminator.h"
#include "core/model/divergences.h"

namespace unpick {

// Choices that are fixed for a recording.
struct ObjectiveSettings {
  Tc tc = Tc::weighted;
  Divergence divergence = Divergence::mmd_marginal;
  DiscriminatorSettings discriminator{};
};

// What an objective is made of.
struct ObjectiveInputs {
  Recorder& r;
  const ObjectiveSettings& settings;
  std::shared_ptr<const Prior> prior;
  Posterior q;
  Var z;                             // [B,Z], ~ q(z|x), or mu
  Var reconstruction;                // [1], mean over the batch of -log p(x|z)
  Var kl;                            // [1], mean over the batch of KL(q || p)
  Var beta;                          // [1], hyper "beta"
  Var spread;                        // [1] or [1,D], of the likelihood
  std::function<Var(Var z)> decode;  // codes [N,Z] -> eta [N,D], with the model's weights
};

struct ObjectiveLoss {
  Var loss;         // [1]
  Var term{};       // [1], what stands beside reconstruction and KL: TC, a penalty, D; for the log; not ok(): nothing
  Var adversary{};  // [1], what the objective's own parameters minimise, by an Adam of their own; not ok(): it has none
  Var kl{};         // [1], reported as the KL in place of KL(q||p); not ok(): that itself
};

struct Objective {
  const char* name;
  const char* summary;
  const char* hypers;  // settings that it reads, each between blanks: " beta gamma "
  bool samples;        // false: z = mu, no noise, and N(0,I) as the prior
  bool diagonal_only;  // needs densities of q that a full posterior does not give
  bool gaussian_only;  // needs the Gaussian likelihood with one sigma^2
  ObjectiveLoss (*loss)(const ObjectiveInputs&);

  bool reads(const std::string& setting) const { return std::string(hypers).find(" " + setting + " ") != std::string::npos; }
};

std::span<const Objective> objectives();
const Objective& objective(const std::string& name);  // Error(usage) naming the known ones

}  // namespace unpick
