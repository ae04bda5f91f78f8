// Figure 5: the two parts of the posterior's precision on dSprites, P = I + (A - C) / beta: A from first derivatives of the
// decoder, C from second ones times the residual. A diagonal posterior makes both diagonal, each by itself.
//
// Source: theory B1, B2 (Lemma 4.0, non-cancellation), B8.
#include <cmath>

#include "native/reproduce/figure.h"
#include "native/reproduce/plot.h"
#include "native/reproduce/sprites.h"

namespace unpick::reproduce {
namespace fig5_parts {
namespace {

using Eigen::MatrixXd;
using Runs = std::vector<std::shared_ptr<const SpriteRun>>;

constexpr double kBeta = 8, kSmallBeta = 2;

std::vector<double> of(const Runs& runs, double SpriteMark::*field) {
  std::vector<double> values;
  for (const auto& run : runs) values.push_back(last(*run).*field);
  return values;
}

// The latents of largest KL, as many as any model has in use; NaN where this one does not use them.
MatrixXd arranged(const SpriteRun& run, const MatrixXd& M, int shown) {
  MatrixXd part(shown, shown);
  for (int i = 0; i < shown; ++i)
    for (int j = 0; j < shown; ++j) {
      const int a = run.order[static_cast<size_t>(i)], b = run.order[static_cast<size_t>(j)];
      part(i, j) = run.active[static_cast<size_t>(a)] && run.active[static_cast<size_t>(b)] ? M(a, b) : NAN;
    }
  return part;
}

io::Image draw(const Figure& figure, const Runs& full, const Runs& diagonal, int seeds, int64_t steps) {
  const float side = 264, width = 720, content = 2 * side + 168;
  const io::Frame frame(figure.title,
                        "Means over images of absolute values, scaled so that the diagonal of A is 1. Latents by falling KL; grey: "
                        "not in use. Numbers: "
                        "share of the squares off the diagonal, mean of " +
                            std::to_string(seeds) + " seeds; pictures: seed 1.",
                        "unpick reproduce fig5   seeds 1 to " + std::to_string(seeds) + ", " + std::to_string(steps) +
                            " steps, mlp-tanh, 10 latents, \u03b2 = 8, " + kSlice + " at half size",
                        width, "computed now");
  io::Canvas canvas(frame.full_width(), frame.full_height(content), io::kDensity, io::kPaper);
  frame.draw(canvas, content);
  const auto colour = [](double value) { return io::viridis(value); };
  const struct {
    const char* name;
    const Runs& runs;
  } columns[] = {{"full posterior", full}, {"diagonal posterior", diagonal}};
  const int shown = std::max({2, last(*full[0]).active, last(*diagonal[0]).active});
  for (int c = 0; c < 2; ++c) {
    const float x = io::kMargin + 40 + 356 * static_cast<float>(c);
    const SpriteRun& run = *columns[c].runs[0];
    std::vector<std::string> names;
    for (int i = 0; i < shown; ++i) names.push_back("z" + std::to_string(run.order[static_cast<size_t>(i)]));
    for (int r = 0; r < 2; ++r) {
      const float y = frame.top + 56 + (side + 64) * static_cast<float>(r);
      draw(canvas, {x, y, side, side}, HeatMap{arranged(run, r == 0 ? run.A : run.C, shown), colour, names, names, 2});
      char text[96];
      std::snprintf(text, sizeof text, "%s, %s: off %.3f", columns[c].name, r == 0 ? "A = J'WJ" : "C = (x \u2212 d)\u00b7H",
                    spread(of(columns[c].runs, r == 0 ? &SpriteMark::off_A : &SpriteMark::off_C)).mean);
      canvas.text(x, y - 26, text, kPanel);
    }
  }
  colour_bar(canvas, {io::kMargin + 40, frame.top + content - 30, 200, 8}, colour, {0, 1},
             "|entry| / \u221a(A\u1d62\u1d62 A\u2c7c\u2c7c)");
  return canvas.image();
}

}  // namespace
}  // namespace fig5_parts

Figure fig5(Workshop& shop) {
  using namespace fig5_parts;
  const SpriteArm full_arm{"full", "beta-vae", kBeta}, diagonal_arm{"diagonal", "beta-vae", kBeta},
      small_arm{"diagonal", "beta-vae", kSmallBeta};
  shop.begin(missing_steps(shop, {full_arm, diagonal_arm, small_arm}));
  Runs full, diagonal, small;
  for (int seed = 1; seed <= shop.seeds(); ++seed) {
    full.push_back(sprite_run(shop, full_arm, seed));
    diagonal.push_back(sprite_run(shop, diagonal_arm, seed));
    small.push_back(sprite_run(shop, small_arm, seed));
  }

  Figure figure;
  figure.source =
      "heat maps on dSprites with ten latents: J'J above, (x \u2212 d(z))\u00b7H below; the columns are inferred to be full "
      "and "
      "diagonal.";
  figure.choices = {
      "\u03b2, \u03c3\u00b2, architecture and data slice were not found: \u03b2 = 8 (and 2), Bernoulli pixels, two layers of 256 "
      "tanh each "
      "way, one upright ellipse at half of the y positions.",
      "For Bernoulli pixels A = J' diag(p(1\u2212p)) J and C = \u03a3(x\u2212p)\u1d62H\u1d62 with J and H of the logits, at "
      "one z ~ q "
      "for each image."};
  const auto mean = [](const Runs& runs, double SpriteMark::*field) { return spread(of(runs, field)).mean; };
  const struct {
    const char* name;
    double SpriteMark::*field;
  } parts[] = {{"off(A)", &SpriteMark::off_A}, {"off(C)", &SpriteMark::off_C}};
  for (const auto& part : parts) {
    const std::string name = part.name;
    figure.claims.push_back(below("31", "smaller for the diagonal posterior", "mean " + name + ", diagonal \u2212 full",
                                  mean(diagonal, part.field) - mean(full, part.field), 0));
    figure.claims.push_back(below("10, 31", "and not by chance", "p of " + name + " that small, exact permutation test",
                                  permutation_p(of(diagonal, part.field), of(full, part.field)), 0.05));
    figure.claims.push_back(below("31, 35", "smaller for larger \u03b2",
                                  "mean " + name + ", diagonal, \u03b2 = 8 \u2212 \u03b2 = 2",
                                  mean(diagonal, part.field) - mean(small, part.field), 0));
  }
  const struct {
    const char* name;
    const Runs& runs;
  } arms[] = {{"full", full}, {"diagonal", diagonal}, {"diagonal, beta 2", small}};
  for (const auto& arm : arms) {
    std::vector<double> active;
    for (const auto& run : arm.runs) active.push_back(last(*run).active);
    figure.numbers[arm.name] = {{"off_A", to_json(of(arm.runs, &SpriteMark::off_A))},
                                {"off_C", to_json(of(arm.runs, &SpriteMark::off_C))},
                                {"in_use", to_json(active)}};
  }
  figure.title = title_for(figure, "A diagonal posterior brings both parts of the precision nearer to diagonal",
                           "The two parts of the precision, full against diagonal");
  figure.picture = draw(figure, full, diagonal, shop.seeds(), sprite_steps(shop));
  return figure;
}

}  // namespace unpick::reproduce
