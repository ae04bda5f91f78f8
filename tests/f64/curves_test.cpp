// Seams as curves: lengths, tangents, images of axes, and the comparison of decoders, on curves and decoders in closed form and
// on linear VAEs that were trained. (theory B4, B6; table E rows 14, 22-24, 26, 29)
#include "core/seams/curves.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <cmath>

#include "core/data/synthetic.h"
#include "core/seams/linear_vae.h"
#include "core/seams/scores.h"
#include "core/seams/toys.h"
#include "tests/f64/support.h"

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

std::vector<Path> paths_through(const DecoderMap& map, const VectorXd& z, const PathRules& rules = {}) {
  Machine m;
  GeometryProgram program(map, *m.backend, 2 * map.latent * map.latent);
  return trace_paths(program, {z.data(), static_cast<size_t>(z.size())}, {}, rules);
}

// ---- length and tangent of a seam ---------------------------------------------------------------------------------------

TEST(Curves, ArcLengthIsTheIntegralOfSpeed) {
  double worst = 0;
  for (const Toy& t : toys())
    for (const Path& path : paths_through(t.map, Eigen::Vector2d(0.4, -0.3))) {
      const VectorXd polyline = polyline_arc(path.x, path.origin);
      const double error = (polyline - path.arc).cwiseAbs().maxCoeff() / path.seam_length();
      worst = std::max(worst, error);
      EXPECT_LE(error, 0.01) << t.name;
      EXPECT_EQ(polyline(path.origin), 0);
    }
  std::printf("  arc length, integral against polyline: %.1e of the length\n", worst);
  // sinh a along the first axis from 0: the seam (sinh a, a²/2) has speed sqrt(cosh² a + a²).
  const Path path = paths_through(toy("additive").map, Eigen::Vector2d(0, 0.1))[1];
  double simpson = 0;
  const int n = 1000;
  const double end = path.t(path.t.size() - 1);
  for (int i = 0; i <= n; ++i)
    simpson += (i == 0 || i == n ? 1 : i % 2 ? 4 : 2) * std::hypot(std::cosh(end * i / n), end * i / n) * end / n / 3;
  EXPECT_NEAR(path.arc(path.arc.size() - 1), simpson, 1e-6);
}

TEST(Curves, TangentsAreLeftSingularVectors) {
  double worst = 0;
  for (const Toy& t : toys())
    for (const Path& path : paths_through(t.map, Eigen::Vector2d(0.4, -0.3)))
      for (Eigen::Index i = 2; i + 2 < path.t.size(); ++i) {
        const double h = path.t(i + 1) - path.t(i);
        const VectorXd velocity =
            (path.x.col(i - 2) - 8 * path.x.col(i - 1) + 8 * path.x.col(i + 1) - path.x.col(i + 2)) / (12 * h);
        const double error = (velocity - path.s(i) * path.u.col(i)).norm() / path.s(i);
        worst = std::max(worst, error);
        EXPECT_NEAR(path.u.col(i).norm(), 1, 1e-12);
        ASSERT_LE(error, 1e-4) << t.name << " point " << i;
      }
  std::printf("  tangents against differences of the seam: %.1e\n", worst);
}

// ---- distances ------------------------------------------------------------------------------------------------------------

TEST(Curves, DistancesMatchClosedForms) {
  MatrixXd line(2, 3), above(2, 2), point(2, 1), circle(2, 721), centre = MatrixXd::Zero(2, 1);
  line << 0, 1, 4, 0, 0, 0;
  above << 0, 4, 3, 3;
  point << 6, 0;
  for (int i = 0; i < 721; ++i) circle.col(i) = 2 * Eigen::Vector2d(std::cos(i * M_PI / 360), std::sin(i * M_PI / 360));
  EXPECT_NEAR(mean_distance(line, above), 3, 1e-14);
  EXPECT_NEAR(mean_distance(above, line), 3, 1e-14);
  EXPECT_NEAR(mean_distance(point, line), 2, 1e-14) << "beyond the end";
  EXPECT_NEAR(mean_distance(centre, circle), 2 * std::cos(M_PI / 720), 1e-12) << "to the chord";
  EXPECT_NEAR(mean_distance(circle, centre), 2, 1e-14);
  EXPECT_LE(mean_distance(circle, circle), 1e-7);
  MatrixXd uneven(2, 4);  // three crowded points weigh what their length weighs
  uneven << 0, 1e-9, 2e-9, 4, 1, 1, 1, 3;
  EXPECT_NEAR(mean_distance(uneven, line), 2, 1e-8);
  EXPECT_EQ(polyline_arc(line, 1), Eigen::Vector3d(-1, 0, 3));
  EXPECT_EQ(polyline_arc(point), VectorXd::Zero(1));
  EXPECT_THROW(mean_distance(line, MatrixXd::Zero(3, 2)), ShapeError);
  EXPECT_THROW(mean_distance(line, MatrixXd(2, 0)), ShapeError);
}

