// Which factor does a latent follow? Pearson's r of each latent with each factor.
//
// Why only linear: it is exact, needs no estimator and no random numbers, and its sign says which way a knob turns. What it
// cannot see: a latent that folds (|z| follows the factor), a factor that is an angle, and a factor that is a mere name, like
// shape; the caller leaves names out.
//
// Read next: core/session/latents.h
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/types.h"

namespace unpick {

// One factor of N images.
struct FactorColumn {
  std::string name;
  std::vector<int> values;  // [N]
};

struct FactorCorrelation {
  std::vector<FactorColumn> factors;  // those that take at least two values
  int latents = 0;
  std::vector<double> r;  // [F,Z], in [-1,1]; 0 for a latent that is constant

  double at(size_t factor, int latent) const { return r[factor * static_cast<size_t>(latents) + static_cast<size_t>(latent)]; }
  std::pair<int, double> best(size_t factor) const;  // the latent with the largest |r|, and that r
};

// codes [N,Z]; every column has N values, or ShapeError.
FactorCorrelation correlate(std::span<const real> codes, int latents, std::vector<FactorColumn> columns);

}  // namespace unpick
