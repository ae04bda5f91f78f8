// A plan: what has to run, in which order, and where every row lives.
//
// Why separate from the graph: the graph stays plain mathematics; lifetimes, offsets, aliases and fusion are decided once
// here, so that a replay is a flat loop without a decision, a check or an allocation.
//
//   - Rows that no output needs are left out.
//   - A Reshape is an alias: it never runs.
//   - Neighbouring pointwise rows and views (Broadcast, Permute, Slice) of one size become a *loop*: they run tile by tile,
//     and rows that only the loop itself reads live in a small tile buffer and never reach memory. This is what a fused
//     kernel would do, for every graph and every derivative, with no kernel to write.
//   - A loop that alone is left to read what an earlier one makes moves there: the gradient of a loss is made along with the loss.
//   - A loop behind a convolution follows it a few images at a time, while they are in the cache.
//   - Offsets come from a best-fit scan over lifetimes; `str()` prints "arena X instead of Y".
//
// Places: `arena` is the plan's own memory; `parameters` and `gradients` are contiguous regions that outlive it (one write
// is a checkpoint), with offsets that the caller chooses; `tile` is a slot of the loop's buffer; `pieces` is no memory at all: a
// gradient that is handed over while it is made, or images that only the loop behind their convolution reads.
//
// Invariants: all offsets are multiples of kAlign; two rows that are alive together never overlap; inputs and outputs stay
// valid after a replay.
//
// Read next: core/backend/backend.h
#pragma once

#include <string>
#include <vector>

#include "core/graph/graph.h"

namespace unpick {

inline constexpr int64_t kAlign = 16;  // elements: one cache line of floats
inline constexpr int64_t aligned(int64_t n) { return (n + kAlign - 1) / kAlign * kAlign; }

enum class Region : uint8_t { none, arena, parameters, gradients, tile, pieces };

struct Place {
  Region region = Region::none;
  int64_t offset = 0;  // elements; for Region::tile the number of the slot
};

// One row bound to a caller-chosen place: a parameter Input, or the gradient row of a parameter.
struct Binding {
  Var row;
  int64_t offset;
};

struct PlanRequest {
  std::vector<Var> outputs;  // kept in the arena and readable after a replay
  std::vector<Binding> parameters;
  std::vector<Binding> gradients;
  bool every_row = false;  // keep each row and fuse nothing: for finding the first bad row
  int64_t guard = 0;       // extra elements behind each row, for sentinels

  // ok(): gradients are not kept. Each goes to an optimiser (core/backend/optimiser.h) as soon as it and this row, of one element,
  // are known and nothing reads its parameter any more. If this row is not finite, the run ends before the first.
  Var gate{};
};

// A gradient that goes to the optimiser after an instruction or, if its place is `pieces`, during it.
struct Update {
  int row;
  int64_t offset;  // of its parameter
};

// Rows that run together: one row with its kernel, a loop over tiles of `rows`, or (not `loop`, several rows) both: a convolution
// and behind it, for each group of images, the loop.
struct Instruction {
  bool loop = false;
  std::vector<int> rows;
  std::vector<Update> updates{};
};

struct Plan {
  Plan(const Graph& graph, const PlanRequest& request);

  const Graph* graph;
  std::vector<Instruction> program;
  std::vector<Place> places;       // by row id; aliases have the place of their root
  int64_t arena = 0;               // elements
  int64_t one_buffer_per_row = 0;  // what the arena would be without reuse, elements
  int tile_slots = 0;              // the most that any loop needs
  int gate = -1;                   // the row, or -1

  int root(int row) const;  // the row that a chain of Reshapes renames
  std::string str() const;  // one line per instruction, and the arena
};

// Rows that read another row through strides: Broadcast, Permute, Slice. Axes of extent 1 are dropped and neighbours that
// walk memory together are merged, so the last axis is as long as can be.
struct View {
  int rank = 0;
  int64_t offset = 0;
  std::array<int64_t, 4> extent{}, stride{};
};
View view_of(const Node& node, Shape operand);
bool is_view(Op op);

}  // namespace unpick
