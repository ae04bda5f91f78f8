// Figure 4: how the prior's density is pushed forward. Left, a linear decoder without C1: paths and seams are straight, and the
// factors along them are independent. Right, a curved decoder with C1 and C2: seams bend, yet the density of the manifold is still
// a product of one factor for each latent.
//
// Source: theory B3, B4 (Lemma 5.0, Theorem 5.1), B8.
#include <Eigen/Geometry>
#include <cmath>

#include "core/data/synthetic.h"
#include "core/seams/density.h"
#include "core/seams/scores.h"
#include "core/seams/toys.h"
#include "native/reproduce/figure.h"
#include "native/reproduce/manifold.h"

namespace unpick::reproduce {
namespace fig4_parts {
namespace {

constexpr int kPoints = 200;  // z ~ N(0, I), where densities are compared

struct Side {
  std::string name;
  Eye eye;
  std::unique_ptr<GeometryProgram> program;
  std::vector<Path> paths{};  // through 0
  std::vector<SeamDensity> densities{};
  double residual = 0;    // largest, of Lemma 5.0
  double dependence = 0;  // strong test
  double dto = 0, cosine = 0;
  double correlation = 0;  // of v_1'z and v_2'z over the points
};

// The plane of a linear decoder as the floor, seen from above.
Eye eye_of_plane(DecoderMap map, Backend& backend) {
  GeometryProgram program(std::move(map), backend);
  const Eigen::MatrixXd U = program.at(std::vector<real>(2))[0].U;
  const Eigen::Vector3d first = U.col(0), second = U.col(1);
  Eye eye{Eigen::MatrixXd(3, 3), View::from(-1.0, 0.72)};
  eye.projection << first.transpose(), second.transpose(), first.cross(second).transpose();
  return eye;
}

Side measure(std::string name, DecoderMap map, Eye eye, Backend& backend) {
  Side side{std::move(name), std::move(eye), std::make_unique<GeometryProgram>(std::move(map), backend, 8)};
  side.paths = trace_paths(*side.program, std::vector<real>(2), {}, {0.02, 6, 4});
  for (const Path& path : side.paths) side.densities.push_back(seam_density(path));
  const Rng rng(1, Stream::probe);
  std::vector<real> z(2 * kPoints);
  rng.fill_normal(z, 0);
  double ab = 0, aa = 0, bb = 0;
  const std::vector<Geometry> points = side.program->at(z);
  for (const Geometry& g : points) {
    side.residual = std::max(side.residual, seam_factor_residual(g));
    side.dependence += dependence(g, side.program->speed_changes(g)) / kPoints;
    side.cosine += mean_abs_cosine(g.G) / kPoints;
    side.dto += distance_to_axes(g.V) / kPoints;
    const Eigen::Vector2d code(static_cast<double>(g.z[0]), static_cast<double>(g.z[1])), seen = g.V.transpose() * code;
    ab += seen(0) * seen(1);
    aa += seen(0) * seen(0);
    bb += seen(1) * seen(1);
  }
  side.correlation = ab / std::sqrt(aa * bb);
  return side;
}

// Density against place from -reach to reach, filled down to 0.
void draw_density(Plot& plot, double reach, const Eigen::VectorXd& place, const Eigen::VectorXd& log_density, io::Colour colour) {
  Curve curve, ground;
  for (Eigen::Index p = 0; p < place.size(); ++p) {
    if (std::abs(place(p)) > reach) continue;
    curve.emplace_back(place(p), std::exp(log_density(p)));
    ground.emplace_back(place(p), 0);
  }
  plot.band(ground, curve, colour, 0.15f);
  plot.line(curve, colour, 2);
}

void draw_side(io::Canvas& canvas, const Side& side, const std::string& title, float x, float top) {
  canvas.text(x, top, title, kPanel);
  Plot plane = draw_latent_plane(canvas, {x, top + 36, 208, 208}, 2.6);
  Plot space = draw_manifold(canvas, {x + 236, top + 24, 268, 232}, side.eye, grid_of_values(*side.program, 2.0, 21));
  for (size_t k = 0; k < side.paths.size(); ++k) {
    const Path& path = side.paths[k];
    const std::string number = k == 0 ? "1" : "2";
    Curve inside;
    Eigen::Index first = path.t.size(), last = 0;
    for (Eigen::Index p = 0; p < path.t.size(); ++p)
      if (path.z.col(p).cwiseAbs().maxCoeff() <= 2) first = std::min(first, p), last = p;
    for (Eigen::Index p = first; p <= last; ++p) inside.emplace_back(path.z(0, p), path.z(1, p));
    const Curve seam = side.eye.curve(path.x.middleCols(first, last - first + 1));
    plane.line(inside, io::kBlue, 2.4f);
    plane.text(inside.back(), "path " + number, label_style(io::kBlue), io::Align::left, 4, -6);
    space.line(seam, io::kRed, 2.6f);
    space.text(seam.back(), "seam " + number, label_style(io::kRed), io::Align::left, 4, -6);
  }
  plane.dot({0, 0}, io::kAmber, 4);

  double most = 0;
  for (const SeamDensity& d : side.densities) most = std::max(most, std::exp(d.log_f.maxCoeff()));
  for (size_t k = 0; k < side.paths.size(); ++k) {
    const Path& path = side.paths[k];
    const SeamDensity& density = side.densities[k];
    const std::string number = k == 0 ? "1" : "2";
    const float y = top + 304 + 176 * static_cast<float>(k);
    constexpr double kShown = 3.5;
    Plot along(canvas, {x + 28, y, 180, 112}, {-kShown, kShown}, {0, 0.45});
    along.axes("", "density on path " + number);
    draw_density(along, kShown, density.coordinate, density.log_p, io::kBlue);
    const double reach = std::min(9.0, std::max(-path.arc(0), path.arc(path.t.size() - 1)));
    Plot on_seam(canvas, {x + 268, y, 236, 112}, {-reach, reach}, {0, 1.1 * most});
    char text[80];
    std::snprintf(text, sizeof text, "density on seam %s, integral %.4f", number.c_str(), density.integral);
    on_seam.axes(k == 1 ? "arc length" : "", text);
    draw_density(on_seam, reach, path.arc, density.log_f, io::kRed);
  }
}

io::Image draw(const Figure& figure, const Side& left, const Side& right, int64_t steps) {
  const float width = 1096, content = 664;
  const io::Frame frame(figure.title,
                        "Blue: singular-vector paths through z* = 0 and the prior's density along them. Red: the manifold, the "
                        "seams and the density per "
                        "unit of arc length. On the right the four outputs are seen as (x\u2081, x\u2083, x\u2082 + x\u2084).",
                        "unpick reproduce fig4   left: linear VAE, full posterior, seed 1, " + std::to_string(steps) +
                            " steps; right: toy decoder 'additive'",
                        width, "theorem, computed now");
  io::Canvas canvas(frame.full_width(), frame.full_height(content), io::kDensity, io::kPaper);
  frame.draw(canvas, content);
  draw_side(canvas, left, "Linear, full posterior: straight, and not along the axes", io::kMargin, frame.top + 16);
  draw_side(canvas, right, "Curved, with C1 and C2: along the axes", io::kMargin + 576, frame.top + 16);
  return canvas.image();
}

double bend(const Path& path) {  // largest distance of the path from the chord of its ends
  const Eigen::VectorXd from = path.z.col(0), chord = (path.z.col(path.t.size() - 1) - from).normalized();
  double most = 0;
  for (Eigen::Index p = 0; p < path.t.size(); ++p) {
    const Eigen::VectorXd arm = path.z.col(p) - from;
    most = std::max(most, (arm - chord * chord.dot(arm)).norm());
  }
  return most;
}

}  // namespace
}  // namespace fig4_parts

Figure fig4(Workshop& shop) {
  using namespace fig4_parts;
  const int64_t steps = shop.pick<int64_t>(4000, 400), wave_steps = shop.pick<int64_t>(6000, 300);
  shop.begin(shop.seeds() * (steps + wave_steps));
  std::vector<Side> linear, waves;
  std::vector<std::unique_ptr<Session>> sessions;
  for (int seed = 1; seed <= shop.seeds(); ++seed) {
    const auto data_seed = static_cast<uint64_t>(seed);
    sessions.push_back(shop.train({"model=linear likelihood=gaussian posterior=full latent=2 sigma2=0.1 beta=1 batch=128",
                                   seed,
                                   {{steps * 3 / 4, 1e-2}, {steps / 4, 1e-3}}},
                                  std::make_unique<GaussianData>(3, std::vector<double>{1.6, 0.8}, 0.1, data_seed),
                                  "linear VAE, full posterior"));
    linear.push_back(measure("linear", mean_map(sessions.back()->model()),
                             eye_of_plane(mean_map(sessions.back()->model()), shop.backend()), shop.backend()));
    sessions.push_back(shop.train({"model=mlp-64-tanh likelihood=gaussian latent=2 sigma2=0.01 beta=1 batch=256",
                                   seed,
                                   {{wave_steps * 7 / 10, 2e-3}, {wave_steps * 2 / 10, 5e-4}, {wave_steps / 10, 1e-4}}},
                                  std::make_unique<WaveData>(data_seed), "diagonal posterior, waves"));
    waves.push_back(measure("waves", mean_map(sessions.back()->model()), eye_of_four(), shop.backend()));
  }
  const Side exact = measure("additive", toy("additive").map, eye_of_four(), shop.backend());

  const auto of = [](const std::vector<Side>& sides, double Side::*field) {
    std::vector<double> values;
    for (const Side& side : sides) values.push_back(side.*field);
    return values;
  };
  const auto worst_integral = [](const Side& side) {
    double worst = 0;
    for (const SeamDensity& d : side.densities) worst = std::max(worst, std::abs(d.integral - 1));
    return worst;
  };
  double linear_integral = 0, linear_bend = 0, residual = exact.residual;
  std::vector<double> wave_integral;
  for (const Side& side : linear) {
    linear_integral = std::max(linear_integral, worst_integral(side));
    for (const Path& path : side.paths) linear_bend = std::max(linear_bend, bend(path));
    residual = std::max(residual, side.residual);
  }
  for (const Side& side : waves) {
    wave_integral.push_back(worst_integral(side));
    residual = std::max(residual, side.residual);
  }

  Figure figure;
  figure.title = "The density of the manifold is a product of densities along its seams, straight or curved";
  figure.source =
      "left, a linear decoder without C1: paths, seams and independent seam densities; right, a non-linear decoder with C1 and "
      "C2: curved seams whose densities are independent.";
  figure.choices = {
      "Decoders were not found. Left: a linear VAE with a full posterior on three-dimensional Gaussian data, trained. "
      "Right: a sum of two curves in orthogonal planes, exact; the same is measured on VAEs trained on such data.",
      "Paths pass through z* = 0 and end at |z| = 4, beyond which lies 0.006 % of each density."};
  Claim lemma = below("16, 30", "log p\u03bc is the sum of the seams' factors, for any decoder",
                      "largest residual of Lemma 5.0, all decoders", residual, 1e-5);
  Claim straight =
      below("30", "a linear decoder has straight paths", "largest distance of a path from a line, all seeds", linear_bend, 1e-3);
  Claim whole =
      below("30", "f\u2096 is a density on its seam", "largest |integral \u2212 1|, linear, all seeds", linear_integral, 0.01);
  Claim exact_whole =
      below("30", "f\u2096 is a density on its seam", "largest |integral \u2212 1|, curved decoder", worst_integral(exact), 0.01);
  Claim strong = below("17, 30", "C1 and C2 make the factors independent", "strong test, curved decoder", exact.dependence, 1e-4);
  for (Claim* claim : {&lemma, &straight, &whole, &exact_whole, &strong}) claim->badge = Badge::theorem;
  figure.claims = {
      lemma,
      straight,
      whole,
      exact_whole,
      strong,
      above("30", "the linear decoder lacks C1", "mean |cosine| of its columns, mean over seeds",
            spread(of(linear, &Side::cosine)).mean, 0.1),
      below("30", "what is independent is V'z", "largest |correlation| of (V'z)\u2081 and (V'z)\u2082 at 200 points of the prior",
            std::max(std::abs(spread(of(linear, &Side::correlation)).high), std::abs(spread(of(linear, &Side::correlation)).low)),
            0.2),
      below("30", "a trained diagonal VAE comes close", "mean strong test, waves", spread(of(waves, &Side::dependence)).mean, 0.1),
      below("30", "a trained diagonal VAE comes close", "mean largest |integral \u2212 1|, waves", spread(wave_integral).mean,
            0.05)};
  for (const auto& [name, sides] : {std::pair{"linear, full", &linear}, {"waves, diagonal", &waves}})
    figure.numbers[name] = {{"dependence", to_json(of(*sides, &Side::dependence))},
                            {"dto", to_json(of(*sides, &Side::dto))},
                            {"cosine", to_json(of(*sides, &Side::cosine))},
                            {"correlation", to_json(of(*sides, &Side::correlation))},
                            {"residual", to_json(of(*sides, &Side::residual))}};
  figure.numbers["waves, diagonal"]["integral_error"] = to_json(wave_integral);
  figure.numbers["additive, exact"] = {
      {"dependence", exact.dependence}, {"residual", exact.residual}, {"integral_error", worst_integral(exact)}};
  figure.picture = draw(figure, linear[0], exact, steps);
  return figure;
}

}  // namespace unpick::reproduce
