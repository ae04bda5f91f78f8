// See faces.h. Layers of soft-edged shapes, each over what lies below.
#include "core/data/faces.h"

#include <algorithm>

namespace unpick {
namespace {

// How much of a pixel a shape covers, given its implicit function (negative inside) near the edge.
double cover(double implicit, double sharpness) { return std::clamp(0.5 - implicit * sharpness, 0.0, 1.0); }

double ellipse(double u, double v, double width, double height) {
  return (u * u) / (width * width) + (v * v) / (height * height) - 1;
}

void over(double& pixel, double tone, double share) { pixel += share * (tone - pixel); }

struct Knobs {
  double azimuth, illumination, hair, smile, pose;  // hair in [0,1], the others in [-1,1]
};

// u right and v down, in [-1,1], in the head's own frame.
double face_tone(double u, double v, const Knobs& k) {
  double pixel = 0.08;
  const double head = ellipse(u, v, 0.62, 0.82), turn = 0.26 * k.azimuth;
  over(pixel, 0.18, cover(ellipse(u, v + 0.06, 0.70, 0.90), 6) * cover(v - 0.2, 8));  // hair behind the head
  const double light = 0.68 + 0.26 * k.illumination * u / 0.62;
  over(pixel, light, cover(head, 6));
  const double hairline = -0.68 + 0.34 * k.hair;
  over(pixel, 0.18, cover(head, 6) * cover(v - hairline, 16));
  for (const int side : {-1, 1}) {
    const double centre = 0.24 * side + turn, narrow = 1 - 0.35 * std::max(0.0, side * k.azimuth);
    over(pixel, 0.95, cover(ellipse(u - centre, v + 0.12, 0.115 * narrow, 0.07), 3));
    over(pixel, 0.1, cover(ellipse(u - centre - 0.03 * k.azimuth, v + 0.12, 0.05 * narrow, 0.06), 3));
  }
  over(pixel, 0.6 * light, cover(ellipse(u - 1.35 * turn, v - 0.10, 0.05, 0.13), 3));
  const double across = u - 1.1 * turn, lips = v - 0.42 + 1.6 * k.smile * (across * across - 0.03);
  over(pixel, 0.25, cover(across * across / 0.0676 - 1, 4) * cover(lips * lips / 0.0016 - 1, 1));
  return pixel;
}

}  // namespace

uint32_t Faces::size() const {
  uint32_t n = 1;
  for (const int levels : kLevels) n *= static_cast<uint32_t>(levels);
  return n;
}

std::vector<Factor> Faces::factors() const {
  std::vector<Factor> list;
  for (size_t f = 0; f < kFactors; ++f) list.push_back({kNames[f], kLevels[f]});
  return list;
}

std::vector<int> Faces::factor_values(uint32_t index) const {
  if (index >= size())
    throw Error(ErrorKind::usage, spec(), "there is no image " + std::to_string(index),
                "its images are 0.." + std::to_string(size() - 1));
  std::vector<int> values(kFactors);
  for (size_t f = kFactors; f-- > 0;) {
    values[f] = static_cast<int>(index % static_cast<uint32_t>(kLevels[f]));
    index /= static_cast<uint32_t>(kLevels[f]);
  }
  return values;
}

void Faces::render(uint32_t index, std::span<real> out) const {
  if (out.size() != size_t{kSide * kSide})
    throw ShapeError("render: faces has [64,64,1] pixels, not " + std::to_string(out.size()));
  const std::vector<int> values = factor_values(index);
  const auto knob = [&](size_t f) { return 2.0 * values[f] / (kLevels[f] - 1) - 1; };
  const Knobs k{knob(0), knob(1), (knob(2) + 1) / 2, knob(3), knob(4)};
  const double t = 0.15 * k.pose;  // tan of half the tilt: up to 17 degrees
  const double c = (1 - t * t) / (1 + t * t), s = 2 * t / (1 + t * t);
  for (int row = 0; row < kSide; ++row)
    for (int column = 0; column < kSide; ++column) {
      const double x = (column + 0.5) / 32 - 1, y = (row + 0.5) / 32 - 1;
      out[static_cast<size_t>(row * kSide + column)] = static_cast<real>(face_tone(c * x + s * y, c * y - s * x, k));
    }
}

}  // namespace unpick
