// See survey.h.
#include "core/seams/survey.h"
#include "core/base/numbers.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr size_t kPointsAtOnce = 16;

// Running mean over the points where a score is defined.
class Means {
 public:
  void add(const std::string& name, const std::string& summary, Score at_point, bool needs_chance = true) {
    auto row = std::find_if(rows_.begin(), rows_.end(), [&](const SurveyScore& s) { return s.name == name; });
    if (row == rows_.end()) {
      row = rows_.insert(row, {name, summary, {}, 0});
      counts_.push_back(0);
    }
    if (!std::isfinite(at_point.measured) || (needs_chance && !std::isfinite(at_point.rotated))) {
      ++row->undefined;
      return;
    }
    row->mean.measured += at_point.measured;
    row->mean.rotated += at_point.rotated;
    ++counts_[static_cast<size_t>(row - rows_.begin())];
  }
  std::vector<SurveyScore> result() const {
    std::vector<SurveyScore> means = rows_;
    for (size_t i = 0; i < means.size(); ++i) {
      const double n = counts_[i] ? counts_[i] : kUndefined;
      means[i].mean = {means[i].mean.measured / n, means[i].mean.rotated / n};
    }
    return means;
  }

 private:
  std::vector<SurveyScore> rows_;
  std::vector<int> counts_;
};

// The scores of one choice of latents, point after point.
class Gatherer {
 public:
  Gatherer(std::vector<int> dims, const SurveyRequest& request)
      : dims_(std::move(dims)), request_(request), rng_(request.seed, Stream::permutation) {}

  void add(const Geometry& g, const SpeedChanges& speeds) {
    for (const GeometryScore& score : geometry_scores()) {
      const Score at_point = chance([&](const MatrixXd& Q) { return score.of(rotated(g, Q)); });
      means_.add(score.name, score.summary, score.of_v && !g.determined() ? Score{kUndefined, kUndefined} : at_point);
    }
    means_.add("c2", "share of ds_i/dz_j off the diagonal", c2_residual(off_share, g, speeds, rng_, step(), request_.rotations));
    means_.add("c2-raw", "|off|_F of ds_i/dz_j", c2_residual(off_root, g, speeds, rng_, step(), request_.rotations));
    means_.add("dependence", "strong test of D1: mean |d log s_k / dz_j|", {dependence(g, speeds), kUndefined}, false);
    rank_ += g.rank;
    least_gap_ = std::min(least_gap_, g.gap);
    ++points_;
  }

  // A = E_q[J' W J] and C = A - E_q[Hessian], of all latents.
  void add(const MatrixXd& A, const MatrixXd& C) {
    const MatrixXd a = A(dims_, dims_), c = C(dims_, dims_);
    const auto turned = [](const MatrixXd& Q, const MatrixXd& M) { return MatrixXd(Q * M * Q.transpose()); };
    means_.add("off-a", "share of A = E_q[J'WJ] off the diagonal",
               chance([&](const MatrixXd& Q) { return off_share(turned(Q, a)); }));
    means_.add("off-c", "share of C, the residual part of E_q, off the diagonal",
               chance([&](const MatrixXd& Q) { return off_share(turned(Q, c)); }));
    means_.add("off-a-norm", "|off A|_F", chance([&](const MatrixXd& Q) { return off_root(turned(Q, a)); }));
    means_.add("off-c-norm", "|off C|_F", chance([&](const MatrixXd& Q) { return off_root(turned(Q, c)); }));
    means_.add("non-cancellation", "|off(A - C)|_F / (|off A|_F + |off C|_F)",
               chance([&](const MatrixXd& Q) { return non_cancellation(turned(Q, a), turned(Q, c)); }));
  }

  SurveyScores result() const { return {dims_, means_.result(), rank_ / points_, least_gap_}; }

 private:
  uint32_t step() { return step_ += static_cast<uint32_t>(request_.rotations); }
  template <class Of>
  Score chance(Of of) {
    return against_chance(static_cast<int>(dims_.size()), of, rng_, step(), request_.rotations);
  }

  std::vector<int> dims_;
  const SurveyRequest& request_;
  Rng rng_;
  uint32_t step_ = 0;
  Means means_;
  double rank_ = 0, least_gap_ = 1, points_ = 0;
};

// One way to take E_q, point after point.
class Checker {
 public:
  Checker(std::string expectation, Expectation how, const std::vector<int>& active, double beta)
      : how_(how), active_(active), beta_(beta) {
    check_.expectation = std::move(expectation);
    check_.samples = how.kind == Expectation::at_mean ? 1 : how.samples;
  }
  // `data` stand at `begin` among all points.
  void add(PosteriorIdentity& identity, std::span<const Datum> data, size_t begin, const Rng& rng,
           std::vector<Gatherer>& gatherers) {
    Expectation how = how_;
    how.step = static_cast<uint32_t>(begin * static_cast<size_t>(check_.samples));
    const std::vector<LikelihoodMoments> moments = identity.moments(data, how, rng);
    std::vector<MatrixXd> A(data.size());
    if (how.kind != Expectation::stein) A = identity.gauss_newton(data, how, rng);
    for (size_t i = 0; i < data.size(); ++i) {
      add(data[i].q, moments[i], A[i]);
      if (how.kind != Expectation::sampled) continue;
      for (Gatherer& gatherer : gatherers) gatherer.add(A[i], MatrixXd(A[i] - moments[i].hessian));
    }
  }

