// See curves.h.
#include "core/seams/curves.h"

#include <algorithm>
#include <cmath>

#include "core/base/numbers.h"
#include "core/seams/assignment.h"

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

VectorXd segments(const MatrixXd& x) { return (x.rightCols(x.cols() - 1) - x.leftCols(x.cols() - 1)).colwise().norm(); }

// Columns with mean 0 and norm 1, or 0 if they are constant.
MatrixXd standardised(const MatrixXd& columns) {
  MatrixXd result = columns.rowwise() - columns.colwise().mean();
  const double noise = 1e-12 * columns.norm();
  for (Eigen::Index j = 0; j < result.cols(); ++j) {
    const double norm = result.col(j).norm();
    result.col(j) *= norm > noise ? 1 / norm : 0;
  }
  return result;
}

}  // namespace

VectorXd polyline_arc(const MatrixXd& x, Eigen::Index origin) {
  VectorXd arc = VectorXd::Zero(x.cols());
  if (x.cols() > 1) {
    const VectorXd steps = segments(x);
    for (Eigen::Index i = 0; i < steps.size(); ++i) arc(i + 1) = arc(i) + steps(i);
  }
  return arc.array() - arc(origin);
}

// Points are taken from b's first, so that what products of them lose to rounding is small beside the curves.
double mean_distance(const MatrixXd& a, const MatrixXd& b) {
  if (a.rows() != b.rows() || a.cols() == 0 || b.cols() == 0)
    throw ShapeError("curves: [" + std::to_string(a.rows()) + "," + std::to_string(a.cols()) + "] and [" +
                     std::to_string(b.rows()) + "," + std::to_string(b.cols()) + "] cannot be compared");
  const MatrixXd from = a.colwise() - b.col(0), to = b.colwise() - b.col(0);
  const MatrixXd product = from.transpose() * to;  // [P,Q]
  const VectorXd from_square = from.colwise().squaredNorm(), to_square = to.colwise().squaredNorm();
  VectorXd nearest(a.cols());
  for (Eigen::Index i = 0; i < a.cols(); ++i) {
    double least = from_square(i);  // to b's first point
    for (Eigen::Index j = 0; j + 1 < b.cols(); ++j) {
      const double square = (to.col(j + 1) - to.col(j)).squaredNorm();
      const double along = product(i, j + 1) - product(i, j) - (to.col(j).dot(to.col(j + 1)) - to_square(j));
      const double share = square > 0 ? std::clamp(along / square, 0.0, 1.0) : 0;
      least = std::min(least, from_square(i) - 2 * product(i, j) + to_square(j) + share * (share * square - 2 * along));
    }
    nearest(i) = std::sqrt(std::max(0.0, least));
  }
  if (a.cols() == 1) return nearest(0);
  const VectorXd steps = segments(a);
  const VectorXd means = (nearest.head(steps.size()) + nearest.tail(steps.size())) / 2;
  return steps.sum() > 0 ? steps.dot(means) / steps.sum() : nearest(0);
}

AxisImage axis_image(GeometryProgram& program, const Path& path) {
  MatrixXd z = path.z.col(path.origin).replicate(1, path.t.size());
  z.row(path.latent) += path.t.transpose();
  const Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic> codes = z.cast<real>();
  const std::vector<Geometry> at = program.at({codes.data(), static_cast<size_t>(codes.size())}, {path.latent});
  AxisImage image{MatrixXd(path.x.rows(), z.cols()), 0, 0};
  for (Eigen::Index i = 0; i < z.cols(); ++i) image.x.col(i) = at[static_cast<size_t>(i)].value;
  image.departure = ratio(mean_distance(image.x, path.x), path.seam_length());
  const VectorXd along = at[static_cast<size_t>(path.origin)].J.col(0);
  image.cosine = ratio(along.dot(path.u.col(path.origin)), along.norm());
  return image;
}

SeamMatch compare_seams(std::span<const Path> first, std::span<const Path> second) {
  const auto n = static_cast<Eigen::Index>(first.size());
  MatrixXd cosines(static_cast<Eigen::Index>(second.size()), n);
  for (Eigen::Index k = 0; k < n; ++k)
    for (Eigen::Index i = 0; i < cosines.rows(); ++i) {
      const Path &a = first[static_cast<size_t>(k)], &b = second[static_cast<size_t>(i)];
      if (a.u.rows() != b.u.rows())
        throw ShapeError("seams: " + std::to_string(a.u.rows()) + " and " + std::to_string(b.u.rows()) + " outputs");
      cosines(i, k) = std::abs(a.u.col(a.origin).dot(b.u.col(b.origin)));
    }
  SeamMatch match{best_assignment(cosines.array().isNaN().select(0, cosines)), VectorXd(n), VectorXd(n)};
  for (Eigen::Index k = 0; k < n; ++k) {
    const Path &a = first[static_cast<size_t>(k)], &b = second[static_cast<size_t>(match.partner[static_cast<size_t>(k)])];
    match.cosine(k) = cosines(match.partner[static_cast<size_t>(k)], k);
    match.distance(k) = ratio(mean_distance(a.x, b.x) + mean_distance(b.x, a.x), a.seam_length() + b.seam_length());
  }
  return match;
}

double mean_correlation(const MatrixXd& codes, const MatrixXd& truth) {
  if (codes.rows() != truth.rows() || codes.rows() < 2)
    throw ShapeError("correlation: " + std::to_string(codes.rows()) + " codes of " + std::to_string(truth.rows()) + " data");
  const MatrixXd correlation = standardised(codes).transpose() * standardised(truth);
  return best_total(correlation.cwiseAbs()) / static_cast<double>(truth.cols());
}

}  // namespace unpick
