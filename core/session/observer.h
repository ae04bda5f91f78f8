// Computes what is to be seen of a model in training: pictures, codes, and the geometry around a code.
//
// It holds recordings of the encoder, the decoder and their derivatives, made once for a run; the weights are read where
// they are trained, so it is used between two steps, on the trainer's thread. It draws nothing at random from the run's
// streams: a run that is watched gives the same weights as one that is not.
//
// Read next: core/session/lab.h
#pragma once

#include <optional>

#include "core/seams/posterior_identity.h"
#include "core/session/snapshot.h"

namespace unpick {

// The image to look at first: of up to 4,096 images, the one whose factors are nearest to the middle of their ranges; the middle
// one where no factors are known.
uint32_t central_image(const Dataset& data);

class Observer {
 public:
  explicit Observer(Session& session);

  std::unique_ptr<Pictures> pictures();
  // The mean code of `image`, with the latents that have a value in `moved` [Z] put there. `in_use`: the latents whose geometry is
  // looked at, ascending.
  std::unique_ptr<Look> look(uint32_t image, const std::vector<std::optional<real>>& moved, const std::vector<int>& in_use);

 private:
  void traverse(Look& look);
  void measure(Look& look, std::span<const real> x, const std::vector<int>& in_use);

  Session& session_;
  Encoder encoder_;
  Decoder decoder_;
  GeometryProgram geometry_;
  std::optional<PosteriorIdentity> identity_;  // at sigma2 = 1; none: it says nothing of this model
};

}  // namespace unpick