// ---- images of axes -------------------------------------------------------------------------------------------------------

TEST(Curves, AxesFollowSeamsExactlyUnderC1AndC2) {
  Machine m;
  for (const Toy& t : toys()) {
    GeometryProgram program(t.map, *m.backend, 8);
    double departure = 0, cosine = 1;
    for (const Path& path : trace_paths(program, std::vector<real>{0.4, -0.3})) {
      const AxisImage image = axis_image(program, path);
      EXPECT_EQ(image.x.cols(), path.t.size());
      EXPECT_EQ(image.x.col(path.origin), path.x.col(path.origin));
      departure = std::max(departure, image.departure);
      cosine = std::min(cosine, image.cosine);
    }
    std::printf("  %-17s largest departure %.2e, smallest cosine %.4f\n", t.name, departure, cosine);
    EXPECT_EQ(departure < 1e-7 && cosine > 1 - 1e-12, t.c1) << t.name;  // straight paths need C1 alone
    if (!t.c1) {
      EXPECT_GT(departure, 0.02) << t.name;
    }
  }
  const DecoderMap constant{2, 3, [](Recorder& r, Var z) { return r.graph.fill({z.shape()[0], 3}, 0.5); }};
  GeometryProgram program(constant, *m.backend);
  const AxisImage none = axis_image(program, trace_paths(program, std::vector<real>{0, 0})[0]);
  EXPECT_TRUE(std::isnan(none.departure) && std::isnan(none.cosine));
}

// ---- two decoders -----------------------------------------------------------------------------------------------------------

// Lemma 6.1a: codes rotated, permuted or mirrored give other decoders of the same distribution, and the same seams.
TEST(SeamMatch, SeamsBelongToTheDistribution) {
  const Eigen::Vector2d z(0.5, -0.9);
  const Eigen::Matrix2d R = Eigen::Rotation2Dd(0.7).toRotationMatrix();
  const DecoderMap additive = toy("additive").map;
  const DecoderMap mirrored{2, 4, [&](Recorder& r, Var code) {
                              const Var a = slice(code, 1, 0, 1);
                              const Var b = slice(code, 1, 1, 1);
                              const Var minus = affine(a, -1);
                              const Var left = pad(b, 1, 0, 2);
                              const Var right = pad(minus, 1, 1, 2);
                              const Var swapped = left + right;
                              return additive.record(r, swapped);
                            }};
  const std::vector<Path> truth = paths_through(additive, z);
  for (const std::vector<Path>& other :
       {paths_through(toy("rotated-additive").map, R.transpose() * z), paths_through(mirrored, Eigen::Vector2d(-z(1), z(0)))}) {
    const SeamMatch match = compare_seams(truth, other);
    EXPECT_LE((match.cosine.array() - 1).abs().maxCoeff(), 1e-12);
    EXPECT_LE(match.distance.maxCoeff(), 0.01) << "their ends differ by less than a step";
    EXPECT_EQ(match.partner, (std::vector<int>{0, 1})) << "in the order of s";
  }
  // The measure can fail: seams through another datum, and of another distribution.
  EXPECT_GT(compare_seams(truth, paths_through(additive, Eigen::Vector2d(-0.5, 0.4))).distance.maxCoeff(), 0.05);
  const SeamMatch foreign = compare_seams(paths_through(toy("generic").map, z), paths_through(toy("revolution").map, z));
  EXPECT_LT(foreign.cosine.minCoeff(), 0.9);
}

