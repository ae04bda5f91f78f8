// Graphs and plans as text: for golden tests, for error messages, for the reader.
#include <cstdio>

#include "core/graph/plan.h"

namespace unpick {
namespace {

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", x);
  return text;
}

std::string attributes(const Node& n) {
  switch (n.op) {
    case Op::Input: return n.name.empty() ? "" : " '" + n.name + "'";
    case Op::Fill: return " " + number(n.attr.a);
    case Op::Affine:
      return " " + number(n.attr.a) + " x" + (n.attr.b < 0 ? " - " : " + ") + number(n.attr.b < 0 ? -n.attr.b : n.attr.b);
    case Op::Slice:
    case Op::Pad: return " axis " + std::to_string(n.attr.axis) + " from " + std::to_string(n.attr.begin);
    case Op::MaxAxis: return " axis " + std::to_string(n.attr.axis);
    case Op::Permute: {
      std::string s = " axes";
      for (int axis : n.attr.axes) s += " " + std::to_string(axis);
      return s;
    }
    case Op::MatMul:
      return std::string(n.attr.ta ? " transposed" : "") + (n.attr.tb ? (n.attr.ta ? " both" : " second transposed") : "");
    case Op::Conv:
    case Op::ConvT:
    case Op::ConvW: return " stride " + std::to_string(n.attr.stride) + " pad " + std::to_string(n.attr.pad);
    case Op::Gather:
    case Op::ScatterAdd: return " " + std::to_string(n.attr.index->size()) + " rows";
    default: return "";
  }
}

std::string row_text(const Graph& g, int id) {
  const Node& n = g.nodes()[static_cast<size_t>(id)];
  std::string s = "%" + std::to_string(id) + " " + n.shape.str() + " = " + info(n.op).name;
  if (info(n.op).arity > 0) {
    s += "(%" + std::to_string(n.in[0]);
    if (info(n.op).arity > 1) s += ", %" + std::to_string(n.in[1]);
    s += ")";
  }
  s += attributes(n);
  const std::string& scope = g.scopes()[static_cast<size_t>(n.scope)];
  return scope.empty() ? s : s + "  # " + scope;
}

const char* region_name(Region region) {
  switch (region) {
    case Region::arena: return "@";
    case Region::parameters: return "parameters@";
    case Region::gradients: return "gradients@";
    case Region::tile: return "tile@";
    case Region::pieces: return "pieces@";
    default: return "?";
  }
}

}  // namespace

std::string Graph::str() const {
  std::string s;
  for (int id = 0; id < static_cast<int>(nodes_.size()); ++id) s += row_text(*this, id) + "\n";
  return s;
}

std::string Plan::str() const {
  std::string s;
  for (const Instruction& instruction : program) {
    if (instruction.rows.size() > 1)
      s += (instruction.loop ? "loop over " : "images and loop over ") +
           std::to_string(graph->nodes()[static_cast<size_t>(instruction.rows[0])].shape.size()) + "\n";
    for (int id : instruction.rows) {
      const Place& place = places[static_cast<size_t>(id)];
      s += (instruction.rows.size() > 1 ? "  " : "") + row_text(*graph, id) + "  " + region_name(place.region) +
           std::to_string(place.offset) + "\n";
    }
    for (const Update& u : instruction.updates)
      s += "update parameters@" + std::to_string(u.offset) + " by %" + std::to_string(u.row) + "\n";
  }
  char line[128];
  std::snprintf(line, sizeof line, "%zu instructions; arena %.2f MB instead of %.2f MB\n", program.size(),
                static_cast<double>(arena) * sizeof(real) / 1e6, static_cast<double>(one_buffer_per_row) * sizeof(real) / 1e6);
  return s + line;
}

}  // namespace unpick
