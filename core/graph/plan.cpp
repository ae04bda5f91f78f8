// Liveness, loops, lifetimes and offsets. See plan.h.
#include "core/graph/plan.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace unpick {
namespace {

bool is_pointwise(Op op) {
  return info(op).kind == Kind::Elementwise || op == Op::Fill || op == Op::Affine || op == Op::Add || op == Op::Mul ||
         op == Op::Step;
}

// Free blocks of the arena by offset; neighbours are merged.
class FreeList {
 public:
  int64_t allocate(int64_t size) {
    auto best = blocks_.end();
    for (auto block = blocks_.begin(); block != blocks_.end(); ++block)
      if (block->second >= size && (best == blocks_.end() || block->second < best->second)) best = block;
    if (best == blocks_.end()) {
      top_ += size;
      return top_ - size;
    }
    const auto [offset, length] = *best;
    blocks_.erase(best);
    if (length > size) blocks_[offset + size] = length - size;
    return offset;
  }

  void release(int64_t offset, int64_t size) {
    auto next = blocks_.lower_bound(offset);
    if (next != blocks_.end() && next->first == offset + size) {
      size += next->second;
      next = blocks_.erase(next);
    }
    if (next != blocks_.begin()) {
      const auto previous = std::prev(next);
      if (previous->first + previous->second == offset) {
        previous->second += size;
        return;
      }
    }
    blocks_[offset] = size;
  }

  int64_t top() const { return top_; }

 private:
  std::map<int64_t, int64_t> blocks_;
  int64_t top_ = 0;
};

// The steps of planning, in order, over tables indexed by row id.
class Planner {
 public:
  Planner(Plan& plan, const PlanRequest& request) : plan_(plan), request_(request), nodes_(plan.graph->nodes()) {}

  void run() {
    find_live_rows();
    bind();
    form_instructions();
    find_last_uses();
    if (request_.gate.ok()) hand_over_gradients();
    hold_outputs();
    place_tiles();
    place_arena();
    for (size_t row = 0; row < nodes_.size(); ++row)
      if (live_[row]) plan_.places[row] = plan_.places[at(plan_.root(static_cast<int>(row)))];
  }

 private:
  static size_t at(int row) { return static_cast<size_t>(row); }
  int64_t size(int row) const { return aligned(nodes_[at(row)].shape.size() + request_.guard); }
  bool bound(int row) const { return plan_.places[at(row)].region != Region::none; }

  template <class Visit>
  void for_operands(int row, Visit visit) const {  // roots of the operands
    for (int i = 0; i < info(nodes_[at(row)].op).arity; ++i) visit(plan_.root(nodes_[at(row)].in[at(i)]));
  }

  void find_live_rows() {
    live_.assign(nodes_.size(), false);
    for (Var v : request_.outputs) live_[at(v.id)] = true;
    if (request_.gate.ok()) live_[at(request_.gate.id)] = true;
    for (const Binding& b : request_.gradients) live_[at(b.row.id)] = true;
    last_reader_.assign(nodes_.size(), -1);
    for (size_t row = 0; row < nodes_.size(); ++row)
      if (live_[row]) last_reader_[at(plan_.root(static_cast<int>(row)))] = static_cast<int>(nodes_.size());  // asked for
    for (int row = static_cast<int>(nodes_.size()) - 1; row >= 0; --row)
      for (int i = 0; live_[at(row)] && i < info(nodes_[at(row)].op).arity; ++i) {
        const int operand = nodes_[at(row)].in[at(i)];
        live_[at(operand)] = true;
        last_reader_[at(plan_.root(operand))] = std::max(last_reader_[at(plan_.root(operand))], row);
      }
  }

  void bind(const Binding& b, Region region, bool must_be_input) {
    const int row = plan_.root(b.row.id);
    if ((nodes_[at(row)].op == Op::Input) != must_be_input || bound(row) || b.offset % kAlign != 0)
      throw std::logic_error("plan: row %" + std::to_string(row) +
                             " cannot be bound; parameters are Inputs, gradients are not, each once, aligned");
    plan_.places[at(row)] = {region, b.offset};
  }

  void bind() {
    plan_.places.assign(nodes_.size(), {});
    for (const Binding& b : request_.parameters) bind(b, Region::parameters, true);
    if (request_.gate.ok()) return;
    for (const Binding& b : request_.gradients) bind(b, Region::gradients, false);
  }

