// See garments.h. Shapes with soft edges, united, cut, and shaded.
#include "native/data/garments.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/rng.h"

namespace unpick {
namespace {

// All in [0,1] but light, in [-1,1].
struct Knobs {
  double tone, width, length, detail, stripes, pitch, light;
};

Knobs knobs_of(const Rng& rng, uint32_t index) {
  const auto u = [&](uint32_t k) { return rng.uniform(index, k); };
  return {u(0), u(1), u(2), u(3), u(4), u(5), 2 * u(6) - 1};
}

// How much of a pixel a shape covers, given a distance from its edge (negative inside).
double cover(double distance) { return std::clamp(0.5 - 14 * distance, 0.0, 1.0); }

double mix(double a, double b, double t) { return a + t * (b - a); }

// Piecewise linear through (x, y), constant beyond.
template <size_t n>
double through(double at, const std::array<std::array<double, 2>, n>& points) {
  for (size_t i = 1; i < n; ++i)
    if (at < points[i][0])
      return mix(points[i - 1][1], points[i][1], std::max(0.0, (at - points[i - 1][0]) / (points[i][0] - points[i - 1][0])));
  return points[n - 1][1];
}

// A stroke from a to b, `half` wide on either side: the distance is right at its edge.
double stroke(double u, double v, double au, double av, double bu, double bv, double half) {
  const double du = bu - au, dv = bv - av;
  const double t = std::clamp(((u - au) * du + (v - av) * dv) / (du * du + dv * dv), 0.0, 1.0);
  const double x = u - au - t * du, y = v - av - t * dv;
  return (x * x + y * y - half * half) / (2 * half);
}

double box(double u, double v, double left, double top, double right, double bottom) {
  return std::max(std::max(left - u, u - right), std::max(top - v, v - bottom));
}

// What a pixel shows: how much of it the garment covers, and how bright that is in units of its tone.
struct Shade {
  double share, tone;
};

// Shirts, dresses and coats are one pattern cut in different ways; lengths in half pictures of 28 pixels.
struct Cut {
  double shoulder, waist, hem, bottom, sleeve,
      neck;   // half widths; where it ends; how far sleeves reach, 0: none; depth of the neck
  bool open;  // down the front
};

Shade top(double u, double v, const Knobs& k, const Cut& c) {
  constexpr double kTop = -0.86;
  const double a = std::abs(u), wide = mix(0.9, 1.12, k.width), bottom = c.bottom - 0.2 * k.length;
  const double half = wide * through<3>(v, {{{kTop, c.shoulder}, {mix(kTop, bottom, 0.45), c.waist}, {bottom, c.hem}}});
  double share = cover(std::max(std::max(kTop - v, v - bottom), a - half));
  const double reach = c.sleeve * mix(0.85, 1.1, k.detail);
  if (c.sleeve > 0) {
    const double su = wide * c.shoulder - 0.1;
    share = std::max(share, cover(stroke(a, v, su, -0.72, su + 0.3 * reach + 0.12, -0.72 + 1.4 * reach, 0.13)));
  }
  share *= 1 - cover((u * u / 0.04 + (v - kTop) * (v - kTop) / (c.neck * c.neck) - 1) * 0.1);
  const bool front = c.open && a < 0.05 && v > kTop + c.neck;
  return {share, front ? 0.45 : 1.0};
}

Shade trousers(double u, double v, const Knobs& k) {
  const double a = std::abs(u), bottom = 0.92 - 0.3 * k.length, crotch = -0.4;
  const double outer = mix(0.26, 0.4, k.width) + (v + 0.9) * mix(-0.02, 0.08, k.detail);
  const double gap = v > crotch ? 0.03 + 0.1 * (v - crotch) : -1;
  return {cover(std::max(std::max(-0.9 - v, v - bottom), std::max(a - outer, gap - a))), v < -0.76 ? 0.7 : 1.0};
}

Shade sandal(double u, double v, const Knobs& k) {
  const double heel = 0.35 * k.detail, sole = through<3>(u, {{{-0.9, 0.42}, {-0.2, 0.42}, {0.85, 0.36 - heel}}});
  double share = cover(std::max(std::abs(v - sole) - mix(0.05, 0.1, k.width), std::abs(u) - 0.88));
  share = std::max(share, cover(std::max(std::max(sole - v, v - 0.46), std::abs(u - 0.76) - 0.1)));
  const double high = -0.35 * k.length - heel;
  for (const auto& [from, to] : {std::array{-0.62, -0.32}, {-0.05, -0.32}, {0.35, 0.55}, {0.82, 0.55}})
    share = std::max(share, cover(stroke(u, v, from, 0.38 - (from > 0.2 ? heel : 0), to, to < 0 ? 0.05 : high, 0.055)));
  return {share, 1};
}

Shade sneaker(double u, double v, const Knobs& k) {
  const double rise = mix(0.1, 0.32, k.length);
  const double upper =
      through<5>(u, {{{-0.9, 0.25}, {-0.55, 0.1}, {-0.05, 0.02 - 0.4 * rise}, {0.3, -rise}, {0.85, -rise + 0.05}}});
  const double share = cover(std::max(std::max(upper - v, v - 0.48), std::abs(u) - 0.9));
  const bool sole = v > 0.48 - mix(0.08, 0.2, k.width), laces = k.detail > 0.5 && std::abs(u - 0.05) < 0.12 && v < 0.1;
  return {share, sole ? 1.35 : laces ? 0.6 : 1.0};
}

Shade boot(double u, double v, const Knobs& k) {
  const double shaft = -0.45 - 0.45 * k.length, heel = mix(0.0, 0.2, k.detail), neck = mix(-0.15, 0.05, k.width);
  const double upper = through<5>(u, {{{-0.9, 0.36}, {-0.6, 0.16}, {neck - 0.12, 0.02}, {neck, shaft}, {0.8, shaft}}});
  const double base = 0.55 + heel * (u > 0.35 || u < -0.95 ? 0.6 : u < -0.3 ? 0.35 : -0.1);
  return {cover(std::max(std::max(upper - v, v - base), std::max(-0.9 - u, u - 0.8))), v > 0.44 ? 0.75 : 1.0};
}

Shade bag(double u, double v, const Knobs& k) {
  const double half = mix(0.6, 0.88, k.width), upper = mix(-0.3, 0.05, k.detail), flare = 0.08 * (v - upper);
  const double body = cover(box(u, v, -half - flare, upper, half + flare, 0.78));
  const double high = mix(0.2, 0.75, k.length), x = u / 0.45, y = (v - upper) / high;
  const double handle = v < upper + 0.05 ? cover((std::abs(x * x + y * y - 1) - 0.3) * 0.22) : 0;
  return {std::max(body, handle), v > upper && v < upper + 0.28 ? 0.8 : 1.0};
}

Shade shade(int kind, double u, double v, const Knobs& k) {
  switch (kind) {
    case 0: return top(u, v, k, {0.46, 0.42, 0.43, 0.95, 0.32, 0.16, false});
    case 1: return trousers(u, v, k);
    case 2: return top(u, v, k, {0.46, 0.44, 0.42, 0.9, 1, 0.1, false});
    case 3: return top(u, v, k, {0.3, 0.24, 0.48, 1.1, k.detail > 0.6 ? 0.3 : 0, 0.22, false});
    case 4: return top(u, v, k, {0.48, 0.46, 0.52, 1.08, 1.02, 0.2, true});
    case 5: return sandal(u, v, k);
    case 6: return top(u, v, k, {0.42, 0.38, 0.42, 1.0, 0.9, 0.26, true});
    case 7: return sneaker(u, v, k);
    case 8: return bag(u, v, k);
    default: return boot(u, v, k);
  }
}

// u right and v down, in [-1,1].
double tone_at(int kind, double u, double v, const Knobs& k) {
  const Shade s = shade(kind, u, v, k);
  const double turns = v * mix(2, 6, k.pitch), wave = std::abs(2 * (turns - std::floor(turns)) - 1);  // 0 to 1 and back
  const double stripes = k.stripes > 0.7 ? 0.5 * wave : 0;
  return std::clamp(s.share * s.tone * mix(0.35, 0.95, k.tone) * (1 + 0.15 * k.light * u - stripes), 0.0, 1.0);
}

}  // namespace

std::vector<int> Garments::factor_values(uint32_t index) const {
  if (index >= size())
    throw Error(ErrorKind::usage, spec(), "there is no image " + std::to_string(index),
                "its images are 0.." + std::to_string(size() - 1));
  const uint32_t seen = index + (test_ ? kTrain : 0), ten = kClasses;
  return {static_cast<int>(Rng(0, Stream::permutation).shuffle(ten, seen / ten)[seen % ten])};
}

void Garments::render(uint32_t index, std::span<real> out) const {
  if (out.size() != size_t{kSide * kSide})
    throw ShapeError("render: fashion has [32,32,1] pixels, not " + std::to_string(out.size()));
  const int kind = factor_values(index)[0];
  const Knobs k = knobs_of(Rng(0, Stream::data), index + (test_ ? kTrain : 0));
  for (size_t p = 0; p < out.size(); ++p) {
    const size_t row = p / kSide, column = p % kSide;
    const double u = (static_cast<double>(column) - 15.5) / 14, v = (static_cast<double>(row) - 15.5) / 14;
    const bool border = std::abs(u) > 1 || std::abs(v) > 1;  // the middle 28 pixels are [-1,1]
    out[p] = border ? 0 : static_cast<real>(tone_at(kind, u, v, k));
  }
}

}  // namespace unpick
