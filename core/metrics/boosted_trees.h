// Gradient-boosted classification trees (Friedman 2001), as DCI and the downstream task use them: 100 stages of regression
// trees of depth 3, learning rate 0.1, exact splits over all features and all points.
//
// One tree per class and stage is fitted to the residuals 1[y=c] - p_c of the softmax; two classes need one tree per stage, of
// the log-odds. A split maximises (n_r S_l - n_l S_r)² / (n_l n_r), S the sums of residuals (Friedman's criterion).
//
// Why ties are broken at random: equal gains are common (copies of a code, small nodes), and taking the first feature would
// credit one copy with all of the importance: it moves the completeness of duplicated codes from .76 to .91. Each tie is
// drawn from (ties, tree, node), so the result depends neither on threads nor on the order in which nodes are visited.
//
// Why fast: features are sorted once; the sorted orders are partitioned with the nodes, so that every scan is a single pass
// over the points of its node; the trees of a stage run over the pool.
//
// Read next: core/metrics/boosted_trees.cpp, core/metrics/dci.h
#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

#include "core/base/pool.h"
#include "core/base/rng.h"
#include "core/metrics/points.h"

namespace unpick {

// A binary tree of depth 3 in one array: the children of node i are 2i+1 (x <= threshold) and 2i+2.
struct RegressionTree {
  static constexpr int kDepth = 3, kInner = 7, kNodes = 15;
  std::array<int, kInner> feature;  // -1: a leaf
  std::array<double, kInner> threshold;
  std::array<double, kNodes> value;  // of leaves

  int leaf(const Eigen::MatrixXf& x, Eigen::Index point) const {
    int node = 0;
    while (node < kInner && feature[static_cast<size_t>(node)] >= 0) {
      const auto n = static_cast<size_t>(node);
      node = 2 * node + (static_cast<double>(x(point, feature[n])) <= threshold[n] ? 1 : 2);
    }
    return node;
  }
};

class TreeGrower;

class BoostedTrees {
 public:
  static constexpr int kStages = 100;

  // x [N,D], labels [N]; N >= 1. Points of a single class are never boosted: that class is the prediction.
  BoostedTrees(Eigen::MatrixXf x, const Eigen::VectorXi& labels, const Rng& ties);
  ~BoostedTrees();
  BoostedTrees(const BoostedTrees&) = delete;  // its growers point into it
  BoostedTrees& operator=(const BoostedTrees&) = delete;

  void boost(Pool& pool);  // one more stage

  Eigen::VectorXi fitted() const;  // [N] labels predicted for the training points
  Eigen::VectorXi predict(const Eigen::MatrixXf& x, Pool& pool) const;
  // [D], summing to 1: how much each feature's splits reduced the residuals' variance. Zeros if no tree has a split.
  Eigen::VectorXd importance() const;

 private:
  void compute_residuals(Pool& pool);

  Eigen::MatrixXf x_;  // [N,D]
  Classes classes_;
  Rng ties_;
  std::vector<std::vector<int>> sorted_;  // [D][N] points by rising feature
  Eigen::RowVectorXd prior_;              // [C], C = number of classes, 1 if there are two, 0 if there is one
  Eigen::MatrixXd raw_, residual_;        // [N,C]
  std::vector<RegressionTree> trees_;     // [stages*C]
  std::vector<TreeGrower> growers_;       // one for each worker
  Eigen::VectorXd gain_;                  // [D] sum over trees
};

}  // namespace unpick
