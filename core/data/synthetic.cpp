// See synthetic.h. Plain loops where data are made: the order of every sum is ours, so that the bits are equal on every host.
#include "core/data/synthetic.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

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

constexpr uint32_t kMostData = 1'000'000;
constexpr int kMostOutputs = 1024, kMostLatents = 64;

// The shortest text that reads back to the same number.
std::string number_text(double x) {
  char text[32];
  for (int digits = 1; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, x);
    if (std::strtod(text, nullptr) == x) break;
  }
  return text;
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

SyntheticData::SyntheticData(const std::string& name, int outputs, int latent, double noise, uint64_t seed, uint32_t size)
    : sigma2(noise), seed_(seed), size_(size), outputs_(outputs), latent_(latent) {
  if (latent < 1 || latent > outputs || latent > kMostLatents || outputs > kMostOutputs || !(noise >= 0 && noise < 1e12) ||
      size == 0 || size > kMostData)
    throw Error(ErrorKind::usage, "data '" + name + "'",
                std::to_string(latent) + " factors in " + std::to_string(outputs) + " outputs, variance " + std::to_string(noise) +
                    ", " + std::to_string(size) + " data",
                "give 1 to n <= 1024 singular values, at most 64, a variance that is not negative, and a size up to a million");
}

Eigen::VectorXd SyntheticData::codes(uint32_t index) const {
  const Rng rng(seed_, Stream::data);
  Eigen::VectorXd z(latent_);
  for (Eigen::Index k = 0; k < z.size(); ++k) z(k) = rng.normal(kCodes, at(index, k, z.size()));
  return z;
}

void SyntheticData::render(uint32_t index, std::span<real> out) const {
  if (static_cast<int>(out.size()) != outputs_)
    throw ShapeError("synthetic data: room for " + std::to_string(out.size()) + " of " + std::to_string(outputs_) + " outputs");
  const Rng rng(seed_, Stream::data);
  const Eigen::VectorXd mean = decode(codes(index));
  const double sigma = std::sqrt(sigma2);
  for (Eigen::Index i = 0; i < mean.size(); ++i)
    out[static_cast<size_t>(i)] = static_cast<real>(mean(i) + sigma * rng.normal(kNoise, at(index, i, mean.size())));
}

// ---- linear ----------------------------------------------------------------------------------------------------------

GaussianData::GaussianData(int outputs, std::vector<double> singular, double noise, uint64_t seed, uint32_t size)
    : SyntheticData("gaussian", outputs, static_cast<int>(singular.size()), noise, seed, size),
      s(Eigen::Map<Eigen::VectorXd>(singular.data(), static_cast<Eigen::Index>(singular.size()))) {
  const int latent = static_cast<int>(singular.size());
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
  std::string values;
  for (Eigen::Index k = 0; k < s.size(); ++k) values += (k ? "|" : "") + number_text(s(k));
  return "gaussian:outputs=" + std::to_string(U.rows()) + ",s=" + values + ",sigma2=" + number_text(sigma2) +
         ",seed=" + std::to_string(seed_) + ",size=" + std::to_string(size_);
}

Eigen::VectorXd GaussianData::decode(const Eigen::VectorXd& z) const {
  Eigen::VectorXd x = Eigen::VectorXd::Zero(W_.rows());
  for (Eigen::Index i = 0; i < x.size(); ++i)
    for (Eigen::Index k = 0; k < z.size(); ++k) x(i) += W_(i, k) * z(k);
  return x;
}

Eigen::MatrixXd GaussianData::weights() const { return W_; }

Eigen::MatrixXd GaussianData::covariance() const {
  return W_ * W_.transpose() + sigma2 * Eigen::MatrixXd::Identity(U.rows(), U.rows());
}

// ---- waves -----------------------------------------------------------------------------------------------------------

WaveData::WaveData(uint64_t seed, double noise, uint32_t size) : SyntheticData("waves", 4, 2, noise, seed, size) {}

std::string WaveData::spec() const {
  return "waves:sigma2=" + number_text(sigma2) + ",seed=" + std::to_string(seed_) + ",size=" + std::to_string(size_);
}

Eigen::VectorXd WaveData::decode(const Eigen::VectorXd& z) const {
  Eigen::VectorXd x(4);
  x << 1.4 * z(0), 0.5 * std::cos(1.5 * z(0)), 0.8 * z(1), 0.35 * std::sin(1.5 * z(1));
  return x;
}

}  // namespace unpick
