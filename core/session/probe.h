// How a run is doing beyond its loss, from a few fixed images: is each posterior the best one for the decoder that there is, and
// how hard are the axes pulled? Three numbers, cheap enough for every line of a log.
//
// Why beside the loss: fitting comes first and locking later, so a flat loss says nothing about the axes (theory F24). The gap is
// the pressure that turns them: what a diagonal posterior loses as long as the precision P(x) is not diagonal.
//
// P is taken at the posterior mean, without samples, so that curves are smooth; `unpick seams` takes expectations, too. A number
// that is not defined is NaN: identity and gap of an objective without samples or with beta 0, or of numbers that overflow.
//
// Invariants: the images are a function of the data set alone; nothing of the run changes by being probed.
// Source: theory A5, A6, B1. Read next: core/seams/posterior_identity.h
#pragma once

#include <memory>
#include <vector>

#include "core/base/types.h"

namespace unpick {

class Encoder;
class PosteriorIdentity;
class Session;

struct Measures {
  int active = 0;       // latents whose means vary over 64 images (active_latents)
  double identity = 0;  // 8 images: median |Sigma_jj P_jj - 1| over active j; of a full posterior median |Sigma P - I|_F / sqrt(Z)
  double gap = 0;       // 8 images: mean diagonal_gap(P, beta), nats
};

class Probe {
 public:
  explicit Probe(Session& session);  // which must outlive it
  ~Probe();
  Measures measure();  // of the model as it is now

 private:
  Session& session_;
  std::vector<real> x_;  // [N,D]
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<PosteriorIdentity> identity_;
  double sigma2_ = 0;  // of `identity_`
};

}  // namespace unpick
