// One VAE on a slice of dSprites and all that figures 3, 5, 6 and 7 want to know of it, so that they can share runs.
//
// The slice is one upright ellipse at every x, half of the y and six sizes. Its ranges are unequal on purpose: equal ranges would
// leave the axes undetermined. Pictures are halved to 32x32 pixels, which makes a step four times as fast. Ten latents, more than
// the three factors need; smooth activations, so that second derivatives are not zero (theory F7). Scores are of the latents in
// use, sd of mu > 0.5 over the data (theory A6).
#pragma once

#include <Eigen/Core>

#include "native/io/figures.h"
#include "native/reproduce/workshop.h"

namespace unpick::reproduce {

inline constexpr const char* kSlice = "dsprites:shape=ellipse,orientation=0,posY=8..23";
inline constexpr int kSpriteLatents = 10;
// Every picture `by` times smaller each way, each pixel the mean of by x by.
std::unique_ptr<Dataset> shrunk(std::unique_ptr<Dataset> data, int by);

struct SpriteArm {
  std::string posterior = "diagonal", objective = "beta-vae";
  double beta = 8;
  std::string name() const;  // "diagonal", "full", "autoencoder"
};

struct SpriteMark {
  int64_t step;
  int active;           // latents in use
  double dto, rotated;  // mean over codes z ~ q; of the same V after a random rotation
  double aas;           // axis alignment, 1 is aligned
  double cosine;        // mean |cosine| between columns of J
  double off_A, off_C;  // off-diagonal shares of the two parts of the precision; NaN for the autoencoder
};

struct SpriteRun {
  SpriteArm arm;
  int seed;
  std::vector<SpriteMark> marks;  // the last one is at the end
  double reconstruction, kl;      // nats per image
  double log_det;                 // mean log det Sigma_x
  std::vector<int> order;         // latents by falling KL
  std::vector<bool> active;       // [Z]
  Eigen::MatrixXd A, C;           // [Z,Z] mean over x of |.|, scaled by the diagonal of A
  Eigen::MatrixXd information;    // [Z,F] nats, of means and factors
  double mig;
  std::vector<std::string> factors;  // [F]
  io::TraversalFigure traversal;     // rows in `order`, as many as are in use
  std::vector<int> follows;          // [F] the latent of largest |r| with each factor
};

int64_t sprite_steps(const Workshop& shop);
std::shared_ptr<const SpriteRun> sprite_run(Workshop& shop, const SpriteArm& arm, int seed);
// Steps that the runs of these arms still cost.
int64_t missing_steps(const Workshop& shop, const std::vector<SpriteArm>& arms);

const SpriteMark& last(const SpriteRun& run);

}  // namespace unpick::reproduce
