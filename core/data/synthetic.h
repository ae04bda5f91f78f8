// Data whose truth is known: x = W* z* + noise with W* = U* S* V*', z* ~ N(0, I_m), noise ~ N(0, sigma^2 I_n). (theory B4, B8)
//
// U* and V* are Haar random: the Q of a Gaussian matrix, by Gram-Schmidt. p(x) depends on W*W*' alone, so V* is immaterial
// (Remark 6.1): `with_right_vectors` gives the same U*, S* with another V*, whose data are other numbers of the same distribution.
//
// Invariants: a datum depends on (seed, index) alone, on every host (this file is compiled without fused multiply-add).
// The outputs stand as an image [1,n,1] so that every trainer takes them, but they are any numbers, not only those in [0,1]: use
// the Gaussian likelihood. No spec string opens such a set yet.
#pragma once

#include <Eigen/Core>

#include "core/base/rng.h"
#include "core/data/dataset.h"

namespace unpick {

// k orthonormal columns [n,k], k <= n, uniform over all such: from normals of (rng, step).
Eigen::MatrixXd haar(int n, int k, const Rng& rng, uint32_t step);

class GaussianData : public Dataset {
 public:
  // s: the m singular values of W*, m <= outputs.
  GaussianData(int outputs, std::vector<double> s, double sigma2, uint64_t seed, uint32_t size = 10000);
  GaussianData with_right_vectors(uint64_t seed) const;  // another V*

  std::string spec() const override;
  uint32_t size() const override { return size_; }
  Shape image() const override { return {1, static_cast<int>(U.rows()), 1}; }
  void render(uint32_t index, std::span<real> out) const override;
  Eigen::VectorXd codes(uint32_t index) const;  // z* [m]

  Eigen::MatrixXd weights() const;     // W* [n,m]
  Eigen::MatrixXd covariance() const;  // W*W*' + sigma^2 I [n,n]

  Eigen::MatrixXd U, V;  // [n,m], [m,m]
  Eigen::VectorXd s;     // [m]
  double sigma2;

 private:
  uint64_t seed_;
  uint32_t size_;
  Eigen::MatrixXd W_;
};

}  // namespace unpick
