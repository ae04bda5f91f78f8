// See synthetic.h. Plain loops where data are made: the order of every sum is ours, so that the bits are equal on every host.
#include "core/data/synthetic.h"

#include <cmath>

namespace unpick {
namespace {

// Steps of Stream::data; data begin at 16.
enum : uint32_t { kLeft = 0, kRight = 1, kCodes = 16, kNoise = 17 };

double dot(const double* x, const double* y, Eigen::Index n) {
  double sum = 0;
  for (Eigen::Index i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

Eigen::MatrixXd product(const Eigen::MatrixXd& U, const Eigen::VectorXd& s, const Eigen::MatrixXd& V) {
  Eigen::MatrixXd W(U.rows(), V.rows());
  for (Eigen::Index i = 0; i < W.rows(); ++i)
    for (Eigen::Index j = 0; j < W.cols(); ++j) {
      W(i, j) = 0;
      for (Eigen::Index k = 0; k < s.size(); ++k) W(i, j) += U(i, k) * s(k) * V(j, k);
    }
  return W;
}

uint32_t at(uint32_t index, Eigen::Index element, Eigen::Index width) {
  return index * static_cast<uint32_t>(width) + static_cast<uint32_t>(element);
}

}  // namespace

Eigen::MatrixXd haar(int n, int k, const Rng& rng, uint32_t step) {
  Eigen::MatrixXd Q(n, k);
  for (Eigen::Index i = 0; i < Q.size(); ++i) Q.data()[i] = rng.normal(step, static_cast<uint32_t>(i));
  for (Eigen::Index j = 0; j < k; ++j) {
    double* column = Q.col(j).data();
    for (int pass = 0; pass < 2; ++pass)  // twice is enough
      for (Eigen::Index other = 0; other < j; ++other) {
        const double share = dot(column, Q.col(other).data(), n);
        for (Eigen::Index i = 0; i < n; ++i) column[i] -= share * Q(i, other);
      }
    const double norm = std::sqrt(dot(column, column, n));
    for (Eigen::Index i = 0; i < n; ++i) column[i] /= norm;
  }
  return Q;
}

GaussianData::GaussianData(int outputs, std::vector<double> singular, double noise, uint64_t seed, uint32_t size)
    : s(Eigen::Map<Eigen::VectorXd>(singular.data(), static_cast<Eigen::Index>(singular.size()))),
      sigma2(noise),
      seed_(seed),
      size_(size) {
  const int latent = static_cast<int>(singular.size());
  if (latent < 1 || latent > outputs || !(noise >= 0) || size == 0)
    throw Error(ErrorKind::usage, "data 'gaussian'",
                std::to_string(latent) + " factors in " + std::to_string(outputs) + " outputs, " + std::to_string(size) + " data",
                "give 1 to n singular values, a variance that is not negative, and a size");
  const Rng rng(seed, Stream::data);
  U = haar(outputs, latent, rng, kLeft);
  V = haar(latent, latent, rng, kRight);
  W_ = product(U, s, V);
}

GaussianData GaussianData::with_right_vectors(uint64_t seed) const {
  GaussianData other = *this;
  other.V = haar(static_cast<int>(V.rows()), static_cast<int>(V.rows()), Rng(seed, Stream::data), kRight);
  other.W_ = product(U, s, other.V);
  return other;
}

std::string GaussianData::spec() const {
  return "gaussian: " + std::to_string(s.size()) + " factors in " + std::to_string(U.rows()) + " outputs, seed " +
         std::to_string(seed_);
}

Eigen::VectorXd GaussianData::codes(uint32_t index) const {
  const Rng rng(seed_, Stream::data);
  Eigen::VectorXd z(s.size());
  for (Eigen::Index k = 0; k < z.size(); ++k) z(k) = rng.normal(kCodes, at(index, k, z.size()));
  return z;
}

void GaussianData::render(uint32_t index, std::span<real> out) const {
  if (static_cast<Eigen::Index>(out.size()) != U.rows())
    throw ShapeError("gaussian data: room for " + std::to_string(out.size()) + " of " + std::to_string(U.rows()) + " outputs");
  const Rng rng(seed_, Stream::data);
  const Eigen::VectorXd z = codes(index);
  const double sigma = std::sqrt(sigma2);
  for (Eigen::Index i = 0; i < U.rows(); ++i) {
    double x = sigma * rng.normal(kNoise, at(index, i, U.rows()));
    for (Eigen::Index k = 0; k < z.size(); ++k) x += W_(i, k) * z(k);
    out[static_cast<size_t>(i)] = static_cast<real>(x);
  }
}

Eigen::MatrixXd GaussianData::weights() const { return W_; }

Eigen::MatrixXd GaussianData::covariance() const {
  return W_ * W_.transpose() + sigma2 * Eigen::MatrixXd::Identity(U.rows(), U.rows());
}

}  // namespace unpick
