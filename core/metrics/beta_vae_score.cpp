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

struct State {
  Representation& representation;
  Rng rng;
  Index num_train, num_points;
  Eigen::MatrixXd feature;  // [points,D]
  Eigen::VectorXi label;    // [points]
  double train = 0, eval = 0;
};

void draw_point(State& s, Index point) {
  const std::vector<int>& sizes = s.representation.sizes();
  const auto step = 3 * static_cast<uint32_t>(point);
  const auto j = static_cast<int>(s.rng.below(static_cast<uint32_t>(sizes.size()), step, 0));
  const Eigen::MatrixXi first = draw_factors(sizes, kInterventionBatch, s.rng, step + 1);
  Eigen::MatrixXi second = draw_factors(sizes, kInterventionBatch, s.rng, step + 2);
  second.col(j) = first.col(j);
  const Eigen::MatrixXf distance = (s.representation.encode(first) - s.representation.encode(second)).cwiseAbs();
  if (s.feature.cols() == 0) s.feature.resize(s.num_points, distance.cols());
  s.feature.row(point) = distance.colwise().mean().cast<double>();
  s.label(point) = j;
}

void classify(State& s) {
  const Index n = s.num_train, rest = s.num_points - n;
  const LogisticRegression fit(s.feature.topRows(n), s.label.head(n));
  s.train = accuracy(fit.predict(s.feature.topRows(n)), s.label.head(n));
  s.eval = accuracy(fit.predict(s.feature.bottomRows(rest)), s.label.tail(rest));
}

}  // namespace

Job beta_vae_score(Representation& representation, uint64_t seed, int num_train, int num_eval) {
  if (representation.sizes().size() < 2)
    throw Error(ErrorKind::usage, "beta_vae", "tells factors apart, and there is one", "use data with two factors or more");
  const auto s = std::make_shared<State>(
      State{representation, Rng(sub_seed(seed, "beta_vae"), Stream::probe), num_train, num_train + num_eval, {}, {}});
  s->label.resize(s->num_points);
  const auto drawing = static_cast<int>((s->num_points + kPointsPerPiece - 1) / kPointsPerPiece);
  const auto piece = [s, drawing](int number, Pool&) {
    if (number == drawing) return classify(*s);
    const Index begin = number * kPointsPerPiece, end = std::min<Index>(s->num_points, begin + kPointsPerPiece);
    for (Index point = begin; point < end; ++point) draw_point(*s, point);
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