  IdentityCheck result() const {
    IdentityCheck c = check_;
    c.exact = median(exact_);
    c.approximate = median(approximate_);
    c.exact_full = median(full_);
    c.approximate_full = median(approximate_full_);
    c.standard_error = median(standard_error_);
    c.mean_condition = median(mean_);
    c.gap = gaps_.empty() ? kUndefined : std::accumulate(gaps_.begin(), gaps_.end(), 0.0) / static_cast<double>(gaps_.size());
    return c;
  }

 private:
  // A: empty if it is not known.
  void add(const GaussianPosterior& q, const LikelihoodMoments& m, const MatrixXd& A) {
    const MatrixXd sigma = q.covariance(), P = m.precision(beta_);
    const VectorXd exact = diagonal_errors(sigma.diagonal(), P);
    full_.push_back(identity_error(sigma, P));
    if (A.size() > 0) {
      const MatrixXd near = MatrixXd::Identity(A.rows(), A.cols()) + A / beta_;
      approximate_full_.push_back(identity_error(sigma, near));
      const VectorXd errors = diagonal_errors(sigma.diagonal(), near);
      for (const int j : active_) approximate_.push_back(errors(j));
    }
    for (const int j : active_) {
      exact_.push_back(exact(j));
      standard_error_.push_back(sigma(j, j) * m.standard_error(j, j) / beta_);
    }
    const double mean = mean_condition_error(m.mean(beta_), q.mean), gap = diagonal_gap(P, beta_);
    if (std::isfinite(mean)) mean_.push_back(mean);
    if (std::isfinite(gap)) gaps_.push_back(gap);
  }

  Expectation how_;
  const std::vector<int>& active_;
  double beta_;
  IdentityCheck check_;
  std::vector<double> exact_, approximate_, full_, approximate_full_, standard_error_, mean_, gaps_;
};

VectorXd mean_of(Likelihood kind, bool logits, const VectorXd& value) {
  if (!logits || kind != Likelihood::bernoulli) return value;
  return (1 + (-value.array()).exp()).inverse().matrix();
}

void check(const SurveyRequest& r, size_t points, size_t pixels) {
  if (!r.x.empty() && r.x.size() != points * pixels)
    throw Error(ErrorKind::usage, "images", "not one for each of " + std::to_string(points) + " codes", "give as many of each");
  if (!r.q.empty() && (r.q.size() != points || r.x.empty()))
    throw Error(ErrorKind::usage, "posteriors", "not one for each image", "encode the images");
}

}  // namespace

Survey survey(Model& model, const SurveyRequest& r, Backend& backend, const std::function<void(const SurveyPoint&)>& point) {
  const VaeSpec& spec = model.spec;
  const size_t points = count_codes(r.z, spec.latent), width = static_cast<size_t>(spec.latent),
               pixels = static_cast<size_t>(spec.image.size());
  check(r, points, pixels);
  const size_t at_once = std::min(points, kPointsAtOnce);
  GeometryProgram program(r.logits ? logit_map(model) : mean_map(model), backend);
  const bool twice = has_hessian(spec);
  std::unique_ptr<PosteriorIdentity> identity;
  if (twice) identity = std::make_unique<PosteriorIdentity>(logit_map(model), spec.likelihood, r.sigma2, backend);
  const Rng noise(r.seed, Stream::noise);
  std::vector<Gatherer> gatherers;
  if (!r.active.empty()) gatherers.emplace_back(r.active, r);
  std::vector<int> all(width);
  std::iota(all.begin(), all.end(), 0);
  gatherers.emplace_back(all, r);
  std::vector<Checker> checkers;
  if (!r.q.empty() && r.beta > 0 && identity_obstacle(spec).empty()) {
    checkers.emplace_back("pointwise", Expectation{}, r.active, r.beta);
    checkers.emplace_back("sampled", Expectation{Expectation::sampled, r.samples}, r.active, r.beta);
    if (r.stein > 0) checkers.emplace_back("stein", Expectation{Expectation::stein, r.stein}, r.active, r.beta);
  }

  for (size_t begin = 0; begin < points; begin += at_once) {
    const size_t n = std::min(points - begin, at_once);
    const std::vector<Geometry> some = program.at(r.z.subspan(begin * width, n * width), {}, Signs::largest_entry);
    std::vector<LikelihoodMoments> at_codes(n);
    if (!r.x.empty() && twice) {
      std::vector<Datum> codes, posteriors;
      for (size_t k = 0; k < n; ++k) {
        const std::span<const real> x = r.x.subspan((begin + k) * pixels, pixels);
        codes.push_back({x, {to_double(some[k].z), MatrixXd::Identity(spec.latent, spec.latent)}});
        if (!r.q.empty()) posteriors.push_back({x, r.q[begin + k]});
      }
      at_codes = identity->moments(codes, {}, noise);
      for (Checker& c : checkers) c.add(*identity, posteriors, begin, noise, gatherers);
    }
    for (size_t k = 0; k < n; ++k) {
      const Geometry& g = some[k];
      gatherers.back().add(g, program.speed_changes(g));
      if (!r.active.empty()) {
        const Geometry part = restricted(g, r.active, Signs::largest_entry);
        gatherers.front().add(part, program.speed_changes(part));
      }
      SurveyPoint at{g, {}, at_codes[k].hessian};
      if (!r.x.empty()) {
        const VectorXd image = to_double(r.x.subspan((begin + k) * pixels, pixels));
        at.curvature = program.residual_hessian(g, image - mean_of(spec.likelihood, r.logits, g.value));
      }
      if (point) point(at);
    }
  }

  Survey result{points, {}, {}};
  for (const Gatherer& g : gatherers) result.scores.push_back(g.result());
  for (const Checker& c : checkers) result.identity.push_back(c.result());
  return result;
}

}  // namespace unpick
