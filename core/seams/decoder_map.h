// A decoder to look into: any recorded function from codes to numbers, whether or not a VAE made it.
//
// Row b of the result must depend on row b of z alone; then derivatives of a whole batch of points cost one replay.
//
//   DecoderMap sphere{2, 3, [](Recorder&, Var z) { ... return x; }};       // your own rows, no parameters
//   DecoderMap mean = mean_map(model);                                      // E[x|z] of a VAE
//
// Read next: core/seams/jacobian.h
#pragma once

#include <functional>

#include "core/model/model.h"

namespace unpick {

struct DecoderMap {
  int latent;                                     // Z
  int outputs;                                    // D
  std::function<Var(Recorder& r, Var z)> record;  // z [B,Z] -> [B,D]
  Parameters* table = nullptr;                    // of the parameters that `record` asks for; null: none
  std::span<real> weights{};                      // their values; must outlive the map
};

DecoderMap mean_map(Model& model);   // the mean image d(z)
DecoderMap logit_map(Model& model);  // the likelihood's parameters eta(z)

// The map recorded so that `directions` tangents for each row of z can follow it (derive.h, jvp): on z itself where its rows
// stay apart, else on z with each row repeated. ShapeError unless the map gives `outputs` numbers for each row.
struct RecordedMap {
  Var z;      // [B,Z] or [B directions, Z]: what to differentiate by
  Var value;  // as many rows, [.., D]
};
RecordedMap record_for_tangents(const DecoderMap& map, Recorder& r, Var z, int directions);

}  // namespace unpick
