// A graph: rows of primitives in the order in which they were recorded, each with its shape.
//
// Why record: a row list can be differentiated into more rows (derive.h), given addresses once (plan.h), printed, and
// replayed without any decision. A row is plain data; `Var` is a handle to one. Batch and architecture are fixed within
// a recording; a change is a new recording, which costs microseconds.
//
// Invariants: operands stand before their row; shapes are checked here, when the row is recorded, and never again.
// A mistake throws ShapeError naming the verb, both shapes and the scope. One row per statement when recording, because
// C++ leaves the order of evaluating arguments open and two compilers would record two graphs.
//
// Read next: core/graph/derive.h
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/base/types.h"

namespace unpick {

enum class Kind : uint8_t { Leaf, Elementwise, Linear, Bilinear, Constant };

enum class Op : uint8_t {
#define OP(name, kind, arity) name,
#include "core/graph/ops.def"
#undef OP
};

struct OpInfo {
  const char* name;
  Kind kind;
  int arity;
};

inline constexpr OpInfo kOps[] = {
#define OP(name, kind, arity) {#name, Kind::kind, arity},
#include "core/graph/ops.def"
#undef OP
};
inline constexpr int kOpCount = static_cast<int>(std::size(kOps));
inline const OpInfo& info(Op op) { return kOps[static_cast<size_t>(op)]; }

using RowNumbers = std::shared_ptr<const std::vector<int>>;  // of Gather and ScatterAdd

// What a row needs beside its operands. Each primitive uses the few fields that its builder sets.
struct Attributes {
  double a = 1, b = 0;                  // Fill (a), Affine (a x + b)
  int axis = 0, begin = 0;              // Slice, Pad, MaxAxis
  int stride = 1, pad = 0;              // convolutions
  bool ta = false, tb = false;          // MatMul
  std::array<int, 4> axes{0, 1, 2, 3};  // Permute: result axis i is operand axis axes[i]
  RowNumbers index;                     // Gather, ScatterAdd
};

struct Node {
  Op op;
  std::array<int, 2> in{-1, -1};
  Shape shape{};
  Attributes attr{};
  int scope = 0;       // index into Graph::scopes()
  std::string name{};  // Inputs only: "x", "encoder.lin1.weight"
};

class Graph;

struct Var {
  Graph* graph = nullptr;
  int id = -1;

  bool ok() const { return id >= 0; }
  const Node& node() const;
  const Shape& shape() const { return node().shape; }
};

class Graph {
 public:
  Graph() : scopes_{""} {}
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  Var input(Shape shape, std::string name = "");
  Var fill(Shape shape, double value);
  Var emit(Node node);

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<std::string>& scopes() const { return scopes_; }
  const std::string& scope() const { return scopes_[static_cast<size_t>(scope_)]; }

  // One line per row: "%12 [64,32,32,32] = Conv(%3, %4) stride 2 pad 1  # encoder.conv2". See print.cpp.
  std::string str() const;

 private:
  friend class Scope;
  std::vector<Node> nodes_;
  std::vector<std::string> scopes_;
  int scope_ = 0;
};

// Names the rows recorded while it lives: Scope s(graph, "encoder"); nested scopes join with a dot.
class Scope {
 public:
  Scope(Graph& graph, std::string_view name);
  Scope(Graph& graph, int row);  // the scope of an earlier row: derivatives belong where their forward row stands
  ~Scope() { graph_.scope_ = outer_; }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Graph& graph_;
  int outer_;
};

// ---- builders: check the shapes, record one row --------------------------------------------------------------------
Var exp(Var x);
Var log(Var x);
Var tanh(Var x);
Var softplus(Var x);
Var sigmoid(Var x);
Var sqrt(Var x);
Var sin(Var x);
Var cos(Var x);
Var recip(Var x);
Var affine(Var x, double a, double b = 0);  // a x + b
Var step(Var x);
Var operator+(Var x, Var y);
Var operator*(Var x, Var y);
Var sum(Var x, Shape result);        // each extent of `result` is that of x or 1
Var broadcast(Var x, Shape result);  // each extent of x is that of `result` or 1
Var reshape(Var x, Shape result);
Var permute(Var x, std::array<int, 4> axes);
Var slice(Var x, int axis, int begin, int extent);
Var pad(Var x, int axis, int begin, int extent);             // result extent `extent`, x placed at `begin`
Var gather(Var x, RowNumbers rows);                          // result[i] = x[rows[i]] along axis 0
Var scatter_add(Var x, RowNumbers rows, int extent);         // result[rows[i]] += x[i], `extent` rows
Var matmul(Var x, Var y, bool tx = false, bool ty = false);  // [M,K] x [K,N] -> [M,N]
Var max_axis(Var x, int axis);
// x [N,H,W,C], w [R,S,C,K], y [N,P,Q,K]; P = (H + 2 pad - R) / stride + 1
Var conv(Var x, Var w, int stride, int pad);
Var conv_transpose(Var y, Var w, int stride, int pad, Shape x);
Var conv_weight(Var x, Var y, int stride, int pad, Shape w);

// ---- composites: no rules of their own -----------------------------------------------------------------------------
Var operator-(Var x, Var y);
Var operator/(Var x, Var y);
Var relu(Var x);                 // x step(x)
Var logsumexp(Var x, int axis);  // max + log sum exp(x - max)
Var total(Var x);                // sum of all elements, shape [1]

}  // namespace unpick
