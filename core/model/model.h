// A model at rest: what it is, its parameters and their values. What files hold and what encoders and decoders need.
#pragma once

#include "core/base/buffer.h"
#include "core/model/codec.h"

namespace unpick {

struct Model {
  explicit Model(const VaeSpec& s) : spec(s) {
    // Recording asks for every parameter, encoder first, as training does.
    record_encoding(spec, 1, table);
    record_decoding(spec, 1, table);
    weights = Buffer(table.region());
  }

  VaeSpec spec;
  Parameters table;
  Buffer weights;
};

}  // namespace unpick
