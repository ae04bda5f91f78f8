// The table of all metrics, a row for each. See metrics.h.
#include <cmath>

#include "core/metrics/beta_vae_score.h"
#include "core/metrics/dci.h"
#include "core/metrics/downstream.h"
#include "core/metrics/factor_vae_score.h"
#include "core/metrics/irs.h"
#include "core/metrics/metrics.h"
#include "core/metrics/mig.h"
#include "core/metrics/modularity.h"
#include "core/metrics/sap.h"
#include "core/metrics/seeds.h"
#include "core/metrics/unsupervised.h"

namespace unpick {
namespace {

// A metric that is quick enough for one piece.
template <Report (*metric)(const Points&)>
Job of_train(const Sample& sample, uint64_t) {
  return at_once([points = sample.train] { return metric(points); });
}
template <Report (*metric)(const Eigen::MatrixXf&)>
Job of_codes(const Sample& sample, uint64_t) {
  return at_once([codes = sample.train.codes] { return metric(codes); });
}
template <Job (*metric)(const Sample&)>
Job without_seed(const Sample& sample, uint64_t) {
  return metric(sample);
}

// The variances of all codes are taken from as many points as there are votes to train.
Job factor_vae_of(Representation& representation, uint64_t seed, int train, int test) {
  return factor_vae_score(representation, seed, train, test, train);
}
Job factor_vae_mathieu(Representation& representation, uint64_t seed, int train, int) {
  return factor_vae_score(representation, seed, train, 0, train, 1000);
}

// Means and, where codes are uncertain, samples of them: the two total correlations that the study contrasts.
Job unsupervised_of(Representation& representation, uint64_t seed, int train, int) {
  const auto report = [&representation, seed, train] {
    const Rng rng(sub_seed(seed, "unsupervised"), Stream::probe), noise(sub_seed(seed, "unsupervised"), Stream::noise);
    const Points points = draw_points(representation, train, rng, 0);
    Report all = unsupervised(points.codes);
    const Eigen::MatrixXf logvar = representation.log_variances(points.factors);
    if (logvar.size() == 0) return all;
    Eigen::MatrixXf sampled = points.codes;
    for (Eigen::Index i = 0; i < sampled.size(); ++i)
      sampled(i) += std::exp(logvar(i) / 2) * static_cast<float>(noise.normal(0, static_cast<uint32_t>(i)));
    all.add("sampled", unsupervised(sampled));
    return all;
  };
  return at_once(report);
}

// Labels are the first points, as many as there are.
Job downstream_on(const Sample& sample, uint64_t seed) {
  check_sample(sample);
  std::vector<Points> train;
  for (const int count : kLabelCounts)
    if (count <= sample.train.size()) train.push_back(sample.train.head(count));
  if (train.empty()) train.push_back(sample.train);
  return downstream(std::move(train), sample.test, seed);
}

Job downstream_of(Representation& representation, uint64_t seed, int train, int test) {
  const Rng rng(sub_seed(seed, "downstream"), Stream::probe);
  std::vector<Points> sets;
  for (const int count : kLabelCounts)
    if (count <= train) sets.push_back(draw_points(representation, count, rng, static_cast<uint32_t>(count)));
  return downstream(std::move(sets), draw_points(representation, test, rng, 0), seed);
}

//   name, title, score, source,
//   protocol,
//   matrix, version, train, test, needs labels, random, duration, of points, of a representation
// clang-format off
constexpr Metric kMetrics[] = {
  {"beta_vae", "BetaVAE", "eval_accuracy", "Higgins et al. 2017",
    "pairs of 64 that share a factor; softmax regression, C = 1, converged",
    "", 1, 10000, 5000, true, true, 4, nullptr, beta_vae_score},
  {"factor_vae", "FactorVAE", "eval_accuracy", "Kim and Mnih 2018",
    "batches of 64 with a factor held; majority vote; variances of as many points as votes; codes of deviation below .05 left out",
    "votes", 1, 10000, 5000, true, true, 2, nullptr, factor_vae_of},
  {"factor_vae_mathieu", "FactorVAE (Mathieu)", "train_accuracy", "Mathieu et al. 2019",
    "batches of 1000 with a factor held; majority vote, scored on the votes themselves; else as factor_vae",
    "votes", 1, 20000, 0, true, true, 8, nullptr, factor_vae_mathieu},
  {"mig", "MIG", "discrete_mig", "Chen et al. 2018",
    "20 equal bins with float32 edges; plug-in information",
    "mutual_information", 1, 10000, 0, true, false, 0.1, of_train<mig>, nullptr},
  {"modularity", "Modularity", "modularity_score", "Ridgeway and Mozer 2018",
    "20 equal bins; plug-in information; all codes, dead ones too",
    "mutual_information", 1, 10000, 0, true, false, 0.1, of_train<modularity>, nullptr},
  {"explicitness", "Explicitness", "explicitness_score_test", "Ridgeway and Mozer 2018",
    "standardised codes; softmax regression, C = 1, converged; macro ROC-AUC",
    "", 1, 10000, 5000, true, false, 3, without_seed<explicitness>, nullptr},
  {"dci", "DCI", "disentanglement", "Eastwood and Williams 2018",
    "gradient boosting: 100 stages of depth 3, rate .1, exact splits, ties at random; importances weighted over stages",
    "importance", 1, 10000, 5000, true, true, 15, dci, nullptr},
  {"sap", "SAP", "SAP_score", "Kumar et al. 2018",
    "linear SVM on one code, C = .01, balanced, exact; test accuracy",
    "score_matrix", 1, 10000, 5000, true, false, 1, without_seed<sap>, nullptr},
  {"irs", "IRS", "IRS", "Suter et al. 2018",
    "factors in 20 bins; 99th percentile; constant codes left out",
    "irs_matrix", 1, 10000, 0, true, false, 0.2, of_train<irs>, nullptr},
  {"unsupervised", "Total correlation", "gaussian_total_correlation", "Locatello et al. 2019",
    "covariance with N-1; 20 equal bins",
    "covariance", 1, 10000, 0, false, false, 0.2, of_codes<unsupervised>, unsupervised_of},
  {"hoyer", "Hoyer", "hoyer", "Hoyer 2004; Mathieu et al. 2019",
    "codes over their deviation; constant ones left out",
    "", 1, 10000, 0, false, false, 0.1, of_codes<hoyer_score>, nullptr},
  {"downstream", "Downstream", "gradient_boosting:1000/mean_test", "Locatello et al. 2019",
    "10, 100, 1000, 10000 labels; boosting as in dci; logistic regression with C from ten values by five folds",
    "", 1, 10000, 5000, true, true, 60, downstream_on, downstream_of},
};
// clang-format on

}  // namespace

std::span<const Metric> metrics() { return kMetrics; }

}  // namespace unpick
