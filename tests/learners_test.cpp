// The three small learners that metrics are built on: their optima against conditions that only the optimum meets.
#include <gtest/gtest.h>

#include <cmath>

#include "core/metrics/boosted_trees.h"
#include "core/metrics/linear_svm.h"
#include "core/metrics/logistic_regression.h"

namespace unpick {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXi;

// N points of D normal features, and labels that depend on the first two with some noise.
struct Cloud {
  Eigen::MatrixXf x;
  VectorXi labels;
  Cloud(Index n, Index d, int classes) : x(n, d), labels(n) {
    const Rng rng(3, Stream::test);
    for (Index i = 0; i < n; ++i) {
      const auto step = static_cast<uint32_t>(i);
      for (Index f = 0; f < d; ++f) x(i, f) = static_cast<float>(rng.normal(step, static_cast<uint32_t>(f)));
      const double u = static_cast<double>(x(i, 0)) - 0.5 * static_cast<double>(x(i, 1)) + 0.3 * rng.normal(step, 1000);
      labels(i) = std::clamp(static_cast<int>(std::floor((u + 1.5) / 3 * classes)), 0, classes - 1);
    }
  }
};

// ---- logistic regression ---------------------------------------------------------------------------------------------

// The gradient of the objective, written down directly, vanishes: sum_i x_i (p_ic - 1[y_i=c]) + W/C = 0.
TEST(LogisticRegression, TheGradientVanishes) {
  for (const int count : {2, 5}) {
    const Cloud cloud(300, 3, count);
    MatrixXd x = cloud.x.cast<double>();
    x.col(2) *= 0.01;  // as codes are: unequal spreads
    const double C = 2;
    const LogisticRegression fit(x, cloud.labels, C);
    const MatrixXd P = fit.probabilities(x);
    ASSERT_EQ(P.cols(), count);
    EXPECT_NEAR((P.rowwise().sum().array() - 1).abs().maxCoeff(), 0, 1e-12);
    for (Index column = 0; column < fit.weights().cols(); ++column) {
      const int c = count == 2 ? 1 : static_cast<int>(column);
      const Eigen::VectorXd r = P.col(c) - (cloud.labels.array() == c).cast<double>().matrix();
      const Eigen::VectorXd g = x.transpose() * r + fit.weights().col(column).head(3) / C;
      EXPECT_LT(g.cwiseAbs().maxCoeff(), 2e-6);
      EXPECT_LT(std::abs(r.sum()), 2e-6) << "the intercept is not penalised";
    }
  }
}

// One feature of two values is a closed form without penalty: the log-odds are those of the counts.
TEST(LogisticRegression, AlmostWithoutPenaltyGivesTheFrequencies) {
  MatrixXd x(8, 1);
  x << 0, 0, 0, 0, 1, 1, 1, 1;
  VectorXi y(8);
  y << 0, 0, 0, 7, 0, 7, 7, 7;
  const LogisticRegression fit(x, y, 1e9);
  const MatrixXd P = fit.probabilities(x);
  EXPECT_NEAR(P(0, 1), 0.25, 1e-6);
  EXPECT_NEAR(P(7, 1), 0.75, 1e-6);
  EXPECT_EQ(fit.predict(x)(0), 0);
  EXPECT_EQ(fit.predict(x)(7), 7) << "labels keep their names";
}

TEST(LogisticRegression, SeparableAndDegenerateDataEnd) {
  MatrixXd x(4, 1);
  x << -2, -1, 1, 2;
  VectorXi y(4);
  y << 0, 0, 1, 1;
  EXPECT_EQ(LogisticRegression(x, y, 1e4).predict(x), y);
  const VectorXi one = VectorXi::Constant(4, 3);
  EXPECT_EQ(LogisticRegression(x, one).predict(x), one) << "a single class is always predicted";
  VectorXi four(4);
  four << 0, 1, 2, 3;
  EXPECT_TRUE(LogisticRegression(x, four).weights().allFinite()) << "as many classes as points";
  EXPECT_TRUE(LogisticRegression(MatrixXd::Zero(4, 1), y).weights().allFinite()) << "a constant feature";
}

TEST(LogisticRegression, StartsWhereItIsTold) {
  const Cloud cloud(200, 3, 4);
  const MatrixXd x = cloud.x.cast<double>();
  const LogisticRegression strong(x, cloud.labels, 0.01), weak(x, cloud.labels, 10), warm(x, cloud.labels, 10, strong.weights());
  EXPECT_LT((weak.probabilities(x) - warm.probabilities(x)).cwiseAbs().maxCoeff(), 1e-5) << "the optimum is one";
}

TEST(LogisticRegression, AHundredStepsEndAtTheMinimumOnlyWhereSpreadsAreAlike) {
  const Cloud cloud(200, 3, 4);
  MatrixXd x = cloud.x.cast<double>();
  const auto distance = [&](double C) {
    const LogisticRegression exact(x, cloud.labels, C), early(x, cloud.labels, C, {}, Until::hundred_steps);
    return (exact.probabilities(x) - early.probabilities(x)).cwiseAbs().maxCoeff();
  };
  EXPECT_LT(distance(1), 1e-4);
  x.col(0) *= 1e-4;
  EXPECT_GT(distance(1e8), 1e-2);
}

// ---- support vectors -------------------------------------------------------------------------------------------------

TEST(LinearSvm, NoStepImprovesTheLine) {
  const Cloud cloud(200, 2, 2);
  const Eigen::ArrayXd z = cloud.x.col(0).cast<double>();
  const Eigen::ArrayXd t = 2 * cloud.labels.cast<double>().array() - 1, weight = 0.01 + 0.02 * (t > 0).cast<double>();
  const auto value = [&](const Eigen::Vector2d& line) {
    return line.squaredNorm() / 2 + (weight * (1 - t * (line(0) * z + line(1))).max(0).square()).sum();
  };
  const Eigen::Vector2d line = fit_line(z, t, weight);
  for (const double h : {1e-3, 1e-5})
    for (int direction = 0; direction < 8; ++direction) {
      const double angle = direction * 0.785;
      EXPECT_GT(value(line + h * Eigen::Vector2d(std::cos(angle), std::sin(angle))), value(line));
    }
}

// With all points active the problem is ridge regression: (w,b) = (I + 2C sum (z,1)(z,1)')^-1 2C sum t (z,1).
TEST(LinearSvm, FewWeakPointsAreRidgeRegression) {
  Eigen::ArrayXd z(2), t(2);
  z << -1, 1;
  t << -1, 1;
  const Eigen::Vector2d line = fit_line(z, t, Eigen::ArrayXd::Constant(2, 0.01));
  EXPECT_NEAR(line(0), 0.04 / 1.04, 1e-15);
  EXPECT_NEAR(line(1), 0, 1e-15);
}

TEST(LinearSvm, ConstantFeatureAndSingleClass) {
  VectorXi labels(6);
  labels << 5, 5, 5, 9, 9, 2;
  const Eigen::VectorXf constant = Eigen::VectorXf::Constant(6, 0.3f);
  const VectorXi guess = LinearSvm(constant, labels, 0.01).predict(constant);
  EXPECT_EQ(guess.minCoeff(), guess.maxCoeff()) << "one class for all";
  const VectorXi one = VectorXi::Constant(6, 4);
  EXPECT_EQ(LinearSvm(constant, one, 0.01).predict(constant), one);
}

// ---- boosted trees ---------------------------------------------------------------------------------------------------

void boost(BoostedTrees& trees, int stages, Pool& pool) {
  for (int s = 0; s < stages; ++s) trees.boost(pool);
}

// Four points, two classes, one stage: the prior is log-odds 0, residuals are ±1/2, and each leaf steps by
// 0.1 sum r / sum |r|(1-|r|) = ±0.2.
TEST(BoostedTrees, OneStageByHand) {
  Eigen::MatrixXf x(4, 2);
  x << 0, 5, 1, 5, 2, 5, 3, 5;
  VectorXi labels(4);
  labels << 0, 0, 1, 1;
  Pool pool(1);
  BoostedTrees trees(x, labels, Rng(1, Stream::test));
  trees.boost(pool);
  EXPECT_EQ(trees.fitted(), labels);
  EXPECT_EQ(trees.importance(), Eigen::Vector2d(1, 0)) << "a constant feature is never split";
  Eigen::MatrixXf between(2, 2);
  between << 1.5f, 0, 1.50001f, 0;
  EXPECT_EQ(trees.predict(between, pool), (VectorXi(2) << 0, 1).finished()) << "the threshold is half way, itself on the left";
}

// Exclusive or of two features: no single split helps, depth does.
TEST(BoostedTrees, FindsAnInteraction) {
  const Cloud cloud(400, 3, 2);
  VectorXi labels(400);
  for (Index i = 0; i < 400; ++i) labels(i) = (cloud.x(i, 0) > 0) != (cloud.x(i, 1) > 0.3f);
  Pool pool(2);
  BoostedTrees trees(cloud.x, labels, Rng(1, Stream::test));
  boost(trees, 30, pool);
  EXPECT_GT(accuracy(trees.fitted(), labels), 0.99);
  EXPECT_GT(trees.importance().head(2).minCoeff(), 10 * trees.importance()(2));
  EXPECT_NEAR(trees.importance().sum(), 1, 1e-12);
  EXPECT_EQ(trees.predict(cloud.x, pool), trees.fitted());
}

// Which of two equal features is split is drawn: over many trees each gets a share; a fixed order would give one of them all.
TEST(BoostedTrees, TiesAreSharedBetweenCopies) {
  Cloud cloud(200, 2, 5);
  cloud.x.col(1) = cloud.x.col(0);
  Pool pool(1);
  BoostedTrees trees(cloud.x, cloud.labels, Rng(1, Stream::test));
  boost(trees, 20, pool);
  EXPECT_GT(trees.importance().minCoeff(), 0.3);
}

TEST(BoostedTrees, DoNotDependOnThreads) {
  const Cloud cloud(300, 4, 4);
  Pool one(1), three(3);
  BoostedTrees a(cloud.x, cloud.labels, Rng(1, Stream::test)), b(cloud.x, cloud.labels, Rng(1, Stream::test));
  boost(a, 5, one);
  boost(b, 5, three);
  EXPECT_EQ(a.importance(), b.importance());
  EXPECT_EQ(a.predict(cloud.x, one), b.predict(cloud.x, three));
}

TEST(BoostedTrees, DegenerateDataEnd) {
  Pool pool(1);
  const VectorXi labels = (VectorXi(3) << 4, 8, 8).finished();
  BoostedTrees constant(Eigen::MatrixXf::Ones(3, 2), labels, Rng(1, Stream::test));
  boost(constant, 3, pool);
  EXPECT_EQ(constant.fitted(), VectorXi::Constant(3, 8)) << "nothing to split: the frequent class";
  EXPECT_EQ(constant.importance(), Eigen::Vector2d(0, 0));
  BoostedTrees single(Eigen::MatrixXf::Random(3, 2), VectorXi::Constant(3, 6), Rng(1, Stream::test));
  boost(single, 3, pool);
  EXPECT_EQ(single.predict(Eigen::MatrixXf::Random(2, 2), pool), VectorXi::Constant(2, 6));
}

}  // namespace
}  // namespace unpick
