// One derivative fact per primitive, and the two sweeps that use it. See derive.h.
//
// Linear and Bilinear rows give their adjoint; the jvp of such a row is the row itself with one argument replaced by its
// tangent. Elementwise rows give their partial. Facts record rows of their own: one row per statement.
#include "core/graph/derive.h"

#include <stdexcept>

namespace unpick {
namespace {

// Elementwise y = f(x): the partial dy/dx, in terms of x or of y, whichever is cheaper.
Var partial(Var y) {
  Graph& g = *y.graph;
  const Var x{&g, y.node().in[0]};
  switch (y.node().op) {
    case Op::Exp: return y;
    case Op::Log: return recip(x);
    case Op::Tanh: {
      const Var y2 = y * y;
      return affine(y2, -1, 1);
    }
    case Op::Softplus: return sigmoid(x);
    case Op::Sigmoid: {
      const Var rest = affine(y, -1, 1);
      return y * rest;
    }
    case Op::Sqrt: {
      const Var r = recip(y);
      return affine(r, 0.5);
    }
    case Op::Sin: return cos(x);
    case Op::Cos: {
      const Var s = sin(x);
      return affine(s, -1);
    }
    case Op::Recip: {
      const Var y2 = y * y;
      return affine(y2, -1);
    }
    default: throw std::logic_error(std::string(info(y.node().op).name) + " has no partial");
  }
}

// What y = x0 x1 multiplies argument i by. A relu is x step(x), and step(x) = step(y): read off the result, which is kept anyway,
// it needs no memory of its own.
Var other_factor(Var y, int i) {
  Graph& g = *y.graph;
  const Node n = y.node();
  const Node& mask = g.nodes()[static_cast<size_t>(n.in[1])];
  if (i == 0 && mask.op == Op::Step && mask.in[0] == n.in[0]) return step(y);
  return {&g, n.in[static_cast<size_t>(1 - i)]};
}

// Linear or Bilinear y = A(.., x_i, ..): the transpose of A in argument i, applied to w (which has y's shape).
Var adjoint(Var y, int i, Var w) {
  Graph& g = *y.graph;
  const Node n = y.node();  // a copy: recording moves the rows
  const Var x0{&g, n.in[0]}, x1{&g, n.in[1]};
  const Attributes& t = n.attr;
  switch (n.op) {
    case Op::Affine: return affine(w, t.a);
    case Op::Add: return w;
    case Op::Sum: return broadcast(w, x0.shape());
    case Op::Broadcast: return sum(w, x0.shape());
    case Op::Reshape: return reshape(w, x0.shape());
    case Op::Permute: {
      std::array<int, 4> inverse{};
      for (int axis = 0; axis < 4; ++axis) inverse[static_cast<size_t>(t.axes[static_cast<size_t>(axis)])] = axis;
      return permute(w, inverse);
    }
    case Op::Slice: return pad(w, t.axis, t.begin, x0.shape()[t.axis]);
    case Op::Pad: return slice(w, t.axis, t.begin, x0.shape()[t.axis]);
    case Op::Gather: return scatter_add(w, t.index, x0.shape()[0]);
    case Op::ScatterAdd: return gather(w, t.index);
    case Op::Mul: {
      const Var other = other_factor(y, i);
      return w * other;
    }
    case Op::MatMul:
      if (i == 0) return t.ta ? matmul(x1, w, t.tb, true) : matmul(w, x1, false, !t.tb);
      return t.tb ? matmul(w, x0, true, t.ta) : matmul(x0, w, !t.ta, false);
    case Op::Conv:
      return i == 0 ? conv_transpose(w, x1, t.stride, t.pad, x0.shape()) : conv_weight(x0, w, t.stride, t.pad, x1.shape());
    case Op::ConvT: return i == 0 ? conv(w, x1, t.stride, t.pad) : conv_weight(w, x0, t.stride, t.pad, x1.shape());
    case Op::ConvW: return i == 0 ? conv_transpose(x1, w, t.stride, t.pad, x0.shape()) : conv(x0, w, t.stride, t.pad);
    default: throw std::logic_error(std::string(info(n.op).name) + " has no adjoint");
  }
}

// Does row b of y depend on row b of argument i alone?
bool keeps_rows(const Graph& g, const Node& y, int i) {
  switch (y.op) {
    case Op::Permute: return y.attr.axes[0] == 0;
    case Op::Slice:
    case Op::Pad: return y.attr.axis != 0;
    case Op::MatMul: return i == 0 && !y.attr.ta;
    case Op::Conv:
    case Op::ConvT: return i == 0;
    case Op::Gather:
    case Op::ScatterAdd:
    case Op::ConvW: return false;
    default: return y.shape[0] == g.nodes()[static_cast<size_t>(y.in[static_cast<size_t>(i)])].shape[0];
  }
}

Shape stacked(Shape one, int directions) {
  one[0] *= directions;
  return one;
}

// The tangent of y through argument i, whose tangent is t, with `directions` rows for each row of y.
Var push(Var y, int i, Var t, int directions) {
  const Node n = y.node();
  if (info(n.op).kind == Kind::Elementwise) {
    const Var p = partial(y);
    const Var wide = repeat_rows(p, directions);
    return wide * t;
  }
  if (n.op == Op::Add) return t;
  if (n.op == Op::Affine) return affine(t, n.attr.a);
  if (n.op == Op::Mul) {
    const Var other = other_factor(y, i);
    const Var wide = repeat_rows(other, directions);
    return t * wide;
  }
  Node tangent = n;
  tangent.in[static_cast<size_t>(i)] = t.id;
  tangent.shape = stacked(n.shape, directions);
  return y.graph->emit(std::move(tangent));
}

// The cotangent of argument i of y, whose cotangent is w.
Var pull(Var y, int i, Var w) {
  if (info(y.node().op).kind != Kind::Elementwise) return adjoint(y, i, w);
  const Var p = partial(y);
  return w * p;
}

bool differentiable(Op op) { return info(op).kind != Kind::Leaf && info(op).kind != Kind::Constant; }

void accumulate(Var& into, Var term) { into = into.ok() ? into + term : term; }

// By row of the graph: does some y depend on it?
std::vector<bool> needed_by(std::span<const Var> ys) {
  const Graph& g = *ys.front().graph;
  std::vector<bool> needed(g.nodes().size());
  for (Var y : ys) needed[static_cast<size_t>(y.id)] = true;
  for (size_t id = needed.size(); id-- > 0;)
    if (needed[id])
      for (int i = 0; i < info(g.nodes()[id].op).arity; ++i)
        needed[static_cast<size_t>(g.nodes()[id].in[static_cast<size_t>(i)])] = true;
  return needed;
}

}  // namespace

Var repeat_rows(Var x, int n) {
  if (n == 1) return x;
  const int rows = x.shape()[0], width = static_cast<int>(x.shape().size() / rows);
  const Shape repeated = stacked(x.shape(), n);
  const Var apart = reshape(x, {rows, 1, width});
  const Var wide = broadcast(apart, {rows, n, width});
  return reshape(wide, repeated);
}

bool keeps_rows(std::span<const Var> ys, std::span<const Var> xs) {
  const Graph& g = *ys.front().graph;
  const std::vector<bool> needed = needed_by(ys);
  std::vector<bool> moves(needed.size());
  for (Var x : xs) moves[static_cast<size_t>(x.id)] = true;
  for (size_t id = 0; id < needed.size(); ++id) {
    const Node& n = g.nodes()[id];
    if (!needed[id] || moves[id] || !differentiable(n.op)) continue;
    for (int i = 0; i < info(n.op).arity; ++i) {
      if (!moves[static_cast<size_t>(n.in[static_cast<size_t>(i)])]) continue;
      if (!keeps_rows(g, n, i)) return false;
      moves[id] = true;
    }
  }
  return true;
}

std::vector<Var> jvp(std::span<const Var> ys, std::span<const Var> xs, std::span<const Var> tangents) {
  Graph& g = *ys.front().graph;
  const size_t rows = g.nodes().size();
  const int directions = tangents[0].shape()[0] / xs[0].shape()[0];
  std::vector<Var> dot(rows);
  std::vector<bool> seeded(rows);
  for (size_t i = 0; i < xs.size(); ++i) {
    if (stacked(xs[i].shape(), directions) != tangents[i].shape())
      throw ShapeError("jvp: tangent " + tangents[i].shape().str() + " for " + xs[i].shape().str() +
                       "; shapes must agree, or have the same number of directions for each row");
    dot[static_cast<size_t>(xs[i].id)] = tangents[i];
    seeded[static_cast<size_t>(xs[i].id)] = true;
  }
  if (directions > 1 && !keeps_rows(ys, xs))
    throw ShapeError("jvp: " + std::to_string(directions) + " directions for rows that mix; repeat the rows of x instead");
  const std::vector<bool> needed = needed_by(ys);  // or the sweep would differentiate dead branches

  for (size_t id = 0; id < rows; ++id) {
    const Op op = g.nodes()[id].op;
    if (!needed[id] || seeded[id] || !differentiable(op)) continue;
    const Scope scope(g, static_cast<int>(id));
    for (int i = 0; i < info(op).arity; ++i) {
      const Var t = dot[static_cast<size_t>(g.nodes()[id].in[static_cast<size_t>(i)])];
      if (t.ok()) accumulate(dot[id], push({&g, static_cast<int>(id)}, i, t, directions));
    }
  }
  std::vector<Var> result;
  for (Var y : ys) {
    const Var t = dot[static_cast<size_t>(y.id)];
    result.push_back(t.ok() ? t : g.fill(stacked(y.shape(), directions), 0));
  }
  return result;
}

std::vector<Var> vjp(Var y, Var cotangent, std::span<const Var> xs) {
  Graph& g = *y.graph;
  if (y.shape() != cotangent.shape())
    throw ShapeError("vjp: cotangent " + cotangent.shape().str() + " for " + y.shape().str() + "; shapes must agree");
  const size_t rows = static_cast<size_t>(y.id) + 1;
  // Only rows between the xs and y: nothing needs the gradient of the data.
  std::vector<bool> reaches(rows);
  for (Var x : xs)
    if (static_cast<size_t>(x.id) < rows) reaches[static_cast<size_t>(x.id)] = true;
  for (size_t id = 0; id < rows; ++id)
    for (int i = 0; i < info(g.nodes()[id].op).arity; ++i)
      if (differentiable(g.nodes()[id].op) && reaches[static_cast<size_t>(g.nodes()[id].in[static_cast<size_t>(i)])])
        reaches[id] = true;

  std::vector<Var> bar(rows);
  bar[rows - 1] = cotangent;
  for (size_t id = rows; id-- > 0;) {
    const Op op = g.nodes()[id].op;
    if (!bar[id].ok() || !reaches[id] || !differentiable(op)) continue;
    const Scope scope(g, static_cast<int>(id));
    for (int i = 0; i < info(op).arity; ++i) {
      const auto source = static_cast<size_t>(g.nodes()[id].in[static_cast<size_t>(i)]);
      if (reaches[source]) accumulate(bar[source], pull({&g, static_cast<int>(id)}, i, bar[id]));
    }
  }
  std::vector<Var> result;
  for (Var x : xs) {
    const bool has = static_cast<size_t>(x.id) < rows && bar[static_cast<size_t>(x.id)].ok();
    result.push_back(has ? bar[static_cast<size_t>(x.id)] : g.fill(x.shape(), 0));
  }
  return result;
}

std::vector<Var> grad(Var loss, std::span<const Var> xs) {
  if (loss.shape().size() != 1) throw ShapeError("grad: the loss has shape " + loss.shape().str() + "; sum it to [1] first");
  return vjp(loss, loss.graph->fill(loss.shape(), 1), xs);
}

}  // namespace unpick
