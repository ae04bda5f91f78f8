// A decoder that is not a VAE, analysed from end to end in float: the example of docs/any-decoder.md, and that page itself. Then
// the same of our own architectures, as far as it holds for every decoder.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

#include "core/seams/curves.h"
#include "core/seams/density.h"
#include "core/seams/scores.h"
#include "core/seams/toys.h"
#include "tests/places.h"

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// Codes z [B,2] to points [B,6]. Row b of the result may depend on row b of z alone.
Var generate(Recorder& r, Var z) {
  const Var hidden = dense(r, z, 32, "generator.0");
  const Var active = tanh(hidden);
  return dense(r, active, 6, "generator.1");
}

// tanh' by hand: d = W1 tanh(W0 z + b0) + b1.
MatrixXd jacobian_by_hand(const Parameters& table, const Buffer& weights, const VectorXd& z) {
  const auto values = [&](const char* name, int rows, int columns) {
    return MatrixXd(Eigen::Map<const Eigen::MatrixXf>(weights.data() + table.find(name)->offset, rows, columns).cast<double>());
  };
  const MatrixXd W0 = values("generator.0.weight", 32, 2), W1 = values("generator.1.weight", 6, 32);  // stored [in,out]
  const VectorXd h = (W0 * z + values("generator.0.bias", 32, 1)).array().tanh();
  return W1 * (1 - h.array().square()).matrix().asDiagonal() * W0;
}

TEST(AnyDecoder, CanBeAnalysedFromEndToEnd) {
  Graph graph;
  Parameters table;
  Recorder recorder{graph, table};
  generate(recorder, graph.input({1, 2}, "z"));
  Buffer weights(table.region());
  table.initialise(weights.span(), 7);  // or put your own in, at table.find("generator.0.weight")->offset
  const DecoderMap generator{2, 6, generate, &table, weights.span()};

  Pool pool;
  const auto backend = make_cpu_backend(pool);
  GeometryProgram program(generator, *backend, 8);  // 8 derivatives a replay: 2 latents, along 2 paths, both ways
  const std::vector<real> z{0.5, -0.25};

  const Geometry g = program.at(z)[0];  // value, J, J'J, s, U, V
  const SpeedChanges c = program.speed_changes(g);
  std::printf("  s_1 %.3f, s_2 %.3f, distance of V to the axes %.3f\n", g.s(0), g.s(1), distance_to_axes(g.V));
  std::printf("  share of J'J off the diagonal %.3f, strong test of D1 %.3f\n", off_share(g.G), dependence(g, c));
  std::printf("  log p_mu %.4f, Lemma 5.0 within %.1e\n", log_manifold_density(g), seam_factor_residual(g));

  const std::vector<Path> paths = trace_paths(program, z);
  for (const Path& path : paths) {
    const AxisImage axis = axis_image(program, path);
    const SeamDensity density = seam_density(path);
    std::printf("  seam %d: length %.3f, ends by %s and %s; the axis departs by %.3f; f_k integrates to %.4f\n", path.k + 1,
                path.seam_length(), name(path.before), name(path.after), axis.departure, density.integral);
  }

  EXPECT_LE((g.J - jacobian_by_hand(table, weights, Eigen::Vector2d(0.5, -0.25))).norm(), 1e-6 * g.s(0));
  EXPECT_LE(seam_factor_residual(g), 1e-5);
  ASSERT_EQ(paths.size(), 2u);
  for (const Path& path : paths) {
    EXPECT_GT(path.t.size(), 50);
    EXPECT_LE((polyline_arc(path.x, path.origin) - path.arc).cwiseAbs().maxCoeff(), 0.01 * path.seam_length());
    for (Eigen::Index i = 0; i < path.t.size(); i += 10) {
      const Eigen::Vector2d at = path.z.col(i).cast<real>().cast<double>();
      EXPECT_LE((jacobian_by_hand(table, weights, at) * path.v.col(i) - path.s(i) * path.u.col(i)).norm(), 1e-4 * path.s(i));
    }
    const AxisImage axis = axis_image(program, path);
    EXPECT_GT(axis.departure, 0.01) << "nothing aligned this generator";
    const VectorXd column = jacobian_by_hand(table, weights, Eigen::Vector2d(0.5, -0.25)).col(path.latent);
    EXPECT_NEAR(axis.cosine, column.dot(path.u.col(path.origin)) / column.norm(), 1e-4);
  }
}

std::string text_of(const std::string& path) {
  std::ifstream file(std::string(test::kSourceDir) + "/" + path);
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

// Without indentation, which is all that the page may change.
std::string flat(const std::string& code) {
  std::stringstream lines(code);
  std::string line, result;
  while (std::getline(lines, line)) result += line.substr(std::min(line.size(), line.find_first_not_of(' '))) + "\n";
  return result;
}

TEST(AnyDecoder, ThePageShowsThisCode) {
  const std::string page = text_of("docs/any-decoder.md"), source = flat(text_of("tests/any_decoder_test.cpp")), open = "```cpp\n";
  int blocks = 0;
  for (size_t at = page.find(open); at != std::string::npos; at = page.find(open, at)) {
    at += open.size();
    const std::string block = flat(page.substr(at, page.find("```", at) - at));
    EXPECT_NE(source.find(block), std::string::npos) << block;
    ++blocks;
  }
  EXPECT_EQ(blocks, 2);
}

// ---- in single precision ----------------------------------------------------------------------------------------------------

TEST(SinglePrecision, LemmaFivePointZeroHoldsForEveryArchitecture) {
  Pool pool;
  const auto backend = make_cpu_backend(pool);
  for (const char* architecture : {"linear", "mlp", "conv", "conv-burgess", "conv-locatello"}) {
    Model model(make_vae_spec(architecture, "vae", "bernoulli", {64, 64, 1}, 4));
    model.table.initialise(model.weights.span(), 3);
    GeometryProgram program(mean_map(model), *backend);
    const Geometry g = program.at(std::vector<real>{0.5, -1, 0.25, 2})[0];
    std::printf("  %-14s rank %d, Lemma 5.0 within %.1e\n", architecture, g.rank, seam_factor_residual(g));
    EXPECT_EQ(g.rank, 4) << architecture;
    EXPECT_LE(seam_factor_residual(g), 1e-5) << architecture;
  }
}

TEST(SinglePrecision, PathsOfTheRotatedToyAreStraight) {
  Pool pool;
  const auto backend = make_cpu_backend(pool);
  GeometryProgram program(toy("rotated-additive").map, *backend, 8);
  double worst = 0;
  for (const Path& path : trace_paths(program, std::vector<real>{0.125, 0.25})) {
    const Eigen::Vector2d truth =
        path.latent == 0 ? Eigen::Vector2d(std::cos(0.7), -std::sin(0.7)) : Eigen::Vector2d(std::sin(0.7), std::cos(0.7));
    const MatrixXd from = path.z.colwise() - path.z.col(path.origin);
    worst = std::max(worst, (from - truth * (truth.transpose() * from)).colwise().norm().maxCoeff());
    EXPECT_EQ(path.before, Stop::ball);
    EXPECT_EQ(path.after, Stop::ball);
  }
  std::printf("  deviation from the straight line %.1e\n", worst);
  EXPECT_LE(worst, 1e-6);
}

}  // namespace
}  // namespace unpick
