// The CPU kernels that depend on the instruction set: one table of functions for each set that the program was built for.
//
// Why a table: one program is to be fast on every machine. The kernel files are compiled once per instruction set, with other
// flags and in another namespace (simd.h); which table is used is decided once, at the start, by the machine (isa_x86.cpp), or
// there is only one (isa_single.cpp). Results are bit-identical for every number of threads within one instruction set; between
// two of them they agree within rounding.
//
// Read next: simd.h, cpu_gemm.cpp, cpu_pointwise.cpp
#pragma once

#include <span>

#include "core/backend/conv.h"
#include "core/backend/gemm.h"
#include "core/backend/simd.h"
#include "core/graph/graph.h"

namespace unpick {

// The numbers of an Adam step (adam.h).
struct AdamFactors {
  real one_minus_b1, one_minus_b2, rate, correction, epsilon;
};

struct Kernels {
  const char* isa;  // "sse4", "avx2", "avx512"; "relaxed" in browsers that fuse, "baseline" elsewhere

  // gemm.h
  int64_t (*gemm_shared_scratch)(const Gemm& g);
  int64_t (*gemm_worker_scratch)(const Gemm& g);
  void (*gemm_dense)(const Gemm& g, const real* a, const real* b, const Destination& c, real* shared, real* scratch, Pool& pool);
  // The same if many elements of A are zero; else false, and nothing was written.
  bool (*gemm_sparse)(const Gemm& g, const real* a, const real* b, const Destination& c, real* shared, real* scratch, Pool& pool);

  // conv.h
  const ConvMethod& (*direct_convolution)();
  const ConvMethod& (*winograd_convolution)();
  bool (*winograd_suits)(const ConvShape& s);
  ConvSizes (*weight_sizes)(const ConvShape& s);
  void (*add_weight)(const ConvShape& s, int images, const real* x, const real* y, bool fresh, real* partial, real* scratch);
  void (*sum_weights)(const ConvShape& s, const real* partial, int partials, int64_t stride, real* w);

  // y[0..n) = op(a[0..n), b[0..n)). b may be null for one operand, both for Fill. False: op is not pointwise.
  bool (*pointwise)(Op op, const Attributes& attr, real* y, const real* a, const real* b, int64_t n);

  // `ahead` elements behind those of w, m and v lie the next to be asked for: lines of a matrix, which no hardware prefetcher
  // follows.
  void (*adam)(const AdamFactors& f, int64_t n, real* w, const real* g, real* m, real* v, int64_t ahead);

  // The ceiling of all kernels: `times` rounds of multiply-adds on registers. Returns the floating-point operations done.
  int64_t (*multiply_adds)(int64_t times, real* result);
};

const Kernels& kernels();                             // those in use; Error(usage) if the environment asks for others in vain
std::span<const Kernels* const> available_kernels();  // those that this machine can run, the plainest first

// Each is defined if the program was built for it.
const Kernels& kernels_of_baseline();
const Kernels& kernels_of_sse4();
const Kernels& kernels_of_avx2();
const Kernels& kernels_of_avx512();
const Kernels& kernels_of_relaxed();

// What one instruction set's files define for each other and for its table.
inline namespace UNPICK_ISA {
int64_t product_shared_scratch(const Gemm& g);
int64_t product_worker_scratch(const Gemm& g);
void dense_product(const Gemm& g, const real* a, const real* b, const Destination& c, real* shared, real* scratch, Pool& pool);

bool may_skip(const Gemm& g);           // zeros of A are looked for
int64_t list_scratch(const Gemm& g);    // the part of the shared scratch for lists of nonzeros
int64_t sparse_scratch(const Gemm& g);  // what they need of a worker's scratch, besides a piece
bool sparse_product(const Gemm& g, const real* a, const real* b, const Destination& c, real* shared, real* scratch, Pool& pool);

bool pointwise_run(Op op, const Attributes& attr, real* y, const real* a, const real* b, int64_t n);
void adam_run(const AdamFactors& f, int64_t n, real* w, const real* g, real* m, real* v, int64_t ahead);
int64_t multiply_adds_run(int64_t times, real* result);
}  // namespace UNPICK_ISA

}  // namespace unpick
