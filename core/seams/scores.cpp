// See scores.h.
#include "core/seams/scores.h"

#include <algorithm>
#include <cmath>

#include "core/base/decompositions.h"
#include "core/base/numbers.h"
#include "core/seams/assignment.h"

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// M without its diagonal.
MatrixXd off(const MatrixXd& M) {
  if (M.rows() != M.cols() || M.size() == 0)
    throw ShapeError("score: a square matrix is needed, not [" + std::to_string(M.rows()) + "," + std::to_string(M.cols()) + "]");
  MatrixXd rest = M;
  rest.diagonal().setZero();
  return rest;
}

void require_same(const MatrixXd& a, const MatrixXd& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) throw ShapeError("score: the two matrices differ in size");
}

}  // namespace

double distance_to_axes(const MatrixXd& V) {
  const double square = 2 * static_cast<double>(V.cols()) - 2 * best_total(V.cwiseAbs());
  return std::sqrt(std::max(0.0, square));  // rounding may go below zero
}

double axis_alignment(const MatrixXd& V) { return best_total(V.cwiseAbs2()) / static_cast<double>(V.cols()); }

double mean_largest_entry(const MatrixXd& V) { return V.cwiseAbs().colwise().maxCoeff().mean(); }

double off_share(const MatrixXd& M) { return ratio(off(M).squaredNorm(), M.squaredNorm()); }
double off_mass(const MatrixXd& M) { return ratio(off(M).cwiseAbs().sum(), M.diagonal().cwiseAbs().sum()); }
double off_norm(const MatrixXd& M) { return ratio(off(M).norm(), M.diagonal().norm()); }
double off_root(const MatrixXd& M) { return off(M).norm(); }

double mean_abs_cosine(const MatrixXd& M) {
  const Eigen::Index n = M.rows();
  const MatrixXd rest = off(M);
  if (!(M.diagonal().array() > 0).all()) return kUndefined;
  if (n == 1) return 0;
  const VectorXd scale = M.diagonal().cwiseSqrt().cwiseInverse();
  return (scale.asDiagonal() * rest * scale.asDiagonal()).cwiseAbs().sum() / static_cast<double>(n * (n - 1));
}

double dependence(const Geometry& g, const SpeedChanges& c) {
  const Eigen::Index n = g.J.cols();
  if (n == 1) return 0;
  const VectorXd scale = g.G.diagonal().cwiseSqrt().cwiseInverse();
  return off(scale.asDiagonal() * c.column).cwiseAbs().sum() / static_cast<double>(n * (n - 1));
}

double non_cancellation(const MatrixXd& A, const MatrixXd& C) {
  require_same(A, C);
  return ratio(off(A - C).norm(), off(A).norm() + off(C).norm());
}

double identity_error(const MatrixXd& sigma, const MatrixXd& P) {
  require_same(sigma, P);
  return (sigma * P - MatrixXd::Identity(P.rows(), P.cols())).norm() / std::sqrt(static_cast<double>(P.rows()));
}

VectorXd diagonal_errors(const VectorXd& variance, const MatrixXd& P) {
  require_same(variance, P.diagonal());
  return (variance.cwiseProduct(P.diagonal()).array() - 1).abs();
}

double diagonal_gap(const MatrixXd& P, double beta) {
  const MatrixXd L = cholesky(P);
  if (L.size() == 0 || !P.allFinite()) return kUndefined;
  const double log_det = 2 * L.diagonal().array().log().sum();
  return beta / 2 * std::max(0.0, P.diagonal().array().log().sum() - log_det);
}

double median(std::vector<double> values) {
  if (values.empty()) return kUndefined;
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

// ---- chance -----------------------------------------------------------------------------------------------------------

MatrixXd random_rotation(int n, const Rng& rng, uint32_t step) {
  MatrixXd normal(n, n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) normal(i, j) = rng.normal(step, static_cast<uint32_t>(i * n + j));
  return orthogonal_factor(normal);
}

Score against_chance(int n, const std::function<double(const MatrixXd&)>& score, const Rng& rng, uint32_t step, int rotations) {
  Score result{score(MatrixXd::Identity(n, n)), rotations > 0 ? 0 : kUndefined};
  for (int r = 0; r < rotations; ++r) result.rotated += score(random_rotation(n, rng, step + static_cast<uint32_t>(r))) / rotations;
  return result;
}

Score c2_residual(double (*score)(const MatrixXd&), const Geometry& g, const SpeedChanges& c, const Rng& rng, uint32_t step,
                  int rotations) {
  const auto turned = [&](const MatrixXd& Q) { return score(labelled(c.singular * Q.transpose(), rotated(g, Q).axis)); };
  Score result = against_chance(static_cast<int>(g.s.size()), turned, rng, step, rotations);
  result.measured = score(c.by_axis);
  return result;
}

std::span<const GeometryScore> geometry_scores() {
  static constexpr GeometryScore rows[] = {
      {"dto", "distance of V to the axes", true, [](const Geometry& g) { return distance_to_axes(g.V); }},
      {"aas", "axis alignment of V", true, [](const Geometry& g) { return axis_alignment(g.V); }},
      {"largest-entry", "mean over columns of V of the largest |entry|", true,
       [](const Geometry& g) { return mean_largest_entry(g.V); }},
      {"c1", "share of J'J off the diagonal", false, [](const Geometry& g) { return off_share(g.G); }},
      {"cosine", "mean |cosine| between columns of J", false, [](const Geometry& g) { return mean_abs_cosine(g.G); }},
      {"off-mass", "sum |off| / sum diagonal of J'J", false, [](const Geometry& g) { return off_mass(g.G); }},
      {"off-norm", "|off|_F / |diagonal|_F of J'J", false, [](const Geometry& g) { return off_norm(g.G); }},
  };
  return rows;
}

std::vector<MeanScore> mean_scores(std::span<const Geometry> points, const Rng& rng, int rotations) {
  std::vector<MeanScore> result;
  for (const GeometryScore& row : geometry_scores()) {
    MeanScore mean{&row, {}, 0};
    for (size_t p = 0; p < points.size(); ++p) {
      const Geometry& g = points[p];
      const auto step = static_cast<uint32_t>(p) * static_cast<uint32_t>(rotations);
      const auto score = [&](const MatrixXd& Q) { return row.of(rotated(g, Q)); };
      const Score at_point = against_chance(static_cast<int>(g.s.size()), score, rng, step, rotations);
      if ((row.of_v && !g.determined()) || !std::isfinite(at_point.measured) || !std::isfinite(at_point.rotated)) {
        ++mean.undefined;
        continue;
      }
      mean.mean.measured += at_point.measured;
      mean.mean.rotated += at_point.rotated;
    }
    const double defined = static_cast<double>(points.size()) - mean.undefined;
    mean.mean = {ratio(mean.mean.measured, defined), ratio(mean.mean.rotated, defined)};
    result.push_back(mean);
  }
  return result;
}

}  // namespace unpick
