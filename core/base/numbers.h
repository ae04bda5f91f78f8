// What several files of the analysis need under one name.
#pragma once

#include <limits>

namespace unpick {

constexpr double kLog2Pi = 1.8378770664093453;                           // log 2 pi, the normal density's constant
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();  // a score that its input does not define

inline double ratio(double part, double whole) { return whole > 0 ? part / whole : kUndefined; }

}  // namespace unpick
