// See factor_vae_score.h.
#include "core/metrics/factor_vae_score.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/base/check.h"
#include "core/metrics/beta_vae_score.h"
#include "core/metrics/seeds.h"

namespace unpick {
namespace {

using Eigen::Index;

constexpr double kActive = 0.05;  // least standard deviation
constexpr int kCodesPerPiece = 100 * kInterventionBatch;

// Of each column, divided by N-1.
Eigen::RowVectorXd variances(const Eigen::MatrixXf& codes) {
  const Eigen::MatrixXd z = codes.cast<double>();
  return (z.rowwise() - z.colwise().mean()).array().square().colwise().sum() / static_cast<double>(z.rows() - 1);
}

struct FactorVaeState {
  Representation& representation;
  Rng rng;
  Index num_train, num_points, batch;
  Eigen::RowVectorXd global;    // [D]
  std::vector<Index> active;    // [A]
  Eigen::MatrixXd train, eval;  // [A,K] votes
};

void find_active(FactorVaeState& s, Index n) {
  s.global = variances(draw_points(s.representation, n, s.rng, 0).codes);
  for (Index d = 0; d < s.global.size(); ++d)
    if (std::sqrt(s.global(d)) >= kActive) s.active.push_back(d);
  s.train = s.eval =
      Eigen::MatrixXd::Zero(static_cast<Index>(s.active.size()), static_cast<Index>(s.representation.sizes().size()));
}

// Votes begin..end-1. Their codes are asked for together, so that an encoder has full batches.
void vote(FactorVaeState& s, Index begin, Index end) {
  const std::vector<int>& sizes = s.representation.sizes();
  const Index batch = s.batch, count = end - begin;
  Eigen::MatrixXi factors(count * batch, static_cast<Index>(sizes.size()));
  std::vector<Index> held;
  for (Index i = 0; i < count; ++i) {
    const auto step = 1 + 2 * static_cast<uint32_t>(begin + i);
    const auto j = static_cast<Index>(s.rng.below(static_cast<uint32_t>(sizes.size()), step, 0));
    factors.middleRows(i * batch, batch) = draw_factors(sizes, batch, s.rng, step + 1);
    factors.col(j).segment(i * batch, batch).setConstant(factors(i * batch, j));
    held.push_back(j);
  }
  const Eigen::MatrixXf codes = s.representation.encode(factors);
  for (Index i = 0; i < count; ++i) {
    const Eigen::RowVectorXd ratio = variances(codes.middleRows(i * batch, batch)).cwiseQuotient(s.global);
    Index winner = 0;
    for (Index a = 1; a < static_cast<Index>(s.active.size()); ++a)
      if (ratio(s.active[static_cast<size_t>(a)]) < ratio(s.active[static_cast<size_t>(winner)])) winner = a;
    (begin + i < s.num_train ? s.train : s.eval)(winner, held[static_cast<size_t>(i)]) += 1;
  }
}

Report report_of(const FactorVaeState& s) {
  double train = 0, eval = 0;
  for (Index a = 0; a < s.train.rows(); ++a) {
    Index factor = 0;
    train += s.train.row(a).maxCoeff(&factor);
    eval += s.eval(a, factor);
  }
  Eigen::VectorXd active(static_cast<Index>(s.active.size()));
  for (Index a = 0; a < active.size(); ++a) active(a) = static_cast<double>(s.active[static_cast<size_t>(a)]);
  Report r;
  if (s.num_points > s.num_train) r.add("eval_accuracy", eval / static_cast<double>(s.num_points - s.num_train));
  r.add("train_accuracy", train / static_cast<double>(s.num_train));
  r.add("num_active_dims", static_cast<double>(active.size()));
  r.add("active_dims", active);
  r.add("votes", s.train);
  r.add("global_variances", Eigen::VectorXd(s.global.transpose()));
  return r;
}

}  // namespace

Job factor_vae_score(Representation& representation, uint64_t seed, int num_train, int num_eval, int num_variance, int batch) {
  if (representation.sizes().size() < 2)
    throw Error(ErrorKind::usage, "factor_vae", "tells factors apart, and there is one", "use data with two factors or more");
  const auto s = std::make_shared<FactorVaeState>(FactorVaeState{
      representation, Rng(sub_seed(seed, "factor_vae"), Stream::probe), num_train, num_train + num_eval, batch, {}, {}, {}, {}});
  const Index votes = std::max(1, kCodesPerPiece / batch);  // in a piece
  const auto piece = [s, num_variance, votes](int number, Pool&) {
    const Index begin = (number - 1) * votes;
    if (number == 0)
      find_active(*s, num_variance);
    else if (!s->active.empty())
      vote(*s, begin, std::min<Index>(s->num_points, begin + votes));
    return true;
  };
  return {1 + static_cast<int>((s->num_points + votes - 1) / votes), piece, [s] { return report_of(*s); }};
}

}  // namespace unpick
