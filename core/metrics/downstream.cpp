// See downstream.h.
#include "core/metrics/downstream.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string>

#include "core/metrics/boosted_trees.h"
#include "core/metrics/logistic_regression.h"
#include "core/metrics/seeds.h"

namespace unpick {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXi;

constexpr int kFolds = 5;
constexpr size_t kStrengths = 10;
constexpr const char* kClassifiers[] = {"gradient_boosting", "logistic_regression_cv", "logistic_regression_cv_ovr"};
constexpr auto kForms = static_cast<Index>(std::size(kClassifiers));

double strength(size_t i) { return std::pow(10.0, -4 + 8.0 * static_cast<double>(i) / (kStrengths - 1)); }

// Consecutive points are held, in the first n % 5 folds one more.
struct Fold {
  std::vector<Index> train, held;
  // For each C the accuracy on the held points, and the weights.
  std::array<double, kStrengths> accuracy{};
  std::array<MatrixXd, kStrengths> weights;
};
std::vector<Fold> folds(Index n) {
  std::vector<Fold> result(kFolds);
  for (Index f = 0, begin = 0; f < kFolds; ++f) {
    const Index end = begin + n / kFolds + (f < n % kFolds);
    for (Index i = 0; i < n; ++i) {
      Fold& fold = result[static_cast<size_t>(f)];
      (i >= begin && i < end ? fold.held : fold.train).push_back(i);
    }
    begin = end;
  }
  return result;
}

// A fit starts where the last one ended.
Stepwise fit_fold(const MatrixXd& x, const VectorXi& y, Fold& fold) {
  const MatrixXd train = x(fold.train, Eigen::all), held = x(fold.held, Eigen::all);
  const VectorXi train_y = y(fold.train), held_y = y(fold.held);
  LogisticRegression fit;
  for (size_t i = 0; i < kStrengths; ++i) {
    co_await fit.fit(train, train_y, strength(i), fit.weights(), Until::hundred_steps);
    fold.accuracy[i] = accuracy(fit.predict(held), held_y);
    fold.weights[i] = fit.weights();
  }
}

// With the first C of the best mean accuracy, from the mean of the folds' weights.
Stepwise refit(const MatrixXd& x, const VectorXi& y, std::span<const Fold> folds, LogisticRegression& fit) {
  std::array<double, kStrengths> sum{};
  for (const Fold& fold : folds)
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += fold.accuracy[i];
  const auto best = static_cast<size_t>(std::max_element(sum.begin(), sum.end()) - sum.begin());
  MatrixXd start = folds[0].weights[best];
  for (const Fold& fold : folds.subspan(1)) start += fold.weights[best];
  start /= static_cast<double>(folds.size());
  co_await fit.fit(x, y, strength(best), start, Until::hundred_steps);
}

// The scores of class c against all others.
Stepwise score_class(const MatrixXd& x, VectorXi is_c, const MatrixXd& test_x, MatrixXd& scores, Index c) {
  std::vector<Fold> parts = folds(is_c.size());
  for (Fold& fold : parts) co_await fit_fold(x, is_c, fold);
  LogisticRegression fit;
  co_await refit(x, is_c, parts, fit);
  scores.col(c) = fit.scores(test_x);
}

// Each to its next pause; false once all are done.
bool advance(std::vector<Stepwise>& work, Pool& pool) {
  pool.run(static_cast<int>(work.size()), [&](int i, int) { work[static_cast<size_t>(i)].advance(); });
  std::erase_if(work, [](const Stepwise& one) { return one.done(); });
  return !work.empty();
}

Stepwise softmax_cv(const MatrixXd& x, const VectorXi& y, const MatrixXd& test_x, Pool& pool, VectorXi& labels) {
  std::vector<Fold> parts = folds(y.size());
  labels.resize(0);
  for (const Fold& fold : parts)
    if (classes(y(fold.train)).names != classes(y).names) co_return;
  std::vector<Stepwise> fitting;
  for (Fold& fold : parts) fitting.push_back(fit_fold(x, y, fold));
  while (advance(fitting, pool)) co_await Pause();
  LogisticRegression fit;
  co_await refit(x, y, parts, fit);
  labels = fit.predict(test_x);
}

Stepwise ovr_cv(const MatrixXd& x, const VectorXi& y, const MatrixXd& test_x, Pool& pool, VectorXi& labels) {
  const Classes all = classes(y);
  if (all.count() <= 2) {
    co_await softmax_cv(x, y, test_x, pool, labels);
    co_return;
  }
  MatrixXd scores(test_x.rows(), all.count());
  std::vector<Stepwise> scoring;
  for (Index c = 0; c < all.count(); ++c)
    scoring.push_back(score_class(x, (all.of.array() == static_cast<int>(c)).cast<int>(), test_x, scores, c));
  while (advance(scoring, pool)) co_await Pause();
  labels = all.decide(scores);
}

struct DownstreamState {
  std::vector<Points> train;  // [labels]
  Points test;
  uint64_t seed;
  MatrixXd of_train, of_test;  // [labels*classifiers,K] accuracies; NaN where the classifier is not defined
  Stepwise at_work;
};

Stepwise classify(DownstreamState& s, Index row, Index k, uint64_t seed, Pool& pool) {
  const Points& train = s.train[static_cast<size_t>(row / kForms)];
  const VectorXi y = train.factors.col(k), test_y = s.test.factors.col(k);
  if (row % kForms == 0) {
    BoostedTrees trees(train.codes, y, Rng(seed, Stream::permutation));
    for (int stage = 0; stage < BoostedTrees::kStages; ++stage) {
      trees.boost(pool);
      co_await Pause();
    }
    s.of_train(row, k) = accuracy(trees.fitted(), y);
    s.of_test(row, k) = accuracy(trees.predict(s.test.codes, pool), test_y);
    co_return;
  }
  MatrixXd both(train.size() + s.test.size(), train.codes.cols());
  both << train.codes.cast<double>(), s.test.codes.cast<double>();
  const MatrixXd x = both.topRows(train.size());
  VectorXi guess;
  co_await (row % kForms == 1 ? softmax_cv : ovr_cv)(x, y, both, pool, guess);
  if (guess.size() == 0) co_return;
  s.of_train(row, k) = accuracy(guess.head(train.size()), y);
  s.of_test(row, k) = accuracy(guess.tail(s.test.size()), test_y);
}

Report report_of(const DownstreamState& s) {
  Report report;
  for (Index c = 0; c < kForms; ++c) {
    double few = 0, many = 0;
    for (size_t l = 0; l < s.train.size(); ++l) {
      const Index row = static_cast<Index>(l) * kForms + c, labels = s.train[l].size();
      const Eigen::VectorXd train = s.of_train.row(row), test = s.of_test.row(row);
      Report part;
      part.add("train", train);
      part.add("test", test);
      part.add("mean_test", test.mean());
      part.add("mean_train", train.mean());
      report.add(kClassifiers[c] + (":" + std::to_string(labels)), part);
      if (labels == 100) few = test.mean();
      if (labels == 10000) many = test.mean();
    }
    if (few != 0 && many != 0) report.add("efficiency/" + std::string(kClassifiers[c]), few / many);
  }
  return report;
}

}  // namespace

