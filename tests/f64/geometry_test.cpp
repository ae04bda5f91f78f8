// The geometry of decoders whose geometry is known, in double: five toys against the published table, chance levels, closed
// forms, finite differences, and every case in which an answer does not exist.
#include "core/seams/geometry.h"
#include "core/base/numbers.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/decompositions.h"
#include "core/seams/assignment.h"
#include "core/seams/posterior_identity.h"
#include "core/seams/scores.h"
#include "core/seams/toys.h"
#include "tests/f64/support.h"

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// The grid of the reference: 9 x 9 points of [-1,1]², off the symmetric places.
std::vector<real> grid() {
  std::vector<real> z;
  for (int i = 0; i < 9; ++i)
    for (int j = 0; j < 9; ++j) {
      z.push_back(-1 + 0.25 * i + 0.013);
      z.push_back(-1 + 0.25 * j + 0.017);
    }
  return z;
}

// ---- the toys -----------------------------------------------------------------------------------------------------------

TEST(Toys, AreTheMapsOfTheTheory) {
  Machine m;
  const double a = 0.3, b = -0.8, c = std::cos(0.7), s = std::sin(0.7), h = std::sqrt(2.0);
  const auto additive = [](double x, double y) {
    return std::vector<double>{std::sinh(x), x * x / 2, 2 * y + 0.3 * std::sin(2 * y), 0.4 * std::cos(y)};
  };
  const double r = 1 + 0.5 * std::tanh(a), w = (2 * a + 0.7 * b) / h, q = (2 * a - 0.7 * b) / h;
  const std::vector<std::vector<double>> values = {additive(a, b),
                                                   {r * std::cos(0.6 * b), r * std::sin(0.6 * b), 2 * a},
                                                   additive(c * a - s * b, s * a + c * b),
                                                   {std::cos(w), std::sin(w), q},
                                                   {a + 0.3 * b * b, 1.5 * b + 0.3 * std::sin(a), 0.4 * a * b}};
  ASSERT_EQ(toys().size(), values.size());
  for (size_t t = 0; t < values.size(); ++t) {
    const Geometry g = GeometryProgram(toys()[t].map, *m.backend).at(std::vector<real>{a, b})[0];
    ASSERT_EQ(g.value.size(), static_cast<Eigen::Index>(values[t].size()));
    for (size_t i = 0; i < values[t].size(); ++i)
      EXPECT_NEAR(g.value(static_cast<Eigen::Index>(i)), values[t][i], 1e-14) << toys()[t].name;
  }
  EXPECT_EQ(toy("generic").map.outputs, 3);
  expect_error(ErrorKind::usage, "choose additive, revolution", [] { toy("sphere"); });
}

// Mean |cos|, DtO, raw C2 residual and the strong test on the grid: theory B7.
TEST(Toys, HaveTheReferenceGeometry) {
  Machine m;
  const double table[5][4] = {{0, 0, 0, 0}, {0, 0, .216, .191}, {.463, .970, .80, .214}, {0, 0, 0, 0}, {.265, .369, .126, .056}};
  const double half_digit[4] = {5e-4, 5e-4, 5e-4, 6e-4};  // the strong test there is a finite difference
  for (size_t t = 0; t < 5; ++t) {
    GeometryProgram program(toys()[t].map, *m.backend);
    const std::vector<Geometry> points = program.at(grid());
    double mean[4] = {}, lemma = 0, by_axis = 0;
    int near = 0;
    for (const Geometry& g : points) {
      const SpeedChanges c = program.speed_changes(g);
      const double n = static_cast<double>(points.size());
      mean[0] += mean_abs_cosine(g.G) / n;
      mean[1] += distance_to_axes(g.V) / n;
      mean[2] += off_root(labelled(c.singular, g.axis)) / n;
      mean[3] += dependence(g, c) / n;
      by_axis += off_root(c.by_axis) / n;
      near += c.near[0] || c.near[1];
      // Lemma 5.0: log p(d(z)) over the manifold is the sum of the logs over the seams.
      const VectorXd z = Eigen::Map<const VectorXd>(g.z.data(), 2);
      const double density = -z.squaredNorm() / 2 - kLog2Pi - log_volume(g.G) / 2;
      double seams = 0;
      for (int k = 0; k < 2; ++k) seams += -std::pow(g.V.col(k).dot(z), 2) / 2 - kLog2Pi / 2 - std::log(g.s(k));
      lemma = std::max(lemma, std::abs(density - seams));
    }
    std::printf("  %-17s |cos| %.4f  DtO %.4f  C2 %.4f (columns where near: %.4f, %d points)  strong %.4f  lemma 5.0 %.1e\n",
                toys()[t].name, mean[0], mean[1], mean[2], by_axis, near, mean[3], lemma);
    for (int i = 0; i < 4; ++i)
      EXPECT_NEAR(mean[i], table[t][i], t == 2 && i == 2 ? 5e-3 : half_digit[i]) << toys()[t].name << " " << i;
    EXPECT_LE(lemma, 1e-14);
    EXPECT_EQ(mean[0] < 1e-12 && mean[1] < 1e-6, toys()[t].c1);
    EXPECT_EQ(mean[2] < 1e-12, toys()[t].c2);
    EXPECT_EQ(mean[3] < 1e-12, toys()[t].c1 && toys()[t].c2) << "theorem 5.1";
  }
}

