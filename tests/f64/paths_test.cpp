// Paths of decoders whose paths are known: straight lines along axes and rotated axes, crossings, every reason to stop, and
// starts from which there is no path.
#include "core/seams/paths.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/seams/toys.h"
#include "tests/f64/support.h"

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

std::vector<Path> trace(const DecoderMap& map, const std::vector<real>& z, const PathRules& rules = {}) {
  Machine m;
  GeometryProgram program(map, *m.backend, 2 * map.latent * map.latent);
  return trace_paths(program, z, {}, rules);
}

// Largest distance of the points of a path from the straight line through z* along `direction`.
double deviation(const Path& path, const VectorXd& direction) {
  const MatrixXd from = path.z.colwise() - path.z.col(path.origin);
  return (from - direction * (direction.transpose() * from)).colwise().norm().maxCoeff();
}

// Row 13: the rotated additive toy has straight paths, along the rows of the rotation.
TEST(Paths, OfTheRotatedToyAreStraight) {
  const double c = std::cos(0.7), s = std::sin(0.7);
  for (const double h : {0.1, 0.05, 0.025}) {
    PathRules rules;
    rules.step = h;
    for (const Path& path : trace(toy("rotated-additive").map, {0.1, 0.2}, rules)) {
      const Eigen::Vector2d truth = path.latent == 0 ? Eigen::Vector2d(c, -s) : Eigen::Vector2d(s, c);
      std::printf("  h %.3f: s_%d, %3d points, deviation %.1e, stops: %s, %s\n", h, path.k + 1, static_cast<int>(path.t.size()),
                  deviation(path, truth), name(path.before), name(path.after));
      EXPECT_LE(deviation(path, truth), 1e-11);
      EXPECT_GT(path.t(path.t.size() - 1), 3);
      EXPECT_EQ(path.before, Stop::ball);
      EXPECT_EQ(path.after, Stop::ball);
    }
  }
}

TEST(Paths, KeepTheirInvariants) {
  PathRules rules;
  rules.length = 2;
  for (const Toy& t : toys())
    for (const Path& path : trace(t.map, {0.4, -0.3}, rules)) {
      EXPECT_EQ(path.t(path.origin), 0);
      EXPECT_EQ(path.arc(path.origin), 0);
      EXPECT_LE((path.z.col(path.origin) - Eigen::Vector2d(0.4, -0.3)).norm(), 0);
      EXPECT_GT(path.v(path.latent, path.origin), 0) << "along its latent";
      for (Eigen::Index i = 0; i + 1 < path.t.size(); ++i) {
        EXPECT_NEAR(path.t(i + 1) - path.t(i), rules.step, 1e-12);
        EXPECT_GT(path.arc(i + 1), path.arc(i));
        EXPECT_NEAR(path.v.col(i).norm(), 1, 1e-14);
        EXPECT_GT(path.v.col(i).dot(path.v.col(i + 1)), 0.95) << t.name << ": continuous";
        EXPECT_NEAR((path.z.col(i + 1) - path.z.col(i)).norm(), rules.step, 1e-4) << "unit speed, chord of a curve";
      }
    }
}

// On a curved path: its points have the singular vector as derivative, and halving the step divides the error by 2^4.
TEST(Paths, SolveTheirEquationToFourthOrder) {
  std::vector<VectorXd> ends;
  for (const double h : {0.2, 0.1, 0.05}) {
    PathRules rules;
    rules.step = h;
    rules.length = 2;
    const Path path = trace(toy("generic").map, {0.4, -0.3}, rules)[0];
    ends.push_back(path.z.rightCols(1));
    for (Eigen::Index i = 2; h < 0.1 && i + 2 < path.t.size(); ++i) {
      const VectorXd derivative =
          (path.z.col(i - 2) - 8 * path.z.col(i - 1) + 8 * path.z.col(i + 1) - path.z.col(i + 2)) / (12 * h);
      EXPECT_LE((derivative - path.v.col(i)).norm(), 1e-5);
    }
  }
  const double coarse = (ends[0] - ends[1]).norm(), fine = (ends[1] - ends[2]).norm();
  std::printf("  end of a curved path: %.1e for half of step 0.2, %.1e for half of 0.1, ratio %.1f\n", coarse, fine, coarse / fine);
  EXPECT_LE(fine, 1e-6);
  EXPECT_NEAR(coarse / fine, 16, 6);
}

