// dSprites (Matthey, Higgins, Hassabis, Lerchner 2017), drawn instead of stored: 737,280 binary images of 64x64 pixels, each
// one white shape with five factors. https://github.com/google-deepmind/dsprites-dataset
//
// Why drawn: nothing to download, and an image takes under a microsecond. The rule was recovered from published pixels, and
// draws all 320 frames of the authors' animation without a wrong pixel (tests/dsprites_test.cpp):
//   an outline, a polygon, is scaled by 0.5 + 0.1 scale, turned counter-clockwise by 2 pi orientation / 39, moved to
//   (16 + 32 posX/31, 16 + 32 posY/31) pixels (y points down), and its vertices are rounded to 1/256 pixel;
//   a pixel is 1 if its centre is inside. A centre exactly on a bottom edge is inside, on a top edge outside (seen in published
//   pixels); on a left edge inside, on a right edge outside (assumed: it decides 128 squares).
//
// Invariants: an image depends on its five values alone; no function here allocates except constructors, names and lists.
// Read next: core/data/dsprites.cpp (the drawing), core/data/open_dataset.cpp (slices by name), core/data/batcher.h
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/data/dataset.h"

namespace unpick {

// The whole set or a slice of it: those images whose every factor has one of the allowed values. Images of a slice are
// numbered as in the whole set: shape counts slowest, posY fastest.
class Dsprites : public Dataset {
 public:
  static constexpr int kSide = 64, kFactors = 5;
  static constexpr uint32_t kImages = 737'280;
  static constexpr std::array<const char*, kFactors> kNames{"shape", "scale", "orientation", "posX", "posY"};
  static constexpr std::array<int, kFactors> kLevels{3, 6, 40, 32, 32};
  static constexpr std::array<const char*, 3> kShapes{"square", "ellipse", "heart"};

  using Values = std::array<int, kFactors>;                // one value of each factor
  using Allowed = std::array<std::vector<int>, kFactors>;  // of each factor: some of 0..levels-1, ascending
  using Bitmap = std::array<uint64_t, kSide>;              // row r (0 = top), bit c = column c (0 = left)

  // The number of an image in the whole set. Throws Error(data) if a value is not in 0..levels-1.
  static uint32_t index_of(const Values& values);
  // The pixels of an image of the whole set; values in 0..levels-1.
  static Bitmap render_bits(const Values& values);
  static Allowed everything();

  // Throws Error(usage) if a list is empty, not ascending, or has a value outside 0..levels-1.
  explicit Dsprites(Allowed allowed = everything());

  // The values of image `index` of this set. Throws Error(usage) if index >= size().
  Values values(uint32_t index) const;

  std::string spec() const override;
  uint32_t size() const override { return size_; }
  Shape image() const override { return {kSide, kSide, 1}; }
  void render(uint32_t index, std::span<real> out) const override;
  std::vector<Factor> factors() const override;
  std::vector<int> factor_values(uint32_t index) const override;

 private:
  Allowed allowed_;
  uint32_t size_ = 1;
};

}  // namespace unpick
