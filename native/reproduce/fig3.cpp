// Figure 3. Left: during training, a diagonal posterior turns the decoder's singular vectors to the axes; a full one and an
// autoencoder without noise do not (Rolinek et al. 2019), though the latter reconstructs best. Right: what a path and a seam are,
// drawn on a decoder that can be written down.
//
// Source: theory B3, B7, B8.
#include <cmath>

#include "core/seams/toys.h"
#include "native/reproduce/figure.h"
#include "native/reproduce/manifold.h"
#include "native/reproduce/sheet.h"
#include "native/reproduce/sprites.h"

namespace unpick::reproduce {
namespace fig3_parts {
namespace {

constexpr double kBeta = 8;

struct Arm {
  SpriteArm arm;
  const char* label;
  io::Colour colour;
  std::vector<std::shared_ptr<const SpriteRun>> runs{};

  std::vector<double> losses() const {  // nats per image, over seeds
    std::vector<double> values;
    for (const auto& run : runs) values.push_back(run->reconstruction);
    return values;
  }
  // Over seeds, at one mark. DtO grows with the number of latents in use, so it is divided by its value for the same V rotated.
  std::vector<double> relative(size_t mark) const {
    std::vector<double> values;
    for (const auto& run : runs) values.push_back(run->marks[mark].dto / run->marks[mark].rotated);
    return values;
  }
  std::vector<double> of(size_t mark, double SpriteMark::*field) const {
    std::vector<double> values;
    for (const auto& run : runs) values.push_back(run->marks[mark].*field);
    return values;
  }
};

// The first mark at which every seed has two latents in use or more.
size_t first_known(const Arm& arm) {
  for (size_t m = 0; m < arm.runs[0]->marks.size(); ++m) {
    bool known = true;
    for (const auto& run : arm.runs) known &= run->marks[m].active >= 2;
    if (known) return m;
  }
  return arm.runs[0]->marks.size() - 1;
}

struct Tangents {
  std::vector<Path> paths;
  double error;     // largest |difference quotient of the seam - u_k| over interior points
  double identity;  // largest |u_k - J v_k / s_k|
};

Tangents trace(GeometryProgram& program, const std::vector<real>& z_star) {
  Tangents t{trace_paths(program, z_star, {}, {0.01, 1.3, 4}), 0, 0};
  for (const Path& path : t.paths) {
    for (Eigen::Index p = 1; p + 1 < path.t.size(); ++p) {
      const Eigen::VectorXd chord = (path.x.col(p + 1) - path.x.col(p - 1)).normalized();
      t.error = std::max(t.error, (chord - path.u.col(p)).norm());
    }
    for (Eigen::Index p = 0; p < path.t.size(); p += 10) {
      const std::vector<real> z{static_cast<real>(path.z(0, p)), static_cast<real>(path.z(1, p))};
      const Geometry g = program.at(z)[0];
      t.identity = std::max(t.identity, (g.J * path.v.col(p) / path.s(p) - path.u.col(p)).norm());
    }
  }
  return t;
}

void draw_diagram(io::Canvas& canvas, GeometryProgram& program, const std::vector<Path>& paths, float x, float top) {
  const Eigen::Vector2d star = paths[0].z.col(paths[0].origin);
  Plot plane = draw_latent_plane(canvas, {x, top + 12, 224, 224}, 2.3);
  plane.title("A path in latent space");
  Eye eye = eye_of_three(-0.9, 0.5);
  Plot space = draw_manifold(canvas, {x + 248, top, 244, 260}, eye, grid_of_values(program, 1.5, 19));
  canvas.text(x + 256, top - 16, "and its seam on the manifold", kPanel);
  for (const Path& path : paths) {
    const bool thick = &path == &paths[0];
    plane.line(latent_curve(path), io::kBlue, thick ? 2.4f : 1.2f);
    space.line(eye.curve(path.x), io::kRed, thick ? 2.6f : 1.4f);
    const Eigen::Vector2d v = path.v.col(path.origin);
    plane.arrow(star, star + 0.8 * v, io::kInk, 1.6f);
    const Eigen::VectorXd d = path.x.col(path.origin), u = path.u.col(path.origin);
    Eigen::MatrixXd tip(3, 2);
    tip << d, d + 0.8 * u;
    const Curve seen = eye.curve(tip);
    space.arrow(seen[0], seen[1], io::kInk, 1.6f);
    const std::string k = thick ? "\u2081" : "\u2082", number = thick ? "1" : "2";
    plane.text(star + 0.8 * v, "v" + k, label_style(io::kInk), io::Align::right, -5, thick ? -4 : 16);
    space.text(seen[1], "u" + k, label_style(io::kInk), io::Align::left, 4, -4);
    plane.text(latent_curve(path).back(), "path " + number, label_style(io::kBlue), io::Align::left, 4, 10);
    space.text(eye.curve(path.x).back(), "seam " + number, label_style(io::kRed), io::Align::left, 5, 4);
  }
  plane.dot(star, io::kAmber, 4.5f);
  plane.text(star, "z*", label_style(io::kAmber), io::Align::right, -8, 14);
  space.dot(eye.curve(paths[0].x.col(paths[0].origin))[0], io::kAmber, 4.5f);
}

io::Image draw(const Figure& figure, const std::vector<Arm>& arms, GeometryProgram& program, const std::vector<Path>& paths,
               int seeds, int64_t steps) {
  const float width = 1064, height = 260, content = height + 88;
  const io::Frame frame(figure.title,
                        "Left: distance of the decoder's V to the axes (DtO), divided by that of the same V after a random "
                        "rotation; latents in use only; "
                        "lines are means of " +
                            std::to_string(seeds) +
                            " seeds, bands all of them. Right: the tangent of the seam is u\u2096 = J v\u2096 / s\u2096.",
                        "unpick reproduce fig3   seeds 1 to " + std::to_string(seeds) + ", " + std::to_string(steps) +
                            " steps, mlp-tanh, 10 latents, \u03b2 = 8, " + kSlice + " at half size; right: toy decoder 'generic'",
                        width, "computed now");
  io::Canvas canvas(frame.full_width(), frame.full_height(content), io::kDensity, io::kPaper);
  frame.draw(canvas, content);
  const float top = frame.top + 40;

  const auto& marks = arms[0].runs[0]->marks;
  Plot plot(canvas, {io::kMargin + 40, top, 360, height}, {static_cast<double>(marks[0].step), static_cast<double>(steps)},
            {0, 1.4}, true);
  plot.title("Distance of V to the axes");
  plot.axes("step", "DtO / DtO of a random rotation");
  plot.level(1, "", io::kAmber);
  plot.text({static_cast<double>(marks[0].step), 1}, "chance", label_style(io::kAmber), io::Align::left, 4, -5);
  std::vector<Plot::EndLabel> labels;
  for (const Arm& arm : arms) {
    Series series{arm.label, arm.colour};
    for (size_t m = first_known(arm); m < marks.size(); ++m) series.add(static_cast<double>(marks[m].step), arm.relative(m));
    draw_band(plot, series, 2, -INFINITY, 0.14f);
    labels.push_back({series.last(), arm.label, arm.colour});
  }
  plot.end_labels(labels);
  draw_diagram(canvas, program, paths, io::kMargin + 572, top);
  return canvas.image();
}

}  // namespace
}  // namespace fig3_parts

Figure fig3(Workshop& shop) {
  using namespace fig3_parts;
  std::vector<Arm> arms{{{"diagonal", "beta-vae", kBeta}, "diagonal", io::kInk},
                        {{"full", "beta-vae", kBeta}, "full", io::kRed},
                        {{"diagonal", "autoencoder", kBeta}, "autoencoder", io::kQuiet}};
  Arm vae{{"diagonal", "beta-vae", 1}, "VAE", io::kInk};  // to reconstruct against; fig7 has it too
  shop.begin(missing_steps(shop, {arms[0].arm, arms[1].arm, arms[2].arm, vae.arm}));
  for (int seed = 1; seed <= shop.seeds(); ++seed) {
    for (Arm& arm : arms) arm.runs.push_back(sprite_run(shop, arm.arm, seed));
    vae.runs.push_back(sprite_run(shop, vae.arm, seed));
  }

  GeometryProgram program(toy("generic").map, shop.backend(), 8);
  const Tangents tangents = trace(program, {real(0.35), real(-0.3)});

  Figure figure;
  figure.source =
      "left, support from Rol\u00ednek et al. (2019) that diagonal posteriors make the columns of the Jacobian orthogonal; "
      "right, a diagram of z*, v\u2096, its path, u\u2096 and the seam.";
  figure.choices = {
      "The exact panel was not found. Ours: DtO against the step on a slice of dSprites, \u03b2 = 8, two layers of 256 "
      "tanh each way; a latent is in use if the sd of its mean exceeds 0.5.",
      "\"Down over training\" is read as: lower at the end than at the first mark at which all seeds use two latents."};
  const size_t end = arms[0].runs[0]->marks.size() - 1, begin = first_known(arms[0]);
  const auto final_mean = [&](const Arm& arm) { return spread(arm.relative(end)).mean; };
  for (size_t other : {size_t{1}, size_t{2}}) {
    const std::string name = arms[other].label;
    figure.claims.push_back(below("28", "diagonal falls below " + name, "mean relative DtO, diagonal \u2212 " + name,
                                  final_mean(arms[0]) - final_mean(arms[other]), 0));
    figure.claims.push_back(below("10, 28", "and not by chance", "p of diagonal below " + name + ", exact permutation test",
                                  permutation_p(arms[0].relative(end), arms[other].relative(end)), 0.05));
  }
  figure.claims.push_back(below("1", "without KL and noise an autoencoder reconstructs better than a VAE",
                                "mean reconstruction loss, autoencoder \u2212 VAE (\u03b2 = 1), nats an image",
                                spread(arms[2].losses()).mean - spread(vae.losses()).mean, 0));
  figure.claims.push_back(below("1", "and not by chance", "p of a loss that much lower, exact permutation test",
                                permutation_p(arms[2].losses(), vae.losses()), 0.05));
  for (const auto& [field, name] : {std::pair{&SpriteMark::off_A, "off(A)"}, {&SpriteMark::off_C, "off(C)"}})
    figure.claims.push_back(
        below("12",
              std::string("a diagonal posterior makes the decoder's ") + (name[4] == 'A' ? "first" : "second") +
                  " derivatives diagonal over training",
              std::string("mean ") + name + ", diagonal, end \u2212 step " + std::to_string(arms[0].runs[0]->marks[begin].step),
              spread(arms[0].of(end, field)).mean - spread(arms[0].of(begin, field)).mean, 0));
  Claim tangent = below("29", "the seam runs along u\u2096", "largest |tangent of the seam \u2212 u\u2096|", tangents.error, 1e-4);
  Claim identity =
      below("29", "u\u2096 = J v\u2096 / s\u2096", "largest |u\u2096 \u2212 J v\u2096 / s\u2096|", tangents.identity, 1e-4);
  tangent.badge = identity.badge = Badge::theorem;
  figure.claims.push_back(tangent);
  figure.claims.push_back(identity);
  for (const Arm& arm : arms) {
    Json curve = Json::array();
    for (size_t m = 0; m <= end; ++m) {
      std::vector<double> active;
      for (const auto& run : arm.runs) active.push_back(run->marks[m].active);
      curve.push_back({{"step", arm.runs[0]->marks[m].step},
                       {"in_use", to_json(active)},
                       {"dto", to_json(arm.of(m, &SpriteMark::dto))},
                       {"dto_rotated", to_json(arm.of(m, &SpriteMark::rotated))},
                       {"cosine", to_json(arm.of(m, &SpriteMark::cosine))},
                       {"off_A", to_json(arm.of(m, &SpriteMark::off_A))},
                       {"off_C", to_json(arm.of(m, &SpriteMark::off_C))}});
    }
    figure.numbers[arm.label] = curve;
  }
  for (const Arm* arm : {&arms[0], &arms[1], &arms[2], &vae}) figure.numbers["reconstruction"][arm->label] = to_json(arm->losses());
  figure.numbers["tangents"] = {{"chord", tangents.error}, {"identity", tangents.identity}};
  figure.title = title_for(figure, "Only diagonal posteriors turn the decoder's singular vectors to the axes",
                           "The decoder's singular vectors and the axes during training");
  figure.picture = draw(figure, arms, program, tangents.paths, shop.seeds(), sprite_steps(shop));
  return figure;
}

}  // namespace unpick::reproduce
