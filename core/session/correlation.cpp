// Two passes in double: means first, so that a small spread around a large mean loses nothing. See correlation.h.
#include "core/session/correlation.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"

namespace unpick {
namespace {

// `value(i)` for i in 0..n-1, shifted and scaled to mean 0 and length 1; all zero if it is constant.
template <class Value>
std::vector<double> standardised(size_t n, Value value) {
  std::vector<double> x(n);
  double mean = 0, square = 0;
  for (size_t i = 0; i < n; ++i) mean += value(i) / static_cast<double>(n);
  bool constant = true;
  for (size_t i = 0; i < n; ++i) {
    constant = constant && value(i) == value(0);  // the rounded mean of equal numbers need not be that number
    x[i] = value(i) - mean;
    square += x[i] * x[i];
  }
  const double scale = constant || square == 0 ? 0 : 1 / std::sqrt(square);
  for (double& v : x) v *= scale;
  return x;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return std::clamp(sum, -1.0, 1.0);
}

bool varies(const FactorColumn& column) {
  return std::adjacent_find(column.values.begin(), column.values.end(), std::not_equal_to<>()) != column.values.end();
}

}  // namespace

std::pair<int, double> FactorCorrelation::best(size_t factor) const {
  int latent = 0;
  for (int z = 1; z < latents; ++z)
    if (std::abs(at(factor, z)) > std::abs(at(factor, latent))) latent = z;
  return {latent, at(factor, latent)};
}

FactorCorrelation correlate(std::span<const real> codes, int latents, std::vector<FactorColumn> columns) {
  const auto width = static_cast<size_t>(latents);
  if (latents < 1 || codes.size() % width != 0)
    throw ShapeError("correlate: the codes are not [N," + std::to_string(latents) + "]");
  const size_t n = codes.size() / width;
  FactorCorrelation result;
  result.latents = latents;
  for (FactorColumn& column : columns) {
    if (column.values.size() != n) throw ShapeError("correlate: '" + column.name + "' has not one value for each code");
    if (varies(column)) result.factors.push_back(std::move(column));
  }
  std::vector<std::vector<double>> z;  // [Z][N]
  for (size_t j = 0; j < width; ++j)
    z.push_back(standardised(n, [&](size_t i) { return static_cast<double>(codes[i * width + j]); }));
  for (const FactorColumn& column : result.factors) {
    const auto factor = standardised(n, [&](size_t i) { return static_cast<double>(column.values[i]); });
    for (const auto& latent : z) result.r.push_back(dot(factor, latent));
  }
  return result;
}

}  // namespace unpick
