// The pool of a platform without threads: every chunk runs on the caller. See pool.h.
#include "core/base/pool.h"

#include "core/base/denormals.h"

namespace unpick {

struct Pool::State {};

Pool::Pool(int) {}
Pool::~Pool() = default;
int Pool::threads() const { return 1; }

void Pool::run(int chunks, Call call, void* context) {
  const FlushDenormals flush;
  for (int chunk = 0; chunk < chunks; ++chunk) call(context, chunk, 0);
}

}  // namespace unpick
