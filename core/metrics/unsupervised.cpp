// See unsupervised.h.
#include "core/metrics/unsupervised.h"

#include <cmath>
#include <limits>
#include <vector>

#include "core/base/check.h"
#include "core/base/decompositions.h"
#include "core/metrics/mutual_information.h"
#include "core/metrics/points.h"

namespace unpick {
namespace {

using Eigen::Index;

void check_codes(const Eigen::MatrixXf& codes, const char* metric) {
  if (codes.rows() < 2 || codes.cols() < 1) throw Error(ErrorKind::data, metric, "needs two points or more", "give more");
  if (!codes.allFinite()) throw Error(ErrorKind::data, metric, "a code is not finite", "mend it");
}

}  // namespace

Eigen::MatrixXd covariance(const Eigen::MatrixXf& codes) {
  Eigen::MatrixXd z = codes.cast<double>();
  for (Index d = 0; d < z.cols(); ++d) {
    const bool constant = z.col(d).minCoeff() == z.col(d).maxCoeff();  // the rounded mean of equal numbers need not be that number
    z.col(d).array() -= constant ? z(0, d) : z.col(d).mean();
  }
  return z.transpose() * z / static_cast<double>(z.rows() - 1);
}

double gaussian_total_correlation(const Eigen::MatrixXd& S) {
  if ((S.diagonal().array() <= 0).any()) return std::numeric_limits<double>::quiet_NaN();
  return 0.5 * (S.diagonal().array().log().sum() - spectrum(S).values.array().abs().log().sum());
}

Report unsupervised(const Eigen::MatrixXf& codes) {
  check_codes(codes, "unsupervised");
  const Eigen::MatrixXd S = covariance(codes);
  const Eigen::VectorXd root = S.diagonal().cwiseSqrt();
  const Eigen::VectorXd shared = spectrum(root.asDiagonal() * S * root.asDiagonal()).values;
  const double wasserstein = 2 * S.trace() - 2 * shared.cwiseMax(0).cwiseSqrt().sum();
  const Eigen::MatrixXi bins = discretise(codes);
  const Eigen::MatrixXd information = mutual_information(bins, bins);  // [D,D]
  const auto pairs = static_cast<double>(S.rows() * (S.rows() - 1));
  Report report;
  report.add("gaussian_total_correlation", gaussian_total_correlation(S));
  report.add("gaussian_wasserstein_correlation", wasserstein);
  report.add("gaussian_wasserstein_correlation_norm", wasserstein / S.trace());
  report.add("mutual_info_score", pairs > 0 ? (information.sum() - information.trace()) / pairs : 0);
  report.add("covariance", S);
  return report;
}

double hoyer(const Eigen::VectorXd& z) {
  const double root = std::sqrt(static_cast<double>(z.size()));
  return (root - z.lpNorm<1>() / z.norm()) / (root - 1);
}

Report hoyer_score(const Eigen::MatrixXf& codes) {
  check_codes(codes, "hoyer");
  const std::vector<Index> dims = varying(codes);
  Eigen::MatrixXd z(codes.rows(), static_cast<Index>(dims.size()));
  for (Index d = 0; d < z.cols(); ++d) z.col(d) = codes.col(dims[static_cast<size_t>(d)]).cast<double>();
  z *= covariance(codes(Eigen::all, dims)).diagonal().cwiseSqrt().cwiseInverse().asDiagonal();
  double sum = 0;
  for (Index i = 0; i < z.rows(); ++i) sum += hoyer(z.row(i));
  Report report;
  report.add("hoyer", sum / static_cast<double>(z.rows()));
  return report;
}

}  // namespace unpick
