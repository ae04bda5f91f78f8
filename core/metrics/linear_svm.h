// A linear support vector machine on a single feature, solved exactly, as SAP needs it.
//
// Each class against the rest: t_i = 1 for its points and -1 for the others, and
//   minimise  (w² + b²)/2 + sum_i C_i max(0, 1 - t_i (w z_i + b))²
// with an intercept that is penalised like the slope. C_i = C N / (K n_c) for the n_c points of class c, and plain C for the
// rest; two classes are one problem, for the second, where both sides have that weight. The class with the largest
// w_c z + b_c is predicted, the first of equals. This is liblinear's LinearSVC(class_weight="balanced"), whose coordinate
// descent it replaces: with two unknowns Newton's method ends after a few steps.
#pragma once

#include <Eigen/Core>

#include "core/metrics/points.h"

namespace unpick {

// The minimiser (w, b) for one problem: z [N], t [N] of 1 and -1, weight [N] > 0.
Eigen::Vector2d fit_line(const Eigen::ArrayXd& z, const Eigen::ArrayXd& t, const Eigen::ArrayXd& weight);

class LinearSvm {
 public:
  // z [N] finite, labels [N] of at least one class.
  LinearSvm(const Eigen::VectorXf& z, const Eigen::VectorXi& labels, double C);
  Eigen::VectorXi predict(const Eigen::VectorXf& z) const;

 private:
  Classes classes_;
  Eigen::Matrix2Xd lines_;  // (w, b) of each class, of the second if there are two
};

}  // namespace unpick
