// See decoder_map.h.
#include "core/seams/decoder_map.h"

namespace unpick {

DecoderMap logit_map(Model& model) {
  const VaeSpec& spec = model.spec;
  return {spec.latent, static_cast<int>(spec.image.size()),
          [&spec](Recorder& r, Var z) { return spec.architecture->decode(r, z, spec.image); }, &model.table, model.weights.span()};
}

DecoderMap mean_map(Model& model) {
  DecoderMap map = logit_map(model);
  map.record = [&spec = model.spec](Recorder& r, Var z) {
    const Var eta = spec.architecture->decode(r, z, spec.image);
    return mean_image(spec.likelihood, eta);
  };
  return map;
}

}  // namespace unpick
