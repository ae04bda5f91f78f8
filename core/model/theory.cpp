// See theory.h.
#include "core/model/theory.h"

#include <Eigen/Geometry>
#include <cmath>
#include <numbers>

#include "core/base/decompositions.h"
#include "core/base/numbers.h"

namespace unpick {
namespace {

double log_det(const Eigen::MatrixXd& positive) { return 2 * cholesky(positive).diagonal().array().log().sum(); }

std::span<real> values(Model& m, const Parameter& p) {
  return m.weights.span().subspan(static_cast<size_t>(p.offset), static_cast<size_t>(p.shape.size()));
}

// Scales the columns [begin, end) of a layer by a factor and adds to their biases.
void scale_outputs(Model& m, const std::string& layer, int begin, int end, double factor, double shift) {
  const Parameter &weight = *m.table.find(layer + ".weight"), &bias = *m.table.find(layer + ".bias");
  const int width = weight.shape[1];
  const auto w = values(m, weight), b = values(m, bias);
  for (int i = 0; i < weight.shape[0]; ++i)
    for (int j = begin; j < end; ++j) w[static_cast<size_t>(i * width + j)] *= static_cast<real>(factor);
  for (int j = begin; j < end; ++j) b[static_cast<size_t>(j)] = static_cast<real>(b[static_cast<size_t>(j)] * factor + shift);
}

// The layer that gives (mu, logvar): the encoder's last but "encoder.lower".
std::string moments_layer(const Model& m) {
  std::string layer;
  for (const Parameter& p : m.table.rows())
    if (p.name.rfind("encoder.", 0) == 0 && p.name.rfind("encoder.lower", 0) != 0) layer = p.name.substr(0, p.name.rfind('.'));
  return layer;
}

}  // namespace

double gaussian_kl(const Eigen::VectorXd& mu, const Eigen::MatrixXd& Sigma, const Eigen::MatrixXd& Omega) {
  const Eigen::MatrixXd L = cholesky(Omega);
  const auto inverse = L.triangularView<Eigen::Lower>();
  const double trace = inverse.solve(cholesky(Sigma)).squaredNorm(), length = inverse.solve(mu).squaredNorm();
  return 0.5 * (trace + length - static_cast<double>(mu.size()) + log_det(Omega) - log_det(Sigma));
}

double log_f_normal(const Eigen::MatrixXd& Omega, double beta) {
  const auto m = static_cast<double>(Omega.rows());
  return (1 - beta) / 2 * (log_det(Omega) + m * kLog2Pi) - m / 2 * std::log(beta);
}

double log_f_student(double nu, double beta) {
  const auto log_beta = [](double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); };
  const double log_root = 0.5 * std::log(nu);
  return log_root + log_beta(0.5, beta * (nu + 1) / 2 - 0.5) - beta * (log_root + log_beta(0.5, nu / 2));
}

BetaIdentity beta_identity(double log_likelihood, const Eigen::VectorXd& mu, const Eigen::MatrixXd& Sigma,
                           const Eigen::MatrixXd& Omega, double beta) {
  const double entropy = 0.5 * (log_det(Sigma) + static_cast<double>(mu.size()) * (1 + kLog2Pi));
  const double elbo = log_likelihood - gaussian_kl(mu, Sigma, Omega / beta);
  return {log_likelihood - beta * gaussian_kl(mu, Sigma, Omega), elbo + (beta - 1) * entropy + log_f_normal(Omega, beta)};
}

Model rescaled(const Model& model, double beta) {
  Model scaled(model.spec);
  std::copy(model.weights.data(), model.weights.data() + model.weights.size(), scaled.weights.data());
  const int latent = model.spec.latent;
  const double root = std::sqrt(beta);
  const std::string moments = moments_layer(model);
  scale_outputs(scaled, moments, 0, latent, root, 0);
  scale_outputs(scaled, moments, latent, 2 * latent, 1, std::log(beta));
  if (const Parameter* lower = model.table.find("encoder.lower.weight"))
    scale_outputs(scaled, "encoder.lower", 0, lower->shape[1], root, 0);
  for (real& w : values(scaled, *scaled.table.find("decoder.lin1.weight"))) w /= static_cast<real>(root);
  return scaled;
}

double rescaling_constant(int latent, double beta) { return 0.5 * latent * (beta - 1 - beta * std::log(beta)); }

Model with_turned_decoder(const Model& model, const Eigen::MatrixXd& R) {
  Model turned(model.spec);
  std::copy(model.weights.data(), model.weights.data() + model.weights.size(), turned.weights.data());
  const Parameter& first = *turned.table.find("decoder.lin1.weight");
  using RowMajor = Eigen::Matrix<real, -1, -1, Eigen::RowMajor>;
  Eigen::Map<RowMajor> W(values(turned, first).data(), first.shape[0], first.shape[1]);  // [Z,hidden], of z' W
  W = (R * W.template cast<double>()).eval().template cast<real>();
  return turned;
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

Eigen::VectorXd entangled(const Eigen::VectorXd& u, const Eigen::MatrixXd& A, const Marginal& marginal) {
  const Eigen::VectorXd normal = u.unaryExpr([&](double x) { return normal_quantile(marginal.cdf(x)); });
  return (A * normal).unaryExpr([&](double y) { return marginal.quantile(normal_cdf(y)); });
}

Eigen::Matrix3d rotation(const Eigen::Vector3d& axis, double angle) {
  return Eigen::AngleAxisd(angle, axis.normalized()).toRotationMatrix();
}

}  // namespace unpick
