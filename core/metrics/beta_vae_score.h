// The BetaVAE score (Higgins et al. 2017): can a linear classifier tell which factor two images share?
//
// A point: factor j is drawn, and 64 pairs of observations that agree in j and in nothing else on purpose; the feature is the mean
// of |z - z'| over the pairs, the label is j. Logistic regression on 10000 points; the score is its accuracy on 5000 others.
// Chance is 1/K.
//
// Known quirks: saturates at 1 for many imperfect codes. The study's own classifier stopped early or was one-vs-rest, which moves
// the accuracy by up to .006.
#pragma once

#include <cstdint>

#include "core/metrics/job.h"
#include "core/metrics/representation.h"

namespace unpick {

inline constexpr int kInterventionBatch = 64;  // observations, or pairs, of one point

// "eval_accuracy", "train_accuracy". `representation` must outlive the job.
// Error(usage) for a single factor.
Job beta_vae_score(Representation& representation, uint64_t seed, int num_train = 10000, int num_eval = 5000);

}  // namespace unpick
