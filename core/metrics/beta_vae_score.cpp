// See beta_vae_score.h.
#include "core/metrics/beta_vae_score.h"

#include <algorithm>
#include <memory>

#include "core/base/check.h"
#include "core/metrics/logistic_regression.h"
#include "core/metrics/seeds.h"

namespace unpick {
namespace {

using Eigen::Index;

constexpr int kPointsPerPiece = 50;

struct BetaVaeState {
  Representation& representation;
  Rng rng;
  Index num_train, num_points;
  Eigen::MatrixXd feature;  // [points,D]
  Eigen::VectorXi label;    // [points]
  Stepwise classifying;
  double train = 0, eval = 0;
};

// Points begin..end-1. Their codes are asked for together, so that an encoder has full batches.
void draw_points(BetaVaeState& s, Index begin, Index end) {
  const std::vector<int>& sizes = s.representation.sizes();
  const Index batch = kInterventionBatch, count = end - begin;
  Eigen::MatrixXi first(count * batch, static_cast<Index>(sizes.size())), second = first;
  for (Index i = 0; i < count; ++i) {
    const auto step = 3 * static_cast<uint32_t>(begin + i);
    const auto j = static_cast<int>(s.rng.below(static_cast<uint32_t>(sizes.size()), step, 0));
    first.middleRows(i * batch, batch) = draw_factors(sizes, batch, s.rng, step + 1);
    second.middleRows(i * batch, batch) = draw_factors(sizes, batch, s.rng, step + 2);
    second.col(j).segment(i * batch, batch) = first.col(j).segment(i * batch, batch);
    s.label(begin + i) = j;
  }
  const Eigen::MatrixXf distance = (s.representation.encode(first) - s.representation.encode(second)).cwiseAbs();
  if (s.feature.cols() == 0) s.feature.resize(s.num_points, distance.cols());
  for (Index i = 0; i < count; ++i)
    s.feature.row(begin + i) = distance.middleRows(i * batch, batch).colwise().mean().cast<double>();
}

Stepwise classify(BetaVaeState& s) {
  const Index n = s.num_train, rest = s.num_points - n;
  LogisticRegression fit;
  co_await fit.fit(s.feature.topRows(n), s.label.head(n));
  s.train = accuracy(fit.predict(s.feature.topRows(n)), s.label.head(n));
  s.eval = accuracy(fit.predict(s.feature.bottomRows(rest)), s.label.tail(rest));
}

}  // namespace

Job beta_vae_score(Representation& representation, uint64_t seed, int num_train, int num_eval) {
  if (representation.sizes().size() < 2)
    throw Error(ErrorKind::usage, "beta_vae", "tells factors apart, and there is one", "use data with two factors or more");
  const auto s = std::make_shared<BetaVaeState>(
      BetaVaeState{representation, Rng(sub_seed(seed, "beta_vae"), Stream::probe), num_train, num_train + num_eval, {}, {}, {}});
  s->label.resize(s->num_points);
  const auto drawing = static_cast<int>((s->num_points + kPointsPerPiece - 1) / kPointsPerPiece);
  const auto piece = [s, drawing](int number, Pool&) {
    if (number == drawing) return !s->classifying.advance();
    const Index begin = number * kPointsPerPiece;
    draw_points(*s, begin, std::min<Index>(s->num_points, begin + kPointsPerPiece));
    if (number + 1 == drawing) s->classifying = classify(*s);
    return true;
  };
  const auto report = [s] {
    Report r;
    r.add("eval_accuracy", s->eval);
    r.add("train_accuracy", s->train);
    return r;
  };
  return {drawing + 1, piece, report};
}

}  // namespace unpick
