// A graph in outline: its scopes as boxes, for a reader who wants the plan of the house and not every brick.
//
// Rows outside of all scopes (a reshape, a slice of the encoder's result) belong to no box: who takes their result takes it from
// the boxes behind them.
//
// Read next: ui/views/graph.cpp
#pragma once

#include <span>

#include "core/graph/plan.h"

namespace unpick {

struct OutlineBox {
  std::string scope;               // "encoder.lin1"; "": the graph's inputs
  Shape result{};                  // of its last row before the loss
  int forward = 0, backward = 0;   // rows up to the loss, and behind it
  int64_t parameters = 0;          // numbers that are trained
  std::vector<std::string> verbs;  // what its forward rows do, each once
  std::vector<size_t> from;        // the boxes whose results its forward rows take, ascending
};

// In the order in which the scopes were first recorded.
std::vector<OutlineBox> outline(const Graph& graph, Var loss, std::span<const Binding> parameters);

}  // namespace unpick