  void form_instructions() {
    instruction_of_.assign(nodes_.size(), -1);
    for (int row = 0; row < static_cast<int>(nodes_.size()); ++row) {
      const Op op = nodes_[at(row)].op;
      if (!live_[at(row)] || op == Op::Input || op == Op::Reshape) continue;
      const bool can_loop = is_pointwise(op) || is_view(op);
      if (!can_loop || plan_.program.empty() || !takes(last(), row)) {
        join_earlier_loop();
        plan_.program.push_back({can_loop, {}});
      }
      plan_.program.back().rows.push_back(row);
      instruction_of_[at(row)] = last();
    }
    join_earlier_loop();
  }

  int last() const { return static_cast<int>(plan_.program.size()) - 1; }

  bool takes(int instruction, int row) const {
    const Instruction& i = plan_.program[at(instruction)];
    const Node &node = nodes_[at(row)], &first = nodes_[at(i.rows.front())];
    if (request_.every_row || (!i.loop && first.op != Op::Conv && first.op != Op::ConvT)) return false;
    // A view reads other elements than its own, so what it reads must be finished.
    return first.shape.size() == node.shape.size() &&
           !(is_view(node.op) && instruction_of_[at(plan_.root(node.in[0]))] == instruction);
  }

  // The last loop moves to an earlier one if it alone is left to read something that is made there, and all that it reads is known
  // by then: the gradient of a loss is made along with the loss, and no logits are kept for it.
  void join_earlier_loop() {
    if (plan_.program.empty() || !plan_.program.back().loop) return;
    const std::vector<int> rows = plan_.program.back().rows;
    int to = -1, done = 0;  // the last instruction that it reads from; the row that is the first to end the use of one of that
    for (const int row : rows)
      for_operands(row, [&](int operand) {
        const int made = instruction_of_[at(operand)], end = last_reader_[at(operand)];
        if (made == last() || made < to) return;
        done = made == to ? std::min(done, end) : end;
        to = made;
      });
    if (to < 0 || done > rows.back() || !std::all_of(rows.begin(), rows.end(), [&](int row) { return takes(to, row); })) return;
    plan_.program.pop_back();
    for (const int row : rows) {
      plan_.program[at(to)].rows.push_back(row);
      instruction_of_[at(row)] = to;
    }
  }

  void find_last_uses() {
    const int end = static_cast<int>(plan_.program.size());
    last_use_.assign(nodes_.size(), -1);
    escapes_.assign(nodes_.size(), request_.every_row);
    for (int i = 0; i < end; ++i)
      for (int row : plan_.program[at(i)].rows)
        for_operands(row, [&](int operand) {
          last_use_[at(operand)] = i;
          if (instruction_of_[at(operand)] != i) escapes_[at(operand)] = true;
        });
  }

  // After the last of: the gradient, the gate, the readers of the parameter. A weight's product (of a transposed matrix) that
  // is that last instruction, and that nothing reads, is handed over in pieces.
  void hand_over_gradients() {
    const int gate = plan_.root(request_.gate.id);
    if (nodes_[at(gate)].shape.size() != 1 || instruction_of_[at(gate)] < 0)
      throw std::logic_error("plan: the gate is a row of one element");
    plan_.gate = gate;
    escapes_[at(gate)] = true;
    std::map<int64_t, int> readers;  // the last instruction that reads the parameter at an offset
    for (const Binding& p : request_.parameters) readers[p.offset] = last_use_[at(plan_.root(p.row.id))];
    for (const Binding& g : request_.gradients) {
      const int row = plan_.root(g.row.id), made = instruction_of_[at(row)];
      const auto reader = readers.find(g.offset);
      const int when = std::max({made, instruction_of_[at(gate)], reader == readers.end() ? -1 : reader->second});
      plan_.program[at(when)].updates.push_back({row, g.offset});
      last_use_[at(gate)] = std::max(last_use_[at(gate)], when);
      if (nodes_[at(row)].op == Op::MatMul && nodes_[at(row)].attr.ta && !nodes_[at(row)].attr.tb && when == made &&
          last_use_[at(row)] < 0) {
        plan_.places[at(row)] = {Region::pieces, g.offset};
      } else {
        last_use_[at(row)] = std::max(last_use_[at(row)], when);
        escapes_[at(row)] = true;
      }
    }
  }

  void hold_outputs() {
    const int end = static_cast<int>(plan_.program.size());
    for (Var v : request_.outputs) {
      last_use_[at(plan_.root(v.id))] = end;
      escapes_[at(plan_.root(v.id))] = true;
    }
    for (size_t row = 0; row < nodes_.size(); ++row)
      if (nodes_[row].op == Op::Input || request_.every_row) last_use_[row] = end;
  }

