// Figure 6: which latent knows which factor, and what one latent of a diagonal posterior moves. Its content was not found; ours is
// the mutual information of latents and factors, full against diagonal, and a traversal measured in pixels.
//
// Source: theory B8; rows 32, 37, 108.
#include <cmath>

#include "native/reproduce/figure.h"
#include "native/reproduce/plot.h"
#include "native/reproduce/sprites.h"

namespace unpick::reproduce {
namespace fig6_parts {
namespace {

using Eigen::MatrixXd;
using Runs = std::vector<std::shared_ptr<const SpriteRun>>;

constexpr double kBeta = 8, kMoved = 5, kStill = 1.5;  // pixels of 32

size_t index_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

// What the latent that follows posX does to the picture, from the 2nd to the 98th percentile of its means.
struct Traversal {
  int latent = -1;
  double share = NAN;                                  // of posX in the latent's mutual information with all factors
  std::vector<double> x, y, area;                      // of the pictures: centroid and sum, pixels
  double moved_x = 0, moved_y = 0, area_change = NAN;  // ranges of the centroid; largest |area / mean area - 1|
  std::vector<float> tiles;
};

Traversal traverse_x(const SpriteRun& run) {
  Traversal t;
  const size_t factor = index_of(run.factors, "posX");
  t.latent = run.follows[factor];
  t.share = run.information(t.latent, static_cast<Eigen::Index>(factor)) / run.information.row(t.latent).sum();
  const auto row = static_cast<size_t>(std::find(run.order.begin(), run.order.end(), t.latent) - run.order.begin());
  if (row >= run.traversal.rows.size()) return t;  // not in use: nothing to see
  t.tiles = run.traversal.rows[row].tiles;
  const auto width = static_cast<size_t>(run.traversal.width), pixels = width * static_cast<size_t>(run.traversal.height);
  for (size_t tile = 0; tile < run.traversal.values.size(); ++tile) {
    double sum = 0, x = 0, y = 0;
    for (size_t p = 0; p < pixels; ++p) {
      const auto value = static_cast<double>(t.tiles[tile * pixels + p]);
      sum += value;
      x += value * static_cast<double>(p % width);
      y += value * static_cast<double>(p / width);
    }
    t.x.push_back(x / sum);
    t.y.push_back(y / sum);
    t.area.push_back(sum);
  }
  const auto range = [](const std::vector<double>& v) { return spread(v).high - spread(v).low; };
  t.moved_x = range(t.x);
  t.moved_y = range(t.y);
  const Spread area = spread(t.area);
  t.area_change = std::max(area.high / area.mean - 1, 1 - area.low / area.mean);
  return t;
}

std::vector<double> scores(const Runs& runs) {
  std::vector<double> values;
  for (const auto& run : runs) values.push_back(run->mig);
  return values;
}

// Factors in rows, latents by falling KL in columns, as shares of the factor's entropy would need; nats as they are.
HeatMap information_map(const SpriteRun& run, double most) {
  HeatMap map{MatrixXd(run.information.cols(), run.information.rows()),
              [most](double v) { return io::viridis(v / most); },
              run.factors,
              {},
              1};
  for (size_t j = 0; j < run.order.size(); ++j) {
    map.values.col(static_cast<Eigen::Index>(j)) = run.information.row(run.order[j]).transpose();
    map.columns.push_back("z" + std::to_string(run.order[j]));
  }
  return map;
}

void draw_traversal(io::Canvas& canvas, const Traversal& t, const SpriteRun& run, float x, float y) {
  const auto width = static_cast<size_t>(run.traversal.width), pixels = width * static_cast<size_t>(run.traversal.height);
  for (size_t tile = 0; tile < t.x.size(); ++tile)
    canvas.tile(x + 72 * static_cast<float>(tile), y, std::span(t.tiles).subspan(tile * pixels, pixels), run.traversal.height,
                run.traversal.width, 1, 64 / run.traversal.width, io::kGround, io::kLight);
  const float strip = 72 * static_cast<float>(t.x.size()) - 8;
  // The middle of each picture stands over its percentile: 72 points are one picture on.
  const auto& marks = run.traversal.values;
  const double on = static_cast<double>(marks[1] - marks[0]), half = on * 32 / 72;
  Plot plot(canvas, {x, y + 104, strip, 110}, {static_cast<double>(marks.front()) - half, static_cast<double>(marks.back()) + half},
            {0, static_cast<double>(width)});
  plot.axes("percentile of the latent", "centroid of the picture, pixels", {marks.begin(), marks.end()});
  Curve across, down;
  for (size_t i = 0; i < t.x.size(); ++i) {
    across.emplace_back(static_cast<double>(marks[i]), t.x[i]);
    down.emplace_back(static_cast<double>(marks[i]), t.y[i]);
  }
  plot.line(across, io::kRed, 2);
  plot.line(down, io::kBlue, 2);
  plot.end_labels({{across.back().y(), "x", io::kRed}, {down.back().y(), "y", io::kBlue}});
  char text[128];
  std::snprintf(text, sizeof text, "area %.0f px, changes by up to %.0f %%", spread(t.area).mean, 100 * t.area_change);
  canvas.text(x + strip + 24, y + 24, text, label_style(io::kInk));
}

io::Image draw(const Figure& figure, const Runs& full, const Runs& diagonal, const Traversal& traversal, int seeds, int64_t steps) {
  const float width = 960, map_width = 416, content = 480;
  const io::Frame frame(
      figure.title,
      "Above: mutual information of latent means and factors, nats, over all 3,072 images (20 bins); latents by falling "
      "KL; an idle latent shows the bias of the estimate, 0.1 to 0.2. Below: pictures of the diagonal model along the latent that "
      "follows posX. Pictures: seed 1; MIG: mean of " +
          std::to_string(seeds) + " seeds.",
      "unpick reproduce fig6   seeds 1 to " + std::to_string(seeds) + ", " + std::to_string(steps) +
          " steps, mlp-tanh, 10 latents, \u03b2 = 8, " + kSlice + " at half size",
      width, "computed now");
  io::Canvas canvas(frame.full_width(), frame.full_height(content), io::kDensity, io::kPaper);
  frame.draw(canvas, content);
  const double most = std::max(full[0]->information.maxCoeff(), diagonal[0]->information.maxCoeff());
  const struct {
    const char* name;
    const Runs& runs;
  } columns[] = {{"Full posterior", full}, {"Diagonal posterior", diagonal}};
  for (int c = 0; c < 2; ++c) {
    const float x = io::kMargin + 56 + 488 * static_cast<float>(c), y = frame.top + 48;
    char text[64];
    std::snprintf(text, sizeof text, "%s: MIG %.2f", columns[c].name, spread(scores(columns[c].runs)).mean);
    canvas.text(x, y - 28, text, kPanel);
    draw(canvas, {x, y, map_width, 120}, information_map(*columns[c].runs[0], most));
  }
  char title[64];
  std::snprintf(title, sizeof title, "z%d moves the ellipse from left to right, and nothing else", traversal.latent);
  const bool true_title = traversal.moved_x > kMoved && traversal.moved_y < kStill && traversal.area_change < 0.1;
  if (!true_title) std::snprintf(title, sizeof title, "What z%d, which follows posX, moves", traversal.latent);
  canvas.text(io::kMargin + 56, frame.top + 218, title, kPanel);
  if (!traversal.x.empty()) draw_traversal(canvas, traversal, *diagonal[0], io::kMargin + 56, frame.top + 232);
  return canvas.image();
}

}  // namespace
}  // namespace fig6_parts

Figure fig6(Workshop& shop) {
  using namespace fig6_parts;
  const SpriteArm full_arm{"full", "beta-vae", kBeta}, diagonal_arm{"diagonal", "beta-vae", kBeta};
  shop.begin(missing_steps(shop, {full_arm, diagonal_arm}));
  Runs full, diagonal;
  std::vector<Traversal> traversals;
  for (int seed = 1; seed <= shop.seeds(); ++seed) {
    full.push_back(sprite_run(shop, full_arm, seed));
    diagonal.push_back(sprite_run(shop, diagonal_arm, seed));
    traversals.push_back(traverse_x(*diagonal.back()));
  }
  const auto of = [&](double Traversal::*field) {
    std::vector<double> values;
    for (const Traversal& t : traversals) values.push_back(t.*field);
    return values;
  };

  Figure figure;
  const double gain = spread(scores(diagonal)).mean - spread(scores(full)).mean;
  figure.title = gain > 0 ? "Under a diagonal posterior factors get latents of their own; a full one shares them out"
                          : "Which latent knows which factor, under a full and a diagonal posterior";
  figure.source =
      "not found; second-hand accounts say that MIG is higher for diagonal posteriors and that single latents are tied to "
      "single factors.";
  figure.choices = {
      "The content of this figure was not found. Ours: mutual information, MIG with 20 bins (Chen et al. 2018, with the "
      "estimator of Locatello et al. 2019), and one traversal measured in pixels."};
  figure.claims = {
      above("32", "MIG is higher for the diagonal posterior", "mean MIG, diagonal \u2212 full", gain, 0),
      below("32", "and not by chance", "p of MIG that much higher, exact permutation test",
            permutation_p(scores(full), scores(diagonal)), 0.05),
      above("37", "the latent that follows posX knows little else", "mean share of posX in its mutual information",
            spread(of(&Traversal::share)).mean, 0.8),
      above("108", "moving it moves the picture sideways", "smallest range of the centroid's x over seeds, pixels",
            spread(of(&Traversal::moved_x)).low, kMoved),
      below("37", "and not up or down", "largest range of the centroid's y over seeds, pixels",
            spread(of(&Traversal::moved_y)).high, kStill),
      below("108", "its area stays", "mean largest relative change of the area", spread(of(&Traversal::area_change)).mean, 0.05)};
  figure.numbers = {{"mig", {{"full", to_json(scores(full))}, {"diagonal", to_json(scores(diagonal))}}},
                    {"traversal",
                     {{"share", to_json(of(&Traversal::share))},
                      {"moved_x", to_json(of(&Traversal::moved_x))},
                      {"moved_y", to_json(of(&Traversal::moved_y))},
                      {"area_change", to_json(of(&Traversal::area_change))}}}};
  figure.picture = draw(figure, full, diagonal, traversals[0], shop.seeds(), sprite_steps(shop));
  return figure;
}

}  // namespace unpick::reproduce
