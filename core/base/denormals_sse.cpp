// x86: two bits of the MXCSR register, through what g++ and clang build in. See denormals.h.
#include "core/base/denormals.h"

namespace unpick {

constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;

FlushDenormals::FlushDenormals() : before_(__builtin_ia32_stmxcsr()) {
  __builtin_ia32_ldmxcsr(before_ | kFlushToZero | kDenormalsAreZero);
}
FlushDenormals::~FlushDenormals() { __builtin_ia32_ldmxcsr(before_); }

}  // namespace unpick
