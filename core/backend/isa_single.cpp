// A build for one instruction set: there is nothing to choose. See kernels.h.
#include "core/backend/kernels.h"

namespace unpick {

const Kernels& kernels() { return kernels_of_baseline(); }

std::span<const Kernels* const> available_kernels() {
  static const Kernels* const only[] = {&kernels_of_baseline()};
  return only;
}

}  // namespace unpick
