// See pinwheel.h.
#include "core/data/pinwheel.h"

#include <cmath>
#include <numbers>

#include "core/base/rng.h"

namespace unpick {

Pinwheel::Pinwheel(uint32_t points_per_arm, uint64_t seed) : points_(points_per_arm), seed_(seed) {
  if (points_ == 0 || points_ > 1'000'000)
    throw Error(ErrorKind::usage, "data 'pinwheel'", std::to_string(points_) + " points in an arm",
                "give 1 to 1000000, as in pinwheel:points=100");
}

std::string Pinwheel::spec() const {
  const std::string points = "points=" + std::to_string(points_), seed = "seed=" + std::to_string(seed_);
  if (seed_ != 0) return "pinwheel:" + points + "," + seed;
  return points_ == 100 ? "pinwheel" : "pinwheel:" + points;
}

void Pinwheel::render(uint32_t index, std::span<real> out) const {
  if (out.size() != 2) throw ShapeError("render: pinwheel has 2 numbers, not " + std::to_string(out.size()));
  const Rng rng(seed_, Stream::data);
  const double a = 1 + 0.3 * rng.normal(index, 0), b = 0.1 * rng.normal(index, 1);
  const double angle = index / points_ * 2 * std::numbers::pi / kArms + 0.25 * std::exp(a);
  const double c = std::cos(angle), s = std::sin(angle);
  const auto rounded = [](double x) { return static_cast<real>(std::floor(x * 0x1p20 + 0.5) * 0x1p-20); };
  out[0] = rounded(a * c + b * s);
  out[1] = rounded(b * c - a * s);
}

}  // namespace unpick
