// See trials.h.
#include "native/reproduce/trials.h"

#include <algorithm>
#include <cstdio>
#include <numbers>

#include "core/base/rng.h"
#include "core/metrics/factor_vae_score.h"
#include "core/metrics/mig.h"
#include "core/metrics/unsupervised.h"
#include "core/session/encoded_data.h"
#include "core/session/evidence.h"

namespace unpick::reproduce {
namespace {

constexpr int kShrink = 4;

std::string key_of(const Trial& what, int seed) {
  return what.settings + " " + what.data + (what.full_size ? " of full size" : "") + ", seed " + std::to_string(seed);
}

// Every code of the grid of factors, each latent moved to a normal prior.
GridCodes transported(EncodedData& codes, double nu) {
  const std::vector<int>& sizes = codes.sizes();
  Eigen::Index count = 1;
  for (const int levels : sizes) count *= levels;
  Eigen::MatrixXi factors(count, static_cast<Eigen::Index>(sizes.size()));
  for (Eigen::Index i = 0; i < count; ++i)
    for (Eigen::Index f = factors.cols(), rest = i; f-- > 0; rest /= sizes[static_cast<size_t>(f)])
      factors(i, f) = static_cast<int>(rest % sizes[static_cast<size_t>(f)]);
  return {codes.encode(factors).unaryExpr([nu](float z) { return static_cast<float>(normal_of_student(z, nu)); }), sizes};
}

TrialResult measure(Workshop& shop, Session& s, const std::vector<double>& terms) {
  const auto seed = static_cast<uint64_t>(s.config().seed);
  EncodedData codes(s.model(), s.data(), shop.backend(), shop.pool());
  const Points points = draw_points(codes, shop.pick(10000, 500), Rng(seed, Stream::probe), 0);
  const int train = shop.pick(10000, 40), test = shop.pick(5000, 20), spread_of = shop.pick(10000, 500);
  TrialResult r;
  r.mig = mig(points).number("discrete_mig");
  r.hoyer = hoyer_score(points.codes).number("hoyer");
  r.factor_score = finish(factor_vae_score(codes, seed, train, test, spread_of), shop.pool()).number("eval_accuracy");
  if (s.config().prior == "student-t") {
    GridCodes normal = transported(codes, s.config().nu);
    r.transported_score = finish(factor_vae_score(normal, seed, train, test, spread_of), shop.pool()).number("eval_accuracy");
  }
  r.reconstruction = finish(evidence(s.model(), s.data(), shop.backend(), seed, shop.pick(32, 1)), shop.pool())
                         .number(s.model().spec.likelihood == Likelihood::bernoulli ? "reconstruction_loss" : "squared_error");
  const Eigen::MatrixXf centred = points.codes.rowwise() - points.codes.colwise().mean();
  const Eigen::VectorXf variance = centred.colwise().squaredNorm().transpose() / static_cast<float>(centred.rows());
  r.active = static_cast<int>((variance.array() > 0.25f).count());
  r.term = spread(terms).mean;
  return r;
}

}  // namespace

double normal_of_student(double z, double nu) {
  constexpr int n = 128;  // Simpson's rule from 0 to |z|, in which the density is smooth
  const double log_norm = std::lgamma((nu + 1) / 2) - std::lgamma(nu / 2) - 0.5 * std::log(nu * std::numbers::pi);
  double mass = 0;
  for (int i = 0; i <= n; ++i) {
    const double t = std::abs(z) * i / n, weight = i == 0 || i == n ? 1 : i % 2 ? 4 : 2;
    mass += weight * std::exp(log_norm - (nu + 1) / 2 * std::log1p(t * t / nu));
  }
  return std::copysign(normal_quantile(std::min(0.5 + mass * std::abs(z) / (3 * n), 1 - 1e-15)), z);
}

std::string weight(const char* setting, double of_full_size) {
  char text[48];
  std::snprintf(text, sizeof text, " %s=%.6g", setting, of_full_size / (kShrink * kShrink));
  return text;
}

int64_t trial_steps(const Workshop& shop, bool full_size) { return shop.pick<int64_t>(full_size ? 5000 : 3000, 20); }

const TrialResult& trial(Workshop& shop, const Trial& what, int seed) {
  const std::string key = key_of(what, seed);
  if (const auto found = shop.trials.find(key); found != shop.trials.end()) return *found->second;
  const int64_t steps = trial_steps(shop, what.full_size), early = steps * 4 / 5;
  const double lr = what.full_size ? 1e-3 : 3e-3;
  Recipe recipe{std::string(what.full_size ? "model=mlp" : "model=mlp-64-tanh") + " latent=" + std::to_string(kTrialLatents) +
                    " batch=64 " + what.settings,
                seed,
                {{early, lr}, {steps - early, lr / 5}}};
  for (int64_t step = steps - steps / 10 + 1; step <= steps; ++step) recipe.marks.push_back(step);
  std::vector<double> terms;
  auto data = open_dataset(what.data);
  if (!what.full_size) data = shrunk(std::move(data), kShrink);
  const auto session = shop.train(recipe, std::move(data), key, [&](Session& s) { terms.push_back(s.losses().term); });
  return *(shop.trials[key] = std::make_shared<const TrialResult>(measure(shop, *session, terms)));
}

std::vector<TrialResult> trials(Workshop& shop, const Trial& what) {
  std::vector<TrialResult> results;
  for (int seed = 1; seed <= shop.seeds(); ++seed) results.push_back(trial(shop, what, seed));
  return results;
}

int64_t missing_steps(const Workshop& shop, const std::vector<Trial>& wanted) {
  int64_t steps = 0;
  for (const Trial& what : wanted)
    for (int seed = 1; seed <= shop.seeds(); ++seed)
      if (!shop.trials.count(key_of(what, seed))) steps += trial_steps(shop, what.full_size);
  return steps;
}

std::vector<double> of(const std::vector<TrialResult>& results, double TrialResult::*field) {
  std::vector<double> values;
  for (const TrialResult& r : results) values.push_back(r.*field);
  return values;
}

Json to_json(const std::vector<TrialResult>& results) {
  std::vector<double> active;
  for (const TrialResult& r : results) active.push_back(r.active);
  Json json{{"reconstruction", to_json(of(results, &TrialResult::reconstruction))},
            {"mig", to_json(of(results, &TrialResult::mig))},
            {"factor_score", to_json(of(results, &TrialResult::factor_score))},
            {"hoyer", to_json(of(results, &TrialResult::hoyer))},
            {"term", to_json(of(results, &TrialResult::term))},
            {"active", to_json(active)}};
  const std::vector<double> normal = of(results, &TrialResult::transported_score);
  if (!std::isnan(normal[0])) json["factor_score_of_normal_codes"] = to_json(normal);
  return json;
}

}  // namespace unpick::reproduce
