// Adam (Kingma & Ba 2015) with PyTorch's placing of epsilon, over a region of parameters and two moments of the same size.
//
// Parameters from `split` on have settings of their own: those of a discriminator.
#pragma once

#include <span>

#include "core/backend/kernels.h"
#include "core/backend/optimiser.h"
#include "core/base/buffer.h"

namespace unpick {

struct AdamSettings {
  double lr = 5e-4, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
};

// Step number t >= 1:  m = b1 m + (1-b1) g,  v = b2 v + (1-b2) g^2,
//                      w -= lr / (1-b1^t) m / (sqrt(v / (1-b2^t)) + epsilon)
class Adam final : public Optimiser {
 public:
  explicit Adam(std::span<real> weights) : Adam(weights, static_cast<int64_t>(weights.size())) {}
  Adam(std::span<real> weights, int64_t split);

  // What the updates that follow belong to.
  void begin_step(int64_t t, const AdamSettings& settings, const AdamSettings& from_split = {});
  void update(const Rectangle& where, const real* g, int64_t ldg) override;

  Buffer m, v;

 private:
  std::span<real> weights_;
  int64_t split_;
  AdamFactors factors_[2]{};
};

}  // namespace unpick
