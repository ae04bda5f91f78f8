// What every metric must do whatever its estimator: score the identity code as it should, ignore the order and the sign of codes,
// notice a rotation, give chance for noise, and say what it cannot use.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/base/check.h"
#include "core/metrics/dci.h"
#include "core/metrics/downstream.h"
#include "core/metrics/evaluation.h"
#include "core/metrics/irs.h"
#include "core/metrics/metrics.h"
#include "core/metrics/mig.h"
#include "core/metrics/modularity.h"
#include "core/metrics/sap.h"
#include "core/metrics/unsupervised.h"
#include "tests/metrics_support.h"

namespace unpick {
namespace {

using Eigen::Index;

const std::vector<int> kSizes{3, 4, 5};

// The identity code of a small grid, standardised, passed through `change`.
template <class Change>
GridCodes codes_of(Change change) {
  Eigen::MatrixXf codes = identity_points(kSizes).codes;
  for (Index d = 0; d < codes.cols(); ++d) codes.col(d).array() -= codes.col(d).mean();
  return {change(codes), kSizes};
}
GridCodes identity() {
  return codes_of([](const Eigen::MatrixXf& z) { return z; });
}

// The quoted score of every metric that has one in [0,1], at a twentieth of the study's sizes.
std::map<std::string, double> scores(Representation& codes) {
  Pool pool(2);
  std::map<std::string, double> result;
  for (const Metric& m : metrics()) {
    if (!m.needs_labels || std::string(m.name) == "downstream") continue;
    const Report report = finish(start(m, codes, 1, 0.05), pool);
    result[m.name] = report.number(m.score);
    if (report.has("SAP_continuous")) result["sap_continuous"] = report.number("SAP_continuous");
    if (report.has("completeness")) result["completeness"] = report.number("completeness");
  }
  return result;
}

TEST(Metrics, TheIdentityCode) {
  GridCodes codes = identity();
  std::map<std::string, double> s = scores(codes);
  EXPECT_GE(s["beta_vae"], 0.99);
  EXPECT_EQ(s["factor_vae"], 1);
  EXPECT_EQ(s["factor_vae_mathieu"], 1);
  EXPECT_GE(s["mig"], 0.95);
  EXPECT_GE(s["dci"], 0.98);
  EXPECT_GE(s["completeness"], 0.98);
  EXPECT_GE(s["modularity"], 0.99) << "1 but for the information that 500 points seem to have";
  EXPECT_GE(s["explicitness"], 0.99);
  EXPECT_GE(s["sap_continuous"], 0.95);
  EXPECT_LT(s["sap"], 0.9) << "a linear machine on one code tells only the outer classes apart";
  EXPECT_GE(s["irs"], 0.95);
}

// On the whole grid, each combination of factors once, nothing is estimated: what is 1 in theory is 1.
TEST(Metrics, OfTheWholeGridTheIdentityCodeScoresOne) {
  Pool pool(2);
  const Points grid = identity_points(kSizes);
  const Sample sample{grid, grid};
  EXPECT_NEAR(mig(grid).number("discrete_mig"), 1, 1e-9);
  EXPECT_NEAR(modularity(grid).number("modularity_score"), 1, 1e-9);
  EXPECT_NEAR(finish(sap(sample), pool).number("SAP_continuous"), 1, 1e-9);
  const Report read_off = finish(explicitness(sample), pool), trees = finish(dci(sample, 1), pool);
  for (const char* name : {"explicitness_score_train", "explicitness_score_test"}) EXPECT_NEAR(read_off.number(name), 1, 1e-9);
  for (const char* name : {"disentanglement", "completeness", "informativeness_train", "informativeness_test"})
    EXPECT_NEAR(trees.number(name), 1, 1e-9) << name;
}

// Of two classes a linear machine on one code tells both, of three never the one in the middle; codes of other factors give chance.
TEST(Sap, OfAMachineIsBelowOneEvenForTheIdentityCode) {
  Pool pool(1);
  const Points grid = identity_points({2, 3});
  const Report report = finish(sap({grid, grid}), pool);
  const Eigen::Matrix2d accuracies = (Eigen::Matrix2d() << 1, 1. / 3, 1. / 2, 2. / 3).finished();
  EXPECT_NEAR((report.value("score_matrix") - accuracies).cwiseAbs().maxCoeff(), 0, 1e-12);
  EXPECT_NEAR(report.number("SAP_score"), ((1 - 1. / 2) + (2. / 3 - 1. / 3)) / 2, 1e-12);
}

// Codes in another order, turned around and stretched are the same codes.
TEST(Metrics, PermutationSignAndScaleLeaveScores) {
  GridCodes plain = identity(), moved = codes_of([](const Eigen::MatrixXf&z) {
                                  Eigen::MatrixXf m(z.rows(), 3);
                                  m << -2 * z.col(2), 2 * z.col(0), -2 * z.col(1);
                                  return m;
                                });
  std::map<std::string, double> a = scores(plain), b = scores(moved);
  for (const auto& [name, score] : a) EXPECT_NEAR(score, b[name], name == "sap" ? 0.2 : 0.01) << name;
}

// Stretching a code unevenly, without changing its order, leaves what trees and votes see.
TEST(Metrics, MonotoneChangesLeaveTrees) {
  GridCodes plain = identity(), bent = codes_of([](const Eigen::MatrixXf&z) { return Eigen::MatrixXf((z.array() / 2).exp()); });
  std::map<std::string, double> a = scores(plain), b = scores(bent);
  EXPECT_NEAR(a["dci"], b["dci"], 1e-6);
  EXPECT_NEAR(a["factor_vae"], b["factor_vae"], 1e-12);
  EXPECT_NEAR(a["mig"], b["mig"], 0.05);
}

TEST(Metrics, ARotationLowersScores) {
  GridCodes plain = identity(), turned = codes_of([](const Eigen::MatrixXf&z) {
                                  Eigen::Matrix3f Q;
                                  Q << 2, -2, 1, 1, 2, 2, 2, 1, -2;
                                  return Eigen::MatrixXf(z * Q / 3);
                                });
  std::map<std::string, double> a = scores(plain), b = scores(turned);
  for (const char* name : {"factor_vae", "factor_vae_mathieu", "mig", "dci", "modularity", "sap_continuous", "irs"})
    EXPECT_LT(b[name], a[name] - 0.05) << name;
  EXPECT_LT(b["mig"], 0.3);
}

// Codes that have nothing to do with the factors, new ones at every call.
class NoiseCode : public Representation {
 public:
  const std::vector<int>& sizes() const override { return kSizes; }
  Eigen::MatrixXf encode(const Eigen::MatrixXi& factors) override {
    Eigen::MatrixXf codes(factors.rows(), 3);
    for (Index i = 0; i < codes.size(); ++i) codes(i) = static_cast<float>(rng_.normal(calls_, static_cast<uint32_t>(i)));
    ++calls_;
    return codes;
  }

