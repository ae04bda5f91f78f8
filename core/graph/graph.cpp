// The builders: every shape rule of Unpick stands in this file. See graph.h.
#include "core/graph/graph.h"

#include <utility>

namespace unpick {

const Node& Var::node() const { return graph->nodes()[static_cast<size_t>(id)]; }

Scope::Scope(Graph& graph, std::string_view name) : graph_(graph), outer_(graph.scope_) {
  std::string full = graph.scope();
  if (!full.empty()) full += '.';
  full += name;
  graph.scopes_.push_back(std::move(full));
  graph.scope_ = static_cast<int>(graph.scopes_.size()) - 1;
}

Scope::Scope(Graph& graph, int row) : graph_(graph), outer_(graph.scope_) {
  graph.scope_ = graph.nodes()[static_cast<size_t>(row)].scope;
}

namespace {

[[noreturn]] void mismatch(const Graph& g, const char* verb, const std::string& why, const std::string& hint) {
  const std::string where = g.scope().empty() ? "" : " in scope '" + g.scope() + "'";
  throw ShapeError(std::string(verb) + where + ": " + why + "; " + hint);
}

void require_same_graph(Var x, Var y, const char* verb) {
  if (x.graph != y.graph) throw ShapeError(std::string(verb) + ": operands of two graphs; record both in one");
}

void require_axis(Var x, int axis, const char* verb) {
  if (axis < 0 || axis > 3) mismatch(*x.graph, verb, "axis " + std::to_string(axis) + " of " + x.shape().str(), "axes are 0..3");
}

Var unary(Op op, Var x, Attributes attr = {}) { return x.graph->emit({op, {x.id, -1}, x.shape(), std::move(attr)}); }

Var binary(Op op, Var x, Var y) {
  require_same_graph(x, y, info(op).name);
  if (x.shape() != y.shape())
    mismatch(*x.graph, info(op).name, "shapes differ, " + x.shape().str() + " and " + y.shape().str(),
             "broadcast the smaller one first");
  return x.graph->emit({op, {x.id, y.id}, x.shape()});
}

// The result of x's convolution with w, or an error that names the verb.
Shape conv_shape(const Graph& g, const char* verb, Shape x, Shape w, int stride, int pad) {
  if (x[3] != w[2])
    mismatch(
        g, verb,
        "image " + x.str() + " has " + std::to_string(x[3]) + " channels, weights " + w.str() + " want " + std::to_string(w[2]),
        "images are [N,H,W,C], weights [R,S,C,K]");
  if (stride < 1 || pad < 0)
    mismatch(g, verb, "stride " + std::to_string(stride) + ", pad " + std::to_string(pad), "stride >= 1, pad >= 0");
  if (x[1] + 2 * pad < w[0] || x[2] + 2 * pad < w[1])
    mismatch(g, verb, "image " + x.str() + " is smaller than the kernel " + w.str(), "pad more or use a smaller kernel");
  return {x[0], (x[1] + 2 * pad - w[0]) / stride + 1, (x[2] + 2 * pad - w[1]) / stride + 1, w[3]};
}

Attributes conv_attributes(int stride, int pad) {
  Attributes attr;
  attr.stride = stride;
  attr.pad = pad;
  return attr;
}

}  // namespace

Var Graph::emit(Node node) {
  node.scope = scope_;
  nodes_.push_back(std::move(node));
  return {this, static_cast<int>(nodes_.size()) - 1};
}

Var Graph::input(Shape shape, std::string name) {
  Node node{Op::Input, {-1, -1}, shape};
  node.name = std::move(name);
  return emit(std::move(node));
}

Var Graph::fill(Shape shape, double value) {
  Attributes attr;
  attr.a = value;
  return emit({Op::Fill, {-1, -1}, shape, attr});
}

Var exp(Var x) { return unary(Op::Exp, x); }
Var log(Var x) { return unary(Op::Log, x); }
Var tanh(Var x) { return unary(Op::Tanh, x); }
Var softplus(Var x) { return unary(Op::Softplus, x); }
Var sigmoid(Var x) { return unary(Op::Sigmoid, x); }
Var sqrt(Var x) { return unary(Op::Sqrt, x); }
Var sin(Var x) { return unary(Op::Sin, x); }
Var cos(Var x) { return unary(Op::Cos, x); }
Var recip(Var x) { return unary(Op::Recip, x); }
Var step(Var x) { return unary(Op::Step, x); }
Var operator+(Var x, Var y) { return binary(Op::Add, x, y); }

Var affine(Var x, double a, double b) {
  if (a == 1 && b == 0) return x;
  if (x.node().op == Op::Fill) return x.graph->fill(x.shape(), a * x.node().attr.a + b);
  Attributes attr;
  attr.a = a;
  attr.b = b;
  return unary(Op::Affine, x, attr);
}

// A constant factor is an Affine: derivatives of sums begin with Fill(1), and would otherwise multiply by ones.
Var operator*(Var x, Var y) {
  if (x.graph == y.graph && x.shape() == y.shape()) {
    if (x.node().op == Op::Fill) return affine(y, x.node().attr.a);
    if (y.node().op == Op::Fill) return affine(x, y.node().attr.a);
  }
  return binary(Op::Mul, x, y);
}

Var sum(Var x, Shape result) {
  const Shape s = x.shape();
  if (s == result) return x;
  for (int axis = 0; axis < 4; ++axis)
    if (result[axis] != s[axis] && result[axis] != 1)
      mismatch(*x.graph, "Sum", "cannot sum " + s.str() + " to " + result.str(), "every result extent is the operand's or 1");
  return x.graph->emit({Op::Sum, {x.id, -1}, result});
}

Var broadcast(Var x, Shape result) {
  const Shape s = x.shape();
  if (s == result) return x;
  for (int axis = 0; axis < 4; ++axis)
    if (s[axis] != result[axis] && s[axis] != 1)
      mismatch(*x.graph, "Broadcast", "cannot broadcast " + s.str() + " to " + result.str(),
               "every operand extent is the result's or 1");
  if (x.node().op == Op::Fill) return x.graph->fill(result, x.node().attr.a);
  return x.graph->emit({Op::Broadcast, {x.id, -1}, result});
}

Var reshape(Var x, Shape result) {
  if (x.shape() == result) return x;
  if (x.shape().size() != result.size())
    mismatch(*x.graph, "Reshape", x.shape().str() + " has not as many elements as " + result.str(),
             "the product of the extents must stay");
  return x.graph->emit({Op::Reshape, {x.id, -1}, result});
}

Var permute(Var x, std::array<int, 4> axes) {
  Shape result;
  std::array<bool, 4> seen{};
  for (int i = 0; i < 4; ++i) {
    const int axis = axes[static_cast<size_t>(i)];
    require_axis(x, axis, "Permute");
    if (std::exchange(seen[static_cast<size_t>(axis)], true))
      mismatch(*x.graph, "Permute", "axis " + std::to_string(axis) + " twice", "name each axis once");
    result[i] = x.shape()[axis];
  }
  Attributes attr;
  attr.axes = axes;
  return x.graph->emit({Op::Permute, {x.id, -1}, result, attr});
}

Var slice(Var x, int axis, int begin, int extent) {
  require_axis(x, axis, "Slice");
  Shape result = x.shape();
  if (begin < 0 || extent < 1 || begin + extent > result[axis])
    mismatch(*x.graph, "Slice",
             "[" + std::to_string(begin) + "," + std::to_string(begin + extent) + ") of axis " + std::to_string(axis) + " of " +
                 result.str(),
             "stay within the extent");
  result[axis] = extent;
  Attributes attr;
  attr.axis = axis;
  attr.begin = begin;
  return x.graph->emit({Op::Slice, {x.id, -1}, result, attr});
}

Var pad(Var x, int axis, int begin, int extent) {
  require_axis(x, axis, "Pad");
  Shape result = x.shape();
  if (begin < 0 || begin + result[axis] > extent)
    mismatch(*x.graph, "Pad",
             result.str() + " at " + std::to_string(begin) + " does not fit into extent " + std::to_string(extent) + " of axis " +
                 std::to_string(axis),
             "enlarge the extent");
  result[axis] = extent;
  Attributes attr;
  attr.axis = axis;
  attr.begin = begin;
  return x.graph->emit({Op::Pad, {x.id, -1}, result, attr});
}

namespace {

Var by_index(Op op, Var x, RowNumbers rows, int count, int limit) {
  for (int row : *rows)
    if (row < 0 || row >= limit)
      mismatch(*x.graph, info(op).name, "row " + std::to_string(row) + " of " + std::to_string(limit), "indices are 0..rows-1");
  Shape result = x.shape();
  result[0] = count;
  Attributes attr;
  attr.index = std::move(rows);
  return x.graph->emit({op, {x.id, -1}, result, attr});
}

}  // namespace

Var gather(Var x, RowNumbers rows) {
  const int count = static_cast<int>(rows->size());
  return by_index(Op::Gather, x, std::move(rows), count, x.shape()[0]);
}

Var scatter_add(Var x, RowNumbers rows, int extent) {
  if (static_cast<int>(rows->size()) != x.shape()[0])
    mismatch(*x.graph, "ScatterAdd", std::to_string(rows->size()) + " indices for " + x.shape().str(), "one index per row");
  return by_index(Op::ScatterAdd, x, std::move(rows), extent, extent);
}

Var matmul(Var x, Var y, bool tx, bool ty) {
  require_same_graph(x, y, "MatMul");
  const Shape a = x.shape(), b = y.shape();
  const int m = a[tx ? 1 : 0], k = a[tx ? 0 : 1], k2 = b[ty ? 1 : 0], n = b[ty ? 0 : 1];
  if (k != k2 || a[2] * a[3] * b[2] * b[3] != 1)
    mismatch(*x.graph, "MatMul", a.str() + (tx ? "'" : "") + " times " + b.str() + (ty ? "'" : ""),
             "inner extents must agree and both be matrices");
  Attributes attr;
  attr.ta = tx;
  attr.tb = ty;
  return x.graph->emit({Op::MatMul, {x.id, y.id}, {m, n}, attr});
}

Var max_axis(Var x, int axis) {
  require_axis(x, axis, "MaxAxis");
  Shape result = x.shape();
  result[axis] = 1;
  Attributes attr;
  attr.axis = axis;
  return x.graph->emit({Op::MaxAxis, {x.id, -1}, result, attr});
}

Var conv(Var x, Var w, int stride, int pad) {
  require_same_graph(x, w, "Conv");
  const Shape y = conv_shape(*x.graph, "Conv", x.shape(), w.shape(), stride, pad);
  return x.graph->emit({Op::Conv, {x.id, w.id}, y, conv_attributes(stride, pad)});
}

Var conv_transpose(Var y, Var w, int stride, int pad, Shape x) {
  require_same_graph(y, w, "ConvT");
  if (conv_shape(*y.graph, "ConvT", x, w.shape(), stride, pad) != y.shape())
    mismatch(*y.graph, "ConvT", y.shape().str() + " is not the convolution of " + x.str() + " with " + w.shape().str(),
             "check stride and pad");
  return y.graph->emit({Op::ConvT, {y.id, w.id}, x, conv_attributes(stride, pad)});
}

Var conv_weight(Var x, Var y, int stride, int pad, Shape w) {
  require_same_graph(x, y, "ConvW");
  if (conv_shape(*x.graph, "ConvW", x.shape(), w, stride, pad) != y.shape())
    mismatch(*x.graph, "ConvW", y.shape().str() + " is not the convolution of " + x.shape().str() + " with " + w.str(),
             "check stride and pad");
  return x.graph->emit({Op::ConvW, {x.id, y.id}, w, conv_attributes(stride, pad)});
}

Var operator-(Var x, Var y) {
  const Var minus_y = affine(y, -1);
  return x + minus_y;
}

Var operator/(Var x, Var y) {
  const Var inverse = recip(y);
  return x * inverse;
}

Var relu(Var x) {
  const Var on = step(x);
  return x * on;
}

Var logsumexp(Var x, int axis) {
  const Var shift = max_axis(x, axis);
  const Var wide = broadcast(shift, x.shape());
  const Var shifted = x - wide;
  const Var e = exp(shifted);
  const Var s = sum(e, shift.shape());
  const Var l = log(s);
  return l + shift;
}

Var total(Var x) { return sum(x, {1}); }

}  // namespace unpick