TEST(Geometry, IsConsistentAndMatchesFiniteDifferences) {
  Machine m;
  const double h = 1e-5;
  for (const Toy& t : toys()) {
    GeometryProgram program(t.map, *m.backend);
    const std::vector<real> z{0.4, -0.7};
    const Geometry g = program.at(z)[0];
    EXPECT_LE((g.J - g.U * g.s.asDiagonal() * g.V.transpose()).norm(), 1e-14);
    EXPECT_LE((g.U.transpose() * g.U - MatrixXd::Identity(2, 2)).norm(), 1e-14);
    const SpeedChanges c = program.speed_changes(g);
    const VectorXd r = VectorXd::LinSpaced(t.map.outputs, -0.5, 1);
    const MatrixXd C = program.residual_hessian(g, r);
    EXPECT_NEAR(program.residual_hessian(g, 2 * r)(0, 1), 2 * C(0, 1), 1e-14);
    for (Eigen::Index j = 0; j < 2; ++j) {
      std::vector<real> both = z;
      both.insert(both.end(), z.begin(), z.end());
      both[static_cast<size_t>(j)] += h;
      both[static_cast<size_t>(j + 2)] -= h;
      const std::vector<Geometry> moved = program.at(both);
      for (Eigen::Index k = 0; k < 2; ++k) {
        EXPECT_NEAR(g.J.col(j).dot(r), (moved[0].value - moved[1].value).dot(r) / (2 * h), 1e-9);
        EXPECT_NEAR(c.singular(k, j), (moved[0].s(k) - moved[1].s(k)) / (2 * h), 1e-8) << t.name;
        EXPECT_NEAR(c.column(k, j), (moved[0].J.col(k).norm() - moved[1].J.col(k).norm()) / (2 * h), 1e-8) << t.name;
        EXPECT_NEAR(C(k, j), (moved[0].J.col(k) - moved[1].J.col(k)).dot(r) / (2 * h), 1e-8) << t.name;
      }
    }
  }
}

// d(z) over z' = R' z is the decoder d(R z'): one toy is the other, rotated.
TEST(Geometry, RotatedCodesAreARotatedDecoder) {
  Machine m;
  GeometryProgram plain(toy("additive").map, *m.backend), turned(toy("rotated-additive").map, *m.backend);
  const MatrixXd R = Eigen::Rotation2Dd(0.7).toRotationMatrix(), Q = R.transpose();
  const Eigen::Vector2d z(0.5, -0.9), moved = Q * z;
  const Geometry a = plain.at(std::vector<real>{z(0), z(1)})[0], b = turned.at(std::vector<real>{moved(0), moved(1)})[0];
  const Geometry c = rotated(a, Q);
  EXPECT_LE((b.V - c.V).norm() + (b.G - c.G).norm() + (b.s - c.s).norm(), 1e-13);
  EXPECT_EQ(b.axis, c.axis);
  const SpeedChanges of_a = plain.speed_changes(a), of_b = turned.speed_changes(b);
  EXPECT_LE((of_a.singular * Q.transpose() - of_b.singular).norm(), 1e-13);
  const Score c2 = c2_residual(off_root, a, of_a, Rng(1, Stream::test), 0, 100);
  EXPECT_LE(c2.measured, 1e-13);
  EXPECT_GT(c2.rotated, 0.3);
  EXPECT_NEAR(c2_residual(off_share, b, of_b, Rng(1, Stream::test)).measured, off_share(of_b.by_axis), 0);
  EXPECT_TRUE(std::isnan(c2_residual(off_root, a, of_a, Rng(1, Stream::test), 0, 0).rotated)) << "no rotation, no chance level";
}

