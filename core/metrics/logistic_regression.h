// Logistic regression: softmax of linear scores, fitted until nothing changes any more, or as far as the study's program comes.
//
//   minimise  sum_i -log p(y_i|x_i) + |W|²/(2C),   intercepts free
//
// Two classes have one score, the log-odds of the second (which is not the same penalty as two scores). This is
// scikit-learn's default objective; its solver stops after 100 steps of L-BFGS. Features come as they are, with spreads from .01 to
// 10, where gradient methods creep: for codes of small spread it stops far from the minimum, and published accuracies of downstream
// tasks are those of that point (.745 instead of .760 in one case that both solvers were tried on).
//
// Why Newton with conjugate gradients for the minimum: a product with the Hessian costs as much as a gradient; the block of each
// class preconditions it. It pauses after each, so that a front end is never kept waiting.
//
// Read next: core/metrics/logistic_regression.cpp, core/metrics/beta_vae_score.h
#pragma once

#include <Eigen/Core>

#include "core/base/stepwise.h"
#include "core/metrics/points.h"

namespace unpick {

enum class Until { minimum, hundred_steps };

class LogisticRegression {
 public:
  LogisticRegression() = default;
  // x [N,D] finite, labels [N] of at least one class; C > 0. `start`: weights to begin with, if they fit.
  LogisticRegression(const Eigen::MatrixXd& x, const Eigen::VectorXi& labels, double C = 1, const Eigen::MatrixXd& start = {},
                     Until until = Until::minimum) {
    fit(x, labels, C, start, until).finish();
  }
  // The same with pauses after some milliseconds. The regression must stay where it is until that is done.
  Stepwise fit(Eigen::MatrixXd x, Eigen::VectorXi labels, double C = 1, Eigen::MatrixXd start = {}, Until until = Until::minimum);

  // log-odds or scores [M,1 or C].
  Eigen::MatrixXd scores(const Eigen::MatrixXd& x) const;
  Eigen::MatrixXd probabilities(const Eigen::MatrixXd& x) const;  // [M,C], a column for each class
  Eigen::VectorXi predict(const Eigen::MatrixXd& x) const { return classes_.decide(scores(x)); }
  const Classes& seen() const { return classes_; }
  const Eigen::MatrixXd& weights() const { return W_; }  // [D+1,1 or C], the intercepts last

 private:
  Classes classes_;
  Eigen::MatrixXd W_;
};

}  // namespace unpick
