// See discriminator.h.
#include "core/model/discriminator.h"

#include <algorithm>
#include <utility>

namespace unpick {
namespace {

Var leaky_relu(Var x) {
  const Var on = step(x);
  const Var slope = affine(on, 0.8, 0.2);
  return x * slope;
}

// The difference of the two logits, joint minus shuffled: [B,1]
Var log_ratio(Recorder& r, Var z, const DiscriminatorSettings& settings) {
  const Scope scope(r.graph, "discriminator");
  const Init usual = std::exchange(r.init, Init::glorot);
  Var h = z;
  for (int i = 1; i <= settings.depth; ++i) h = leaky_relu(dense(r, h, settings.width, "discriminator.lin" + std::to_string(i)));
  const Var logits = dense(r, h, 2, "discriminator.lin" + std::to_string(settings.depth + 1));
  r.init = usual;
  const Var joint = slice(logits, 1, 0, 1);
  const Var shuffled = slice(logits, 1, 1, 1);
  return joint - shuffled;
}

// Permutation matrices, one for each latent: entry (i, k, j) is 1 if row i of the shuffled column j is row k of z's.
void fill_permutations(const Rng& rng, uint32_t step, uint32_t batch, uint32_t latent, std::span<real> out) {
  std::fill(out.begin(), out.end(), real{0});
  std::vector<uint32_t> order(batch);
  for (uint32_t j = 0; j < latent; ++j) {
    for (uint32_t i = 0; i < batch; ++i) order[i] = i;
    for (uint32_t i = batch; i > 1; --i) std::swap(order[i - 1], order[rng.below(i, step, j * batch + i - 1)]);
    for (uint32_t i = 0; i < batch; ++i) out[(size_t{i} * batch + order[i]) * latent + j] = 1;
  }
}

Var shuffle_columns(Recorder& r, Var z) {
  const int batch = z.shape()[0], latent = z.shape()[1];
  const Var permutations = r.draw({batch, batch, latent}, "permutations", [=](uint64_t seed, uint32_t step, std::span<real> out) {
    fill_permutations(Rng(seed, Stream::permutation), step, static_cast<uint32_t>(batch), static_cast<uint32_t>(latent), out);
  });
  const Var rows = reshape(z, {1, batch, latent});
  const Var wide = broadcast(rows, permutations.shape());
  const Var picked = wide * permutations;
  return reshape(sum(picked, {batch, 1, latent}), {batch, latent});
}

}  // namespace

DensityRatio density_ratio(Recorder& r, Var z, const DiscriminatorSettings& settings) {
  const double per_image = 1.0 / z.shape()[0];
  const Var shuffled = shuffle_columns(r, z);
  const Var ratio = log_ratio(r, z, settings);
  const Var ratio_shuffled = log_ratio(r, shuffled, settings);
  const Var joint_loss = softplus(affine(ratio, -1));
  const Var shuffled_loss = softplus(ratio_shuffled);
  const Var loss = total(joint_loss + shuffled_loss);
  return {affine(total(ratio), per_image), affine(loss, 0.5 * per_image)};
}

}  // namespace unpick
