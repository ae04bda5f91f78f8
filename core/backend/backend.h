// A backend turns a plan into something that runs.
//
// Why whole plans and not single ops: a backend may then choose memory, capture a CUDA graph, or fuse, with all rows in
// sight. The CPU backend (cpu.cpp) runs instructions over a pool; make_cuda_backend() is null where CUDA was not built.
//
// Invariants: `run` allocates nothing and gives bit-identical results for every number of threads.
// Read next: core/backend/cpu.cpp
#pragma once

#include <memory>
#include <span>

#include "core/backend/optimiser.h"
#include "core/base/pool.h"
#include "core/graph/plan.h"

namespace unpick {

// What outlives an executable: the memory of all parameters and of all gradients, contiguous (plan.h, Binding), or, where a plan
// keeps no gradients, who takes them.
struct Regions {
  std::span<real> parameters, gradients{};
  Optimiser* optimiser = nullptr;
};

class Executable {
 public:
  virtual ~Executable() = default;
  virtual void run() = 0;
  // The memory of an input (write before run) or an output (read after run); shape().size() elements.
  virtual std::span<real> data(Var row) = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  // std::logic_error for a plan with a gate and no optimiser.
  virtual std::unique_ptr<Executable> prepare(Plan plan, Regions regions) = 0;
};

std::unique_ptr<Backend> make_cpu_backend(Pool& pool);
std::unique_ptr<Backend> make_cuda_backend();  // null: not built or no device

}  // namespace unpick
