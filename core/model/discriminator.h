// FactorVAE's second network: tells codes from codes whose columns were shuffled, and by that measures total correlation.
//
// Why it works (density-ratio trick): the best classifier's logits differ by log q(z) - log prod_j q(z_j), whose mean over q(z)
// is the total correlation. Its parameters stand in the same table as the model's, after them, and have an Adam of their own;
// so a checkpoint holds both. Source: Kim & Mnih 2018, with the study's constants (metrics.h names them).
#pragma once

#include "core/model/layers.h"

namespace unpick {

struct DiscriminatorSettings {
  int width = 1000, depth = 6;  // hidden layers, leaky relu with slope 0.2
};

struct DensityRatio {
  Var tc;             // [1], mean over the batch of D_joint(z) - D_shuffled(z), nats
  Var cross_entropy;  // [1], what the discriminator minimises: (-log p(joint|z) - log p(shuffled|shuffled z)) / 2, batch means
};

// z [B,Z]. Each column is shuffled within the batch, anew each step (the paper shuffles a second batch, the study this one).
DensityRatio density_ratio(Recorder& r, Var z, const DiscriminatorSettings& settings);

}  // namespace unpick
