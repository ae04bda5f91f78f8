// Adam (Kingma & Ba 2015) over one contiguous region, with PyTorch's placing of epsilon.
#pragma once

#include <span>

#include "core/base/pool.h"
#include "core/base/types.h"

namespace unpick {

struct AdamSettings {
  double lr = 5e-4, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
};

// Step number t >= 1:  m = b1 m + (1-b1) g,  v = b2 v + (1-b2) g^2,
//                      w -= lr / (1-b1^t) m / (sqrt(v / (1-b2^t)) + epsilon)
void adam_step(const AdamSettings& settings, int64_t t, std::span<real> w, std::span<const real> g, std::span<real> m,
               std::span<real> v, Pool& pool);

}  // namespace unpick
