// Figure 1: the idea. With a full posterior singular-vector paths cross the axes and the image of an axis leaves its seam; with a
// diagonal one they coincide, and the latents are those that made the data, up to order and sign.
//
// Source: theory B3, B8; Theorem 6.2.
#include <algorithm>
#include <cmath>

#include "core/data/synthetic.h"
#include "core/seams/scores.h"
#include "native/reproduce/figure.h"
#include "native/reproduce/manifold.h"

namespace unpick::reproduce {
namespace fig1_parts {
namespace {

using Eigen::MatrixXd;

constexpr uint32_t kTraining = 10000, kHeldOut = 2000;
constexpr double kChance = 0.544, kChanceDeviation = 0.31;  // DtO of random V at m = 2 (theory B7)
constexpr double kStars[][2] = {{0.3, 0.4}, {-0.8, 0.5}, {0.7, -0.9}, {-0.4, -0.6}, {1.0, 0.9}};
const PathRules kRules{0.05, 1.5, 3};

struct Arm {
  const char* name;
  io::Colour colour;
  std::vector<std::unique_ptr<Session>> sessions{};  // [seed]
  std::vector<double> departure{}, dto{}, cosine{}, mcc{}, loss{};
};

// A point of the data, as far as both posteriors know it: the code of held-out datum i.
std::vector<real> code_of(Session& s, const Dataset& data, uint32_t index) {
  std::vector<real> x(4), mu(2);
  data.render(index, x);
  Model& model = s.model();
  Encoder(model.spec, model.table, model.weights.span(), s.backend(), 1).run(x, mu, {});
  return mu;
}

void measure(Workshop& shop, Arm& arm, Session& s, const WaveData& held_out) {
  const auto count = size_t{kHeldOut};
  std::vector<real> x(4 * count), mu(2 * count), logvar(2 * count), L(4 * count);
  MatrixXd truth(kHeldOut, 2);
  for (uint32_t i = 0; i < kHeldOut; ++i) {
    held_out.render(kTraining + i, std::span(x).subspan(4 * i, 4));
    truth.row(i) = held_out.codes(kTraining + i).transpose();
  }
  Model& model = s.model();
  Encoder(model.spec, model.table, model.weights.span(), s.backend(), 64, true).run(x, mu, logvar, L);
  using Rows = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  arm.mcc.push_back(mean_correlation(Eigen::Map<const Rows>(mu.data(), kHeldOut, 2).cast<double>(), truth));

  const size_t points = shop.pick<size_t>(500, 50);
  std::vector<real> z(mu.begin(), mu.begin() + static_cast<std::ptrdiff_t>(2 * points)), epsilon(2 * points);
  Rng(static_cast<uint64_t>(s.config().seed), Stream::probe).fill_normal(epsilon, 0);
  for (size_t i = 0; i < points; ++i) {
    z[2 * i] += L[4 * i] * epsilon[2 * i];
    z[2 * i + 1] += L[4 * i + 2] * epsilon[2 * i] + L[4 * i + 3] * epsilon[2 * i + 1];
  }
  GeometryProgram program(mean_map(model), shop.backend(), 32);
  for (const MeanScore& score : mean_scores(program.at(z), Rng(1, Stream::probe))) {
    if (std::string(score.score->name) == "dto") arm.dto.push_back(score.mean.measured);
    if (std::string(score.score->name) == "cosine") arm.cosine.push_back(score.mean.measured);
  }

  double departure = 0;
  int paths = 0;
  for (const auto& star : kStars) {
    const std::vector<real> z_star{static_cast<real>(star[0]), static_cast<real>(star[1])};
    for (const Path& path : trace_paths(program, z_star, {}, kRules)) {
      departure += axis_image(program, path).departure;
      ++paths;
    }
  }
  arm.departure.push_back(departure / paths);
}

void run_seed(Workshop& shop, Arm& arm, int seed, int64_t steps) {
  Recipe recipe{std::string("model=mlp-64-tanh likelihood=gaussian latent=2 sigma2=0.01 beta=1 batch=256 posterior=") + arm.name,
                seed,
                {{steps * 7 / 10, 2e-3}, {steps * 2 / 10, 5e-4}, {steps / 10, 1e-4}}};
  const int64_t last = std::min<int64_t>(200, steps / 10);
  for (int64_t step = steps - last + 1; step <= steps; ++step) recipe.marks.push_back(step);
  double loss = 0;
  arm.sessions.push_back(shop.train(recipe, std::make_unique<WaveData>(seed), std::string(arm.name) + " posterior, waves",
                                    [&](Session& s) { loss += s.losses().loss / static_cast<double>(last); }));
  arm.loss.push_back(loss);
  measure(shop, arm, *arm.sessions.back(), WaveData(static_cast<uint64_t>(seed), 0.01, kTraining + kHeldOut));
}

size_t typical(const std::vector<double>& values) {  // the index of the median
  std::vector<size_t> order(values.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  return order[order.size() / 2];
}

void draw_arm(io::Canvas& canvas, Workshop& shop, const Arm& arm, float x, float top) {
  constexpr double kReach = 2.4;
  const size_t at = typical(arm.departure);
  Session& s = *arm.sessions[at];
  GeometryProgram program(mean_map(s.model()), shop.backend(), 32);
  const WaveData held_out(static_cast<uint64_t>(s.config().seed), 0.01, kTraining + kHeldOut);
  uint32_t datum = kTraining;  // the one whose true code is nearest to a fixed place, so that both arms show the same neighbourhood
  const Eigen::Vector2d wanted(0.5, 0.4);
  for (uint32_t i = kTraining; i < kTraining + kHeldOut; ++i)
    if ((held_out.codes(i) - wanted).norm() < (held_out.codes(datum) - wanted).norm()) datum = i;
  const std::vector<real> z_star = code_of(s, held_out, datum);
  const Eigen::Vector2d star(static_cast<double>(z_star[0]), static_cast<double>(z_star[1]));
  const std::vector<Path> paths = trace_paths(program, z_star, {}, {0.05, 2.2, 3});

  Plot plane = draw_latent_plane(canvas, {x, top, 236, 236}, kReach);
  plane.title(std::string(arm.name[0] == 'f' ? "Full" : "Diagonal") + " posterior: paths " +
              (arm.name[0] == 'f' ? "cross the axes" : "run along the axes"));
  for (double a = -1.8; a <= 1.81; a += 0.9)
    for (double b = -1.8; b <= 1.81; b += 0.9)
      for (const Path& path :
           trace_paths(program, std::vector<real>{static_cast<real>(a), static_cast<real>(b)}, {}, {0.05, 0.3, 4}))
        plane.line(latent_curve(path), io::kBlue, 1, 0.45f);
  plane.line({{-kReach, star.y()}, {kReach, star.y()}}, io::kGreen, 1.4f);
  plane.line({{star.x(), -kReach}, {star.x(), kReach}}, io::kGreen, 1.4f);
  for (const Path& path : paths) plane.line(latent_curve(path), io::kBlue, 2.4f);
  plane.dot(star, io::kAmber, 4.5f);

  const Eye eye = eye_of_four();
  Plot space = draw_manifold(canvas, {x + 256, top - 8, 256, 256}, eye, grid_of_values(program, kReach, 25));
  for (const Path& path : paths) {
    space.line(eye.curve(path.x), io::kRed, 2.6f);
    space.line(eye.curve(axis_image(program, path).x), io::kGreen, 1.6f);
  }
  space.dot(eye.curve(paths[0].x.col(paths[0].origin))[0], io::kAmber, 4.5f);
  char text[160];
  std::snprintf(text, sizeof text, "\u03b4 = %.3f, DtO = %.2f, MCC = %.3f, loss %.2f nats (seed %d)", arm.departure[at],
                arm.dto[at], arm.mcc[at], arm.loss[at], static_cast<int>(s.config().seed));
  canvas.text(x, top + 268, text, label_style(io::kInk));
}

io::Image draw(const Figure& figure, Workshop& shop, const Arm& full, const Arm& diagonal, int64_t steps) {
  const float width = 1096, content = 336;
  const io::Frame frame(
      figure.title,
      "Left of each pair, latent space: singular-vector paths (blue) and the axes through one point (green), circles of the prior. "
      "Right, the learnt manifold in four dimensions, seen as (x\u2081, x\u2083, x\u2082 + x\u2084): seams (red), images of the "
      "axes "
      "(green). \u03b4 is their mean distance over the seam's length. Shown: the seed of median \u03b4 of " +
          std::to_string(shop.seeds()) + ".",
      "unpick reproduce fig1   seeds 1 to " + std::to_string(shop.seeds()) + ", " + std::to_string(steps) +
          " steps, mlp-64-tanh, \u03b2 = 1, \u03c3\u00b2 = 0.01, data: waves",
      width, "computed now");
  io::Canvas canvas(frame.full_width(), frame.full_height(content), io::kDensity, io::kPaper);
  frame.draw(canvas, content);
  draw_arm(canvas, shop, full, io::kMargin, frame.top + 44);
  draw_arm(canvas, shop, diagonal, io::kMargin + 568, frame.top + 44);
  return canvas.image();
}

}  // namespace
}  // namespace fig1_parts

Figure fig1(Workshop& shop) {
  using namespace fig1_parts;
  const int64_t steps = shop.pick<int64_t>(12000, 300);
  shop.begin(2 * shop.seeds() * steps);
  Arm full{"full", io::kRed}, diagonal{"diagonal", io::kInk};
  for (int seed = 1; seed <= shop.seeds(); ++seed)
    for (Arm* arm : {&full, &diagonal}) run_seed(shop, *arm, seed, steps);

  Figure figure;
  figure.source =
      "left, a full posterior: paths are not axis-aligned and the image of an axis leaves the seam; right, a diagonal one: "
      "they coincide everywhere.";
  figure.choices = {
      "The paper's figure is a sketch. Ours is trained: two latents, four outputs, x = (1.4 z\u2081, 0.5 cos 1.5 "
      "z\u2081, 0.8 z\u2082, 0.35 sin 1.5 z\u2082) + 0.1 \u03b5, 10,000 data, 2\u00d764 tanh both ways, batch 256, "
      "learning rate 2e-3, 5e-4, 1e-4.",
      "\u03b4(full) \u226b \u03b4(diagonal) is read as three times as large."};
  const auto mean = [](const std::vector<double>& values) { return spread(values).mean; };
  figure.claims = {
      below("26", "images of axes are seams under a diagonal posterior", "mean \u03b4, diagonal", mean(diagonal.departure), 0.05),
      above("26", "under a full posterior they leave them", "mean \u03b4, full / diagonal",
            mean(full.departure) / mean(diagonal.departure), 3),
      below("26", "a diagonal posterior aligns V with the axes", "mean DtO, diagonal", mean(diagonal.dto), 0.1),
      within("26", "a full one leaves V at random", "mean DtO, full", mean(full.dto), kChance,
             3 * kChanceDeviation / std::sqrt(shop.seeds())),
      above("24", "the diagonal model recovers the true latents", "smallest MCC over seeds, diagonal", spread(diagonal.mcc).low,
            0.95),
      below("24", "the full one does less", "mean MCC, full \u2212 diagonal", mean(full.mcc) - mean(diagonal.mcc), 0),
      within("26", "both fit equally well", "mean loss, full \u2212 diagonal, nats", mean(full.loss) - mean(diagonal.loss), 0,
             0.1)};
  for (const Arm* arm : {&full, &diagonal})
    figure.numbers[arm->name] = {{"departure", to_json(arm->departure)},
                                 {"dto", to_json(arm->dto)},
                                 {"cosine", to_json(arm->cosine)},
                                 {"mcc", to_json(arm->mcc)},
                                 {"loss", to_json(arm->loss)}};
  figure.title = title_for(figure, "The same fit, two sets of axes: with a diagonal posterior an axis draws a seam",
                           "Where the images of axes lie: full and diagonal posteriors");
  figure.picture = draw(figure, shop, full, diagonal, steps);
  return figure;
}

}  // namespace unpick::reproduce
