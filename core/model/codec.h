// Encoding and decoding any number of images with a trained model: the recordings of vae.h, run batch by batch.
#pragma once

#include <memory>
#include <span>

#include "core/model/vae.h"

namespace unpick {

class Encoder {
 public:
  Encoder(const VaeSpec& spec, Parameters& table, std::span<real> weights, Backend& backend, int batch = 64,
          bool with_factor = false);
  // images [N,H,W,C] -> mu, logvar [N,Z] (log of the marginal variances) and, if made for it, L [N,Z,Z]; any N. Each may be empty.
  void run(std::span<const real> images, std::span<real> mu, std::span<real> logvar, std::span<real> factor = {});

 private:
  Encoding encoding_;
  bool with_factor_;
  std::unique_ptr<Executable> program_;
};

class Decoder {
 public:
  Decoder(const VaeSpec& spec, Parameters& table, std::span<real> weights, Backend& backend, int batch = 64);
  // z [N,Z] -> eta (likelihood parameters; Bernoulli: logits) and mean images [N,H*W*C]; any N. Either may be empty.
  void run(std::span<const real> z, std::span<real> eta, std::span<real> mean);

 private:
  Decoding decoding_;
  std::unique_ptr<Executable> program_;
};

}  // namespace unpick
