// Newton's method, each step by preconditioned conjugate gradients; and L-BFGS, cut short. See logistic_regression.h.
#include "core/metrics/logistic_regression.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/decompositions.h"

namespace unpick {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kFlat = 1e-6;       // nats: stop when no entry of the gradient is larger
constexpr double kRounding = 1e-13;  // of the objective, which hides the last steps' descent
constexpr int kMostNewtonSteps = 100, kMostProducts = 200, kMostHalvings = 40;

// SciPy's, as scikit-learn 1.2 calls it.
constexpr int kQuasiNewtonSteps = 100, kMostTries = 20;
constexpr size_t kPairs = 10;
constexpr double kNearlyFlat = 1e-4, kNoProgress = 2.2e-9, kEnoughDescent = 1e-3, kEnoughFlattening = 0.9;

constexpr Index kBlock = 512;  // that stay in the cache while columns are multiplied

double dot(const MatrixXd& a, const MatrixXd& b) { return a.cwiseProduct(b).sum(); }

// X W and X' R by columns, which are long and few: in a browser, where Eigen knows no vectors, its own product takes ten times as
// long.
MatrixXd times(const MatrixXd& X, const MatrixXd& W) {
  MatrixXd P = MatrixXd::Zero(X.rows(), W.cols());
  for (Index i = 0; i < X.rows(); i += kBlock) {
    const Index n = std::min(kBlock, X.rows() - i);
    for (Index c = 0; c < W.cols(); ++c)
      for (Index d = 0; d < X.cols(); ++d) P.col(c).segment(i, n) += W(d, c) * X.col(d).segment(i, n);
  }
  return P;
}
MatrixXd transpose_times(const MatrixXd& X, const MatrixXd& R) {
  MatrixXd sum = MatrixXd::Zero(X.cols(), R.cols());
  for (Index i = 0; i < X.rows(); i += kBlock) {
    const Index n = std::min(kBlock, X.rows() - i);
    for (Index c = 0; c < R.cols(); ++c)
      for (Index d = 0; d < X.cols(); ++d) sum(d, c) += X.col(d).segment(i, n).dot(R.col(c).segment(i, n));
  }
  return sum;
}

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
      : X_(with_ones(x)), Y_(MatrixXd::Zero(x.rows(), columns)), penalty_(1 / C) {
    for (Index i = 0; i < y.size(); ++i)
      if (columns > 1 || y(i) == 1) Y_(i, columns > 1 ? y(i) : 0) = 1;
  }

  double value(const MatrixXd& W) {
    P_ = times(X_, W);
    const double of_truth = dot(P_, Y_);
    return normalise(P_).sum() - of_truth + penalty_ / 2 * W.topRows(W.rows() - 1).squaredNorm();
  }

  // Of the last value's W.
  MatrixXd gradient(const MatrixXd& W) const { return penalised(transpose_times(X_, P_ - Y_), W); }

  MatrixXd hessian_times(const MatrixXd& V) const {
    MatrixXd S = times(X_, V);
    VectorXd mean = VectorXd::Zero(S.rows());
    for (Index c = 0; c < S.cols(); ++c) mean += S.col(c).cwiseProduct(P_.col(c));
    S = (S.colwise() - mean).cwiseProduct(P_);
    return penalised(transpose_times(X_, S), V);
  }

