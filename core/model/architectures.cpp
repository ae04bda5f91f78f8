// The eight architectures, layer by layer. See architectures.h.
//
// Parameter names of conv-burgess are those of public PyTorch code, so its state dicts import as they are; the others
// follow the same pattern. Sources: Burgess et al. 2018 (conv-burgess), Locatello et al. 2019 (conv-locatello, with the
// 2x2 kernels of its released code), Higgins et al. 2017 (mlp-1200).
#include "core/model/architectures.h"

#include <array>
#include <initializer_list>
#include <utility>

namespace unpick {
namespace {

using Activation = Var (*)(Var);

Var flat(Var x) {
  const Shape s = x.shape();
  return reshape(x, {s[0], s[1] * s[2] * s[3]});
}

// An image's pixels as dense features, in both orders.
FeatureOrder pixels(Shape image) { return FeatureOrder::of_image(image[0], image[1], image[2]); }
FeatureOrder input_pixels(Var x) { return FeatureOrder::of_image(x.shape()[1], x.shape()[2], x.shape()[3]); }

Var hidden_layers(Recorder& r, Var h, std::initializer_list<int> widths, Activation activation, const std::string& prefix,
                  FeatureOrder in, int& count) {
  for (int width : widths) {
    const Var a = dense(r, h, width, prefix + ".lin" + std::to_string(++count), in);
    h = activation(a);
    in = {};
  }
  return h;
}

// The last layer of an encoder, or its last two.
Encoded head(Recorder& r, Var h, int latent, int lower, const std::string& name, FeatureOrder in = {}, FeatureOrder out = {}) {
  const Var q = dense(r, h, 2 * latent, name, in, out);
  if (lower == 0) return {q};
  const Init usual = std::exchange(r.init, Init::zero);
  const Var below = dense(r, h, lower, "encoder.lower", in);
  r.init = usual;
  return {q, below};
}

Encoded mlp_encoder(Recorder& r, Var x, int latent, int lower, std::initializer_list<int> widths, Activation activation) {
  const Scope scope(r.graph, "encoder");
  int count = 0;
  const Var h = hidden_layers(r, flat(x), widths, activation, "encoder", input_pixels(x), count);
  const FeatureOrder in = count == 0 ? input_pixels(x) : FeatureOrder{};
  return head(r, h, latent, lower, "encoder.lin" + std::to_string(count + 1), in);
}

Var mlp_decoder(Recorder& r, Var z, Shape image, std::initializer_list<int> widths, Activation activation) {
  const Scope scope(r.graph, "decoder");
  int count = 0;
  const Var h = hidden_layers(r, z, widths, activation, "decoder", {}, count);
  return dense(r, h, static_cast<int>(image.size()), "decoder.lin" + std::to_string(count + 1), {}, pixels(image));
}

struct ConvSpec {
  int channels, kernel;
  const char* name;
};

Var conv_stack(Recorder& r, Var h, std::initializer_list<ConvSpec> layers) {
  for (const ConvSpec& l : layers) {
    const Var a = conv_layer(r, h, l.channels, l.kernel, 2, l.kernel / 2 - 1, std::string("encoder.") + l.name);
    h = relu(a);
  }
  return h;
}

// Transposed 4x4 convolutions; the last one gives the image and has no activation.
Var conv_transpose_stack(Recorder& r, Var h, std::initializer_list<ConvSpec> layers) {
  size_t left = layers.size();
  for (const ConvSpec& l : layers) {
    h = conv_transpose_layer(r, h, l.channels, l.kernel, 2, 1, std::string("decoder.") + l.name);
    if (--left > 0) h = relu(h);
  }
  return flat(h);
}

// From maps a sixteenth as wide and high as the image; the first layer of the stack has as many channels as they.
Var conv_decoder(Recorder& r, Var z, Shape image, std::initializer_list<int> widths, std::initializer_list<ConvSpec> layers) {
  const Scope scope(r.graph, "decoder");
  const Shape start{image[0] / 16, image[1] / 16, layers.begin()->channels};
  int count = 0;
  Var h = hidden_layers(r, z, widths, relu, "decoder", {}, count);
  h = dense(r, h, static_cast<int>(start.size()), "decoder.lin" + std::to_string(count + 1), {}, pixels(start));
  h = relu(h);
  h = reshape(h, {z.shape()[0], start[0], start[1], start[2]});
  return conv_transpose_stack(r, h, layers);
}

// ---- linear: x -> q and z -> eta, for the linear VAE of Corollary 6.0 ----
Encoded linear_encode(Recorder& r, Var x, int latent, int lower) { return mlp_encoder(r, x, latent, lower, {}, relu); }
Var linear_decode(Recorder& r, Var z, Shape image) { return mlp_decoder(r, z, image, {}, relu); }

// ---- mlp (W1): 256-256 relu both ways ----
Encoded mlp_encode(Recorder& r, Var x, int latent, int lower) { return mlp_encoder(r, x, latent, lower, {256, 256}, relu); }
Var mlp_decode(Recorder& r, Var z, Shape image) { return mlp_decoder(r, z, image, {256, 256}, relu); }

// ---- mlp-tanh: the same, smooth, so that second derivatives are not zero ----
Encoded mlp_tanh_encode(Recorder& r, Var x, int latent, int lower) { return mlp_encoder(r, x, latent, lower, {256, 256}, tanh); }
Var mlp_tanh_decode(Recorder& r, Var z, Shape image) { return mlp_decoder(r, z, image, {256, 256}, tanh); }

// ---- mlp-64-tanh: small and smooth, for vectors of a few numbers ----
Encoded mlp64_encode(Recorder& r, Var x, int latent, int lower) { return mlp_encoder(r, x, latent, lower, {64, 64}, tanh); }
Var mlp64_decode(Recorder& r, Var z, Shape image) { return mlp_decoder(r, z, image, {64, 64}, tanh); }

// ---- mlp-1200 (W3): encoder relu, decoder tanh ----
Encoded mlp1200_encode(Recorder& r, Var x, int latent, int lower) { return mlp_encoder(r, x, latent, lower, {1200, 1200}, relu); }
Var mlp1200_decode(Recorder& r, Var z, Shape image) { return mlp_decoder(r, z, image, {1200, 1200, 1200}, tanh); }

// ---- conv (W2): 32-32-64-64 channels, one dense layer of 256 ----
Encoded conv_encode(Recorder& r, Var x, int latent, int lower) {
  const Scope scope(r.graph, "encoder");
  const Var h = conv_stack(r, x, {{32, 4, "conv1"}, {32, 4, "conv2"}, {64, 4, "conv3"}, {64, 4, "conv4"}});
  const Var a = dense(r, flat(h), 256, "encoder.lin1", input_pixels(h));
  const Var g = relu(a);
  return head(r, g, latent, lower, "encoder.lin2");
}
Var conv_decode(Recorder& r, Var z, Shape image) {
  return conv_decoder(r, z, image, {256}, {{64, 4, "convT1"}, {32, 4, "convT2"}, {32, 4, "convT3"}, {image[2], 4, "convT4"}});
}

// ---- conv-burgess: 32 channels throughout, two dense layers of 256 ----
Encoded burgess_encode(Recorder& r, Var x, int latent, int lower) {
  const Scope scope(r.graph, "encoder");
  const Var h = conv_stack(r, x, {{32, 4, "conv1"}, {32, 4, "conv2"}, {32, 4, "conv3"}, {32, 4, "conv_64"}});
  int count = 0;
  const Var g = hidden_layers(r, flat(h), {256, 256}, relu, "encoder", input_pixels(h), count);
  return head(r, g, latent, lower, "encoder.mu_logvar_gen", {}, FeatureOrder::of_pairs(latent));
}
Var burgess_decode(Recorder& r, Var z, Shape image) {
  return conv_decoder(r, z, image, {256, 256},
                      {{32, 4, "convT_64"}, {32, 4, "convT1"}, {32, 4, "convT2"}, {image[2], 4, "convT3"}});
}

// ---- conv-locatello: as in the study's code ----
Encoded locatello_encode(Recorder& r, Var x, int latent, int lower) {
  const Scope scope(r.graph, "encoder");
  const Var h = conv_stack(r, x, {{32, 4, "conv1"}, {32, 4, "conv2"}, {64, 2, "conv3"}, {64, 2, "conv4"}});
  const Var a = dense(r, flat(h), 256, "encoder.lin1", input_pixels(h));
  const Var g = relu(a);
  return head(r, g, latent, lower, "encoder.lin2");
}

constexpr std::array<Architecture, 8> kArchitectures{{
    {"linear", "one linear layer each way", Init::torch, false, linear_encode, linear_decode},
    {"mlp", "two layers of 256, relu (2.2 M parameters on dSprites)", Init::torch, false, mlp_encode, mlp_decode},
    {"mlp-tanh", "two layers of 256, tanh: a smooth decoder", Init::torch, false, mlp_tanh_encode, mlp_tanh_decode},
    {"mlp-64-tanh", "two layers of 64, tanh: for vectors of a few numbers", Init::torch, false, mlp64_encode, mlp64_decode},
    {"conv", "four convolutions 32-32-64-64 and a layer of 256 (0.8 M)", Init::torch, true, conv_encode, conv_decode},
    {"mlp-1200", "two relu layers of 1200, three tanh layers of 1200 (14 M)", Init::torch, false, mlp1200_encode, mlp1200_decode},
    {"conv-burgess", "Burgess et al. 2018: four convolutions of 32, two layers of 256 (0.5 M)", Init::torch, true, burgess_encode,
     burgess_decode},
    {"conv-locatello", "Locatello et al. 2019: 32-32-64-64, the study's network (0.7 M)", Init::glorot, true, locatello_encode,
     conv_decode},
}};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

const Architecture& architecture(const std::string& name) {
  std::string known;
  for (const Architecture& a : kArchitectures) {
    if (name == a.name) return a;
    known += (known.empty() ? "" : ", ") + std::string(a.name);
  }
  throw Error(ErrorKind::usage, "model '" + name + "'", "unknown architecture", "choose one of " + known);
}

}  // namespace unpick
