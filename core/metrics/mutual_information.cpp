// Bins, counts and logarithms. Compiled without fused multiply-add, so that edges are the same on every host. See
// mutual_information.h.
#include "core/metrics/mutual_information.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "core/base/check.h"
#include "core/metrics/points.h"

namespace unpick {
namespace {

using Eigen::Index;

// Edges are computed in double and kept as T: e_k = least + k (most - least) / bins.
template <class T, class Matrix>
Eigen::MatrixXi binned(const Matrix& values, int bins) {
  Eigen::MatrixXi result(values.rows(), values.cols());
  if (values.rows() == 0) return result;
  for (Index d = 0; d < values.cols(); ++d) {
    auto least = static_cast<double>(values.col(d).minCoeff()), most = static_cast<double>(values.col(d).maxCoeff());
    if (least == most) least -= 0.5, most += 0.5;
    const double step = (most - least) / bins;
    std::vector<T> edge(static_cast<size_t>(bins));
    for (int k = 0; k < bins; ++k) edge[static_cast<size_t>(k)] = static_cast<T>(least + k * step);
    for (Index i = 0; i < values.rows(); ++i) {
      const auto x = static_cast<T>(values(i, d));
      int bin = 0;
      for (const T e : edge) bin += e <= x;
      result(i, d) = bin;
    }
  }
  return result;
}

}  // namespace

Eigen::MatrixXi discretise(const Eigen::MatrixXf& codes, int bins) { return binned<float>(codes, bins); }
Eigen::MatrixXi discretise(const Eigen::MatrixXi& factors, int bins) { return binned<double>(factors, bins); }

Eigen::MatrixXd bin_counts(const Eigen::MatrixXi& binned, int bins) {
  Eigen::MatrixXd counts = Eigen::MatrixXd::Zero(binned.cols(), bins);
  for (Index d = 0; d < binned.cols(); ++d)
    for (Index i = 0; i < binned.rows(); ++i) counts(d, binned(i, d) - 1) += 1;
  return counts;
}

double mutual_information(const Eigen::VectorXi& a, const Eigen::VectorXi& b) {
  const Classes rows = classes(a), columns = classes(b);
  if (rows.count() < 2 || columns.count() < 2) return 0;
  Eigen::MatrixXd counts = Eigen::MatrixXd::Zero(rows.count(), columns.count());
  for (Index i = 0; i < a.size(); ++i) counts(rows.of(i), columns.of(i)) += 1;
  const Eigen::VectorXd of_row = counts.rowwise().sum(), of_column = counts.colwise().sum();
  const auto n = static_cast<double>(a.size());
  double sum = 0;
  for (Index r = 0; r < counts.rows(); ++r)
    for (Index c = 0; c < counts.cols(); ++c) {
      if (counts(r, c) == 0) continue;
      const double p = counts(r, c) / n;
      const double term =
          p * (std::log(counts(r, c)) - std::log(n)) + p * (2 * std::log(n) - std::log(of_row(r)) - std::log(of_column(c)));
      if (std::abs(term) >= std::numeric_limits<double>::epsilon()) sum += term;
    }
  return std::max(0.0, sum);
}

Eigen::MatrixXd mutual_information(const Eigen::MatrixXi& a, const Eigen::MatrixXi& b) {
  if (a.rows() != b.rows()) throw ShapeError("mutual_information: the two sides have not the same number of points");
  Eigen::MatrixXd result(a.cols(), b.cols());
  for (Index d = 0; d < a.cols(); ++d)
    for (Index k = 0; k < b.cols(); ++k) result(d, k) = mutual_information(Eigen::VectorXi(a.col(d)), b.col(k));
  return result;
}

Eigen::VectorXd entropies(const Eigen::MatrixXi& factors) {
  Eigen::VectorXd result(factors.cols());
  for (Index k = 0; k < factors.cols(); ++k)
    result(k) = mutual_information(Eigen::VectorXi(factors.col(k)), Eigen::VectorXi(factors.col(k)));
  return result;
}

Eigen::VectorXd top_gaps(const Eigen::MatrixXd& M, const char* metric) {
  if (M.rows() < 2)
    throw Error(ErrorKind::usage, metric, "is a gap between two codes, and there is one", "give a model with two latents or more");
  Eigen::VectorXd gaps(M.cols());
  for (Index k = 0; k < M.cols(); ++k) {
    Eigen::VectorXd column = M.col(k);
    std::partial_sort(column.begin(), column.begin() + 2, column.end(), std::greater<>());
    gaps(k) = column(0) - column(1);
  }
  return gaps;
}

}  // namespace unpick
