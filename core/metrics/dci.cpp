// See dci.h.
#include "core/metrics/dci.h"

#include <cmath>
#include <memory>

#include "core/base/check.h"
#include "core/metrics/boosted_trees.h"
#include "core/metrics/seeds.h"

namespace unpick {
namespace {

using Eigen::Index;

constexpr double kTiny = 1e-11;  // added to every importance, so that an entropy is defined

// 1 - entropy in base n of every row of R.
Eigen::VectorXd one_minus_entropy(const Eigen::MatrixXd& R) {
  Eigen::VectorXd result(R.rows());
  for (Index r = 0; r < R.rows(); ++r) {
    const Eigen::ArrayXd p = (R.row(r).array() + kTiny) / (R.row(r).array() + kTiny).sum();
    result(r) = 1 + (p * p.log()).sum() / std::log(static_cast<double>(R.cols()));
  }
  return result;
}

// The shares of the rows of R; equal if R is zero.
Eigen::VectorXd row_weights(const Eigen::MatrixXd& R) {
  if (R.sum() == 0) return Eigen::VectorXd::Constant(R.rows(), 1 / static_cast<double>(R.rows()));
  return R.rowwise().sum() / R.sum();
}

struct DciState {
  Sample sample;
  uint64_t seed;
  std::unique_ptr<BoostedTrees> trees;  // of the factor at work
  Eigen::MatrixXd importance;           // [D,K]
  Eigen::VectorXd train, test;          // [K] accuracies
};

bool run_piece(DciState& s, int piece, Pool& pool) {
  const Index k = piece / BoostedTrees::kStages, stage = piece % BoostedTrees::kStages;
  if (stage == 0)
    s.trees = std::make_unique<BoostedTrees>(s.sample.train.codes, s.sample.train.factors.col(k),
                                             Rng(sub_seed(s.seed, "trees", static_cast<uint32_t>(k)), Stream::permutation));
  s.trees->boost(pool);
  if (stage + 1 < BoostedTrees::kStages) return true;
  s.importance.col(k) = s.trees->importance();
  s.train(k) = accuracy(s.trees->fitted(), s.sample.train.factors.col(k));
  s.test(k) = accuracy(s.trees->predict(s.sample.test.codes, pool), s.sample.test.factors.col(k));
  return true;
}

Report report(const DciState& s) {
  const DciScores scores = dci_scores(s.importance);
  Report r;
  r.add("disentanglement", scores.disentanglement);
  r.add("completeness", scores.completeness);
  r.add("informativeness_train", s.train.mean());
  r.add("informativeness_test", s.test.mean());
  r.add("importance", s.importance);
  r.add("train_accuracy_per_factor", s.train);
  r.add("test_accuracy_per_factor", s.test);
  r.add("disentanglement_per_code", scores.per_code);
  r.add("completeness_per_factor", scores.per_factor);
  return r;
}

}  // namespace

DciScores dci_scores(const Eigen::MatrixXd& R) {
  if (R.rows() < 2 || R.cols() < 2)
    throw Error(ErrorKind::usage, "dci", "needs two codes and two factors, or its entropies have no base", "give more of them");
  const Eigen::VectorXd of_codes = one_minus_entropy(R), of_factors = one_minus_entropy(R.transpose());
  return {of_codes.dot(row_weights(R)), of_factors.dot(row_weights(R.transpose())), of_codes, of_factors};
}

Job dci(const Sample& sample, uint64_t seed) {
  check_sample(sample);
  const Index codes = sample.train.codes.cols(), factors = sample.train.factors.cols();
  dci_scores(Eigen::MatrixXd::Zero(codes, factors));  // refuse now rather than after minutes
  const auto state = std::make_shared<DciState>(
      DciState{sample, seed, {}, Eigen::MatrixXd(codes, factors), Eigen::VectorXd(factors), Eigen::VectorXd(factors)});
  return {static_cast<int>(factors) * BoostedTrees::kStages,
          [state](int piece, Pool& pool) { return run_piece(*state, piece, pool); }, [state] { return report(*state); }};
}

}  // namespace unpick
