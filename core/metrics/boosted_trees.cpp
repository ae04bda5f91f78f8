// Growing one tree over sorted orders, and boosting. See boosted_trees.h.
//
// Constants are scikit-learn's, against whose scores ours are compared: values closer than 1e-7 are not separated, a node whose
// residuals vary by less than 2.2e-16 is a leaf, priors are clipped to [1.19e-7, 1-1.19e-7].
#include "core/metrics/boosted_trees.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace unpick {
namespace {

using Eigen::Index;

constexpr float kSameValue = 1e-7f;
constexpr double kPure = std::numeric_limits<double>::epsilon(), kLeastPrior = std::numeric_limits<float>::epsilon(), kRate = 0.1,
                 kNoDenominator = 1e-150;
constexpr Index kRows = 256;  // points of one chunk

struct NodeSums {
  double sum = 0, square = 0;
  int n = 0;
  double variance() const { return square / n - (sum / n) * (sum / n); }
};

struct Split {
  double gain = -std::numeric_limits<double>::infinity();
  int left = 0;  // points that go left
};

// The best place to cut `n` points in the order of one feature; the lowest of equals. inverse[l] = 1 / (l (n-l)).
Split best_cut(const int* order, const float* x, const double* residual, int n, double sum, const double* inverse) {
  Split best;
  double left = 0;
  float last = x[order[0]];
  for (int l = 1; l < n; ++l) {
    left += residual[order[l - 1]];
    const float value = x[order[l]];
    if (value > last + kSameValue) {
      const double difference = (n - l) * left - l * (sum - left), gain = difference * difference * inverse[l];
      if (gain > best.gain) best = {gain, l};
    }
    last = value;
  }
  return best;
}

}  // namespace

// Grows one tree; its memory is kept for the next.
class TreeGrower {
 public:
  TreeGrower(const Eigen::MatrixXf& x, const std::vector<std::vector<int>>& sorted)
      : x_(&x), sorted_(&sorted), left_(static_cast<size_t>(x.rows())), inverse_(static_cast<size_t>(x.rows())) {
    leaf_.resize(static_cast<size_t>(x.rows()));
    for (auto& level : order_) level.resize(static_cast<size_t>(x.size()));
  }

  void grow(const double* residual, const Rng& ties, uint32_t tree_number) {
    residual_ = residual;
    ties_ = &ties;
    number_ = tree_number;
    tree.feature.fill(-1);
    gain_.setZero(x_->cols());
    grow_node(0, 0, 0, sums((*sorted_)[0].data(), static_cast<int>(x_->rows())));
  }

  RegressionTree tree;
  int leaf(Index point) const { return leaf_[static_cast<size_t>(point)]; }
  const Eigen::VectorXd& gain() const { return gain_; }  // [D] n var(node) - n_l var(l) - n_r var(r), summed over splits, / N

 private:
  NodeSums sums(const int* order, int n) const {
    NodeSums s{0, 0, n};
    for (int i = 0; i < n; ++i) {
      const double r = residual_[order[i]];
      s.sum += r;
      s.square += r * r;
    }
    return s;
  }

  // Points of a node in the order of a feature; the root reads the orders that all trees share.
  const int* order(int depth, Index feature, int begin) const {
    const auto f = static_cast<size_t>(feature);
    if (depth == 0) return (*sorted_)[f].data() + begin;
    return order_[static_cast<size_t>(depth - 1)].data() + f * left_.size() + begin;
  }

  void make_leaf(int node, const int* points, int n) {
    for (int i = 0; i < n; ++i) leaf_[static_cast<size_t>(points[i])] = node;
  }

