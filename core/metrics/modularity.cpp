// See modularity.h.
#include "core/metrics/modularity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <vector>

#include "core/base/check.h"
#include "core/metrics/logistic_regression.h"
#include "core/metrics/mutual_information.h"

namespace unpick {
namespace {

using Eigen::Index;

struct ModularityState {
  Eigen::MatrixXd train_x, test_x;  // [N,D] standardised by the train points
  Eigen::MatrixXi train_y, test_y;  // [N,K]
  Eigen::VectorXd train, test;      // [K]
  Stepwise at_work;                 // on a factor
};

// The mean over classes of the area under the curve of "this class or another".
Stepwise macro_auc(Eigen::MatrixXd probabilities, Eigen::VectorXi of, double& mean) {
  mean = 0;
  for (Index c = 0; c < probabilities.cols(); ++c) {
    mean += roc_auc(probabilities.col(c), of.array() == static_cast<int>(c)) / static_cast<double>(probabilities.cols());
    co_await Pause();
  }
}

Stepwise read_off(ModularityState& s, Index k) {
  LogisticRegression fit;
  co_await fit.fit(s.train_x, s.train_y.col(k));
  co_await macro_auc(fit.probabilities(s.train_x), fit.seen().of, s.train(k));
  co_await macro_auc(fit.probabilities(s.test_x), fit.seen().find(s.test_y.col(k)), s.test(k));
}

}  // namespace

Report modularity(const Points& points) {
  check_points(points, "modularity");
  if (points.factors.cols() < 2)
    throw Error(ErrorKind::usage, "modularity", "compares factors, and there is one", "give two factors or more");
  const Eigen::MatrixXd m = mutual_information(discretise(points.codes), points.factors);  // [D,K]
  Eigen::VectorXd per_code(m.rows());
  for (Index d = 0; d < m.rows(); ++d) {
    const double most = m.row(d).array().square().maxCoeff(), all = m.row(d).squaredNorm();
    per_code(d) = most == 0 ? 0 : 1 - (all - most) / (most * static_cast<double>(m.cols() - 1));
  }
  Report report;
  report.add("modularity_score", per_code.mean());
  report.add("per_code", per_code);
  report.add("mutual_information", m);
  return report;
}

double roc_auc(const Eigen::VectorXd& score, const Eigen::Array<bool, Eigen::Dynamic, 1>& truth) {
  const auto positives = static_cast<double>(truth.count()), negatives = static_cast<double>(truth.size()) - positives;
  if (positives == 0 || negatives == 0) return std::numeric_limits<double>::quiet_NaN();
  std::vector<Index> order(static_cast<size_t>(score.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return score(a) < score(b); });
  double below = 0, pairs = 0;  // negatives with a smaller score; pairs in order
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double tied[2] = {0, 0};
    for (; end < order.size() && score(order[end]) == score(order[begin]); ++end) tied[truth(order[end])] += 1;
    pairs += tied[1] * (below + tied[0] / 2);
    below += tied[0];
  }
  return pairs / (positives * negatives);
}

Job explicitness(const Sample& sample) {
  check_sample(sample);
  const Index dims = sample.train.codes.cols(), factors = sample.train.factors.cols();
  if (static_cast<Index>(varying(sample.train.codes).size()) < dims)
    throw Error(ErrorKind::data, "explicitness", "a code is constant and cannot be standardised",
                "leave it out; on_nonconstant_dims has the value without");
  for (Index k = 0; k < factors; ++k)
    if (classes(sample.train.factors.col(k)).names != classes(sample.test.factors.col(k)).names)
      throw Error(ErrorKind::data, "explicitness", "train and test points have different classes of factor " + std::to_string(k),
                  "give more points");
  const auto s = std::make_shared<ModularityState>();
  s->train_x = sample.train.codes.cast<double>();
  const Eigen::RowVectorXd mean = s->train_x.colwise().mean();
  const Eigen::RowVectorXd deviation = (s->train_x.rowwise() - mean).array().square().colwise().mean().sqrt();
  s->train_x = (s->train_x.rowwise() - mean).array().rowwise() / deviation.array();
  s->test_x = (sample.test.codes.cast<double>().rowwise() - mean).array().rowwise() / deviation.array();
  s->train_y = sample.train.factors;
  s->test_y = sample.test.factors;
  s->train.resize(factors);
  s->test.resize(factors);
  const auto piece = [s](int k, Pool&) {
    if (s->at_work.done()) s->at_work = read_off(*s, k);
    return !s->at_work.advance();
  };
  const auto report = [s] {
    Report r;
    r.add("explicitness_score_train", s->train.mean());
    r.add("explicitness_score_test", s->test.mean());
    r.add("train_per_factor", s->train);
    r.add("test_per_factor", s->test);
    return r;
  };
  return {static_cast<int>(factors), piece, report};
}

}  // namespace unpick
