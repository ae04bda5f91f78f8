// Data whose truth is known: x = d*(z*) + noise, z* ~ N(0, I_m), noise ~ N(0, sigma^2 I_n), d* linear or two waves. (theory B4, B8)
//
// Linear: W* = U* S* V*', U* and V* Haar random, the Q of a Gaussian matrix by Gram-Schmidt. p(x) depends on W*W*' alone, so V* is
// immaterial (Remark 6.1): `with_right_vectors` gives the same U*, S* with another V*, whose data are other numbers of the same
// distribution.
//
// Invariants: a datum depends on (seed, index) alone, on every host (this file is compiled without fused multiply-add; the waves
// also depend on the last bit of the host's sine). The outputs stand as an image [1,n,1] so that every trainer takes them, but they
// are any numbers, not only those in [0,1]: use the Gaussian likelihood.
// Read next: core/data/open_dataset.cpp
#pragma once

#include <Eigen/Core>

#include "core/base/rng.h"
#include "core/data/dataset.h"

namespace unpick {

// k orthonormal columns [n,k], k <= n, uniform over all such: from normals of (rng, step).
Eigen::MatrixXd haar(int n, int k, const Rng& rng, uint32_t step);

class SyntheticData : public Dataset {
 public:
  uint32_t size() const override { return size_; }
  Shape image() const override { return {1, outputs_, 1}; }
  void render(uint32_t index, std::span<real> out) const override;     // x
  Eigen::VectorXd codes(uint32_t index) const;                         // z* [m]
  virtual Eigen::VectorXd decode(const Eigen::VectorXd& z) const = 0;  // d*(z) [n], without noise

  double sigma2;

 protected:
  // `name` is that of the spec, for errors.
  SyntheticData(const std::string& name, int outputs, int latent, double sigma2, uint64_t seed, uint32_t size);

  uint64_t seed_;
  uint32_t size_;

 private:
  int outputs_, latent_;
};

class GaussianData : public SyntheticData {
 public:
  // s: the m singular values of W*, m <= outputs.
  GaussianData(int outputs, std::vector<double> s, double sigma2, uint64_t seed, uint32_t size = 10000);
  GaussianData with_right_vectors(uint64_t seed) const;  // another V*, which no spec names

  std::string spec() const override;
  Eigen::VectorXd decode(const Eigen::VectorXd& z) const override;

  Eigen::MatrixXd weights() const;     // W* [n,m]
  Eigen::MatrixXd covariance() const;  // W*W*' + sigma^2 I [n,n]

  Eigen::MatrixXd U, V;  // [n,m], [m,m]
  Eigen::VectorXd s;     // [m]

 private:
  Eigen::MatrixXd W_;
};

// d*(z) = (1.4 z_1, 0.5 cos 1.5 z_1, 0.8 z_2, 0.35 sin 1.5 z_2): a curve in each of two orthogonal planes, so C1 and C2 hold, and
// the singular values sqrt(1.96 + 0.5625 sin^2 1.5 z_1) > sqrt(0.64 + 0.2756 cos^2 1.5 z_2) never meet.
class WaveData : public SyntheticData {
 public:
  explicit WaveData(uint64_t seed, double sigma2 = 0.01, uint32_t size = 10000);
  std::string spec() const override;
  Eigen::VectorXd decode(const Eigen::VectorXd& z) const override;
};

}  // namespace unpick
