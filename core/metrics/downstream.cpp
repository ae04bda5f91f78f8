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

double strength(size_t i) { return std::pow(10.0, -4 + 8.0 * static_cast<double>(i) / (kStrengths - 1)); }

// Folds are consecutive, the first n % 5 of them one longer.
struct Fold {
  std::vector<Index> train, held;
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

// For each C the accuracy on the held points of a fold, and the weights; a fit starts where the last one ended.
struct FoldFits {
  std::array<double, kStrengths> accuracy{};
  std::array<MatrixXd, kStrengths> weights;
};
FoldFits fold_fits(const MatrixXd& x, const VectorXi& y, const Fold& fold) {
  const MatrixXd train = x(fold.train, Eigen::all), held = x(fold.held, Eigen::all);
  FoldFits result;
  for (size_t i = 0; i < kStrengths; ++i) {
    const LogisticRegression fit(train, y(fold.train), strength(i), i > 0 ? &result.weights[i - 1] : nullptr, Until::hundred_steps);
    result.accuracy[i] = accuracy(fit.predict(held), y(fold.held));
    result.weights[i] = fit.weights();
  }
  return result;
}

// With the first C of the best mean accuracy, from the mean of the folds' weights.
LogisticRegression refit(const MatrixXd& x, const VectorXi& y, std::span<const FoldFits> folds) {
  std::array<double, kStrengths> sum{};
  for (const FoldFits& fold : folds)
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += fold.accuracy[i];
  const auto best = static_cast<size_t>(std::max_element(sum.begin(), sum.end()) - sum.begin());
  MatrixXd start = folds[0].weights[best];
  for (const FoldFits& fold : folds.subspan(1)) start += fold.weights[best];
  start /= static_cast<double>(folds.size());
  return {x, y, strength(best), &start, Until::hundred_steps};
}

// NaN where the classifier is not defined.
struct Accuracies {
  double train = std::numeric_limits<double>::quiet_NaN(), test = train;
};

Accuracies classify(size_t classifier, const Points& train, const Points& test, Index k, uint64_t seed, Pool& pool) {
  const VectorXi y = train.factors.col(k), test_y = test.factors.col(k);
  if (classifier == 0) {
    BoostedTrees trees(train.codes, y, Rng(seed, Stream::permutation));
    for (int stage = 0; stage < BoostedTrees::kStages; ++stage) trees.boost(pool);
    return {accuracy(trees.fitted(), y), accuracy(trees.predict(test.codes, pool), test_y)};
  }
  MatrixXd both(train.size() + test.size(), train.codes.cols());
  both << train.codes.cast<double>(), test.codes.cast<double>();
  const auto predict = classifier == 1 ? predict_softmax_cv : predict_ovr_cv;
  const VectorXi guess = predict(both.topRows(train.size()), y, both, pool);
  if (guess.size() == 0) return {};
  return {accuracy(guess.head(train.size()), y), accuracy(guess.tail(test.size()), test_y)};
}

struct DownstreamState {
  std::vector<Points> train;
  Points test;
  uint64_t seed;
  std::vector<Accuracies> results;  // [labels][classifier][K]

  Accuracies& at(size_t labels, size_t classifier, Index k) {
    return results[(labels * std::size(kClassifiers) + classifier) * static_cast<size_t>(test.factors.cols()) +
                   static_cast<size_t>(k)];
  }
};

Report report_of(DownstreamState& s) {
  Report report;
  const Index factors = s.test.factors.cols();
  for (size_t c = 0; c < std::size(kClassifiers); ++c) {
    double few = 0, many = 0;
    for (size_t l = 0; l < s.train.size(); ++l) {
      Eigen::VectorXd train(factors), test(factors);
      for (Index k = 0; k < factors; ++k) train(k) = s.at(l, c, k).train, test(k) = s.at(l, c, k).test;
      Report part;
      part.add("train", train);
      part.add("test", test);
      part.add("mean_test", test.mean());
      part.add("mean_train", train.mean());
      report.add(std::string(kClassifiers[c]) + ":" + std::to_string(s.train[l].size()), part);
      if (s.train[l].size() == 100) few = test.mean();
      if (s.train[l].size() == 10000) many = test.mean();
    }
    if (few != 0 && many != 0) report.add("efficiency/" + std::string(kClassifiers[c]), few / many);
  }
  return report;
}

}  // namespace

VectorXi predict_softmax_cv(const MatrixXd& x, const VectorXi& y, const MatrixXd& test_x, Pool& pool) {
  const std::vector<Fold> parts = folds(y.size());
  for (const Fold& fold : parts)
    if (classes(y(fold.train)).names != classes(y).names) return {};
  std::vector<FoldFits> fits(parts.size());
  pool.run(kFolds, [&](int f, int) { fits[static_cast<size_t>(f)] = fold_fits(x, y, parts[static_cast<size_t>(f)]); });
  return refit(x, y, fits).predict(test_x);
}

VectorXi predict_ovr_cv(const MatrixXd& x, const VectorXi& y, const MatrixXd& test_x, Pool& pool) {
  const Classes all = classes(y);
  if (all.count() <= 2) return predict_softmax_cv(x, y, test_x, pool);
  const std::vector<Fold> parts = folds(y.size());
  MatrixXd scores(test_x.rows(), all.count());
  pool.run(all.count(), [&](int c, int) {
    const VectorXi is_c = (all.of.array() == c).cast<int>();
    std::vector<FoldFits> fits;
    for (const Fold& fold : parts) fits.push_back(fold_fits(x, is_c, fold));
    scores.col(c) = refit(x, is_c, fits).scores(test_x);
  });
  VectorXi labels(test_x.rows());
  for (Index i = 0; i < labels.size(); ++i) {
    Index best = 0;
    scores.row(i).maxCoeff(&best);
    labels(i) = all.names[static_cast<size_t>(best)];
  }
  return labels;
}

Job downstream(std::vector<Points> train, Points test, uint64_t seed) {
  const Index factors = test.factors.cols();
  const auto each = static_cast<Index>(std::size(kClassifiers)) * factors;
  const auto s = std::make_shared<DownstreamState>(DownstreamState{std::move(train), std::move(test), seed, {}});
  s->results.resize(s->train.size() * static_cast<size_t>(each));
  const auto piece = [s, each, factors](int number, Pool& pool) {
    const auto l = static_cast<size_t>(number / each), c = static_cast<size_t>(number % each / factors);
    const Index k = number % factors;
    s->at(l, c, k) = classify(c, s->train[l], s->test, k, sub_seed(s->seed, "downstream", static_cast<uint32_t>(number)), pool);
  };
  return {static_cast<int>(s->results.size()), piece, [s] { return report_of(*s); }};
}

}  // namespace unpick