 private:
  Rng rng_{1, Stream::test};
  uint32_t calls_ = 0;
};

TEST(Metrics, NoiseScoresChance) {
  NoiseCode noise;
  std::map<std::string, double> s = scores(noise);
  EXPECT_LT(s["mig"], 0.1);
  EXPECT_LT(s["dci"], 0.3);
  EXPECT_NEAR(s["beta_vae"], 1. / 3, 0.15);
  EXPECT_NEAR(s["factor_vae"], 1. / 3, 0.15);
  EXPECT_NEAR(s["factor_vae_mathieu"], 1. / 3, 0.1);
  EXPECT_NEAR(s["explicitness"], 0.5, 0.15);
}

TEST(Metrics, ResultsDependOnTheSeedAloneAndNotOnThreads) {
  GridCodes codes = identity();
  Pool one(1), three(3);
  for (const Metric& m : metrics()) {
    if (std::string(m.name) == "downstream") continue;
    const Report a = finish(start(m, codes, 7, 0.02), one), b = finish(start(m, codes, 7, 0.02), three);
    for (const Quantity& q : a.quantities())
      EXPECT_TRUE((q.value.array() == b.value(q.name).array()).all() || q.value.hasNaN()) << m.name;
  }
}

TEST(Metrics, TheScoreAndItsMatrixAreInTheReport) {
  GridCodes codes = identity();
  Pool pool(2);
  for (const Metric& m : metrics()) {
    if (std::string(m.name) == "downstream") continue;
    const Report report = finish(start(m, codes, 1, 0.02), pool);
    EXPECT_TRUE(report.has(m.score)) << m.name;
    if (*m.matrix) {
      ASSERT_TRUE(report.has(m.matrix)) << m.name;
      EXPECT_EQ(report.value(m.matrix).rows(), 3) << m.name << ": a row for each code";
    }
  }
}

TEST(Metrics, DegeneratePointsGiveAValueOrALine) {
  Pool pool(1);
  const Points grid = identity_points(kSizes);
  Sample constant{grid, grid};
  constant.train.codes.col(1).setConstant(0.37f);
  constant.test.codes.col(1).setConstant(0.37f);
  Sample nan = constant;
  nan.train.codes(0, 0) = std::nanf("");
  Sample one_class{grid, grid};
  one_class.train.factors.col(2).setZero();
  Sample short_of_factors{grid, grid};
  short_of_factors.train.factors.conservativeResize(7, 3);
  Sample no_test{grid, {Eigen::MatrixXf(0, 3), Eigen::MatrixXi(0, 3)}};
  Sample few{grid.head(5), grid};  // fewer points than classes
  few.train.factors << 0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 3, 3, 1, 2, 4;
  for (const Metric& m : metrics()) {
    if (!m.of_points) {
      EXPECT_THROW(start(m, constant, 1), Error) << m.name;
      continue;
    }
    const std::string name = m.name;
    const auto run = [&](const Sample& sample) { return finish(start(m, sample, 1), pool); };
    EXPECT_THROW(run(nan), Error) << name;
    if (name == "explicitness") {
      EXPECT_THROW(run(constant), Error) << "a constant code cannot be standardised";
      EXPECT_THROW(run(few), Error) << "classes that only the test points have";
    } else {
      EXPECT_FALSE(run(constant).quantities().empty()) << name;
      EXPECT_FALSE(run(few).quantities().empty()) << name;
    }
    if (!m.needs_labels) continue;
    EXPECT_THROW(run(one_class), Error) << name;
    EXPECT_THROW(run(short_of_factors), Error) << name;
    if (m.test > 0) {
      EXPECT_THROW(run(no_test), Error) << name;
    }
  }
  Points all_constant = grid;
  all_constant.codes.setConstant(1);
  EXPECT_THROW(irs(all_constant), Error);
}

TEST(Dci, ScoresOfGivenImportances) {
  const DciScores identity = dci_scores(Eigen::MatrixXd::Identity(3, 3));
  EXPECT_NEAR(identity.disentanglement, 1, 1e-8);
  EXPECT_NEAR(identity.completeness, 1, 1e-8);
  const DciScores flat = dci_scores(Eigen::MatrixXd::Constant(4, 2, 0.25));
  EXPECT_NEAR(flat.disentanglement, 0, 1e-12);
  EXPECT_NEAR(flat.completeness, 0, 1e-12);
  const DciScores nothing = dci_scores(Eigen::MatrixXd::Zero(4, 2));
  EXPECT_NEAR(nothing.disentanglement, 0, 1e-12) << "no importance at all is no disentanglement";
  Eigen::MatrixXd copies(4, 2);  // each factor in two codes: disentangled, half complete (base 4)
  copies << 0.5, 0, 0.5, 0, 0, 0.5, 0, 0.5;
  EXPECT_NEAR(dci_scores(copies).disentanglement, 1, 1e-8);
  EXPECT_NEAR(dci_scores(copies).completeness, 0.5, 1e-8);
  EXPECT_THROW(dci_scores(Eigen::MatrixXd::Ones(1, 2)), Error);
}

TEST(Explicitness, AreaUnderTheCurve) {
  const Eigen::Array<bool, Eigen::Dynamic, 1> truth = (Eigen::Array<bool, 5, 1>() << false, true, false, true, true).finished();
  EXPECT_NEAR(roc_auc((Eigen::VectorXd(5) << 1, 2, 3, 4, 5).finished(), truth), 5. / 6, 1e-15) << "one of six pairs in wrong order";
  EXPECT_NEAR(roc_auc((Eigen::VectorXd(5) << 1, 2, 2, 4, 5).finished(), truth), 5.5 / 6, 1e-15) << "a tie is half";
  EXPECT_NEAR(roc_auc(Eigen::VectorXd::Zero(5), truth), 0.5, 1e-15);
  EXPECT_TRUE(std::isnan(roc_auc(Eigen::VectorXd::Zero(5), truth || !truth)));
}

TEST(Unsupervised, ClosedFormsOfTwoCorrelatedCodes) {
  const Rng rng(1, Stream::test);
  Eigen::MatrixXf codes(4000, 2);
  for (Index i = 0; i < codes.rows(); ++i) {
    const double a = rng.normal(0, static_cast<uint32_t>(i)), b = rng.normal(1, static_cast<uint32_t>(i));
    codes(i, 0) = static_cast<float>(a);
    codes(i, 1) = static_cast<float>(0.6 * a + 0.8 * b);
  }
  const Report report = unsupervised(codes);
  EXPECT_NEAR(report.number("gaussian_total_correlation"), -0.5 * std::log(1 - 0.36), 0.03);
  // W² = 2 tr S - 2 tr S^1/2 for unit variances: eigenvalues 1.6 and 0.4
  EXPECT_NEAR(report.number("gaussian_wasserstein_correlation"), 4 - 2 * (std::sqrt(1.6) + std::sqrt(0.4)), 0.03);
}

// Draws from the priors themselves, 50 latents: the floor and the ceiling of what a trained model can be expected to have.
TEST(Hoyer, OfASparsePriorAndOfANormalOneAreTheReferenceValues) {
  for (const auto& [gamma, reference] : {std::pair{0.0, 0.231}, {0.8, 0.650}}) {
    const Rng rng(1, Stream::test);
    Eigen::MatrixXf z(4000, 50);
    for (Index i = 0; i < z.size(); ++i) {
      const auto at = static_cast<uint32_t>(i);
      z(i) = static_cast<float>(rng.normal(0, at) * (rng.uniform(1, at) < gamma ? 0.05 : 1));
    }
    EXPECT_NEAR(hoyer_score(z).number("hoyer"), reference, 0.002) << gamma;
  }
}

TEST(Hoyer, OneHotIsOneAndEqualIsZero) {
  EXPECT_NEAR(hoyer(Eigen::Vector4d(0, -3, 0, 0)), 1, 1e-15);
  EXPECT_NEAR(hoyer(Eigen::Vector4d(2, -2, 2, 2)), 0, 1e-15);
}

// Folds without one of the classes leave the softmax form undefined, not wrong.
TEST(Downstream, ChoosesAStrengthOrSaysNothing) {
  Pool pool(1);
  const Points grid = identity_points({2, 30});
  const Eigen::MatrixXd x = grid.codes.cast<double>();
  Eigen::VectorXi labels;
  const Eigen::VectorXi first = grid.factors.col(0), second = grid.factors.col(1).head(30);
  predict_softmax_cv(x, first, x, pool, labels).finish();
  EXPECT_EQ(labels, first) << "the first factor";
  predict_ovr_cv(x, first, x, pool, labels).finish();
  EXPECT_EQ(labels, first);
  const Eigen::MatrixXd few = x.topRows(30);
  predict_softmax_cv(few, second, x, pool, labels).finish();
  EXPECT_EQ(labels.size(), 0) << "each class once";
}

// ---- running them -----------------------------------------------------------------------------------------------------

Job counting(std::vector<int>& order, double value) {
  return {3,
          [&order](int piece, Pool&) {
            order.push_back(piece);
            return true;
          },
          [value] {
            Report r;
            r.add("x", value);
            return r;
          }};
}

TEST(Evaluation, RunsPiecesInOrderAndOutlivesAnError) {
  std::vector<int> order;
  Evaluation evaluation({{"a", 1, [&](uint64_t seed) { return counting(order, static_cast<double>(seed)); }, {1, 3}},
                         {"b", 1, [](uint64_t) -> Job { throw Error(ErrorKind::data, "b", "cannot", "do not"); }, {1}},
                         {"c", 2, [&](uint64_t) { return counting(order, 5); }, {1}}});
  Pool pool(1);
  double done = 0;
  while (evaluation.step(pool)) {
    EXPECT_GE(evaluation.done(), done);
    done = evaluation.done();
  }
  EXPECT_EQ(evaluation.done(), 1);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 0, 1, 2, 0, 1, 2}));
  ASSERT_EQ(evaluation.outcomes().size(), 3u);
  const Report summary = over_seeds(evaluation.outcomes()[0].reports);
  EXPECT_EQ(summary.number("x/mean"), 2);
  EXPECT_NEAR(summary.number("x/sd"), std::sqrt(2.), 1e-15);
  ASSERT_TRUE(evaluation.outcomes()[1].error);
  EXPECT_STREQ(evaluation.outcomes()[1].error->what(), "b: cannot; do not");
  EXPECT_EQ(evaluation.outcomes()[2].reports.size(), 1u);
}

