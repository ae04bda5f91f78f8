// Encoders and decoders by name: a table of two functions each.
//
// An encoder maps images x [B,H,W,C] to the 2Z numbers of a diagonal Gaussian, q [B,2Z] = (mu, logvar); a decoder maps
// codes z [B,Z] to the parameters of the likelihood, eta [B,H*W*C] (Bernoulli logits or Gaussian means).
//
// Read next: core/model/vae.h
#pragma once

#include <span>
#include <string>

#include "core/model/layers.h"

namespace unpick {

struct Architecture {
  const char* name;
  const char* summary;
  Init init;
  bool needs_64;  // true: only 64x64 images
  Var (*encode)(Recorder& r, Var x, int latent);
  Var (*decode)(Recorder& r, Var z, Shape image);
};

std::span<const Architecture> architectures();
const Architecture& architecture(const std::string& name);  // Error(usage) naming the known ones

}  // namespace unpick
