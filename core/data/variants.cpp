// See variants.h. Compiled without fused multiply-add: pixels are equal on every host.
#include "core/data/variants.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/base/rng.h"

namespace unpick {
namespace {

constexpr int kPicture = 128;
constexpr uint32_t kPictureSeed = 1893;
constexpr const char* kVariants[] = {"color-dsprites", "noisy-dsprites", "scream-dsprites"};

// Smooth noise in [0,1] on a torus of `cells` x `cells` random values, x and y in cells.
double smooth_noise(const Rng& rng, uint32_t octave, int cells, double x, double y) {
  const auto value = [&](int i, int j) {
    const auto wrap = [&](int k) { return static_cast<uint32_t>(((k % cells) + cells) % cells); };
    return rng.uniform(octave, wrap(i) * static_cast<uint32_t>(cells) + wrap(j));
  };
  const double fx = std::floor(x), fy = std::floor(y), u = x - fx, v = y - fy;
  const double a = u * u * (3 - 2 * u), b = v * v * (3 - 2 * v);
  const int i = static_cast<int>(fx), j = static_cast<int>(fy);
  const double left = value(i, j) + b * (value(i, j + 1) - value(i, j));
  const double right = value(i + 1, j) + b * (value(i + 1, j + 1) - value(i + 1, j));
  return left + a * (right - left);
}

// Bands of an evening sky above dark water: stripes bent by slow noise, coloured between four paints.
std::vector<real> paint() {
  const Rng rng(kPictureSeed, Stream::data);
  constexpr double paints[4][3] = {{.85, .35, .12}, {.95, .72, .25}, {.20, .28, .45}, {.10, .12, .16}};
  std::vector<real> picture;
  for (int row = 0; row < kPicture; ++row)
    for (int column = 0; column < kPicture; ++column) {
      const double x = 4.0 * column / kPicture, y = 4.0 * row / kPicture;
      const double bend = smooth_noise(rng, 0, 4, x, y), grain = smooth_noise(rng, 1, 32, 8 * x, 8 * y);
      const double band = 1.5 * y + 3 * bend + 0.4 * grain;
      const double place = band - 4 * std::floor(band / 4), share = place - std::floor(place);
      const auto first = static_cast<size_t>(place) % 4;
      for (size_t c = 0; c < 3; ++c)
        picture.push_back(static_cast<real>(paints[first][c] + share * (paints[(first + 1) % 4][c] - paints[first][c])));
    }
  return picture;
}

}  // namespace

DspritesVariant::DspritesVariant(Kind kind, Dsprites sprites) : kind_(kind), sprites_(std::move(sprites)) {
  if (kind == Kind::scream) picture_ = paint();
}

std::string DspritesVariant::spec() const {
  const std::string slice = sprites_.spec();  // "dsprites:shape=heart"
  return kVariants[static_cast<size_t>(kind_)] + slice.substr(std::min(slice.size(), slice.find(':')));
}

void DspritesVariant::render(uint32_t index, std::span<real> out) const {
  constexpr size_t kSide = Dsprites::kSide;
  if (out.size() != kSide * kSide * 3)
    throw ShapeError("render: " + spec() + " has [64,64,3] pixels, not " + std::to_string(out.size()));
  const Dsprites::Values values = sprites_.values(index);
  const Dsprites::Bitmap rows = Dsprites::render_bits(values);
  const Rng rng(static_cast<uint64_t>(kind_), Stream::data);
  const uint32_t image = Dsprites::index_of(values);
  real colour[3];
  for (uint32_t c = 0; c < 3; ++c) colour[c] = static_cast<real>(rng.uniform(image, c));
  const size_t top = rng.below(kPicture - kSide + 1, image, 3), left = rng.below(kPicture - kSide + 1, image, 4);
  for (size_t pixel = 0; pixel < kSide * kSide; ++pixel) {
    const size_t row = pixel / kSide, column = pixel % kSide;
    const bool sprite = rows[row] >> column & 1;
    for (size_t c = 0; c < 3; ++c) {
      real& to = out[pixel * 3 + c];
      if (kind_ == Kind::color) {
        to = sprite ? real{0.5} + colour[c] / 2 : 0;
      } else if (kind_ == Kind::noisy) {
        to = sprite ? 1 : static_cast<real>(rng.uniform(image, static_cast<uint32_t>(8 + pixel * 3 + c)));
      } else {
        const real background = (picture_[((top + row) * kPicture + left + column) * 3 + c] + colour[c]) / 2;
        to = sprite ? 1 - background : background;
      }
    }
  }
}

}  // namespace unpick