  // The node's points are begin..begin+n-1 of every order of its depth.
  void grow_node(int node, int depth, int begin, const NodeSums& s) {
    const Index features = x_->cols();
    if (depth == RegressionTree::kDepth || s.n < 2 || s.variance() <= kPure) return make_leaf(node, order(depth, 0, begin), s.n);
    for (int l = 1; l < s.n; ++l) inverse_[static_cast<size_t>(l)] = 1 / (static_cast<double>(l) * (s.n - l));
    Split best;
    uint32_t equals = 0;
    Index chosen = -1;
    for (Index f = 0; f < features; ++f) {
      const Split split = best_cut(order(depth, f, begin), x_->col(f).data(), residual_, s.n, s.sum, inverse_.data());
      if (split.left == 0 || split.gain < best.gain) continue;
      equals = split.gain > best.gain ? 1 : equals + 1;
      // Each of the equals is kept with the same probability.
      const auto draw = static_cast<uint32_t>(node * features + f);
      if (equals == 1 || ties_->below(equals, number_, draw) == 0) best = split, chosen = f;
    }
    if (chosen < 0) return make_leaf(node, order(depth, 0, begin), s.n);

    const int* by_chosen = order(depth, chosen, begin);
    const auto value = [&](int i) { return static_cast<double>((*x_)(by_chosen[i], chosen)); };
    const auto at = static_cast<size_t>(node);
    tree.feature[at] = static_cast<int>(chosen);
    tree.threshold[at] = value(best.left - 1) / 2 + value(best.left) / 2;
    const NodeSums left = sums(by_chosen, best.left), right = sums(by_chosen + best.left, s.n - best.left);
    gain_(chosen) += (s.n * s.variance() - left.n * left.variance() - right.n * right.variance()) / static_cast<double>(x_->rows());
    if (depth + 1 < RegressionTree::kDepth) {
      partition(depth, begin, s.n, by_chosen, best.left);
      grow_node(2 * node + 1, depth + 1, begin, left);
      grow_node(2 * node + 2, depth + 1, begin + left.n, right);
    } else {
      make_leaf(2 * node + 1, by_chosen, left.n);
      make_leaf(2 * node + 2, by_chosen + left.n, right.n);
    }
  }

  // Writes the orders of the next depth: in each, the `n_left` first points of `split` come first, and orders are kept.
  void partition(int depth, int begin, int n, const int* split, int n_left) {
    for (int i = 0; i < n; ++i) left_[static_cast<size_t>(split[i])] = i < n_left;
    for (Index f = 0; f < x_->cols(); ++f) {
      const int* from = order(depth, f, begin);
      int* to = order_[static_cast<size_t>(depth)].data() + static_cast<size_t>(f) * left_.size() + begin;
      int l = 0, r = n_left;
      for (int i = 0; i < n; ++i) {
        const bool goes_left = left_[static_cast<size_t>(from[i])] != 0;
        to[goes_left ? l : r] = from[i];
        l += goes_left;
        r += !goes_left;
      }
    }
  }

  const Eigen::MatrixXf* x_;
  const std::vector<std::vector<int>>* sorted_;
  std::array<std::vector<int>, RegressionTree::kDepth - 1> order_;  // of depths 1 and 2: [D][N]
  std::vector<char> left_;                                          // [N]
  std::vector<double> inverse_;                                     // [N]
  std::vector<int> leaf_;                                           // [N]
  Eigen::VectorXd gain_;
  const double* residual_ = nullptr;
  const Rng* ties_ = nullptr;
  uint32_t number_ = 0;
};

BoostedTrees::BoostedTrees(Eigen::MatrixXf x, const Eigen::VectorXi& labels, const Rng& ties)
    : x_(std::move(x)), classes_(classes(labels)), ties_(ties), gain_(Eigen::VectorXd::Zero(x_.cols())) {
  const Index n = x_.rows(), count = classes_.count(), columns = count > 2 ? count : count - 1;
  for (Index f = 0; f < x_.cols(); ++f) {
    std::vector<int> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return x_(a, f) < x_(b, f); });
    sorted_.push_back(std::move(order));
  }
  prior_.resize(columns);
  for (Index c = 0; c < columns; ++c) {
    const int positive = static_cast<int>(count > 2 ? c : 1);
    const double share = static_cast<double>((classes_.of.array() == positive).count()) / static_cast<double>(n);
    const double p = std::clamp(share, kLeastPrior, 1 - kLeastPrior);
    prior_(c) = count > 2 ? std::log(p) : std::log(p / (1 - p));
  }
  raw_ = prior_.replicate(n, 1);
  residual_.resize(n, columns);
}

