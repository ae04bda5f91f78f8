// Points whose scores are known: the codes of the whole grid of factors.
#pragma once

#include <vector>

#include "core/metrics/points.h"

namespace unpick {

// Every combination of factor classes once, the last factor fastest; each code is its factor's class.
inline Points identity_points(const std::vector<int>& sizes) {
  Eigen::Index n = 1;
  for (const int size : sizes) n *= size;
  Points p;
  p.factors.resize(n, static_cast<Eigen::Index>(sizes.size()));
  for (Eigen::Index i = 0; i < n; ++i) {
    Eigen::Index rest = i;
    for (Eigen::Index k = p.factors.cols(); k-- > 0;) {
      const int size = sizes[static_cast<size_t>(k)];
      p.factors(i, k) = static_cast<int>(rest % size);
      rest /= size;
    }
  }
  p.codes = p.factors.cast<float>();
  return p;
}

}  // namespace unpick
