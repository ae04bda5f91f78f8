// Encoders and decoders by name: a table of two functions each.
//
// An encoder maps images x [B,H,W,C] to the numbers of a Gaussian q(z|x) (posteriors.h); a decoder maps codes z [B,Z] to the
// parameters of the likelihood, eta [B,H*W*C] (Bernoulli logits or Gaussian means).
//
// Read next: core/model/vae.h
#pragma once

#include <span>
#include <string>

#include "core/model/layers.h"

namespace unpick {

struct Encoded {
  Var q;        // [B,2Z] = (mu, logvar)
  Var lower{};  // [B,lower], a layer of its own, "encoder.lower", whose weights start at 0; not ok() if lower = 0
};

struct Architecture {
  const char* name;
  const char* summary;
  Init init;
  bool needs_64;  // true: only 64x64 images, or 32x32 with maps half as wide throughout
  Encoded (*encode)(Recorder& r, Var x, int latent, int lower);
  Var (*decode)(Recorder& r, Var z, Shape image);
};

std::span<const Architecture> architectures();
const Architecture& architecture(const std::string& name);  // Error(usage) naming the known ones

}  // namespace unpick
