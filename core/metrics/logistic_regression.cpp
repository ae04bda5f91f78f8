// Newton's method, each step by preconditioned conjugate gradients; and L-BFGS, cut short. See logistic_regression.h.
#include "core/metrics/logistic_regression.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <vector>

#include "core/base/check.h"
#include "core/base/decompositions.h"

namespace unpick {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kFlat = 1e-6;  // nats: stop when no entry of the gradient is larger
constexpr int kMostNewtonSteps = 100, kMostProducts = 200, kMostHalvings = 40;

// SciPy's, as scikit-learn 1.2 calls it.
constexpr int kQuasiNewtonSteps = 100, kMostTries = 20;
constexpr size_t kPairs = 10;
constexpr double kNearlyFlat = 1e-4, kNoProgress = 2.2e-9, kEnoughDescent = 1e-3, kEnoughFlattening = 0.9;

MatrixXd with_ones(const MatrixXd& x) {
  MatrixXd X(x.rows(), x.cols() + 1);
  X << x, VectorXd::Ones(x.rows());
  return X;
}

// Turns scores into probabilities, in place, and returns log(sum exp) of each row. One column: of the second class.
VectorXd normalise(MatrixXd& scores) {
  if (scores.cols() == 1) {
    const VectorXd log_sum = scores.col(0).array().max(0) + (-scores.col(0).array().abs()).exp().log1p();
    scores = (scores.colwise() - log_sum).array().exp();
    return log_sum;
  }
  const VectorXd most = scores.rowwise().maxCoeff();
  scores = (scores.colwise() - most).array().exp();
  const VectorXd sum = scores.rowwise().sum();
  scores.array().colwise() /= sum.array();
  return most.array() + sum.array().log();
}

// The objective at W, with what its derivatives need.
class SoftmaxLoss {
 public:
  SoftmaxLoss(const MatrixXd& x, const Eigen::VectorXi& y, Index columns, double C)
      : X_(with_ones(x)), y_(y), columns_(columns), penalty_(1 / C) {}

  double value(const MatrixXd& W) {
    P_.noalias() = X_ * W;
    double of_truth = 0;
    for (Index i = 0; i < y_.size(); ++i) of_truth += columns_ > 1 ? P_(i, y_(i)) : y_(i) * P_(i, 0);
    return normalise(P_).sum() - of_truth + penalty_ / 2 * W.topRows(W.rows() - 1).squaredNorm();
  }

  // Of the last value's W.
  MatrixXd gradient(const MatrixXd& W) const {
    MatrixXd R = P_;
    for (Index i = 0; i < y_.size(); ++i) {
      if (columns_ > 1)
        R(i, y_(i)) -= 1;
      else
        R(i, 0) -= y_(i);
    }
    return penalised(X_.transpose() * R, W);
  }

  MatrixXd hessian_times(const MatrixXd& V) const {
    MatrixXd S = X_ * V;
    const VectorXd mean = S.cwiseProduct(P_).rowwise().sum();
    S = (S.colwise() - mean).cwiseProduct(P_);
    return penalised(X_.transpose() * S, V);
  }

  // The inverses of the Hessian's diagonal blocks, one for each column of W.
  std::vector<MatrixXd> inverse_blocks() const {
    std::vector<MatrixXd> result;
    for (Index c = 0; c < columns_; ++c) {
      const VectorXd weight = P_.col(c).array() * (1 - P_.col(c).array());
      MatrixXd block = X_.transpose() * weight.asDiagonal() * X_;
      block.diagonal().array() += 1e-12 * block.trace() + 1e-300;
      block.diagonal().head(X_.cols() - 1).array() += penalty_;
      result.push_back(inverse_of_positive(block));
    }
    return result;
  }

 private:
  MatrixXd penalised(MatrixXd M, const MatrixXd& W) const {
    M.topRows(M.rows() - 1) += penalty_ * W.topRows(W.rows() - 1);
    return M;
  }