TEST(SeamMatch, SaysWhatCannotBeCompared) {
  const DecoderMap constant{2, 4, [](Recorder& r, Var z) { return r.graph.fill({z.shape()[0], 4}, 0.5); }};
  const std::vector<Path> paths = paths_through(toy("additive").map, Eigen::Vector2d(0, 0.1));
  const std::vector<Path> points = paths_through(constant, Eigen::Vector2d::Zero());
  const SeamMatch none = compare_seams(points, points), half = compare_seams(paths, points);
  EXPECT_TRUE(none.cosine.array().isNaN().all() && none.distance.array().isNaN().all());
  EXPECT_TRUE(half.cosine.array().isNaN().all());
  EXPECT_GT(half.distance.minCoeff(), 0.1);
  EXPECT_THROW(compare_seams(paths, std::span(paths).first(1)), ShapeError);
  EXPECT_THROW(compare_seams(paths, paths_through(toy("generic").map, Eigen::Vector2d::Zero())), ShapeError);
}

TEST(MeanCorrelation, IsOneForSignedPermutationsAndLessForRotations) {
  const MatrixXd truth = normal_matrix(400, 3, 1);
  MatrixXd codes(400, 4);
  codes << -2 * truth.col(2), VectorXd::Ones(400), truth.col(0).array() + 5, 0.1 * truth.col(1);
  EXPECT_NEAR(mean_correlation(codes, truth), 1, 1e-12);
  const MatrixXd turned = truth * random_rotation(3, Rng(2, Stream::test), 0);
  EXPECT_LT(mean_correlation(turned, truth), 0.95);
  EXPECT_NEAR(mean_correlation(MatrixXd::Constant(400, 3, 0.1), truth), 0, 0) << "collapsed";
  EXPECT_THROW(mean_correlation(truth.topRows(5), truth), ShapeError);
  EXPECT_THROW(mean_correlation(truth.leftCols(2), truth), ShapeError);
}

// Rows 22 to 24 on trained linear VAEs: every seed and either family finds the seams of the truth, the diagonal alone its codes.
TEST(SeamMatch, TrainedLinearVaesFindTheSeamsOfTheTruth) {
  const GaussianData data(10, {2, std::sqrt(2), 1}, .1, 3);
  const int n = 2000;
  MatrixXd x(10, n), truth(n, 3);
  for (int i = 0; i < n; ++i) {
    data.render(static_cast<uint32_t>(i), {x.col(i).data(), 10});
    // V* is immaterial (Remark 6.1): the decoder with C1 of the same distribution is U* S*, and its codes are V*'z*.
    truth.row(i) = data.V.transpose() * data.codes(static_cast<uint32_t>(i));
  }
  const VectorXd z_star = Eigen::Vector3d(0.5, -0.4, 0.3), datum = data.weights() * data.V * z_star;
  const std::vector<Path> seams = paths_through(linear_map(data.weights()), data.V * z_star);
  std::vector<std::vector<Path>> learnt;
  for (const PosteriorFamily family : {PosteriorFamily::diagonal, PosteriorFamily::full})
    for (const uint64_t seed : {uint64_t{1}, uint64_t{2}}) {
      LinearTraining training;
      training.family = family;
      training.seed = seed;
      const LinearProblem problem{data.covariance(), 3, data.sigma2, 1};
      const LinearVae vae = with_best_encoder(problem, train_linear(problem, training).back().W, family);
      learnt.push_back(paths_through(linear_map(vae.W), vae.A * datum));
      const SeamMatch match = compare_seams(seams, learnt.back());
      const double mcc = mean_correlation((vae.A * x).transpose(), truth);
      std::printf("  %-8s seed %d: |cos| %.4f, distance %.3f, MCC %.4f\n",
                  family == PosteriorFamily::diagonal ? "diagonal" : "full", static_cast<int>(seed), match.cosine.minCoeff(),
                  match.distance.maxCoeff(), mcc);
      EXPECT_GE(match.cosine.minCoeff(), 0.999);
      EXPECT_LE(match.distance.maxCoeff(), 0.05);
      if (family == PosteriorFamily::diagonal) {
        EXPECT_GE(mcc, 0.95);
      } else {
        EXPECT_LT(mcc, 0.95);
      }
    }
  for (size_t i = 1; i < learnt.size(); ++i) EXPECT_LE(compare_seams(learnt[0], learnt[i]).distance.maxCoeff(), 0.05);
}

}  // namespace
}  // namespace unpick