// Where s_b = 2.6 is passed by s_a, the path goes on along the same latent and does not change to the larger value.
TEST(Paths, PassThroughCrossings) {
  const std::vector<Path> paths = trace(toy("additive").map, {0, 0.1});
  const Path& path = paths[1];
  EXPECT_EQ(path.latent, 0);
  EXPECT_EQ(path.order.front(), 0);
  EXPECT_EQ(path.order[static_cast<size_t>(path.origin)], 1);
  EXPECT_EQ(path.order.back(), 0);
  EXPECT_LE(deviation(path, Eigen::Vector2d(1, 0)), 1e-11);
  EXPECT_NEAR(path.s(path.s.size() - 1), std::hypot(std::cosh(path.z(0, path.t.size() - 1)), path.z(0, path.t.size() - 1)), 1e-12);
}

// ---- every reason to stop -------------------------------------------------------------------------------------------------

TEST(Paths, StopAtTheirLengthAndAtTheBall) {
  PathRules rules;
  rules.length = 0.52;
  for (const Path& path : trace(toy("generic").map, {0.4, -0.3}, rules)) {
    EXPECT_EQ(path.before, Stop::length);
    EXPECT_EQ(path.after, Stop::length);
    EXPECT_NEAR(path.t(0), -0.52, 1e-14);
    EXPECT_NEAR(path.t(path.t.size() - 1), 0.52, 1e-14);
    EXPECT_EQ(path.t.size(), 2 * 11 + 1) << "steps are at most as long as asked";
  }
  rules = {};
  rules.radius = 1;
  for (const Path& path : trace(toy("additive").map, {0.5, 0.1}, rules)) {
    EXPECT_EQ(path.before, Stop::ball);
    EXPECT_EQ(path.after, Stop::ball);
    EXPECT_LE(path.z.colwise().norm().maxCoeff(), 1);
    EXPECT_GT((path.z.rightCols(1) + 0.05 * path.v.rightCols(1)).norm(), 1);
    EXPECT_GT((path.z.leftCols(1) - 0.05 * path.v.leftCols(1)).norm(), 1);
  }
}

// (a, b²/2): s_b = |b| vanishes at b = 0 and equals s_a = 1 at b = 1.
TEST(Paths, StopWhereASingularVectorIsLost) {
  const DecoderMap parabola{2, 2, [](Recorder&, Var z) {
                              const Var a = slice(z, 1, 0, 1);
                              const Var b = slice(z, 1, 1, 1);
                              const Var square = b * b;
                              const Var half = affine(square, 0.5);
                              const Var left = pad(a, 1, 0, 2);
                              const Var right = pad(half, 1, 1, 2);
                              return left + right;
                            }};
  const std::vector<Path> paths = trace(parabola, {0.2, 0.5});
  EXPECT_EQ(paths[1].latent, 1);
  EXPECT_EQ(paths[1].before, Stop::vanishing);
  EXPECT_NEAR(paths[1].z(1, 0), 0.05, 1e-12);
  EXPECT_EQ(paths[1].after, Stop::degenerate);
  EXPECT_NEAR(paths[1].z(1, paths[1].t.size() - 1), 0.95, 1e-12);
  EXPECT_EQ(paths[0].before, Stop::ball);
  EXPECT_EQ(paths[0].after, Stop::ball);
}

// (a + (√3 - 1) relu(a), relu(a) + 2b): at a = 0 the singular vectors jump by 45 degrees, and none continues another.
TEST(Paths, StopWhereNothingContinuesThem) {
  const DecoderMap fold{2, 2, [](Recorder&, Var z) {
                          const Var a = slice(z, 1, 0, 1);
                          const Var b = slice(z, 1, 1, 1);
                          const Var right = relu(a);
                          const Var bent = affine(right, std::sqrt(3.0) - 1);
                          const Var first = a + bent;
                          const Var twice = affine(b, 2);
                          const Var second = right + twice;
                          const Var up = pad(first, 1, 0, 2);
                          const Var down = pad(second, 1, 1, 2);
                          return up + down;
                        }};
  const std::vector<Path> paths = trace(fold, {-0.52, 0.3});
  EXPECT_EQ(paths[1].latent, 0);
  EXPECT_EQ(paths[1].before, Stop::ball);
  EXPECT_EQ(paths[1].after, Stop::crossing);
  EXPECT_NEAR(paths[1].z(0, paths[1].t.size() - 1), -0.02, 1e-12);
  EXPECT_EQ(paths[0].after, Stop::ball) << "it does not meet the fold";
}

// ---- starts from which there is no path --------------------------------------------------------------------------------------

void expect_only_the_start(const Path& path, Stop reason) {
  EXPECT_EQ(path.t.size(), 1);
  EXPECT_EQ(path.origin, 0);
  EXPECT_EQ(path.before, reason) << name(path.before);
  EXPECT_EQ(path.after, reason) << name(path.after);
  EXPECT_EQ(path.seam_length(), 0);
}

