// The CPU kernels of single rows, as functions on plain memory. cpu.cpp decides when and on which thread they run.
// Pointwise rows and products, which gain from wide vectors, stand in kernels.h.
#pragma once

#include "core/base/pool.h"
#include "core/graph/plan.h"

namespace unpick::cpu {

// y[0..n) = elements begin..begin+n of the view of `source`.
void read_view(const View& view, const real* source, int64_t begin, int64_t n, real* y);

// Sum, as [outer, reduced, inner] -> [outer, inner]. A sum whose axes do not fit that pattern is done in two passes.
struct SumShape {
  int64_t outer = 1, reduced = 1, inner = 1;
  int partials() const;  // fixed by the shape, never by the threads
  int64_t scratch() const { return partials() * outer * inner; }
};
// False if the summed axes are not neighbours (once axes of extent 1 are dropped).
bool sum_shape(Shape from, Shape to, SumShape& result);
void sum(const SumShape& s, const real* x, real* y, real* scratch, Pool& pool);
void sum_any(Shape from, Shape to, const real* x, real* y);  // every pattern, one thread

void pad(const Node& node, Shape from, const real* x, real* y);
void gather(const Node& node, const real* x, real* y);
void scatter_add(const Node& node, const real* x, real* y);
void max_axis(const Node& node, Shape from, const real* x, real* y);

}  // namespace unpick::cpu
