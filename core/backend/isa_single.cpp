// A build for one instruction set: that for which this file is compiled, so there is nothing to choose. See kernels.h.
#include "core/backend/kernels.h"

#define UNPICK_JOIN_OF(a, b) a##b
#define UNPICK_JOIN(a, b) UNPICK_JOIN_OF(a, b)

namespace unpick {

const Kernels& kernels() { return UNPICK_JOIN(kernels_of_, UNPICK_ISA)(); }

std::span<const Kernels* const> available_kernels() {
  static const Kernels* const only[] = {&kernels()};
  return only;
}

}  // namespace unpick
