// The FactorVAE score (Kim and Mnih 2018): does holding a factor still one code more than the others?
//
// A vote: factor j is drawn, and 64 observations that share its value; the code with the smallest variance, relative to its
// variance over all data, votes for j. Each code stands for the factor that gave it most of 10000 votes; the score is how many of
// 5000 other votes agree. Codes with a standard deviation below .05 over the data do not take part.
//
// Mathieu et al. 2019 score the votes themselves, 20000 of 1000 observations each, by "train_accuracy"; so does the row
// factor_vae_mathieu. A larger batch tells smaller differences of variance apart.
//
// Known quirks: codes without noise have variances of 0 or of rounding, so that two codes that follow one factor tie at random.
#pragma once

#include <cstdint>

#include "core/metrics/beta_vae_score.h"
#include "core/metrics/job.h"
#include "core/metrics/representation.h"

namespace unpick {

// "eval_accuracy" unless num_eval is 0, and "train_accuracy", both 0 if no code is active; "num_active_dims"; "active_dims" [A],
// "votes" [A,K] of the training votes, "global_variances" [D]. `representation` must outlive the job. Error(usage) for a single
// factor.
Job factor_vae_score(Representation& representation, uint64_t seed, int num_train = 10000, int num_eval = 5000,
                     int num_variance = 10000, int batch = kInterventionBatch);

}  // namespace unpick
