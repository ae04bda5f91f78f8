// Five decoders of two latents whose geometry is known, to show and to test what C1 and C2 mean.
//
// C1: the right singular vectors are the axes everywhere. C2: singular value i depends on z_i alone. Both together make the
// manifold flat along the axes: an additive map has them, a bent sheet too though it is not additive, a surface of
// revolution has C1 only, and a rotation of the latents takes both away without changing the manifold.
//
// Source: theory B4, B7. Read next: core/seams/geometry.h
#pragma once

#include <string>
#include <vector>

#include "core/seams/decoder_map.h"

namespace unpick {

struct Toy {
  const char* name;
  const char* summary;
  bool c1, c2;
  DecoderMap map;
};
const std::vector<Toy>& toys();

const Toy& toy(const std::string& name);  // Error(usage) names the choices

}  // namespace unpick
