// Layers: rows plus the parameters that they ask for.
//
// A `Recorder` is a graph being recorded together with the parameter table; it remembers which Input row stands for which
// parameter, which is what the plan needs to bind them and what the gradient is taken of.
//
// Read next: core/model/architectures.h
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "core/model/parameters.h"

namespace unpick {

// First values of weights and biases.
enum class Init {
  torch,   // both uniform within 1/sqrt(fan_in): PyTorch's default for Linear, Conv2d and ConvTranspose2d
  glorot,  // weights uniform within sqrt(6 / (fan_in + fan_out)), biases 0: TensorFlow 1's tf.layers
  zero,    // all 0, without drawing: the other parameters start as they would without this layer
};

// Inputs of a recording beside data and parameters. Whoever replays it writes them (vae.h: write_constants, write_step).
struct Constant {  // the same in every step
  Var row;
  std::vector<real> values;
};
struct Hyper {  // [1], changes between steps without a new recording: a setting by its name, or "step" or "images"
  std::string name;
  Var row;
};
struct Draw {  // random, a pure function of seed and step
  Var row;
  std::function<void(uint64_t seed, uint32_t step, std::span<real> out)> fill;
};
struct StepInputs {
  std::vector<Constant> constants;
  std::vector<Hyper> hypers;
  std::vector<Draw> draws;
};

struct Recorder {
  Graph& graph;
  Parameters& table;
  Init init = Init::torch;
  std::vector<Binding> used{};  // parameter Inputs of this graph, in order of use
  StepInputs inputs{};

  Var parameter(Parameter row);
  Var hyper(const std::string& name);  // one row for each name
  Var constant(Shape shape, std::vector<real> values);
  Var draw(Shape shape, const std::string& name, decltype(Draw::fill) fill);
};

Var absolute(Var x);  // |x|, with slope 0 at 0

// x [B,in] -> [B,out]
Var dense(Recorder& r, Var x, int out, const std::string& name, FeatureOrder in_order = {}, FeatureOrder out_order = {});
// x [B,H,W,C] -> [B,P,Q,channels]
Var conv_layer(Recorder& r, Var x, int channels, int kernel, int stride, int pad, const std::string& name);
// y [B,P,Q,K] -> [B, P*stride, Q*stride, channels]
Var conv_transpose_layer(Recorder& r, Var y, int channels, int kernel, int stride, int pad, const std::string& name);

}  // namespace unpick
