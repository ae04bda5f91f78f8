// The downstream task of Locatello et al. 2019: how well can a classifier of the codes predict each factor, from few labels?
//
// Two classifiers at 10, 100, 1000 and 10000 labels: boosted trees as in DCI, and logistic regression whose C is chosen from ten
// values, 1e-4..1e4, by five-fold cross-validation. Statistical efficiency is the mean test accuracy at 100 labels over that at
// 10000.
//
// Known quirks: the regression exists in two forms that are far apart with few labels (.98 and .59 on one code). The softmax
// form is today's default, is not defined when a fold lacks a class, and is NaN then; the paper's plots were made with one
// regression for each class ("ovr"), each with a C of its own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/stepwise.h"
#include "core/metrics/job.h"
#include "core/metrics/points.h"

namespace unpick {

inline constexpr int kLabelCounts[] = {10, 100, 1000, 10000};

// "NAME:LABELS/train", "/test" [K] accuracies, "/mean_train", "/mean_test", NAME being gradient_boosting, logistic_regression_cv
// and logistic_regression_cv_ovr; "efficiency/NAME" where there are 100 and 10000 labels. `train` has one set of points for
// each number of labels; a factor with a single class among them is always guessed as that class. A piece is one classifier of one
// factor, and pauses.
Job downstream(std::vector<Points> train, Points test, uint64_t seed);

// The labels of `test_x` by logistic regression with a C chosen on the train points; none if a fold lacks a class that another
// has. N >= 5 points.
Stepwise predict_softmax_cv(const Eigen::MatrixXd& x, const Eigen::VectorXi& y, const Eigen::MatrixXd& test_x, Pool& pool,
                            Eigen::VectorXi& labels);
// The same with one regression, and one C, for each class.
Stepwise predict_ovr_cv(const Eigen::MatrixXd& x, const Eigen::VectorXi& y, const Eigen::MatrixXd& test_x, Pool& pool,
                        Eigen::VectorXi& labels);

}  // namespace unpick