// ---- signs, labels, active latents -----------------------------------------------------------------------------------------

TEST(Geometry, LabelsAndSignsFollowTheRules) {
  MatrixXd V(3, 3);
  V << 0.1, -0.98, 0.2, 0.05, 0.2, 0.98, -0.99, -0.1, 0.05;
  const Svd of_V = svd(V, Left::wanted);
  V = of_V.U * of_V.V.transpose();
  const MatrixXd J =
      random_rotation(5, Rng(1, Stream::test), 0).leftCols(3) * VectorXd::LinSpaced(3, 3, 1).asDiagonal() * V.transpose();
  const Geometry g = decompose(J);
  EXPECT_EQ(g.axis, (std::vector<int>{2, 0, 1}));
  for (Eigen::Index k = 0; k < 3; ++k) {
    EXPECT_GT(g.V(g.axis[static_cast<size_t>(k)], k), 0);
    EXPECT_NEAR(g.s(k), 3 - static_cast<double>(k), 1e-14);
    EXPECT_NEAR((g.J * g.V.col(k) - g.s(k) * g.U.col(k)).norm(), 0, 1e-14);
  }
  int differ = 0;
  for (uint32_t t = 0; t < 20; ++t) {
    const MatrixXd any = normal_matrix(5, 4, t);
    const Geometry by_axis = decompose(any), largest = decompose(any, Signs::largest_entry);
    EXPECT_EQ(largest.axis, by_axis.axis);
    for (Eigen::Index k = 0; k < 4; ++k) {
      EXPECT_GT(by_axis.V(by_axis.axis[static_cast<size_t>(k)], k), 0);
      EXPECT_EQ(largest.V.col(k).maxCoeff(), largest.V.col(k).cwiseAbs().maxCoeff());
      differ += by_axis.V.col(k).dot(largest.V.col(k)) < 0;
    }
  }
  EXPECT_GT(differ, 0) << "the two rules are two rules";
  const MatrixXd Q = random_rotation(3, Rng(2, Stream::test), 0);
  const Geometry turned = rotated(g, Q), direct = decompose(J * Q.transpose());
  EXPECT_LE((turned.V - direct.V).norm() + (turned.G - direct.G).norm(), 1e-13);
  EXPECT_EQ(turned.axis, direct.axis);
}

TEST(Geometry, InactiveLatentsAreDeletedBeforeTheDecomposition) {
  Machine m;
  MatrixXd W = normal_matrix(6, 4, 1);
  W.col(1).setZero();
  const std::vector<real> z{0.1, 2, -3, 0.4, 1, 1, 1, 1};
  GeometryProgram program(linear_map(W), *m.backend);
  MatrixXd active(6, 3);
  active << W.col(0), W.col(2), W.col(3);
  for (const Geometry& g : program.at(z, {0, 2, 3})) {
    EXPECT_EQ(g.J, active);
    EXPECT_LE((g.s - decompose(active).s).norm(), 1e-14);
    EXPECT_EQ(g.rank, 3);
    const SpeedChanges c = program.speed_changes(g);
    EXPECT_EQ(c.singular.norm() + c.column.norm(), 0) << "a linear decoder";
    EXPECT_TRUE(std::isnan(off_share(c.by_axis))) << "0/0";
    EXPECT_EQ(off_root(c.by_axis), 0);
    EXPECT_EQ(program.residual_hessian(g, VectorXd::Ones(6)), MatrixXd::Zero(3, 3));
  }
  EXPECT_EQ(program.at(z)[0].rank, 3) << "of four";
  for (const std::vector<int>& bad : std::vector<std::vector<int>>{{4}, {-1}, {1, 1}, {2, 0}})
    expect_error(ErrorKind::usage, "latents to look at", [&] { program.at(z, bad); });
}

