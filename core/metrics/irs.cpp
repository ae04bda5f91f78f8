// See irs.h.
#include "core/metrics/irs.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/check.h"
#include "core/metrics/mutual_information.h"

namespace unpick {
namespace {

using Eigen::Index;

constexpr double kQuantile = 0.99;

// Linear between the two nearest order statistics.
double quantile(std::vector<double>& values, double q) {
  const double at = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<size_t>(at);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(low), values.end());
  const double below = values[low];
  if (low + 1 == values.size()) return below;
  const double above = *std::min_element(values.begin() + static_cast<std::ptrdiff_t>(low) + 1, values.end());
  return below + (at - static_cast<double>(low)) * (above - below);
}

// The mean over classes of the quantile of |z - mean of the class|.
double mean_deviation(const Eigen::VectorXd& z, const Classes& factor) {
  std::vector<std::vector<double>> members(static_cast<size_t>(factor.count()));
  for (Index i = 0; i < z.size(); ++i) members[static_cast<size_t>(factor.of(i))].push_back(z(i));
  double sum = 0;
  for (std::vector<double>& values : members) {
    double mean = 0;
    for (const double v : values) mean += v / static_cast<double>(values.size());
    for (double& v : values) v = std::abs(v - mean);
    sum += quantile(values, kQuantile);
  }
  return sum / factor.count();
}

}  // namespace

Report irs(const Points& points) {
  check_points(points, "irs");
  const std::vector<Index> active = varying(points.codes);
  if (active.empty()) throw Error(ErrorKind::data, "irs", "all codes are constant", "there is nothing to measure");
  const Eigen::MatrixXi binned = discretise(points.factors);
  const auto codes = static_cast<Index>(active.size()), factors = binned.cols();
  Eigen::MatrixXd matrix(codes, factors);
  Eigen::VectorXd dims(codes), score(codes), most(codes), parent(codes);
  for (Index a = 0; a < codes; ++a) {
    const Eigen::VectorXd z = points.codes.col(active[static_cast<size_t>(a)]).cast<double>();
    most(a) = (z.array() - z.mean()).abs().maxCoeff();
    for (Index k = 0; k < factors; ++k) matrix(a, k) = 1 - mean_deviation(z, classes(binned.col(k))) / most(a);
    Index best = 0;
    score(a) = matrix.row(a).maxCoeff(&best);
    parent(a) = static_cast<double>(best);
    dims(a) = static_cast<double>(active[static_cast<size_t>(a)]);
  }
  Report report;
  report.add("IRS", score.dot(most) / most.sum());
  report.add("active_dims", dims);
  report.add("irs_matrix", matrix);
  report.add("per_code", score);
  report.add("max_deviations", most);
  report.add("parents", parent);
  return report;
}

}  // namespace unpick
