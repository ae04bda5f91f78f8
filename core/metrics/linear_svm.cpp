// See linear_svm.h.
#include "core/metrics/linear_svm.h"

#include <Eigen/LU>

namespace unpick {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::Vector2d;

Vector2d fit_line(const ArrayXd& z, const ArrayXd& t, const ArrayXd& weight) {
  constexpr int kMostSteps = 100, kMostHalvings = 40;
  constexpr double kFlat = 1e-12;  // of the gradient's size at 0
  ArrayXd slack, active;           // max(0, 1 - t (w z + b)), and the weights where it is positive
  const auto value = [&](const Vector2d& line) {
    slack = (1 - t * (line(0) * z + line(1))).max(0);
    return line.squaredNorm() / 2 + (weight * slack.square()).sum();
  };
  Vector2d line = Vector2d::Zero();
  double now = value(line), first = 0;
  for (int step = 0; step < kMostSteps; ++step) {
    active = 2 * (slack > 0).select(weight, 0.0);
    const ArrayXd pull = active * slack * t;
    const Vector2d g = line - Vector2d((pull * z).sum(), pull.sum());
    if (step == 0) first = g.norm();
    if (g.norm() <= kFlat * first) break;
    Eigen::Matrix2d H;
    H(0, 0) = 1 + (active * z.square()).sum();
    H(0, 1) = H(1, 0) = (active * z).sum();
    H(1, 1) = 1 + active.sum();
    const Vector2d d = -H.inverse() * g;
    double length = 1, next = 0;
    int halvings = 0;
    for (; halvings < kMostHalvings; ++halvings, length /= 2) {
      next = value(line + length * d);
      if (next <= now + 1e-4 * length * g.dot(d)) break;
    }
    if (halvings == kMostHalvings) break;  // rounding hides the descent that is left
    line += length * d;
    now = next;
  }
  return line;
}

LinearSvm::LinearSvm(const Eigen::VectorXf& z, const Eigen::VectorXi& labels, double C) : classes_(classes(labels)) {
  const Index count = classes_.count();
  const bool binary = count == 2;
  lines_ = Eigen::Matrix2Xd::Zero(2, binary ? 1 : count);
  if (count < 2) return;
  const ArrayXd feature = z.cast<double>();
  const auto n = static_cast<double>(labels.size());
  const auto balanced = [&](double members) { return C * n / (static_cast<double>(count) * members); };
  for (Index column = 0; column < lines_.cols(); ++column) {
    const auto positive = classes_.of.array() == static_cast<int>(binary ? 1 : column);
    const auto members = static_cast<double>(positive.count());
    const double rest = binary ? balanced(n - members) : C;
    const ArrayXd t = positive.select(ArrayXd::Ones(labels.size()), -1.0);
    const ArrayXd weight = positive.select(ArrayXd::Constant(labels.size(), balanced(members)), rest);
    lines_.col(column) = fit_line(feature, t, weight);
  }
}

Eigen::VectorXi LinearSvm::predict(const Eigen::VectorXf& z) const {
  Eigen::VectorXi labels(z.size());
  for (Index i = 0; i < z.size(); ++i) {
    const Eigen::RowVectorXd score = lines_.row(0) * static_cast<double>(z(i)) + lines_.row(1);
    Index best = 0;
    if (classes_.count() == 2)
      best = score(0) > 0;
    else
      score.maxCoeff(&best);
    labels(i) = classes_.names[static_cast<size_t>(best)];
  }
  return labels;
}

}  // namespace unpick
