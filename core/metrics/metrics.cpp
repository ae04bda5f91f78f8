// Running a metric of the table, and what its scores say together. See metrics.h.
#include "core/metrics/metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/check.h"
#include "core/metrics/seeds.h"

namespace unpick {
namespace {

constexpr int kLeastPoints = 100;  // of a scaled protocol

// Two scores that part, and what that usually means.
struct Disagreement {
  const char *high, *low;
  double at_least, at_most;
  const char* meaning;
};
constexpr Disagreement kDisagreements[] = {
    {"beta_vae", "mig", 0.9, 0.3,
     "factors can be told apart, but no factor has a code of its own: codes are rotated, shared or copied"},
    {"factor_vae", "mig", 0.9, 0.3, "each factor stills one code, but others know nearly as much about it"},
    {"dci", "mig", 0.7, 0.2, "each code follows one factor, but several codes follow the same"},
    {"modularity", "dci", 0.7, 0.2, "modularity counts dead codes, and noise scores about .6: trust the other"},
    {"beta_vae", "factor_vae", 0.9, 0.6, "a linear classifier forgives mixtures that a vote does not"},
    {"mig", "sap", 0.4, 0.05, "codes tell factors apart, but not linearly"},
};

}  // namespace

int scaled(int points, double scale) {
  return points == 0 ? 0 : std::max(kLeastPoints, static_cast<int>(std::lround(points * scale)));
}

Job start(const Metric& metric, const Sample& sample, uint64_t seed) {
  if (!metric.of_points)
    throw Error(ErrorKind::usage, metric.name, "changes one factor at a time, which fixed codes do not allow",
                "give a model, or the codes of the whole grid of factors");
  return metric.of_points(sample, seed);
}

Job start(const Metric& metric, Representation& representation, uint64_t seed, double scale) {
  if (metric.needs_labels && !representation.labelled())
    throw Error(ErrorKind::usage, metric.name, "needs the factors of each image, and these data have none",
                "choose metrics without factors: unsupervised, hoyer");
  const int train = scaled(metric.train, scale), test = scaled(metric.test, scale);
  if (metric.of_representation) return metric.of_representation(representation, seed, train, test);
  const Rng rng(sub_seed(seed, metric.name), Stream::probe);
  const Sample sample{draw_points(representation, train, rng, 0), test > 0 ? draw_points(representation, test, rng, 1) : Points{}};
  return metric.of_points(sample, seed);
}

std::vector<std::string> disagreements(std::span<const NamedScore> scores) {
  const auto find = [&](const std::string& name) {
    return std::find_if(scores.begin(), scores.end(), [&](const NamedScore& s) { return s.metric == name; });
  };
  std::vector<std::string> found;
  for (const Disagreement& d : kDisagreements) {
    const auto high = find(d.high), low = find(d.low);
    if (high == scores.end() || low == scores.end() || !(high->score >= d.at_least && low->score <= d.at_most)) continue;
    char numbers[96];
    std::snprintf(numbers, sizeof numbers, "%s %.2f but %s %.2f: ", d.high, high->score, d.low, low->score);
    found.push_back(numbers + std::string(d.meaning));
  }
  return found;
}

}  // namespace unpick
