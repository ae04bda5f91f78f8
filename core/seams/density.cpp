// See density.h.
#include "core/seams/density.h"

#include <cmath>
#include <limits>

#include "core/base/decompositions.h"
#include "core/base/numbers.h"

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

bool full_rank(const Geometry& g) { return g.rank == g.s.size(); }

VectorXd code(const Geometry& g) {
  VectorXd z(static_cast<Eigen::Index>(g.dims.size()));
  for (Eigen::Index j = 0; j < z.size(); ++j) z(j) = g.z[static_cast<size_t>(g.dims[static_cast<size_t>(j)])];
  return z;
}

VectorXd log_normal(const VectorXd& x) { return -(x.array().square() + kLog2Pi) / 2; }

// d/dz of log sqrt(det J'J) = sum_k (ds_k/dz) / s_k. The sum is right where single s_k are not, near equal ones.
VectorXd volume_gradient(GeometryProgram& program, const Geometry& g) {
  return program.speed_changes(g).singular.transpose() * g.s.cwiseInverse();
}

}  // namespace

double log_manifold_density(const Geometry& g) {
  if (!full_rank(g)) return kUndefined;
  return log_normal(code(g)).sum() - log_volume(g.J);
}

double log_seam_factors(const Geometry& g) {
  if (!full_rank(g)) return kUndefined;
  return log_normal(g.V.transpose() * code(g)).sum() - g.s.array().log().sum();
}

double seam_factor_residual(const Geometry& g) { return std::abs(log_manifold_density(g) - log_seam_factors(g)); }

double mixed_curvature(GeometryProgram& program, const Geometry& g) {
  const auto n = static_cast<Eigen::Index>(g.dims.size());
  if (!full_rank(g)) return kUndefined;
  if (n == 1) return 0;
  // Where the errors of a central difference, h² and epsilon / h, are alike.
  const auto h = static_cast<real>(std::cbrt(std::numeric_limits<real>::epsilon()));
  std::vector<real> codes;
  for (int latent : g.dims)
    for (real sign : {real{1}, real{-1}}) {
      codes.insert(codes.end(), g.z.begin(), g.z.end());
      (codes.end() - static_cast<long>(g.z.size()))[latent] += sign * h;
    }
  const std::vector<Geometry> moved = program.at(codes, g.dims);
  double sum = 0;
  for (Eigen::Index j = 0; j < n; ++j) {
    const Geometry &up = moved[static_cast<size_t>(2 * j)], &down = moved[static_cast<size_t>(2 * j + 1)];
    const auto latent = static_cast<size_t>(g.dims[static_cast<size_t>(j)]);
    VectorXd change = volume_gradient(program, up) - volume_gradient(program, down);
    change(j) = 0;
    sum += change.cwiseAbs().sum() / static_cast<double>(up.z[latent] - down.z[latent]);
  }
  return sum / static_cast<double>(n * (n - 1));
}

SeamDensity seam_density(const Path& path) {
  const MatrixXd z = path.z(path.dims, Eigen::all);
  SeamDensity d{path.v.cwiseProduct(z).colwise().sum().transpose(), {}, {}, 0};
  d.log_p = log_normal(d.coordinate);
  d.log_f = d.log_p.array() - path.s.array().log();
  const VectorXd f = d.log_f.array().exp();
  for (Eigen::Index i = 0; i + 1 < f.size(); ++i) d.integral += (f(i) + f(i + 1)) / 2 * (path.arc(i + 1) - path.arc(i));
  return d;
}

}  // namespace unpick