  // Rows that stay within their loop get a slot of the tile buffer, reused after their last reader; its convolution needs none.
  void place_tiles() {
    for (const Instruction& instruction : plan_.program) {
      if (!instruction.loop && instruction.rows.size() == 1) continue;
      std::vector<int> last_reader(instruction.rows.size(), -1), holder;  // holder[slot]: position of the row in it, or -1
      for (size_t p = 0; p < instruction.rows.size(); ++p)
        for_operands(instruction.rows[p], [&](int operand) {
          for (size_t q = 0; q < p; ++q)
            if (instruction.rows[q] == operand) last_reader[q] = static_cast<int>(p);
        });
      for (size_t p = 0; p < instruction.rows.size(); ++p) {
        const int row = instruction.rows[p];
        if (escapes_[at(row)] || bound(row)) continue;
        if (p == 0 && !instruction.loop) {
          plan_.places[at(row)] = {Region::pieces, 0};
          continue;
        }
        size_t slot = 0;
        while (slot < holder.size() && holder[slot] >= 0 && last_reader[at(holder[slot])] >= static_cast<int>(p)) ++slot;
        if (slot == holder.size()) holder.push_back(-1);
        holder[slot] = static_cast<int>(p);
        plan_.places[at(row)] = {Region::tile, static_cast<int64_t>(slot)};
      }
      plan_.tile_slots = std::max(plan_.tile_slots, static_cast<int>(holder.size()));
    }
  }

  void place_arena() {
    FreeList free;
    std::vector<std::vector<int>> dies(plan_.program.size() + 1);
    const auto place = [&](int row) {
      plan_.one_buffer_per_row += size(row);
      if (bound(row)) return;
      plan_.places[at(row)] = {Region::arena, free.allocate(size(row))};
      dies[at(std::max(last_use_[at(row)], instruction_of_[at(row)]))].push_back(row);
    };
    for (int row = 0; row < static_cast<int>(nodes_.size()); ++row)
      if (nodes_[at(row)].op == Op::Input) place(row);  // also one that nothing reads: it may be written
    for (size_t i = 0; i < plan_.program.size(); ++i) {
      for (int row : plan_.program[i].rows) place(row);
      for (int row : dies[i]) free.release(plan_.places[at(row)].offset, size(row));
    }
    plan_.arena = free.top();
  }

  Plan& plan_;
  const PlanRequest& request_;
  const std::vector<Node>& nodes_;
  std::vector<bool> live_, escapes_;
  std::vector<int> instruction_of_, last_reader_, last_use_;  // the instruction, row, instruction
};

}  // namespace

Plan::Plan(const Graph& g, const PlanRequest& request) : graph(&g) { Planner(*this, request).run(); }

int Plan::root(int row) const {
  while (graph->nodes()[static_cast<size_t>(row)].op == Op::Reshape) row = graph->nodes()[static_cast<size_t>(row)].in[0];
  return row;
}

bool is_view(Op op) { return op == Op::Broadcast || op == Op::Permute || op == Op::Slice; }

View view_of(const Node& node, Shape operand) {
  std::array<int64_t, 4> source{};  // the operand's strides
  int64_t walk = 1;
  for (int axis = 3; axis >= 0; --axis) {
    source[static_cast<size_t>(axis)] = walk;
    walk *= operand[axis];
  }
  View view;
  if (node.op == Op::Slice) view.offset = node.attr.begin * source[static_cast<size_t>(node.attr.axis)];
  for (int axis = 0; axis < 4; ++axis) {
    const auto from =
        node.op == Op::Permute ? static_cast<size_t>(node.attr.axes[static_cast<size_t>(axis)]) : static_cast<size_t>(axis);
    const int64_t extent = node.shape[axis];
    const int64_t stride = node.op == Op::Broadcast && operand[axis] == 1 ? 0 : source[from];
    if (extent == 1) continue;
    const auto last = static_cast<size_t>(view.rank) - 1;
    if (view.rank > 0 && view.stride[last] == stride * extent) {
      view.extent[last] *= extent;
      view.stride[last] = stride;
    } else {
      view.extent[static_cast<size_t>(view.rank)] = extent;
      view.stride[static_cast<size_t>(view.rank++)] = stride;
    }
  }
  if (view.rank == 0) {
    view.rank = 1;
    view.extent[0] = 1;
  }
  return view;
}

}  // namespace unpick
