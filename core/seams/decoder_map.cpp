// See decoder_map.h.
#include "core/seams/decoder_map.h"

#include "core/graph/derive.h"

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

RecordedMap record_for_tangents(const DecoderMap& map, Recorder& r, Var z, int directions) {
  RecordedMap d{z, map.record(r, z)};
  if (!keeps_rows(std::array{d.value}, std::array{z})) {
    d.z = repeat_rows(z, directions);
    d.value = map.record(r, d.z);
  }
  const Shape expected{d.z.shape()[0], map.outputs};
  if (d.value.shape() != expected) throw ShapeError("decoder map: rows " + d.value.shape().str() + " instead of " + expected.str());
  return d;
}

}  // namespace unpick
