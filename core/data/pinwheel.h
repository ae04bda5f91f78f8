// The pinwheel: points in the plane along bent arms, for pictures of q(z) in two dimensions.
//
// A point of arm c: (a, b) = (1 + 0.3 e1, 0.1 e2), e ~ N(0,1), turned by c 2 pi / arms + 0.25 exp(a). Source: Mathieu et al. 2019,
// by theory M5. One factor, the arm. Points stand as images [1,2,1]; they are any numbers: use the Gaussian likelihood.
//
// Invariants: a point depends on the seed and its index alone. Coordinates are rounded to 2^-20, so that hosts whose sine differs
// in its last bit have the same points.
#pragma once

#include "core/data/dataset.h"

namespace unpick {

class Pinwheel : public Dataset {
 public:
  static constexpr int kArms = 4;

  // 1 to a million points, or Error(usage). Another seed draws others: those to test on.
  explicit Pinwheel(uint32_t points_per_arm = 100, uint64_t seed = 0);

  std::string spec() const override;
  uint32_t size() const override { return kArms * points_; }
  Shape image() const override { return {1, 2, 1}; }
  void render(uint32_t index, std::span<real> out) const override;
  std::vector<Factor> factors() const override { return {{"arm", kArms}}; }
  std::vector<int> factor_values(uint32_t index) const override { return {static_cast<int>(index / points_)}; }

 private:
  uint32_t points_;
  uint64_t seed_;
};

}  // namespace unpick
