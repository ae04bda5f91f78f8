// Objectives: what training minimises, one function each, with its equation. Adding one is a row and a function.
//
// Sums over pixels and latents, means over the batch; nats per image.
#pragma once

#include <span>
#include <string>

#include "core/model/posteriors.h"

namespace unpick {

// What an objective is made of. Hyper-parameters are Inputs: they change between steps without a new recording.
struct ObjectiveInputs {
  Var reconstruction;  // [1], mean over the batch of -log p(x|z)
  Var kl;              // [1], mean over the batch of KL(q || p)
  Var beta;            // [1]
};

struct Objective {
  const char* name;
  const char* summary;
  bool samples;  // false: z = mu, no noise
  bool uses_beta;
  Var (*loss)(const ObjectiveInputs&);
};

std::span<const Objective> objectives();
const Objective& objective(const std::string& name);  // Error(usage) naming the known ones

}  // namespace unpick
