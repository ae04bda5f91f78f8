// Small VAEs by the hundred, on pictures a quarter as wide and high: what objectives, priors and betas do to reconstruction and to
// scores is a question of many seeds, not of large pictures. A trial takes seconds. Where an objective's weights cannot be scaled
// to small pictures a trial is of full size, with more units, and takes a minute.
//
// Trials are kept by name, so that figures that ask for the same one share it.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "native/reproduce/figure.h"
#include "native/reproduce/sprites.h"

namespace unpick::reproduce {

inline constexpr int kTrialLatents = 10;

struct Trial {
  std::string settings;       // beside the model, latent=10 and batch=64: "objective=factor-vae gamma-tc=10"
  std::string data = kSlice;  // at a quarter of its size
  bool full_size = false;     // not shrunk, with the model mlp instead of mlp-64-tanh
};

struct TrialResult {
  double reconstruction = 0;  // an image, z ~ q: nats; squared error of pixels that are not Bernoulli
  double mig = 0, factor_score = 0;
  double transported_score = NAN;  // FactorVAE score after normal_of_student; of Student-t priors only
  double hoyer = 0;                // of the means
  double term = 0;                 // the objective's own, mean over the last tenth of the steps
  int active = 0;                  // latents whose means have a standard deviation above 0.5
};

// " beta=0.25" of beta 4: a weight as for pictures of full size. Those here have 16 times fewer pixels, and so that much less
// reconstruction to weigh against: beta_norm of Higgins et al. 2017.
std::string weight(const char* setting, double of_full_size);
inline constexpr const char* kWeightsChoice =
    "\u03b2 and \u03b1 count as for pictures of full size: with a sixteenth of the pixels the loss has a sixteenth of the weight.";

int64_t trial_steps(const Workshop& shop, bool full_size = false);
const TrialResult& trial(Workshop& shop, const Trial& what, int seed);
std::vector<TrialResult> trials(Workshop& shop, const Trial& what);             // of every seed
int64_t missing_steps(const Workshop& shop, const std::vector<Trial>& wanted);  // that these still cost

// Where a code of the prior t_nu lies in a normal one: Phi^-1(T_nu(z)), the map of optimal transport between them (Mathieu et al.
// 2019 score their Student-t models after it as well).
double normal_of_student(double z, double nu);

std::vector<double> of(const std::vector<TrialResult>& results, double TrialResult::*field);
Json to_json(const std::vector<TrialResult>& results);

}  // namespace unpick::reproduce
