// Drawn garments: a stand-in for Fashion-MNIST where its files are not at hand. Images [32,32,1] in grey, ten classes as there:
//
//   0 T-shirt  1 trousers  2 pullover  3 dress  4 coat  5 sandal  6 shirt  7 sneaker  8 bag  9 ankle boot
//
// Each image has knobs of its own beside the class: tone, width, length, a detail of the class (sleeves, heel, handle, ...),
// stripes and the side of the light. Images are as many as there, 60,000 to train on and 10,000 others to test on, and lie like
// those, two black pixels inside the border. It is a stand-in for pictures, not for results: what holds on it need not hold on
// photographs.
//
// Invariants: an image depends on its split and index alone; any ten that begin at a multiple of ten are of the ten classes, in
// random order, so that neither a slice nor a stride has one class alone. Beside the knobs' random numbers only + - * / are used,
// so that pixels are equal on every host.
#pragma once

#include "core/data/dataset.h"

namespace unpick {

class Garments : public Dataset {
 public:
  static constexpr int kSide = 32, kClasses = 10;
  static constexpr uint32_t kTrain = 60'000, kTest = 10'000;

  explicit Garments(bool test = false) : test_(test) {}

  std::string spec() const override { return test_ ? "fashion:split=test" : "fashion"; }
  uint32_t size() const override { return test_ ? kTest : kTrain; }
  Shape image() const override { return {kSide, kSide, 1}; }
  void render(uint32_t index, std::span<real> out) const override;  // Error(usage) if index >= size()
  std::vector<Factor> factors() const override { return {{"class", kClasses}}; }
  std::vector<int> factor_values(uint32_t index) const override;  // Error(usage) if index >= size()

 private:
  bool test_;
};

}  // namespace unpick