// ---- where an answer does not exist ----------------------------------------------------------------------------------------

TEST(Geometry, SmallSingularValuesSurviveAnIllConditionedJacobian) {
  const VectorXd s = (VectorXd(4) << 1, 1e-2, 1e-5, 3e-9).finished();
  const MatrixXd J = random_rotation(30, Rng(3, Stream::test), 0).leftCols(4) * s.asDiagonal() *
                     random_rotation(4, Rng(3, Stream::test), 1).transpose();
  const Geometry g = decompose(J);
  for (Eigen::Index k = 0; k < 3; ++k) EXPECT_NEAR(g.s(k) / s(k), 1, 1e-10);
  EXPECT_NEAR(g.s(3) / s(3), 1, 1e-6);
  EXPECT_EQ(g.rank, 3);
  EXPECT_TRUE(g.U.col(3).hasNaN());
  EXPECT_FALSE(g.U.leftCols(3).hasNaN());
}

TEST(Geometry, SaysWhatIsUndefined) {
  Machine m;
  const std::vector<real> z{0.3, -0.2};
  // constant
  const DecoderMap constant{2, 3, [](Recorder& r, Var codes) { return r.graph.fill({codes.shape()[0], 3}, 0.5); }};
  GeometryProgram program(constant, *m.backend);
  const Geometry g = program.at(z)[0];
  EXPECT_EQ(g.rank, 0);
  EXPECT_EQ(g.s.norm(), 0);
  EXPECT_EQ(g.gap, 0);
  EXPECT_FALSE(g.determined());
  EXPECT_TRUE(g.U.array().isNaN().all());
  const SpeedChanges c = program.speed_changes(g);
  EXPECT_TRUE(c.singular.array().isNaN().all() && c.column.array().isNaN().all() && c.by_axis.array().isNaN().all());
  for (const MeanScore& score : mean_scores(std::vector{g, g}, Rng(1, Stream::test))) {
    EXPECT_EQ(score.undefined, 2) << score.score->name;
    EXPECT_TRUE(std::isnan(score.mean.measured) && std::isnan(score.mean.rotated)) << score.score->name;
  }
  // equal singular values: every V is right, so no score of V counts
  const Geometry equal = decompose(2 * random_rotation(4, Rng(4, Stream::test), 0).leftCols(2));
  EXPECT_EQ(equal.rank, 2);
  EXPECT_FALSE(equal.determined());
  const std::vector<MeanScore> scores = mean_scores(std::vector{equal}, Rng(1, Stream::test));
  EXPECT_EQ(scores[0].undefined, 1);
  EXPECT_NEAR(scores[3].mean.measured, 0, 1e-15) << "J'J is diagonal in any case";
  // fewer outputs than latents, and parallel columns
  const Geometry wide = decompose(normal_matrix(2, 3, 5));
  EXPECT_EQ(wide.rank, 2);
  EXPECT_EQ(wide.s.size(), 3);
  EXPECT_EQ(wide.s(2), 0);
  EXPECT_LE((wide.V.transpose() * wide.V - MatrixXd::Identity(3, 3)).norm(), 1e-14);
  EXPECT_LE((wide.J * wide.V.col(2)).norm(), 1e-14);
  EXPECT_EQ(decompose(normal_matrix(5, 1, 6) * Eigen::RowVector3d(1, 2, 3)).rank, 1);
  // one latent
  const Geometry single = decompose(normal_matrix(5, 1, 7));
  EXPECT_EQ(distance_to_axes(single.V) + mean_abs_cosine(single.G) + off_mass(single.G), 0);
  // the identity decoder: its output is its input
  const Geometry identity = GeometryProgram({2, 2, [](Recorder&, Var codes) { return codes; }}, *m.backend).at(z)[0];
  EXPECT_EQ(identity.J, MatrixXd::Identity(2, 2));
}

