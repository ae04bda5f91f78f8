// A model at rest: what it is, its parameters and their values. What files hold and what encoders and decoders need.
#pragma once

#include "core/base/buffer.h"
#include "core/model/codec.h"

namespace unpick {

struct Model {
  explicit Model(const VaeSpec& s) : spec(s) {
    record_training(spec, 2, table);  // asks for every parameter: encoder, decoder, likelihood, prior, the objective's own
    weights = Buffer(table.region());
  }

  VaeSpec spec;
  Parameters table;
  Buffer weights;
};

}  // namespace unpick