// Coroutines with external linkage may not hold what is of this file alone.
Stepwise predict_softmax_cv(const MatrixXd& x, const VectorXi& y, const MatrixXd& test_x, Pool& pool, VectorXi& labels) {
  return softmax_cv(x, y, test_x, pool, labels);
}
Stepwise predict_ovr_cv(const MatrixXd& x, const VectorXi& y, const MatrixXd& test_x, Pool& pool, VectorXi& labels) {
  return ovr_cv(x, y, test_x, pool, labels);
}

Job downstream(std::vector<Points> train, Points test, uint64_t seed) {
  const Index factors = test.factors.cols(), rows = kForms * static_cast<Index>(train.size());
  const MatrixXd unknown = MatrixXd::Constant(rows, factors, std::numeric_limits<double>::quiet_NaN());
  const auto s = std::make_shared<DownstreamState>(DownstreamState{std::move(train), std::move(test), seed, unknown, unknown, {}});
  const auto piece = [s, factors](int number, Pool& pool) {
    if (s->at_work.done())
      s->at_work =
          classify(*s, number / factors, number % factors, sub_seed(s->seed, "downstream", static_cast<uint32_t>(number)), pool);
    return !s->at_work.advance();
  };
  return {static_cast<int>(rows * factors), piece, [s] { return report_of(*s); }};
}

}  // namespace unpick