TEST(Geometry, RefusesWhatCannotBeRight) {
  Machine m;
  GeometryProgram program(toy("additive").map, *m.backend);
  expect_error(ErrorKind::usage, "3 numbers are not rows of 2", [&] { program.at(std::vector<real>{1, 2, 3}); });
  expect_error(ErrorKind::usage, "codes", [&] { program.at({}); });
  expect_error(ErrorKind::usage, "not finite", [&] { program.at(std::vector<real>{1, NAN}); });
  expect_error(ErrorKind::failed, "not finite", [&] { program.at(std::vector<real>{800, 0}); });  // exp overflows
  expect_error(ErrorKind::failed, "not finite", [&] { decompose(MatrixXd::Constant(2, 2, NAN)); });
  expect_error(ErrorKind::usage, "empty", [&] { decompose(MatrixXd(3, 0)); });
  const Geometry g = program.at(std::vector<real>{1, 2})[0];
  expect_error(ErrorKind::usage, "residual", [&] { program.residual_hessian(g, VectorXd::Ones(3)); });
  DecoderMap lying = toy("generic").map;
  lying.outputs = 4;
  EXPECT_THROW(GeometryProgram(lying, *m.backend).at(std::vector<real>{1, 2}), ShapeError);
  // A NaN before a relu leaves finite derivatives behind: 0 times nothing. The value tells.
  Model model(make_vae_spec("conv-burgess", "vae", "bernoulli", {64, 64, 1}, 2));
  model.table.initialise(model.weights.span(), 1);
  model.weights.data()[model.table.find("decoder.lin1.bias")->offset] = NAN;
  GeometryProgram broken(mean_map(model), *m.backend);
  expect_error(ErrorKind::failed, "not finite", [&] { broken.at(std::vector<real>{0, 0}); });
  PosteriorIdentity identity(logit_map(model), Likelihood::bernoulli, 1, *m.backend);
  const GaussianPosterior q = GaussianPosterior::diagonal(std::vector<real>{0, 0}, std::vector<real>{0, 0});
  const std::vector<real> x(4096);
  expect_error(ErrorKind::failed, "not finite", [&] { identity.moments(x, q, {}, Rng(1, Stream::test)); });
  expect_error(ErrorKind::usage, "image", [&] { identity.moments(std::span(x).first(7), q, {}, Rng(1, Stream::test)); });
}

// ---- assignment and scores --------------------------------------------------------------------------------------------------

TEST(Assignment, IsAsGoodAsTheBestOfAll) {
  for (int rows = 1; rows <= 6; ++rows)
    for (int columns = 1; columns <= rows; ++columns)
      for (uint32_t trial = 0; trial < 20; ++trial) {
        const MatrixXd value = normal_matrix(rows, columns, trial);
        const std::vector<int> chosen = best_assignment(value);
        std::vector<int> order(static_cast<size_t>(rows)), sorted = chosen;
        std::iota(order.begin(), order.end(), 0);
        double best = -1e300;
        do {
          double sum = 0;
          for (int c = 0; c < columns; ++c) sum += value(order[static_cast<size_t>(c)], c);
          best = std::max(best, sum);
        } while (std::next_permutation(order.begin(), order.end()));
        EXPECT_NEAR(best_total(value), best, 1e-12);
        std::sort(sorted.begin(), sorted.end());
        EXPECT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end()) << "each row once";
      }
  EXPECT_EQ(best_assignment(MatrixXd::Ones(3, 3)), (std::vector<int>{0, 1, 2})) << "ties go to the first row";
  EXPECT_THROW(best_assignment(MatrixXd::Ones(2, 3)), ShapeError);
  expect_error(ErrorKind::failed, "assignment", [] { best_assignment(MatrixXd::Constant(2, 2, NAN)); });
}