  // The inverses of the Hessian's diagonal blocks, one for each column of W.
  std::vector<MatrixXd> inverse_blocks() const {
    std::vector<MatrixXd> result;
    for (Index c = 0; c < P_.cols(); ++c) {
      const VectorXd weight = P_.col(c).array() * (1 - P_.col(c).array());
      MatrixXd block = transpose_times(X_, weight.asDiagonal() * X_);
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

  MatrixXd X_;  // [N,D+1]
  MatrixXd Y_;  // [N,columns] 1 for the class that a point has
  double penalty_;
  MatrixXd P_;  // [N,columns]
};

// Solves H d = -g, the more exactly the smaller g is.
Stepwise newton_direction(const SoftmaxLoss& f, const MatrixXd& g, MatrixXd& d) {
  const std::vector<MatrixXd> inverse = f.inverse_blocks();
  const auto precondition = [&](const MatrixXd& r) {
    MatrixXd z(r.rows(), r.cols());
    for (Index c = 0; c < r.cols(); ++c) z.col(c) = inverse[static_cast<size_t>(c)] * r.col(c);
    return z;
  };
  d.setZero(g.rows(), g.cols());
  MatrixXd r = -g, z = precondition(r), p = z;
  double rz = dot(r, z);
  const double enough = std::min(0.1, std::sqrt(g.norm())) * g.norm();
  for (int i = 0; i < kMostProducts && r.norm() > enough; ++i) {
    co_await Pause();
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
}

Stepwise newton(SoftmaxLoss f, MatrixXd& W) {
  double value = f.value(W);
  MatrixXd d;
  for (int step = 0; step < kMostNewtonSteps; ++step) {
    const MatrixXd g = f.gradient(W);
    if (g.cwiseAbs().maxCoeff() <= kFlat) co_return;
    co_await newton_direction(f, g, d);
    const double slope = dot(g, d);
    double length = 1, next = 0;
    int halvings = 0;
    for (; halvings < kMostHalvings; ++halvings, length /= 2) {
      co_await Pause();
      next = f.value(W + length * d);
      if (next <= value + 1e-4 * length * slope + kRounding * std::abs(value)) break;
    }
    if (halvings == kMostHalvings) co_return;
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

Stepwise quasi_newton(SoftmaxLoss f, MatrixXd& W) {
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
      co_await Pause();
      there = W + length * d;
      next = f.value(there);
      g_there = f.gradient(there);
      const double slope_there = dot(g_there, d);
      const bool descends = next <= value + kEnoughDescent * length * slope;
      if (descends && std::abs(slope_there) <= kEnoughFlattening * std::abs(slope)) break;
      (descends && slope_there < 0 ? low : high) = length;
      length = std::isinf(high) ? 4 * length : (low + high) / 2;
    }
    if (!(next < value)) co_return;
    if (pairs.size() == kPairs) pairs.pop_front();
    pairs.push_back({there - W, g_there - g});
    const double progress = (value - next) / std::max({std::abs(value), std::abs(next), 1.0});
    W = there;
    g = g_there;
    value = next;
    if (progress <= kNoProgress) co_return;
  }
}

Stepwise fit_weights(Classes& known, MatrixXd& W, MatrixXd x, Eigen::VectorXi labels, double C, MatrixXd start, Until until) {
  if (x.rows() != labels.size() || x.rows() == 0) throw ShapeError("logistic regression: one label for each of N >= 1 rows");
  known = classes(labels);
  const Index columns = known.count() > 2 ? known.count() : 1;
  W = MatrixXd::Zero(x.cols() + 1, columns);
  if (known.count() < 2) co_return;
  if (start.rows() == W.rows() && start.cols() == W.cols()) W = start;
  SoftmaxLoss f(x, known.of, columns, C);
  if (until == Until::minimum)
    co_await newton(std::move(f), W);
  else
    co_await quasi_newton(std::move(f), W);
}

}  // namespace

Stepwise LogisticRegression::fit(MatrixXd x, Eigen::VectorXi labels, double C, MatrixXd start, Until until) {
  return fit_weights(classes_, W_, std::move(x), std::move(labels), C, std::move(start), until);
}

MatrixXd LogisticRegression::scores(const MatrixXd& x) const { return times(with_ones(x), W_); }

MatrixXd LogisticRegression::probabilities(const MatrixXd& x) const {
  if (classes_.count() == 1) return MatrixXd::Ones(x.rows(), 1);
  MatrixXd P = scores(x);
  normalise(P);
  if (P.cols() > 1) return P;
  MatrixXd both(P.rows(), 2);
  both << 1 - P.array(), P;
  return both;
}

}  // namespace unpick
