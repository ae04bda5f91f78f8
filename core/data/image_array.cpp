// Checking an array of images once, and copying images out of it. See image_array.h.
#include "core/data/image_array.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace unpick {

ImageArray::ImageArray(std::string spec, Shape image, std::vector<float> pixels) : spec_(std::move(spec)), image_(image) {
  set_size(pixels.size());
  const auto bad = std::find_if_not(pixels.begin(), pixels.end(), [](float p) { return p >= 0 && p <= 1; });  // nan is bad too
  if (bad != pixels.end())
    throw Error(ErrorKind::data, spec_,
                "image " + std::to_string((bad - pixels.begin()) / image_.size()) + " has the pixel " + std::to_string(*bad),
                "scale the pixels to 0..1");
  pixels_ = std::move(pixels);
}

ImageArray::ImageArray(std::string spec, Shape image, std::vector<uint8_t> pixels) : spec_(std::move(spec)), image_(image) {
  set_size(pixels.size());
  if (*std::max_element(pixels.begin(), pixels.end()) > 1) white_ = 255;
  pixels_ = std::move(pixels);
}

void ImageArray::set_size(size_t pixels) {
  const int64_t each = image_.size();
  if (each < 1 || pixels == 0 || pixels % static_cast<size_t>(each) != 0 ||
      pixels / static_cast<size_t>(each) > std::numeric_limits<uint32_t>::max())
    throw Error(ErrorKind::data, spec_, std::to_string(pixels) + " pixels are not a number of images " + image_.str(),
                "give an array [N,H,W] or [N,H,W,C] with N >= 1");
  size_ = static_cast<uint32_t>(pixels / static_cast<size_t>(each));
}

void ImageArray::render(uint32_t index, std::span<real> out) const {
  if (index >= size_)
    throw Error(ErrorKind::usage, spec_, "there is no image " + std::to_string(index),
                "its images are 0.." + std::to_string(size_ - 1));
  const auto each = static_cast<size_t>(image_.size());
  if (out.size() != each)
    throw ShapeError("render: an image " + image_.str() + " is not " + std::to_string(out.size()) + " pixels");
  std::visit(
      [&](const auto& pixels) {
        const auto* from = pixels.data() + index * each;
        std::transform(from, from + each, out.begin(), [&](auto p) { return static_cast<real>(p) / white_; });
      },
      pixels_);
}

}  // namespace unpick
