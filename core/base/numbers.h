// What several files of the analysis need under one name.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "core/base/types.h"

namespace unpick {

constexpr double kLog2Pi = 1.8378770664093453;                           // log 2 pi, the normal density's constant
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();  // a score that its input does not define

// The check finds NaN and infinity alike.
inline bool finite(std::span<const real> values) {
  return std::all_of(values.begin(), values.end(), [](real x) { return std::isfinite(x); });
}

inline double ratio(double part, double whole) { return whole > 0 ? part / whole : kUndefined; }

}  // namespace unpick