  MatrixXd X_;         // [N,D+1]
  Eigen::VectorXi y_;  // [N] in 0..classes-1
  Index columns_;
  double penalty_;
  MatrixXd P_;  // [N,columns]
};

double dot(const MatrixXd& a, const MatrixXd& b) { return a.cwiseProduct(b).sum(); }

// Solves H d = -g, the more exactly the smaller g is.
MatrixXd newton_direction(const SoftmaxLoss& f, const MatrixXd& g) {
  const std::vector<MatrixXd> inverse = f.inverse_blocks();
  const auto precondition = [&](const MatrixXd& r) {
    MatrixXd z(r.rows(), r.cols());
    for (Index c = 0; c < r.cols(); ++c) z.col(c) = inverse[static_cast<size_t>(c)] * r.col(c);
    return z;
  };
  MatrixXd d = MatrixXd::Zero(g.rows(), g.cols()), r = -g, z = precondition(r), p = z;
  double rz = dot(r, z);
  const double enough = std::min(0.1, std::sqrt(g.norm())) * g.norm();
  for (int i = 0; i < kMostProducts && r.norm() > enough; ++i) {
    const MatrixXd Hp = f.hessian_times(p);
    const double curvature = dot(p, Hp);
    if (!(curvature > 0)) break;
    const double step = rz / curvature;
    d += step * p;
    r -= step * Hp;
    z = precondition(r);
    const double next = dot(r, z);
    p = z + next / rz * p;
    rz = next;
  }
  return d;
}

void newton(SoftmaxLoss& f, MatrixXd& W) {
  double value = f.value(W);
  for (int step = 0; step < kMostNewtonSteps; ++step) {
    const MatrixXd g = f.gradient(W);
    if (g.cwiseAbs().maxCoeff() <= kFlat) return;
    const MatrixXd d = newton_direction(f, g);
    const double slope = dot(g, d);
    double length = 1, next = 0;
    int halvings = 0;
    for (; halvings < kMostHalvings; ++halvings, length /= 2) {
      next = f.value(W + length * d);
      if (next <= value + 1e-4 * length * slope) break;
    }
    if (halvings == kMostHalvings) return;  // rounding hides the descent that is left
    W += length * d;
    value = next;
  }
}

// Changes of place and of gradient, the newest last.
struct Change {
  MatrixXd s, y;
};

// -H g, H the inverse Hessian that the pairs suggest (Nocedal and Wright, Algorithm 7.4).
MatrixXd quasi_newton_direction(const std::deque<Change>& pairs, const MatrixXd& g) {
  MatrixXd d = -g;
  std::array<double, kPairs> share{};
  for (size_t i = pairs.size(); i-- > 0;) {
    share[i] = dot(pairs[i].s, d) / dot(pairs[i].s, pairs[i].y);
    d -= share[i] * pairs[i].y;
  }
  if (!pairs.empty()) d *= dot(pairs.back().s, pairs.back().y) / pairs.back().y.squaredNorm();
  for (size_t i = 0; i < pairs.size(); ++i) d += (share[i] - dot(pairs[i].y, d) / dot(pairs[i].s, pairs[i].y)) * pairs[i].s;
  return d;
}

void quasi_newton(SoftmaxLoss& f, MatrixXd& W) {
  double value = f.value(W);
  MatrixXd g = f.gradient(W);
  std::deque<Change> pairs;
  for (int step = 0; step < kQuasiNewtonSteps && g.cwiseAbs().maxCoeff() > kNearlyFlat; ++step) {
    const MatrixXd d = quasi_newton_direction(pairs, g);
    const double slope = dot(g, d);
    // Until the strong Wolfe conditions hold.
    double length = step == 0 ? std::min(1.0, 1 / g.norm()) : 1, low = 0, high = HUGE_VAL, next = value;
    MatrixXd there = W, g_there = g;
    for (int tries = 0; tries < kMostTries; ++tries) {
      there = W + length * d;
      next = f.value(there);
      g_there = f.gradient(there);
      const double slope_there = dot(g_there, d);
      const bool descends = next <= value + kEnoughDescent * length * slope;
      if (descends && std::abs(slope_there) <= kEnoughFlattening * std::abs(slope)) break;
      (descends && slope_there < 0 ? low : high) = length;
      length = std::isinf(high) ? 4 * length : (low + high) / 2;
    }
    if (!(next < value)) return;
    if (pairs.size() == kPairs) pairs.pop_front();
    pairs.push_back({there - W, g_there - g});
    const double progress = (value - next) / std::max({std::abs(value), std::abs(next), 1.0});
    W = there;
    g = g_there;
    value = next;
    if (progress <= kNoProgress) return;
  }
}

}  // namespace

LogisticRegression::LogisticRegression(const MatrixXd& x, const Eigen::VectorXi& labels, double C, const MatrixXd* start,
                                       Until until)
    : classes_(classes(labels)) {
  if (x.rows() != labels.size() || x.rows() == 0) throw ShapeError("logistic regression: one label for each of N >= 1 rows");
  const Index columns = classes_.count() > 2 ? classes_.count() : 1;
  W_ = MatrixXd::Zero(x.cols() + 1, columns);
  if (classes_.count() < 2) return;
  if (start && start->rows() == W_.rows() && start->cols() == W_.cols()) W_ = *start;
  SoftmaxLoss f(x, classes_.of, columns, C);
  until == Until::minimum ? newton(f, W_) : quasi_newton(f, W_);
}

MatrixXd LogisticRegression::scores(const MatrixXd& x) const { return with_ones(x) * W_; }

MatrixXd LogisticRegression::probabilities(const MatrixXd& x) const {
  if (classes_.count() == 1) return MatrixXd::Ones(x.rows(), 1);
  MatrixXd P = scores(x);
  normalise(P);
  if (P.cols() > 1) return P;
  MatrixXd both(P.rows(), 2);
  both << 1 - P.array(), P;
  return both;
}

Eigen::VectorXi LogisticRegression::predict(const MatrixXd& x) const {
  const MatrixXd S = scores(x);
  Eigen::VectorXi labels(x.rows());
  for (Index i = 0; i < x.rows(); ++i) {
    Index best = 0;
    if (S.cols() > 1)
      S.row(i).maxCoeff(&best);
    else
      best = S(i, 0) > 0;
    labels(i) = classes_.names[static_cast<size_t>(best)];
  }
  return labels;
}

}  // namespace unpick
