// Faces from five knobs: a stand-in for photographs of faces, whose factors nobody knows. Images [64,64,1].
//
//   azimuth       the head turns left or right: eyes, nose and mouth move across it and the far eye narrows
//   illumination  from which side the light comes
//   hair          how far the hair reaches down the forehead
//   smile         the corners of the mouth, down to up
//   pose          the head tilts
//
// The factors are those of the examples in the literature's talks (theory D, table E rows 74 and 105); the drawing is ours.
// Invariants: an image depends on its index alone; only + - * / are used, so pixels are equal on every host.
#pragma once

#include <array>

#include "core/data/dataset.h"

namespace unpick {

class Faces : public Dataset {
 public:
  static constexpr int kSide = 64, kFactors = 5;
  static constexpr std::array<const char*, kFactors> kNames{"azimuth", "illumination", "hair", "smile", "pose"};
  static constexpr std::array<int, kFactors> kLevels{11, 7, 5, 7, 9};

  std::string spec() const override { return "faces"; }
  uint32_t size() const override;
  Shape image() const override { return {kSide, kSide, 1}; }
  void render(uint32_t index, std::span<real> out) const override;
  std::vector<Factor> factors() const override;
  std::vector<int> factor_values(uint32_t index) const override;  // Error(usage) if index >= size()
};

}  // namespace unpick
