// Matrix products C = op(A) op(B) on row-major matrices, cut into chunks that any thread may take.
//
// Why our own: at a VAE's sizes (64 rows against a 256x4096 weight) the time is in touching the weight once, in order,
// at full multiply-add rate. No weight is ever packed as a whole: a panel of columns of B is copied while it is
// first used. A transposed B is never transposed: C' = op(B)' op(A)' streams its rows instead. If A turns out to be largely
// zero, its zeros are left out. See docs/speed.md.
//
// Invariants: each element of C is summed in the order of k by one chunk, so results depend neither on the threads nor on
// what was left out.
//
// Read next: kernels.h, cpu_gemm.cpp, gemm_tile.h, cpu_gemm_sparse.cpp
#pragma once

#include "core/backend/optimiser.h"
#include "core/base/pool.h"
#include "core/base/types.h"

namespace unpick {

struct Gemm {
  int m, n, k;  // C [m,n], op(A) [m,k], op(B) [k,n]
  bool ta = false, tb = false;
  bool in_pieces = false;  // C goes to an optimiser: only with ta, without tb

  int64_t shared_scratch() const;  // elements, one per product in flight
  int64_t worker_scratch() const;  // elements, one per worker
};

// Over the pool. `shared` and `scratch` (threads x worker_scratch) come from the caller: nothing is allocated.
void gemm(const Gemm& g, const real* a, const real* b, const Destination& c, real* shared, real* scratch, Pool& pool);

}  // namespace unpick
