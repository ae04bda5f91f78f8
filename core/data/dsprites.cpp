// Drawing dSprites: outlines, the scan conversion, and the slices. See dsprites.h for the rule.
//
// Why it is fast: what depends on shape, scale and orientation alone (720 outlines, 2 MB) is computed once. An image then
// costs four additions per vertex, and an exact integer division in each row that an edge crosses.
// Why it is exact everywhere: no vertex of the whole set comes nearer than 2.8e-7 grid steps to where its rounding changes (a
// test says so), while double arithmetic errs by 1e-11. So C libraries whose sin and cos differ in the last bits give the same
// pixels; after the rounding all is integer. This file is compiled without fused multiply-add all the same.
#include "core/data/dsprites.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <utility>

namespace unpick {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kRadius = 9.6;  // pixels: half a side of the square at scale 1, 0.15 of the canvas
constexpr int kSubpixels = 256;  // vertices lie on a grid of 1/256 pixel, as a GPU's do
constexpr std::array<int, 3> kVertices{4, 100, 150};
constexpr size_t kMostVertices = 150;

struct Offset {
  double x, y;  // pixels from the object's position, x right and y down
};

// Vertex i of the outline at scale 1 and orientation 0.
Offset vertex(int shape, int i) {
  const double t = 2 * kPi * i / kVertices[static_cast<size_t>(shape)];
  switch (shape) {
    case 0: return {i == 0 || i == 3 ? -kRadius : kRadius, i < 2 ? -kRadius : kRadius};
    case 1: return {kRadius * 1.33 * std::cos(t), kRadius / 1.33 * std::sin(t)};
    default: {
      const double s = std::sin(t), c = 13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t);
      return {kRadius * (s * s * s), -kRadius * (c / 14.5 + 0.15)};
    }
  }
}

// The terms of the rotated and scaled vertices (u, v): x = cx + cu + sv, y = cy - su + cv.
struct Outline {
  std::vector<double> cu, sv, su, cv;

  Outline(int shape, int scale, int orientation) {
    const double angle = orientation * 2 * kPi / 39, c = std::cos(angle), s = std::sin(angle), size = 0.5 + 0.1 * scale;
    for (int i = 0; i < kVertices[static_cast<size_t>(shape)]; ++i) {
      const Offset p = vertex(shape, i);
      const double u = p.x * size, v = p.y * size;
      cu.push_back(c * u), sv.push_back(s * v);
      su.push_back(s * u), cv.push_back(c * v);
    }
  }
};

// The outlines of every shape, scale and orientation, in the order of the images.
const std::vector<Outline>& outlines() {
  static const std::vector<Outline> all = [] {
    const auto& levels = Dsprites::kLevels;
    const int count = levels[0] * levels[1] * levels[2];
    std::vector<Outline> made;
    made.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) made.emplace_back(i / (levels[1] * levels[2]), i / levels[2] % levels[1], i % levels[2]);
    return made;
  }();
  return all;
}

int snap(double pixels) { return static_cast<int>(std::floor(pixels * kSubpixels + 0.5)); }

// An edge from y0 down to y1 crosses the centre lines of the rows first_row_below(y0)..first_row_below(y1)-1: a centre line at
// y0 is not crossed, one at y1 is, which puts the bottom edge of a shape inside and its top edge outside.
int first_row_below(int y) { return (y + kSubpixels / 2) / kSubpixels; }

// In each row that the edge crosses, flips every pixel whose centre is on the edge or right of it. All edges together leave
// the inside set (even-odd rule). No clipping: the largest outline stays within columns and rows 2..61.
void flip_right_of(int x0, int y0, int x1, int y1, Dsprites::Bitmap& rows) {
  if (y0 > y1) std::swap(x0, x1), std::swap(y0, y1);
  const int dx = x1 - x0, dy = y1 - y0;
  for (int r = first_row_below(y0), end = first_row_below(y1); r < end; ++r) {
    // The edge meets the centre line at x = x0 + dx (line - y0) / dy; the first centre at or right of it, exactly:
    const int line = r * kSubpixels + kSubpixels / 2;
    const auto numerator = static_cast<uint32_t>((x0 - kSubpixels / 2) * dy + dx * (line - y0));  // < 2^27
    const auto denominator = static_cast<uint32_t>(kSubpixels * dy);
    rows[static_cast<size_t>(r)] ^= ~uint64_t{0} << ((numerator + denominator - 1) / denominator);
  }
}

std::string levels_hint(size_t factor) {
  return std::string(Dsprites::kNames[factor]) + " is 0.." + std::to_string(Dsprites::kLevels[factor] - 1);
}

std::string value_name(size_t factor, int value) {
  return factor == 0 ? Dsprites::kShapes[static_cast<size_t>(value)] : std::to_string(value);
}

