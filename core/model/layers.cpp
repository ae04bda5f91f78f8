// Dense, convolutional and transposed convolutional layers. See layers.h.
#include "core/model/layers.h"

#include <cmath>

namespace unpick {
namespace {

struct Bounds {
  double weight, bias;
};

Bounds bounds(Init init, int fan_in, int fan_out) {
  if (init == Init::zero) return {0, 0};
  if (init == Init::glorot) return {std::sqrt(6.0 / (fan_in + fan_out)), 0};
  return {1 / std::sqrt(fan_in), 1 / std::sqrt(fan_in)};
}

// The last part of "encoder.conv1" names the scope; the encoder or decoder around it opened its own.
std::string short_name(const std::string& name) { return name.substr(name.rfind('.') + 1); }

Var add_bias(Var x, Var bias) {
  const Var wide = broadcast(bias, x.shape());
  return x + wide;
}

}  // namespace

Var Recorder::parameter(Parameter row) {
  row.drawn = init != Init::zero;
  const Parameter& known = table.require(std::move(row));
  for (const Binding& b : used)
    if (b.offset == known.offset) return b.row;
  const Var v = graph.input(known.shape, known.name);
  used.push_back({v, known.offset});
  return v;
}

Var Recorder::hyper(const std::string& name) {
  for (const Hyper& h : inputs.hypers)
    if (h.name == name) return h.row;
  inputs.hypers.push_back({name, graph.input({1}, name)});
  return inputs.hypers.back().row;
}

Var Recorder::constant(Shape shape, std::vector<real> values) {
  if (static_cast<int64_t>(values.size()) != shape.size())
    throw ShapeError("constant: " + std::to_string(values.size()) + " numbers for " + shape.str() + "; give one for each element");
  inputs.constants.push_back({graph.input(shape, "constant"), std::move(values)});
  return inputs.constants.back().row;
}

Var Recorder::draw(Shape shape, const std::string& name, decltype(Draw::fill) fill) {
  inputs.draws.push_back({graph.input(shape, name), std::move(fill)});
  return inputs.draws.back().row;
}

Var absolute(Var x) {
  const Var above = relu(x);
  const Var below = relu(affine(x, -1));
  return above + below;
}

Var dense(Recorder& r, Var x, int out, const std::string& name, FeatureOrder in_order, FeatureOrder out_order) {
  const Scope scope(r.graph, short_name(name));
  const int in = x.shape()[1];
  const Bounds bound = bounds(r.init, in, out);
  const Var w = r.parameter({name + ".weight", {in, out}, Layout::dense, in_order, out_order, bound.weight});
  const Var b = r.parameter({name + ".bias", {1, out}, Layout::vector, {}, out_order, bound.bias});
  const Var y = matmul(x, w);
  return add_bias(y, b);
}

Var conv_layer(Recorder& r, Var x, int channels, int kernel, int stride, int pad, const std::string& name) {
  const Scope scope(r.graph, short_name(name));
  const int in = x.shape()[3], area = kernel * kernel;
  const Bounds bound = bounds(r.init, in * area, channels * area);
  const Var w = r.parameter({name + ".weight", {kernel, kernel, in, channels}, Layout::conv, {}, {}, bound.weight});
  const Var b = r.parameter({name + ".bias", {1, 1, 1, channels}, Layout::vector, {}, {}, bound.bias});
  const Var y = conv(x, w, stride, pad);
  return add_bias(y, b);
}

Var conv_transpose_layer(Recorder& r, Var y, int channels, int kernel, int stride, int pad, const std::string& name) {
  const Scope scope(r.graph, short_name(name));
  const Shape s = y.shape();
  const int area = kernel * kernel;
  // PyTorch counts the fan-in of a transposed convolution on its output channels.
  const Bounds bound = r.init == Init::torch ? bounds(r.init, channels * area, 0) : bounds(r.init, s[3] * area, channels * area);
  const Var w = r.parameter({name + ".weight", {kernel, kernel, channels, s[3]}, Layout::conv, {}, {}, bound.weight});
  const Var b = r.parameter({name + ".bias", {1, 1, 1, channels}, Layout::vector, {}, {}, bound.bias});
  const Var x = conv_transpose(y, w, stride, pad, {s[0], s[1] * stride, s[2] * stride, channels});
  return add_bias(x, b);
}

}  // namespace unpick
