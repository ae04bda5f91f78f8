// See aggregate.h.
#include "ui/aggregate.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

namespace unpick::ui {
namespace {

constexpr int kSide = 49;                                       // points of the grid
constexpr float kStep = 2 * kReach / (kSide - 1), kWithin = 4;  // standard deviations: what lies further out is left out
constexpr double kTwoPi = 2 * std::numbers::pi;

using Field = std::vector<float>;  // [kSide,kSide], rows upwards

float place(int i) { return -kReach + kStep * static_cast<float>(i); }
float& at(Field& f, int i, int j) { return f[static_cast<size_t>(j * kSide + i)]; }

// The points of the grid from `low` to `high`.
std::pair<int, int> points_within(float low, float high) {
  const auto index = [](float x) { return (std::clamp(x, -2 * kReach, 2 * kReach) + kReach) / kStep; };
  return {std::max(0, static_cast<int>(std::ceil(index(low)))), std::min(kSide - 1, static_cast<int>(std::floor(index(high))))};
}

// Adds weight N(m, C). Along a row a Gaussian's values have ratios that themselves fall by a constant factor.
void add_gaussian(Field& f, float weight, float mx, float my, float xx, float xy, float yy) {
  constexpr float kNarrow = 0.64f * kStep * kStep;
  xx = std::max(xx, kNarrow);
  yy = std::max(yy, kNarrow);
  const float det = xx * yy - xy * xy, precision = yy / det, reach = kWithin / std::sqrt(precision);
  const float scale = weight / (static_cast<float>(kTwoPi) * std::sqrt(det)), fall = std::exp(-precision * kStep * kStep);
  const auto [first, last] = points_within(my - kWithin * std::sqrt(yy), my + kWithin * std::sqrt(yy));
  for (int j = first; j <= last; ++j) {
    const float dy = place(j) - my, middle = mx + xy / yy * dy;
    const auto [begin, end] = points_within(middle - reach, middle + reach);
    const float dx = place(begin) - middle;
    float value = scale * std::exp(-0.5f * (dy * dy / yy + precision * dx * dx));
    float ratio = std::exp(-precision * kStep * (dx + kStep / 2));
    for (int i = begin; i <= end; ++i) {
      at(f, i, j) += value;
      value *= ratio;
      ratio *= fall;
    }
  }
}

Field mixture_of_posteriors(const LatentSample& s, int a, int b) {
  Field f(kSide * kSide);
  const auto width = static_cast<size_t>(s.latents()), n = s.images.size();
  const auto entry = [&](const std::vector<real>& of, size_t image, int latent) {
    return static_cast<float>(of[image * width + static_cast<size_t>(latent)]);
  };
  for (size_t i = 0; i < n; ++i) {
    float covariance = 0;
    for (size_t k = 0; k < width && !s.root.empty(); ++k) {
      const real* const root = s.root.data() + i * width * width + k;
      covariance += static_cast<float>(root[static_cast<size_t>(a) * width] * root[static_cast<size_t>(b) * width]);
    }
    add_gaussian(f, 1 / static_cast<float>(n), entry(s.mu, i, a), entry(s.mu, i, b), std::exp(entry(s.logvar, i, a)), covariance,
                 std::exp(entry(s.logvar, i, b)));
  }
  return f;
}

double student(double square, double nu, int m) {
  return std::exp(std::lgamma((nu + m) / 2) - std::lgamma(nu / 2) - 0.5 * m * std::log(nu * std::numbers::pi) -
                  0.5 * (nu + m) * std::log1p(square / nu));
}

double normal(double x, double variance) { return std::exp(-0.5 * x * x / variance) / std::sqrt(kTwoPi * variance); }

// The mean density of N(0, sd^2) over a cell of the grid: a spike is narrower than that.
double normal_around(double x, double sd) {
  const auto below = [&](double to) { return 0.5 * std::erf(to / (sd * std::numbers::sqrt2)); };
  return (below(x + kStep / 2) - below(x - kStep / 2)) / kStep;
}

// Empty where p has no marginal in closed form. Formulas: core/model/priors.h
Field prior_in_plane(const Pictures& pictures, const Config& c, int a, int b) {
  Field f(kSide * kSide);
  const auto fill = [&](auto&& density) {
    for (int j = 0; j < kSide; ++j)
      for (int i = 0; i < kSide; ++i) at(f, i, j) = static_cast<float>(density(double{place(i)}, double{place(j)}));
  };
  const auto variance = [&](int latent) { return pictures.prior_variances.size() > 0 ? pictures.prior_variances(latent) : 1; };
  const bool together = c.prior == "subspaces" && a / c.subspace == b / c.subspace;
  if (c.prior == "student-t" || c.prior == "subspaces") {
    fill([&](double x, double y) {
      return together ? student(x * x + y * y, c.nu, 2) : student(x * x, c.nu, 1) * student(y * y, c.nu, 1);
    });
  } else if (c.prior == "sparse") {
    const auto one = [&](double x) { return c.sparsity * normal_around(x, 0.05) + (1 - c.sparsity) * normal_around(x, 1); };
    fill([&](double x, double y) { return one(x) * one(y); });
  } else if (c.prior == "mixture") {
    const auto share = 0.5f / static_cast<float>(c.latent);
    for (const float sign : {-1.0f, 1.0f}) {
      add_gaussian(f, share, sign, 0, 0.03f, 0, 0.03f);
      add_gaussian(f, share, 0, sign, 0.03f, 0, 0.03f);
    }
    add_gaussian(f, 1 - 4 * share, 0, 0, 0.03f, 0, 0.03f);
  } else if (c.prior == "hierarchical" && std::max(a, b) >= (c.latent + 1) / 2) {
    return {};
  } else {
    fill([&](double x, double y) { return normal(x, variance(a)) * normal(y, variance(b)); });
  }
  return f;
}

// The highest level above which so much lies, between two of the grid's values; infinity if the grid does not hold it.
float level_of(Field f, double share) {
  std::sort(f.begin(), f.end(), std::greater<>());
  double mass = 0;
  for (size_t i = 0; i + 1 < f.size(); ++i)
    if ((mass += double{f[i]} * kStep * kStep) >= share) return (f[i] + f[i + 1]) / 2;
  return std::numeric_limits<float>::infinity();
}

// Goes around each cell: corners above the level, and where an edge crosses it. Whole cells of a row are one piece.
Region region_above(Field& f, float level) {
  Region region;
  const auto add = [&](std::initializer_list<ImVec2> corners) {
    region.corners.insert(region.corners.end(), corners);
    region.pieces.push_back(static_cast<int>(corners.size()));
  };
  for (int j = 0; j + 1 < kSide; ++j) {
    int whole = -1;  // where a run of whole cells began
    for (int i = 0; i < kSide; ++i) {
      constexpr int kRound[][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
      float value[4] = {};
      int above = 0;
      for (int k = 0; k < 4 && i + 1 < kSide; ++k) above += (value[k] = at(f, i + kRound[k][0], j + kRound[k][1])) > level;
      if (above == 4 && whole < 0) whole = i;
      if (above == 4) continue;
      if (whole >= 0) add({{place(whole), place(j)}, {place(i), place(j)}, {place(i), place(j + 1)}, {place(whole), place(j + 1)}});
      whole = -1;
      if (above == 0) continue;
      const size_t before = region.corners.size();
      std::array<ImVec2, 4> crossed;
      size_t crossings = 0;
      for (int k = 0; k < 4; ++k) {
        const int next = (k + 1) % 4;
        const auto corner = [&](int c) { return ImVec2(place(i + kRound[c][0]), place(j + kRound[c][1])); };
        const ImVec2 here = corner(k), there = corner(next);
        if (value[k] > level) region.corners.push_back(here);
        if ((value[k] > level) == (value[next] > level)) continue;
        const float share = (level - value[k]) / (value[next] - value[k]);
        crossed[crossings++] = {here.x + share * (there.x - here.x), here.y + share * (there.y - here.y)};
        region.corners.push_back(crossed[crossings - 1]);
      }
      region.pieces.push_back(static_cast<int>(region.corners.size() - before));
      // Of a cell that begins above the level, the first crossing leaves it.
      const size_t shift = value[0] > level ? 0 : 1;
      for (size_t k = 0; k < crossings; ++k) region.edge.push_back(crossed[(k + shift) % crossings]);
    }
  }
  return region;
}

double divergence_of(const Field& q, const Field& p) {
  double kl = 0, mass = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    mass += double{q[i]} * kStep * kStep;
    if (q[i] > 0) kl += double{q[i]} * std::log(double{q[i]} / std::max(double{p[i]}, 1e-30)) * kStep * kStep;
  }
  return mass > 0.98 ? kl : std::nan("");
}

}  // namespace

Aggregate aggregate_in_plane(const Pictures& pictures, const Config& config, int a, int b) {
  Aggregate result{pictures.serial, a, b, {}, {}, std::nan("")};
  Field q = mixture_of_posteriors(pictures.sample, a, b), p = prior_in_plane(pictures, config, a, b);
  for (size_t k = 0; k < kShares.size(); ++k) {
    result.q[k] = region_above(q, level_of(q, kShares[k]));
    if (!p.empty()) result.p[k] = region_above(p, level_of(p, kShares[k]));
  }
  result.kl = divergence_of(q, p);
  return result;
}

}  // namespace unpick::ui
