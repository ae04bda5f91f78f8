// For browsers with relaxed vectors, which fuse a product and a sum where the machine can. See core/backend/kernels.h.
#include "core/backend/kernels.h"

namespace unpick {

const Kernels& kernels() { return kernels_of_relaxed(); }

std::span<const Kernels* const> available_kernels() {
  static const Kernels* const only[] = {&kernels_of_relaxed()};
  return only;
}

}  // namespace unpick
