// Who changes the parameters while a plan runs that keeps no gradients (plan.h, PlanRequest::gate).
//
// Why during the run: a gradient that is kept is written to memory, read once and forgotten. Handed over in pieces while it is in
// the cache it needs no memory: a quarter less for weights, gradients and two moments, and a third less to move for each of them.
//
// Invariant: what a parameter becomes depends neither on how its gradient was cut into pieces nor on their order.
// Read next: core/model/adam.h, cpu_gemm.cpp
#pragma once

#include "core/base/types.h"

namespace unpick {

// Lines of the region of parameters: `rows` of `columns` elements, the first at `offset`, `pitch` apart.
struct Rectangle {
  int64_t offset;
  int rows;
  int64_t columns, pitch;
};

class Optimiser {
 public:
  virtual ~Optimiser() = default;
  // The gradient of `where` lies at g, its lines `ldg` apart. Each element once in a run, from any thread.
  virtual void update(const Rectangle& where, const real* g, int64_t ldg) = 0;
};

// Where a result goes: to memory or, as the gradient of the parameters from `offset` on, to an optimiser.
struct Destination {
  real* memory = nullptr;
  Optimiser* optimiser = nullptr;
  int64_t offset = 0;
};

}  // namespace unpick