TEST(Scores, OfRandomRotationsAreTheChanceLevels) {
  const int sizes[] = {2, 3, 5, 6, 10};
  const double dto[] = {.544, .985, 1.637, 1.908, 2.849}, spread[] = {.31, .26, .19, .17, .12},
               aas[] = {.820, .695, .544, .495, .364};
  const Rng rng(5, Stream::test);
  for (size_t i = 0; i < 5; ++i) {
    const int n = 4000;
    double mean = 0, square = 0, alignment = 0;
    for (uint32_t t = 0; t < n; ++t) {
      const MatrixXd Q = random_rotation(sizes[i], rng, t);
      EXPECT_LE((Q.transpose() * Q - MatrixXd::Identity(sizes[i], sizes[i])).norm(), 1e-13);
      const double distance = distance_to_axes(Q);
      mean += distance / n;
      square += distance * distance / n;
      alignment += axis_alignment(Q) / n;
    }
    const double sd = std::sqrt(square - mean * mean);
    std::printf("  m=%-2d DtO %.4f (table %.3f) sd %.3f (%.2f)  AAS %.4f (%.3f)\n", sizes[i], mean, dto[i], sd, spread[i],
                alignment, aas[i]);
    EXPECT_NEAR(mean, dto[i], 4 * spread[i] * std::sqrt(2.0 / n) + 5e-4) << "two samples of 4000";
    EXPECT_NEAR(sd, spread[i], 0.015);
    EXPECT_NEAR(alignment, aas[i], 0.012);
  }
}

TEST(Scores, MatchHandComputedValues) {
  MatrixXd M(2, 2);
  M << 4, -1, 2, 1;
  EXPECT_DOUBLE_EQ(off_share(M), 5.0 / 22);
  EXPECT_DOUBLE_EQ(off_mass(M), 3.0 / 5);
  EXPECT_DOUBLE_EQ(off_norm(M), std::sqrt(5.0 / 17));
  EXPECT_DOUBLE_EQ(off_root(M), std::sqrt(5.0));
  EXPECT_DOUBLE_EQ(mean_abs_cosine(M), 0.75);
  EXPECT_DOUBLE_EQ(distance_to_axes((MatrixXd(2, 2) << 0, -1, 1, 0).finished()), 0);
  EXPECT_DOUBLE_EQ(axis_alignment((MatrixXd(2, 2) << .6, -.8, .8, .6).finished()), .64);
  EXPECT_NEAR(distance_to_axes((MatrixXd(2, 2) << .6, -.8, .8, .6).finished()), std::sqrt(.8), 1e-15);
  const MatrixXd A = (MatrixXd(2, 2) << 1, 3, 3, 1).finished();
  EXPECT_NEAR(non_cancellation(A, A), 0, 1e-15);
  EXPECT_NEAR(non_cancellation(A, -A), 1, 1e-15);
  EXPECT_TRUE(std::isnan(non_cancellation(MatrixXd::Identity(2, 2), MatrixXd::Identity(2, 2))));
  MatrixXd P(2, 2);
  P << 2, 1, 1, 2;
  EXPECT_NEAR(diagonal_gap(P, 2), std::log(4.0 / 3), 1e-15);
  EXPECT_EQ(diagonal_gap(MatrixXd::Identity(3, 3) * 5, 4), 0);
  EXPECT_TRUE(std::isnan(diagonal_gap(-P, 1)));
  EXPECT_NEAR(identity_error(inverse_of_positive(P), P), 0, 1e-15);
  EXPECT_NEAR(identity_error(MatrixXd::Identity(2, 2), P), std::sqrt(2.0), 1e-15);
  EXPECT_LE((diagonal_errors(Eigen::Vector2d(.5, 1), P) - Eigen::Vector2d(0, 1)).norm(), 1e-15);
  EXPECT_EQ(median({5, 1, 3}), 3);
  EXPECT_EQ(median({4, 1}), 2.5);
  EXPECT_TRUE(std::isnan(median({})));
  EXPECT_TRUE(std::isnan(off_mass(MatrixXd::Zero(2, 2))) && std::isnan(mean_abs_cosine(MatrixXd::Zero(2, 2))));
  EXPECT_THROW(off_mass(MatrixXd::Ones(2, 3)), ShapeError);
  EXPECT_THROW(identity_error(P, MatrixXd::Identity(3, 3)), ShapeError);
  // A decoder with C1 and distinct speeds: aligned, and its rotation is as far off as any.
  const Geometry g = decompose(MatrixXd(Eigen::Vector3d(5, 2, 1).asDiagonal()));
  const std::vector<MeanScore> scores = mean_scores(std::vector{g}, Rng(6, Stream::test), 4000);
  EXPECT_EQ(scores[0].mean.measured, 0);
  EXPECT_NEAR(scores[0].mean.rotated, .985, .02);
  EXPECT_NEAR(scores[1].mean.rotated, .695, .01);
}

}  // namespace
}  // namespace unpick