TEST(Paths, SayWhyTheyDoNotStart) {
  for (const Path& path : trace(toy("additive").map, {3, 3})) {
    expect_only_the_start(path, Stop::ball);
    EXPECT_TRUE(path.u.allFinite()) << "the point itself is known";
  }
  const DecoderMap constant{2, 3, [](Recorder& r, Var z) { return r.graph.fill({z.shape()[0], 3}, 0.5); }};
  for (const Path& path : trace(constant, {0.1, 0.2})) {
    expect_only_the_start(path, Stop::vanishing);
    EXPECT_TRUE(path.u.array().isNaN().all());
    EXPECT_EQ(path.x, Eigen::Vector3d::Constant(0.5));
  }
  const DecoderMap identity{2, 2, [](Recorder&, Var z) { return z; }};
  for (const Path& path : trace(identity, {0.1, 0.2})) expect_only_the_start(path, Stop::degenerate);
  // Two equal values among three: the third path is none the worse.
  const MatrixXd W = Eigen::Vector3d(2, 1, 1).asDiagonal();
  const std::vector<Path> paths = trace(linear_map(W), {0, 0, 0});
  EXPECT_GT(paths[0].t.size(), 100);
  expect_only_the_start(paths[1], Stop::degenerate);
  expect_only_the_start(paths[2], Stop::degenerate);
}

TEST(Paths, OfRankDeficientDecodersAndCollapsedLatents) {
  MatrixXd W = normal_matrix(6, 4, 1);
  W.col(1).setZero();
  Machine m;
  GeometryProgram program(linear_map(W), *m.backend, 18);
  const std::vector<real> z{0.1, 2, -0.3, 0.4};
  const std::vector<Path> all = trace_paths(program, z);
  ASSERT_EQ(all.size(), 4u);
  expect_only_the_start(all[3], Stop::vanishing);
  EXPECT_EQ(all[3].latent, 1);
  const std::vector<Path> active = trace_paths(program, z, {0, 2, 3});
  ASSERT_EQ(active.size(), 3u);
  for (size_t k = 0; k < 3; ++k) {
    EXPECT_GT(active[k].t.size(), 50);
    EXPECT_EQ(active[k].v.rows(), 3);
    EXPECT_LE((active[k].z.row(1).array() - 2).abs().maxCoeff(), 0) << "not looked at, so it stays";
    EXPECT_LE((active[k].z - all[k].z).norm(), 1e-11);
  }
  const DecoderMap parallel = linear_map(normal_matrix(5, 1, 6) * Eigen::RowVector2d(1, 2));
  expect_only_the_start(trace(parallel, {0, 0})[1], Stop::vanishing);
}

TEST(Paths, DoNotDependOnWhoAdvancesBesideThem) {
  Machine m;
  GeometryProgram together(toy("generic").map, *m.backend, 8), alone(toy("generic").map, *m.backend, 1);
  const std::vector<real> z{0.4, -0.3};
  const std::vector<Path> a = trace_paths(together, z), b = trace_paths(alone, z);
  for (size_t k = 0; k < 2; ++k) {
    EXPECT_EQ(a[k].z, b[k].z);
    EXPECT_EQ(a[k].arc, b[k].arc);
  }
}

TEST(Paths, RefuseWhatCannotBeRight) {
  Machine m;
  GeometryProgram program(toy("additive").map, *m.backend);
  const std::vector<real> z{0, 0};
  expect_error(ErrorKind::usage, "3 numbers are not rows of 2", [&] { trace_paths(program, std::vector<real>{1, 2, 3}); });
  expect_error(ErrorKind::usage, "one at a time", [&] { trace_paths(program, std::vector<real>{1, 2, 3, 4}); });
  expect_error(ErrorKind::usage, "not finite", [&] { trace_paths(program, std::vector<real>{1, NAN}); });
  expect_error(ErrorKind::usage, "latents to look at", [&] { trace_paths(program, z, {2}); });
  for (double PathRules::*rule :
       {&PathRules::step, &PathRules::length, &PathRules::radius, &PathRules::smallest, &PathRules::overlap, &PathRules::gap})
    for (double bad : {-1.0, static_cast<double>(NAN)}) {
      PathRules rules;
      rules.*rule = bad;
      expect_error(ErrorKind::usage, "rules of a path", [&] { trace_paths(program, z, {}, rules); });
    }
  PathRules endless;
  endless.step = 1e-9;
  expect_error(ErrorKind::usage, "a million steps", [&] { trace_paths(program, z, {}, endless); });
  Model model(make_vae_spec("mlp", "vae", "bernoulli", {64, 64, 1}, 2));
  model.table.initialise(model.weights.span(), 1);
  model.weights.data()[model.table.rows().back().offset] = NAN;
  GeometryProgram broken(mean_map(model), *m.backend);
  expect_error(ErrorKind::failed, "not finite", [&] { trace_paths(broken, z); });
}

}  // namespace
}  // namespace unpick
