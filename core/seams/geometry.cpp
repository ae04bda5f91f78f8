// See geometry.h.
#include "core/seams/geometry.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/decompositions.h"
#include "core/base/numbers.h"
#include "core/seams/assignment.h"

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kRankTolerance = 1e-6, kNear = 0.05;

// The columns of `from` as rows of an input.
void write(std::span<real> to, const MatrixXd& from) {
  Eigen::Map<Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic>>(to.data(), from.rows(), from.cols()) = from.cast<real>();
}

[[noreturn]] void not_finite(const std::string& what) {
  throw Error(ErrorKind::failed, "decoder", what + " is not finite",
              "look for NaN in its weights, or for codes far from the prior");
}

std::vector<int> checked(std::vector<int> dims, int latent) {
  if (dims.empty()) {
    dims.resize(static_cast<size_t>(latent));
    std::iota(dims.begin(), dims.end(), 0);
  }
  const bool ascending = std::adjacent_find(dims.begin(), dims.end(), std::greater_equal<>()) == dims.end();
  if (!ascending || dims.front() < 0 || dims.back() >= latent)
    throw Error(ErrorKind::usage, "latents to look at", "not an ascending list of 0.." + std::to_string(latent - 1),
                "name each once");
  return dims;
}

void count_rank(Geometry& g) {
  const Eigen::Index n = g.s.size();
  g.gap = 1;
  for (Eigen::Index k = 0; k < n; ++k) {
    const bool above = g.s(k) > kRankTolerance * g.s(0);
    g.rank += above;
    if (k + 1 < n) g.gap = std::min(g.gap, above ? 1 - g.s(k + 1) / g.s(k) : 0);
  }
}

void label(Geometry& g, Signs signs) {
  g.axis = best_assignment(g.V.cwiseAbs());
  for (Eigen::Index k = 0; k < g.V.cols(); ++k) {
    Eigen::Index row = g.axis[static_cast<size_t>(k)];
    if (signs == Signs::largest_entry || g.V(row, k) == 0) g.V.col(k).cwiseAbs().maxCoeff(&row);
    if (g.V(row, k) < 0) g.V.col(k) *= -1;
  }
}

}  // namespace

size_t count_codes(std::span<const real> z, int latent) {
  const auto width = static_cast<size_t>(latent);
  if (latent < 1 || z.empty() || z.size() % width != 0)
    throw Error(ErrorKind::usage, "codes", std::to_string(z.size()) + " numbers are not rows of " + std::to_string(latent),
                "give one row of latents for each point");
  if (!finite(z)) throw Error(ErrorKind::usage, "codes", "a number is not finite", "look for NaN in the encoder's means");
  return z.size() / width;
}

VectorXd to_double(std::span<const real> values) {
  return Eigen::Map<const Eigen::Matrix<real, Eigen::Dynamic, 1>>(values.data(), static_cast<Eigen::Index>(values.size()))
      .cast<double>();
}

Geometry decompose(MatrixXd J, Signs signs) {
  if (J.size() == 0) throw Error(ErrorKind::usage, "Jacobian", "empty", "look at one latent at least");
  if (!J.allFinite()) not_finite("a derivative");
  Geometry g;
  g.J = std::move(J);
  g.G.noalias() = g.J.transpose() * g.J;
  if (!g.G.allFinite()) not_finite("the square of a derivative");
  const Svd of_J = svd(g.J);
  g.s = VectorXd::Zero(g.J.cols());  // fewer outputs than latents: the rest is zero
  g.s.head(of_J.s.size()) = of_J.s;
  g.V = of_J.V;
  count_rank(g);
  label(g, signs);
  g.U = MatrixXd::Constant(g.J.rows(), g.J.cols(), kUndefined);
  const VectorXd reciprocals = g.s.head(g.rank).cwiseInverse();
  g.U.leftCols(g.rank) = g.J * g.V.leftCols(g.rank) * reciprocals.asDiagonal();
  return g;
}

Geometry restricted(const Geometry& g, std::vector<int> dims, Signs signs) {
  dims = checked(std::move(dims), static_cast<int>(g.z.size()));
  std::vector<Eigen::Index> columns;
  for (int latent : dims) {
    const auto at = std::find(g.dims.begin(), g.dims.end(), latent);
    if (at == g.dims.end())
      throw Error(ErrorKind::usage, "latents to look at", "latent " + std::to_string(latent) + " was not", "look at all first");
    columns.push_back(at - g.dims.begin());
  }
  Geometry part = decompose(g.J(Eigen::all, columns), signs);
  part.z = g.z;
  part.dims = std::move(dims);
  part.value = g.value;
  return part;
}

Geometry rotated(const Geometry& g, const MatrixXd& Q) {
  Geometry r;
  r.dims = g.dims;
  r.G = Q * g.G * Q.transpose();
  r.s = g.s;
  r.V = Q * g.V;
  r.rank = g.rank;
  r.gap = g.gap;
  label(r, Signs::axis);
  return r;
}

MatrixXd labelled(const MatrixXd& rows, const std::vector<int>& axis) {
  MatrixXd result(rows.rows(), rows.cols());
  for (Eigen::Index k = 0; k < rows.rows(); ++k) result.row(axis[static_cast<size_t>(k)]) = rows.row(k);
  return result;
}