// "0..2|5"; shapes by name, each alone.
std::string list_values(size_t factor, const std::vector<int>& values) {
  std::string text;
  for (size_t i = 0, next = 0; i < values.size(); i = next) {
    next = i + 1;
    while (factor != 0 && next < values.size() && values[next] == values[next - 1] + 1) ++next;
    if (i > 0) text += '|';
    text += value_name(factor, values[i]);
    if (next > i + 1) text += ".." + value_name(factor, values[next - 1]);
  }
  return text;
}

}  // namespace

uint32_t Dsprites::index_of(const Values& values) {
  uint32_t index = 0;
  for (size_t f = 0; f < kFactors; ++f) {
    if (values[f] < 0 || values[f] >= kLevels[f])
      throw Error(ErrorKind::data, "dsprites", std::string(kNames[f]) + " cannot be " + std::to_string(values[f]), levels_hint(f));
    index = index * static_cast<uint32_t>(kLevels[f]) + static_cast<uint32_t>(values[f]);
  }
  return index;
}

Dsprites::Bitmap Dsprites::render_bits(const Values& values) {
  const int kind = (values[0] * kLevels[1] + values[1]) * kLevels[2] + values[2];
  const Outline& outline = outlines()[static_cast<size_t>(kind)];
  const double cx = 16 + 32. * values[3] / 31, cy = 16 + 32. * values[4] / 31;
  const size_t n = outline.cu.size();
  std::array<int, kMostVertices + 1> x, y;  // 1/256 pixel; the last repeats the first
  for (size_t i = 0; i < n; ++i) {
    x[i] = snap(cx + outline.cu[i] + outline.sv[i]);
    y[i] = snap(cy - outline.su[i] + outline.cv[i]);
  }
  x[n] = x[0], y[n] = y[0];
  Bitmap rows{};
  for (size_t i = 0; i < n; ++i) flip_right_of(x[i], y[i], x[i + 1], y[i + 1], rows);
  return rows;
}

Dsprites::Allowed Dsprites::everything() {
  Allowed all;
  for (size_t f = 0; f < kFactors; ++f)
    for (int value = 0; value < kLevels[f]; ++value) all[f].push_back(value);
  return all;
}

Dsprites::Dsprites(Allowed allowed) : allowed_(std::move(allowed)) {
  for (size_t f = 0; f < kFactors; ++f) {
    const std::vector<int>& list = allowed_[f];
    if (list.empty() || list.front() < 0 || list.back() >= kLevels[f] ||
        std::adjacent_find(list.begin(), list.end(), std::greater_equal<>()) != list.end())
      throw Error(ErrorKind::usage, "dsprites", std::string("the values of ") + kNames[f] + " are not an ascending list",
                  levels_hint(f));
    size_ *= static_cast<uint32_t>(list.size());
  }
  outlines();  // so that the first render is as fast as the others
}

Dsprites::Values Dsprites::values(uint32_t index) const {
  if (index >= size_)
    throw Error(ErrorKind::usage, spec(), "there is no image " + std::to_string(index),
                "its images are 0.." + std::to_string(size_ - 1));
  Values values;
  for (size_t f = kFactors; f-- > 0;) {
    const auto count = static_cast<uint32_t>(allowed_[f].size());
    values[f] = allowed_[f][index % count];
    index /= count;
  }
  return values;
}

std::string Dsprites::spec() const {
  std::string text = "dsprites";
  char separator = ':';
  for (size_t f = 0; f < kFactors; ++f) {
    if (static_cast<int>(allowed_[f].size()) == kLevels[f]) continue;
    text += std::exchange(separator, ',') + std::string(kNames[f]) + '=' + list_values(f, allowed_[f]);
  }
  return text;
}

void Dsprites::render(uint32_t index, std::span<real> out) const {
  if (out.size() != size_t{kSide * kSide})
    throw ShapeError("render: dsprites has [64,64,1] pixels, not " + std::to_string(out.size()));
  const Bitmap rows = render_bits(values(index));
  std::fill(out.begin(), out.end(), real{0});
  for (size_t r = 0; r < kSide; ++r)
    for (uint64_t bits = rows[r]; bits != 0; bits &= bits - 1) out[r * kSide + static_cast<size_t>(std::countr_zero(bits))] = 1;
}

std::vector<Factor> Dsprites::factors() const {
  std::vector<Factor> list;
  for (size_t f = 0; f < kFactors; ++f) list.push_back({kNames[f], static_cast<int>(allowed_[f].size())});
  return list;
}

std::vector<int> Dsprites::factor_values(uint32_t index) const {
  const Values v = values(index);
  return {v.begin(), v.end()};
}

}  // namespace unpick