TEST(Evaluation, ListsOverSeedsMayBeEmpty) {
  Report nothing;
  nothing.add("active_dims", Eigen::VectorXd(0));
  nothing.add("votes", Eigen::MatrixXd(0, 3));
  const Report summary = over_seeds({nothing, nothing});
  EXPECT_EQ(summary.value("active_dims/mean").size(), 0);
  EXPECT_EQ(summary.value("votes/sd").cols(), 3);
  EXPECT_FALSE(summary.has("votes/values"));
}

TEST(Metrics, ACodeThatHardlyMovesHasNoVotes) {
  GridCodes codes = codes_of([](const Eigen::MatrixXf& z) { return 0.001f * z; });
  Pool pool(1);
  for (const Metric& m : metrics()) {
    if (std::string(m.name) != "factor_vae") continue;
    const Report report = finish(start(m, codes, 1, 0.02), pool);
    EXPECT_EQ(report.number("eval_accuracy"), 0);
    EXPECT_EQ(over_seeds({report}).number("num_active_dims/mean"), 0);
  }
}

TEST(Metrics, SaysWhereTheyDisagree) {
  const std::vector<NamedScore> rotated{{"beta_vae", 1}, {"mig", 0.1}}, fine{{"beta_vae", 1}, {"mig", 0.8}}, alone{{"beta_vae", 1}};
  ASSERT_EQ(disagreements(rotated).size(), 1u);
  EXPECT_NE(disagreements(rotated)[0].find("beta_vae 1.00 but mig 0.10"), std::string::npos);
  EXPECT_TRUE(disagreements(fine).empty());
  EXPECT_TRUE(disagreements(alone).empty());
}

TEST(GridCodes, LooksUpAndRefuses) {
  GridCodes grid = identity();
  const Points points = identity_points(kSizes);
  EXPECT_EQ(grid_row(kSizes, points.factors, 37), 37);
  EXPECT_EQ(grid.encode(points.factors).rows(), 60);
  EXPECT_THROW(GridCodes(Eigen::MatrixXf::Zero(59, 2), kSizes), Error);
  EXPECT_THROW(GridCodes(Eigen::MatrixXf::Zero(60, 2), {60, 1}), Error);
  EXPECT_THROW(GridCodes(Eigen::MatrixXf::Zero(4, 2), {65536, 65536, 65536, 65536}), Error) << "a product that would overflow";
}

}  // namespace
}  // namespace unpick