// ---- derivatives -----------------------------------------------------------------------------------------------------

std::vector<Geometry> GeometryProgram::at(std::span<const real> z, std::vector<int> dims, Signs signs) {
  const size_t points = count_codes(z, map_.latent), width = z.size() / points;
  dims = checked(std::move(dims), map_.latent);
  const int wanted = static_cast<int>(std::min(points, static_cast<size_t>(most_)));
  if (!jacobian_ || dims_ != dims || jacobian_->points() < wanted) {
    jacobian_ = std::make_unique<JacobianProgram>(map_, wanted, backend_, dims);
    dims_ = dims;
  }
  const auto batch = static_cast<size_t>(jacobian_->points());
  std::vector<Geometry> result;
  for (size_t begin = 0; begin < points; begin += batch) {
    const size_t n = std::min(batch, points - begin);
    jacobian_->run(z.subspan(begin * width, n * width));  // a last, shorter run leaves the other points as they were
    for (size_t p = 0; p < n; ++p) {
      const std::span<const real> value = jacobian_->value(static_cast<int>(p)), J = jacobian_->jacobian(static_cast<int>(p));
      if (!finite(value)) not_finite("an output");  // relu hides a NaN from its derivative
      if (!finite(J)) not_finite("a derivative");
      Geometry g = decompose(to_double(J).reshaped(map_.outputs, static_cast<Eigen::Index>(dims.size())), signs);
      const std::span<const real> code = z.subspan((begin + p) * width, width);
      g.z.assign(code.begin(), code.end());
      g.dims = dims;
      g.value = to_double(value);
      result.push_back(std::move(g));
    }
  }
  return result;
}

// Row k asks for the gradient of u_k' J v_k, row A + i for that of |J e_i| = (J e_i / |J e_i|)' J e_i.
SpeedChanges GeometryProgram::speed_changes(const Geometry& g) {
  const Eigen::Index n = g.J.cols();
  if (!speed_ || speed_->rows() < 2 * n) speed_ = std::make_unique<SpeedGradientProgram>(map_, static_cast<int>(2 * n), backend_);
  const VectorXd norms = g.G.diagonal().cwiseSqrt();
  MatrixXd v = MatrixXd::Zero(map_.latent, 2 * n), u = MatrixXd::Zero(map_.outputs, 2 * n);
  v(g.dims, Eigen::seqN(0, n)) = g.V;
  u.leftCols(g.rank) = g.U.leftCols(g.rank);
  for (Eigen::Index i = 0; i < n; ++i) {
    v(g.dims[static_cast<size_t>(i)], n + i) = 1;
    if (norms(i) > 0) u.col(n + i) = g.J.col(i) / norms(i);
  }
  const VectorXd code = to_double(g.z);
  write(speed_->z(), code.replicate(1, 2 * n));
  write(speed_->v(), v);
  write(speed_->u(), u);
  const std::span<const real> gradients = speed_->run().first(static_cast<size_t>(2 * n * map_.latent));
  if (!finite(gradients)) not_finite("a second derivative");
  const MatrixXd all = to_double(gradients).reshaped(map_.latent, 2 * n).transpose();
  SpeedChanges c{all(Eigen::seqN(0, n), g.dims), all(Eigen::seqN(n, n), g.dims), std::vector<bool>(static_cast<size_t>(n)), {}};
  c.singular.bottomRows(n - g.rank).setConstant(kUndefined);
  for (Eigen::Index i = 0; i < n; ++i)
    if (norms(i) == 0) c.column.row(i).setConstant(kUndefined);
  c.by_axis = labelled(c.singular, g.axis);
  for (Eigen::Index k = 0; k < n; ++k) {
    for (Eigen::Index i = 0; i < n; ++i)
      if (i != k && std::abs(g.s(i) - g.s(k)) < kNear * g.s(k)) c.near[static_cast<size_t>(k)] = true;
    const int axis = g.axis[static_cast<size_t>(k)];
    if (k < g.rank && c.near[static_cast<size_t>(k)]) c.by_axis.row(axis) = c.column.row(axis);
  }
  return c;
}

MatrixXd GeometryProgram::residual_hessian(const Geometry& g, const VectorXd& r) {
  if (r.size() != map_.outputs)
    throw Error(ErrorKind::usage, "residual",
                std::to_string(r.size()) + " numbers for " + std::to_string(map_.outputs) + " outputs", "give x - d(z)");
  if (!hessian_) hessian_ = std::make_unique<ResidualHessianProgram>(map_, backend_);
  const Eigen::Matrix<real, Eigen::Dynamic, 1> residual = r.cast<real>();
  const std::span<const real> values = hessian_->run(g.z, {residual.data(), static_cast<size_t>(residual.size())});
  if (!finite(values)) not_finite("a second derivative");
  const MatrixXd C = to_double(values).reshaped(map_.latent, map_.latent);
  const MatrixXd symmetric = (C + C.transpose()) / 2;
  return symmetric(g.dims, g.dims);
}

}  // namespace unpick
