// See geometry.h.
#include "core/seams/geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/decompositions.h"
#include "core/graph/derive.h"
#include "core/seams/assignment.h"

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr double kRankTolerance = 1e-6, kNear = 0.05;

// The check finds NaN and infinity alike.
bool finite(std::span<const real> values) {
  return Eigen::Map<const Eigen::Array<real, Eigen::Dynamic, 1>>(values.data(), static_cast<Eigen::Index>(values.size()))
      .allFinite();
}

VectorXd to_double(std::span<const real> values) {
  return Eigen::Map<const Eigen::Matrix<real, Eigen::Dynamic, 1>>(values.data(), static_cast<Eigen::Index>(values.size()))
      .cast<double>();
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

DirectionalProgram::DirectionalProgram(const DecoderMap& map, int order, int rows, Backend& backend)
    : latent_(map.latent), order_(order), rows_(rows) {
  Parameters none;
  Recorder r{*graph_, map.table ? *map.table : none};
  z_ = graph_->input({rows, latent_}, "z");
  a_ = graph_->input({rows, latent_}, "a");
  b_ = graph_->input({rows, latent_}, "b");
  value_ = map.record(r, z_);
  if (value_.shape() != Shape{rows, map.outputs})
    throw ShapeError("decoder map: rows " + value_.shape().str() + " instead of " + Shape{rows, map.outputs}.str());
  first_ = jvp(std::array{value_}, std::array{z_}, std::array{a_})[0];
  second_ = order == 2 ? jvp(std::array{first_}, std::array{z_}, std::array{b_})[0] : first_;
  program_ = backend.prepare(Plan(*graph_, {{value_, first_, second_}, r.used, {}}), {map.weights, {}});
}

// The rows of a last, shorter pass that are left over keep what they had.
void DirectionalProgram::fill(std::span<const real> z, std::span<const Probe> probes) {
  const auto width = static_cast<size_t>(latent_);
  const std::span<real> codes = program_->data(z_), a = program_->data(a_), b = program_->data(b_);
  std::fill(a.begin(), a.end(), real{0});
  std::fill(b.begin(), b.end(), real{0});
  for (size_t row = 0; row < probes.size(); ++row) {
    const std::span<const real> code = z.subspan(probes[row].point * width, width);
    std::copy(code.begin(), code.end(), codes.begin() + static_cast<long>(row * width));
    a[row * width + static_cast<size_t>(probes[row].a)] = 1;
    b[row * width + static_cast<size_t>(probes[row].b)] = 1;
  }
}

DirectionalProgram::Result DirectionalProgram::result(size_t row) {
  const auto of = [&](Var v) {
    const std::span<const real> all = program_->data(v);
    return all.subspan(row * (all.size() / static_cast<size_t>(rows_)), all.size() / static_cast<size_t>(rows_));
  };
  return {of(value_), of(first_), order_ == 2 ? of(second_) : std::span<const real>{}};
}

void DirectionalProgram::run(std::span<const real> z, std::span<const Probe> probes,
                             const std::function<void(size_t, Result)>& use) {
  count_codes(z, latent_);
  for (size_t begin = 0; begin < probes.size(); begin += static_cast<size_t>(rows_)) {
    const size_t n = std::min(static_cast<size_t>(rows_), probes.size() - begin);
    fill(z, probes.subspan(begin, n));
    program_->run();
    for (size_t row = 0; row < n; ++row) {
      const Result r = result(row);
      if (!finite(r.value)) not_finite("an output");  // relu hides a NaN from its derivative
      if (!finite(r.first) || !finite(r.second)) not_finite("a derivative");
      use(begin + row, r);
    }
  }
}

DirectionalProgram& GeometryProgram::program(int order) {
  auto& slot = programs_[static_cast<size_t>(order - 1)];
  if (!slot) slot = std::make_unique<DirectionalProgram>(map_, order, rows_, backend_);
  return *slot;
}

std::vector<Geometry> GeometryProgram::at(std::span<const real> z, std::vector<int> dims, Signs signs) {
  const size_t points = count_codes(z, map_.latent), width = z.size() / points;
  dims = checked(std::move(dims), map_.latent);
  std::vector<DirectionalProgram::Probe> probes;
  for (size_t p = 0; p < points; ++p)
    for (int latent : dims) probes.push_back({p, latent, latent});
  std::vector<Geometry> result;
  MatrixXd J(map_.outputs, static_cast<Eigen::Index>(dims.size()));
  program(1).run(z, probes, [&](size_t probe, DirectionalProgram::Result r) {
    const size_t column = probe % dims.size();
    J.col(static_cast<Eigen::Index>(column)) = to_double(r.first);
    if (column + 1 < dims.size()) return;
    Geometry g = decompose(J, signs);
    const std::span<const real> code = z.subspan(result.size() * width, width);
    g.z.assign(code.begin(), code.end());
    g.dims = dims;
    g.value = to_double(r.value);
    result.push_back(std::move(g));
  });
  return result;
}

// The Hessian is symmetric, so pairs a <= b suffice: T_ab gives dJ/dz_b its column a and dJ/dz_a its column b.
SpeedChanges GeometryProgram::speed_changes(const Geometry& g) {
  const Eigen::Index n = g.J.cols();
  SpeedChanges c{MatrixXd::Zero(n, n), MatrixXd::Zero(n, n), std::vector<bool>(static_cast<size_t>(n)), {}};
  std::vector<DirectionalProgram::Probe> probes;
  std::vector<std::pair<Eigen::Index, Eigen::Index>> pairs;
  for (Eigen::Index a = 0; a < n; ++a)
    for (Eigen::Index b = a; b < n; ++b) {
      probes.push_back({0, g.dims[static_cast<size_t>(a)], g.dims[static_cast<size_t>(b)]});
      pairs.emplace_back(a, b);
    }
  const VectorXd norms = g.G.diagonal().cwiseSqrt();
  program(2).run(g.z, probes, [&](size_t probe, DirectionalProgram::Result r) {
    const auto [a, b] = pairs[probe];
    const VectorXd T = to_double(r.second);
    const VectorXd along_u = g.U.transpose() * T;
    c.singular.col(b) += along_u.cwiseProduct(g.V.row(a).transpose());
    c.column(a, b) = norms(a) > 0 ? g.J.col(a).dot(T) / norms(a) : kUndefined;
    if (a == b) return;
    c.singular.col(a) += along_u.cwiseProduct(g.V.row(b).transpose());
    c.column(b, a) = norms(b) > 0 ? g.J.col(b).dot(T) / norms(b) : kUndefined;
  });
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
