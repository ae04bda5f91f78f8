// The CPU backend: a plan becomes a flat list of steps with resolved addresses; `run` walks it. See backend.h.
//
// A loop runs tile by tile: each of its rows in turn writes kTile elements, either to its place in memory or to a slot of
// the worker's tile buffer, and the next row finds them in L1. Tiles are grouped into fixed chunks for the pool.
//
// Read next: cpu_rows.cpp (kernels), cpu_gemm.cpp, conv.h
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/backend/backend.h"
#include "core/backend/cpu_rows.h"
#include "core/backend/gemm.h"
#include "core/backend/kernels.h"
#include "core/base/buffer.h"

namespace unpick {
namespace {

constexpr int64_t kTile = 1024;  // elements: a dozen float tiles stay in L1
constexpr int64_t kTilesPerChunk = 8;

// Where an operand lies: memory, a slot of the tile buffer, or the images that a convolution has just made.
struct Operand {
  static constexpr int64_t kMemory = -1, kImages = -2;
  real* memory = nullptr;
  int64_t slot = kMemory;
};

// The part of a loop that is being run: its slots, and images from element `first` on.
struct Tiles {
  real* slots;
  const real* images = nullptr;
  int64_t first = 0;

  const real* at(const Operand& o, int64_t begin) const {
    if (o.slot == Operand::kImages) return images + (begin - first);
    return o.slot >= 0 ? slots + o.slot * kTile : o.memory ? o.memory + begin : nullptr;
  }
  real* to(const Operand& o, int64_t begin) const { return o.slot >= 0 ? slots + o.slot * kTile : o.memory + begin; }
};

struct LoopRow {
  Op op;
  Attributes attr;
  Operand y, a, b;
  View view;
};

// One that was kept until now, to be handed over.
struct Gradient {
  const real* values;
  int64_t offset, size;
};

struct Step {
  bool loop;
  const Node* node = nullptr;  // kernels
  Shape a_shape{}, b_shape{};
  real *y = nullptr, *a = nullptr, *b = nullptr;
  int64_t size = 0;                 // loops
  std::vector<LoopRow> rows{};      // of a loop, or behind a convolution
  Destination product{};            // of a matrix product
  std::vector<Gradient> updates{};  // after it
  const real* gate = nullptr;       // if it makes the plan's gate
};

ConvShape conv_shape(const Step& s) {
  const Shape y = s.node->shape;
  const int stride = s.node->attr.stride, pad = s.node->attr.pad;
  if (s.node->op == Op::Conv) return {s.a_shape, s.b_shape, y, stride, pad};
  if (s.node->op == Op::ConvT) return {y, s.b_shape, s.a_shape, stride, pad};
  return {s.a_shape, y, s.b_shape, stride, pad};
}

ConvPass conv_pass(const Step& s) {
  return s.node->op == Op::Conv ? ConvPass::down : s.node->op == Op::ConvT ? ConvPass::up : ConvPass::weight;
}

Gemm product_of(const Step& s) {
  const Attributes& t = s.node->attr;
  return {s.node->shape[0], s.node->shape[1], s.a_shape[t.ta ? 0 : 1], t.ta, t.tb, s.product.optimiser != nullptr};
}

class CpuExecutable final : public Executable {
 public:
  CpuExecutable(Plan plan, Regions regions, Pool& pool) : plan_(std::move(plan)), regions_(regions), pool_(pool) {
    if (plan_.gate >= 0 && !regions_.optimiser)
      throw std::logic_error("plan: it has a gate, so gradients go to an optimiser, and there is none; give one in Regions");
    arena_ = Buffer(plan_.arena);
    tiles_ = Buffer(plan_.tile_slots * kTile * pool_.threads());
    for (const Instruction& instruction : plan_.program) {
      steps_.push_back(instruction.loop ? Step{true} : kernel(instruction.rows[0]));
      steps_.back().size = node(instruction.rows[0]).shape.size();
      for (size_t i = instruction.loop ? 0 : 1; i < instruction.rows.size(); ++i)
        steps_.back().rows.push_back(loop_row(instruction.rows[i]));
      Step& step = steps_.back();
      for (const int row : instruction.rows)
        if (row == plan_.gate) step.gate = memory(row);
      for (const Update& u : instruction.updates)
        if (place(u.row).region != Region::pieces) step.updates.push_back({memory(u.row), u.offset, node(u.row).shape.size()});
    }
    int64_t worker = 0, shared = 0;
    for (const Step& step : steps_) {
      const auto [w, s] = scratch_of(step);
      worker = std::max(worker, w);
      shared = std::max(shared, s);
    }
    scratch_ = Buffer(worker * pool_.threads());
    shared_ = Buffer(shared);
  }

  void run() override {
    for (const Step& step : steps_) {
      step.loop ? run_loop(step) : run_kernel(step);
      if (step.gate && !std::isfinite(*step.gate)) return;
      for (const Gradient& g : step.updates) hand_over(g);
    }
  }

  std::span<real> data(Var row) override { return {memory(row.id), static_cast<size_t>(row.shape().size())}; }

 private:
  const Node& node(int row) const { return plan_.graph->nodes()[static_cast<size_t>(row)]; }
  const Place& place(int row) const { return plan_.places[static_cast<size_t>(row)]; }

  real* memory(int row) const {
    const Place& p = place(row);
    switch (p.region) {
      case Region::arena: return arena_.data() + p.offset;
      case Region::parameters: return regions_.parameters.data() + p.offset;
      case Region::gradients: return regions_.gradients.data() + p.offset;
      default: throw std::logic_error("row %" + std::to_string(row) + " is not kept by this plan; ask for it as an output");
    }
  }

