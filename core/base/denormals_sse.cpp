// x86: the two bits of the MXCSR register. See denormals.h.
#include <xmmintrin.h>

#include "core/base/denormals.h"

namespace unpick {

constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;

FlushDenormals::FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFlushToZero | kDenormalsAreZero); }
FlushDenormals::~FlushDenormals() { _mm_setcsr(before_); }

}  // namespace unpick
