// The public names of kernels that go through the table. See gemm.h, kernels.h.
#include "core/backend/kernels.h"

namespace unpick {

int64_t Gemm::shared_scratch() const { return kernels().gemm_shared_scratch(*this); }
int64_t Gemm::worker_scratch() const { return kernels().gemm_worker_scratch(*this); }

void gemm(const Gemm& g, const real* a, const real* b, const Destination& c, real* shared, real* scratch, Pool& pool) {
  const Kernels& k = kernels();
  if (!k.gemm_sparse(g, a, b, c, shared, scratch, pool)) k.gemm_dense(g, a, b, c, shared, scratch, pool);
}

}  // namespace unpick