  Operand operand(int row) const {
    if (row < 0) return {};
    if (place(row).region == Region::tile) return {nullptr, place(row).offset};
    if (place(row).region == Region::pieces) return {nullptr, Operand::kImages};
    return {memory(row)};
  }

  LoopRow loop_row(int id) const {
    const Node& n = node(id);
    LoopRow row{n.op, n.attr, operand(id), operand(n.in[0]), operand(n.in[1]), {}};
    if (is_view(n.op)) row.view = view_of(n, node(n.in[0]).shape);
    return row;
  }

  Step kernel(int id) const {
    const Node& n = node(id);
    Step step{false};
    step.node = &n;
    if (place(id).region != Region::pieces)
      step.product.memory = step.y = memory(id);
    else if (n.op == Op::MatMul)
      step.product = {nullptr, regions_.optimiser, place(id).offset};
    if (n.in[0] >= 0) step.a = memory(n.in[0]), step.a_shape = node(n.in[0]).shape;
    if (n.in[1] >= 0) step.b = memory(n.in[1]), step.b_shape = node(n.in[1]).shape;
    return step;
  }

  // Elements of scratch: {per worker, shared}.
  static std::pair<int64_t, int64_t> scratch_of(const Step& step) {
    if (step.loop) return {0, 0};
    switch (step.node->op) {
      case Op::MatMul: return {product_of(step).worker_scratch(), product_of(step).shared_scratch()};
      case Op::Conv:
      case Op::ConvT:
      case Op::ConvW: {
        const ConvScratch z = conv_scratch(kernels(), conv_shape(step), conv_pass(step), step.y);
        return {z.worker, z.shared};
      }
      case Op::Sum: {
        cpu::SumShape s;
        return {0, cpu::sum_shape(step.a_shape, step.node->shape, s) ? s.scratch() : 0};
      }
      default: return {0, 0};
    }
  }

  void run_loop(const Step& step) {
    constexpr int64_t kChunk = kTile * kTilesPerChunk;
    const auto chunks = static_cast<int>((step.size + kChunk - 1) / kChunk);
    pool_.run(chunks, [&](int chunk, int worker) {
      run_tiles(step, chunk * kChunk, std::min(step.size, (chunk + 1) * kChunk), {slots(worker)});
    });
  }

  real* slots(int worker) const { return tiles_.data() + worker * plan_.tile_slots * kTile; }

  void run_tiles(const Step& step, int64_t from, int64_t end, const Tiles& tiles) const {
    for (int64_t begin = from; begin < end; begin += kTile) {
      const int64_t n = std::min(kTile, end - begin);
      for (const LoopRow& row : step.rows) {
        real* y = tiles.to(row.y, begin);
        if (is_view(row.op))
          cpu::read_view(row.view, row.a.memory, begin, n, y);
        else if (!kernels().pointwise(row.op, row.attr, y, tiles.at(row.a, begin), tiles.at(row.b, begin), n))
          throw std::logic_error(std::string(info(row.op).name) + " is not pointwise");
      }
    }
  }

  // The loop behind a convolution.
  struct Behind final : ImageLoop {
    Behind(const CpuExecutable& e, const Step& s) : executable(e), step(s) {}
    void run(int64_t begin, int64_t end, const real* images, int worker) const override {
      executable.run_tiles(step, begin, end, {executable.slots(worker), images, begin});
    }
    const CpuExecutable& executable;
    const Step& step;
  };

  void hand_over(const Gradient& g) {
    constexpr int64_t kChunk = 16384;
    pool_.run(static_cast<int>((g.size + kChunk - 1) / kChunk), [&](int chunk, int) {
      const int64_t begin = chunk * kChunk;
      regions_.optimiser->update({g.offset + begin, 1, std::min(kChunk, g.size - begin), 0}, g.values + begin, 0);
    });
  }

  void run_kernel(const Step& s) {
    real *scratch = scratch_.data(), *shared = shared_.data();
    const Behind behind(*this, s);
    const ConvResult images{s.y, s.rows.empty() ? nullptr : &behind};
    switch (s.node->op) {
      case Op::Sum: {
        cpu::SumShape shape;
        if (cpu::sum_shape(s.a_shape, s.node->shape, shape))
          cpu::sum(shape, s.a, s.y, shared, pool_);
        else
          cpu::sum_any(s.a_shape, s.node->shape, s.a, s.y);
        break;
      }
      case Op::Pad: cpu::pad(*s.node, s.a_shape, s.a, s.y); break;
      case Op::Gather: cpu::gather(*s.node, s.a, s.y); break;
      case Op::ScatterAdd: cpu::scatter_add(*s.node, s.a, s.y); break;
      case Op::MaxAxis: cpu::max_axis(*s.node, s.a_shape, s.a, s.y); break;
      case Op::MatMul: gemm(product_of(s), s.a, s.b, s.product, shared, scratch, pool_); break;
      case Op::Conv:
      case Op::ConvT: conv_images(kernels(), conv_shape(s), conv_pass(s), s.a, s.b, images, shared, scratch, pool_); break;
      case Op::ConvW: conv_weight(kernels(), conv_shape(s), s.a, s.b, s.y, shared, scratch, pool_); break;
      default: throw std::logic_error(std::string(info(s.node->op).name) + " has no CPU kernel");
    }
  }

  Plan plan_;
  Regions regions_;
  Pool& pool_;
  Buffer arena_, tiles_, scratch_, shared_;
  std::vector<Step> steps_;
};

class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(Pool& pool) : pool_(pool) {}
  std::unique_ptr<Executable> prepare(Plan plan, Regions regions) override {
    return std::make_unique<CpuExecutable>(std::move(plan), regions, pool_);
  }

 private:
  Pool& pool_;
};

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(Pool& pool) { return std::make_unique<CpuBackend>(pool); }

}  // namespace unpick
