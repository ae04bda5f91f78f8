// Pictures on the graphics card: many tiles in one texture, uploaded only when what they show has changed.
//
// Textures is what a host provides; the lab asks nothing else of it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/types.h"
#include "ui/draw.h"

namespace unpick::ui {

class Textures {
 public:
  virtual ~Textures() = default;
  // Makes a texture, or replaces `old`; rgba [height,width], one ImU32 a pixel. Enlarged pixels stay sharp.
  virtual ImTextureID put(ImTextureID old, int width, int height, const std::vector<ImU32>& rgba) = 0;
  int generation = 0;  // raised by a host whose textures were lost
};

class Sheet {
 public:
  // Tiles of height x width pixels; `colour(tile, pixel)` is asked only if `source` is another than at the last call. `source`
  // names immutable data: the address of what the tiles show, and the theme if that matters.
  template <class Colour>
  void show(Textures& textures, uint64_t source, size_t tiles, Shape image, Colour&& colour) {
    if (source == source_ && generation_ == textures.generation) return;
    if (generation_ != textures.generation) texture_ = {};
    layout(tiles, image);
    const auto columns = static_cast<size_t>(columns_), width = static_cast<size_t>(width_), height = static_cast<size_t>(height_);
    for (size_t t = 0; t < tiles; ++t)
      for (size_t y = 0; y < height; ++y) {
        const size_t line = (t / columns * height + y) * columns + t % columns;  // of tiles' lines
        for (size_t x = 0; x < width; ++x) pixels_[line * width + x] = colour(t, y * width + x);
      }
    texture_ = textures.put(texture_, columns_ * width_, rows_ * height_, pixels_);
    source_ = source;
    generation_ = textures.generation;
  }
  void draw(const Pen& pen, const Rect& where, size_t tile) const;

 private:
  void layout(size_t tiles, Shape image);

  ImTextureID texture_{};
  uint64_t source_ = 0;
  int generation_ = -1, height_ = 0, width_ = 0, columns_ = 0, rows_ = 0;
  std::vector<ImU32> pixels_;
};

inline constexpr std::array<ImU32, 256> kGreys = [] {
  std::array<ImU32, 256> greys{};
  for (size_t i = 0; i < greys.size(); ++i) greys[i] = mix(kGround, kLight, static_cast<float>(i) / 255);
  return greys;
}();

// The colour of pixel p of image [H,W,C] starting at `image`: grey between kGround and kLight, or as it is. Inline: a traversal has
// a third of a million of them.
inline ImU32 pixel_colour(const real* image, size_t p, int channels) {
  const real* pixel = image + p * static_cast<size_t>(channels);
  const auto byte = [&](int channel) {
    return static_cast<unsigned>(static_cast<int>(255 * std::clamp(static_cast<float>(pixel[channel]), 0.0f, 1.0f) + 0.5f));
  };
  if (channels < 3) return kGreys[byte(0)];
  return byte(0) << IM_COL32_R_SHIFT | byte(1) << IM_COL32_G_SHIFT | byte(2) << IM_COL32_B_SHIFT | IM_COL32_A_MASK;
}

}  // namespace unpick::ui