BoostedTrees::~BoostedTrees() = default;

// 1[y=c] - p_c of every point and class, from the raw scores of before the stage.
void BoostedTrees::compute_residuals(Pool& pool) {
  const Index n = raw_.rows(), columns = raw_.cols();
  pool.run(static_cast<int>((n + kRows - 1) / kRows), [&](int chunk, int) {
    const Index begin = chunk * kRows, rows = std::min(kRows, n - begin);
    const auto raw = raw_.middleRows(begin, rows);
    auto residual = residual_.middleRows(begin, rows);
    if (columns == 1) {
      residual = -(1 + (-raw.array()).exp()).inverse();
    } else {
      const Eigen::VectorXd most = raw.rowwise().maxCoeff();
      residual = (raw.colwise() - most).array().exp();
      const Eigen::VectorXd scale = -residual.rowwise().sum().cwiseInverse();
      residual.array().colwise() *= scale.array();
    }
    for (Index i = 0; i < rows; ++i) {
      const int y = classes_.of(begin + i);
      if (columns > 1)
        residual(i, y) += 1;
      else if (y == 1)
        residual(i, 0) += 1;
    }
  });
}

void BoostedTrees::boost(Pool& pool) {
  const Index n = raw_.rows(), columns = raw_.cols();
  if (columns == 0) return;  // a single class
  while (static_cast<int>(growers_.size()) < pool.threads()) growers_.emplace_back(x_, sorted_);
  compute_residuals(pool);
  const auto first = static_cast<uint32_t>(trees_.size());
  trees_.resize(trees_.size() + static_cast<size_t>(columns));
  Eigen::MatrixXd gains(x_.cols(), columns);
  pool.run(static_cast<int>(columns), [&](int c, int worker) {
    TreeGrower& grower = growers_[static_cast<size_t>(worker)];
    const double* residual = residual_.col(c).data();
    grower.grow(residual, ties_, first + static_cast<uint32_t>(c));
    std::array<double, RegressionTree::kNodes> numerator{}, denominator{};
    for (Index i = 0; i < n; ++i) {
      const auto leaf = static_cast<size_t>(grower.leaf(i));
      numerator[leaf] += residual[i];
      denominator[leaf] += std::abs(residual[i]) * (1 - std::abs(residual[i]));
    }
    // One Newton step of the log loss in each leaf.
    const double share = columns > 1 ? static_cast<double>(columns - 1) / static_cast<double>(columns) : 1;
    for (size_t leaf = 0; leaf < numerator.size(); ++leaf)
      grower.tree.value[leaf] = denominator[leaf] < kNoDenominator ? 0 : kRate * share * numerator[leaf] / denominator[leaf];
    for (Index i = 0; i < n; ++i) raw_(i, c) += grower.tree.value[static_cast<size_t>(grower.leaf(i))];
    trees_[first + static_cast<size_t>(c)] = grower.tree;
    gains.col(c) = grower.gain();
  });
  for (Index c = 0; c < columns; ++c) gain_ += gains.col(c);
}

Eigen::VectorXi BoostedTrees::fitted() const { return classes_.decide(raw_); }

Eigen::VectorXi BoostedTrees::predict(const Eigen::MatrixXf& x, Pool& pool) const {
  Eigen::MatrixXd raw = prior_.replicate(x.rows(), 1);
  const auto columns = static_cast<size_t>(prior_.size());
  pool.run(static_cast<int>(columns), [&](int c, int) {
    for (size_t t = static_cast<size_t>(c); t < trees_.size(); t += columns)
      for (Index i = 0; i < x.rows(); ++i) raw(i, c) += trees_[t].value[static_cast<size_t>(trees_[t].leaf(x, i))];
  });
  return classes_.decide(raw);
}

Eigen::VectorXd BoostedTrees::importance() const {
  const double total = gain_.sum();
  return total > 0 ? Eigen::VectorXd(gain_ / total) : Eigen::VectorXd::Zero(gain_.size());
}

}  // namespace unpick
