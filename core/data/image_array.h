// A data set of images that are at hand as an array: the user's own .npy, or pictures read from elsewhere.
//
// Invariants: every pixel is in [0,1], checked once here, so that the Bernoulli likelihood is defined for all of them.
// Read next: core/data/batcher.h
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/data/dataset.h"

namespace unpick {

class ImageArray : public Dataset {
 public:
  // pixels: [N,H,W,C], C last and fastest; `image` is [H,W,C] and N follows from the size. `spec` names the array, in spec()
  // and in errors. Throws Error(data) for no image, a size that is no multiple of image.size(), or a pixel outside [0,1].
  ImageArray(std::string spec, Shape image, std::vector<float> pixels);

  // Bytes keep their size in memory. If none is above 1 they are black and white, 0 and 1; else 255 is white.
  ImageArray(std::string spec, Shape image, std::vector<uint8_t> pixels);

  std::string spec() const override { return spec_; }
  uint32_t size() const override { return size_; }
  Shape image() const override { return image_; }
  void render(uint32_t index, std::span<real> out) const override;  // throws Error(usage) if index >= size()

 private:
  void set_size(size_t pixels);

  std::string spec_;
  Shape image_;
  std::variant<std::vector<float>, std::vector<uint8_t>> pixels_;
  real white_ = 1;  // the stored number that means 1
  uint32_t size_ = 0;
};

}  // namespace unpick
