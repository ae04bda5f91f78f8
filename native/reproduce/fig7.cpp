// Figure 7: what beta does. Its content was not found; ours follows the claims of the text: a larger beta widens the posterior,
// makes the Jacobian's columns more orthogonal and the latents more aligned, and costs reconstruction.
//
// Source: theory B8; rows 33 to 35.
#include <cmath>

#include "native/reproduce/figure.h"
#include "native/reproduce/sheet.h"
#include "native/reproduce/sprites.h"

namespace unpick::reproduce {
namespace fig7_parts {
namespace {

using Runs = std::vector<std::shared_ptr<const SpriteRun>>;

struct Arm {
  const char* name;
  io::Colour colour;
  std::vector<Runs> runs{};  // [beta][seed]

  template <class Value>
  std::vector<double> all(Value value) const {
    std::vector<double> values;
    for (const Runs& seeds : runs)
      for (const auto& run : seeds) values.push_back(value(*run));
    return values;
  }
};

struct Quantity {
  const char* key;
  const char* title;
  const char* unit;
  double (*of)(const SpriteRun&);
};
constexpr Quantity kQuantities[] = {
    {"cosine", "How parallel J's columns are", "mean |cosine|", [](const SpriteRun& r) { return last(r).cosine; }},
    {"aas", "How well V fits the axes", "axis alignment, AAS", [](const SpriteRun& r) { return last(r).aas; }},
    {"mig", "How far factors own latents", "MIG", [](const SpriteRun& r) { return r.mig; }},
    {"log_det", "How wide the posterior is", "mean log det \u03a3, nats", [](const SpriteRun& r) { return r.log_det; }},
    {"reconstruction", "How much is lost", "\u2212log p(x|z), nats an image", [](const SpriteRun& r) { return r.reconstruction; }},
};

double beta_of(const SpriteRun& run) { return run.arm.beta; }

struct Pairs {
  std::vector<double> cosine, score;
  int left_out = 0;
};
Pairs defined_pairs(const std::vector<Arm>& arms) {
  Pairs pairs;
  for (const Arm& arm : arms) {
    const std::vector<double> cosine = arm.all(kQuantities[0].of), score = arm.all(kQuantities[2].of);
    for (size_t i = 0; i < cosine.size(); ++i) {
      if (!std::isfinite(cosine[i])) {
        ++pairs.left_out;
        continue;
      }
      pairs.cosine.push_back(cosine[i]);
      pairs.score.push_back(score[i]);
    }
  }
  return pairs;
}

std::vector<Series> series_of(const Quantity& q, const std::vector<Arm>& arms, const std::vector<double>& betas) {
  std::vector<Series> all;
  for (const Arm& arm : arms) {
    Series series{arm.name, arm.colour};
    for (size_t b = 0; b < betas.size(); ++b) {
      std::vector<double> values;
      for (const auto& run : arm.runs[b]) values.push_back(q.of(*run));
      series.add(betas[b], std::move(values));
    }
    all.push_back(std::move(series));
  }
  return all;
}

io::Image draw(const Figure& figure, const std::vector<Arm>& arms, const std::vector<double>& betas, int seeds, int64_t steps) {
  const float width = 1064, content = 552;
  const io::Frame frame(
      figure.title,
      "Each dot is a run, lines are means of " + std::to_string(seeds) +
          " seeds. Geometry is of the mean picture at z ~ q, latents in use only. Red: full posterior; black: diagonal.",
      "unpick reproduce fig7   seeds 1 to " + std::to_string(seeds) + ", " + std::to_string(steps) +
          " steps, mlp-tanh, 10 latents, " + kSlice + " at half size",
      width, "computed now");
  io::Canvas canvas(frame.full_width(), frame.full_height(content), io::kDensity, io::kPaper);
  frame.draw(canvas, content);
  for (size_t i = 0; i < std::size(kQuantities); ++i)
    draw_panel(canvas,
               {io::kMargin + 40 + 356 * static_cast<float>(i % 3), frame.top + 44 + 280 * static_cast<float>(i / 3), 208, 168},
               {kQuantities[i].title, "\u03b2", kQuantities[i].unit, betas, {}, true}, series_of(kQuantities[i], arms, betas));

  const float x = io::kMargin + 40 + 356 * 2, y = frame.top + 44 + 280;
  const auto [cosine, score, left_out] = defined_pairs(arms);
  if (cosine.empty()) return canvas.image();
  Plot plot(canvas, {x, y, 208, 168}, around(cosine, 0.1), around(score, 0.1));
  plot.title("One against the other, all runs");
  plot.axes("mean |cosine|", "MIG");
  for (const Arm& arm : arms)
    for (const Runs& seeds_of : arm.runs)
      for (const auto& run : seeds_of)
        if (std::isfinite(last(*run).cosine)) plot.dot({last(*run).cosine, run->mig}, arm.colour, 3, 0.6f);
  return canvas.image();
}

}  // namespace
}  // namespace fig7_parts

Figure fig7(Workshop& shop) {
  using namespace fig7_parts;
  const std::vector<double> betas = shop.quick() ? std::vector<double>{2, 8} : std::vector<double>{1, 2, 4, 8};
  std::vector<Arm> arms{{"full", io::kRed}, {"diagonal", io::kInk}};
  std::vector<SpriteArm> needed;
  for (const Arm& arm : arms)
    for (const double beta : betas) needed.push_back({arm.name, "beta-vae", beta});
  shop.begin(missing_steps(shop, needed));
  for (Arm& arm : arms) {
    for (const double beta : betas) {
      arm.runs.emplace_back();
      for (int seed = 1; seed <= shop.seeds(); ++seed)
        arm.runs.back().push_back(sprite_run(shop, {arm.name, "beta-vae", beta}, seed));
    }
  }

  Figure figure;
  figure.source =
      "not found; the text claims that a larger \u03b2 broadens the posterior, disentangles more and reconstructs worse.";
  figure.choices = {
      "The content of this figure was not found. Ours: five quantities against \u03b2, and MIG against the cosines, over all "
      "runs. The pictures are dSprites at half size."};
  // Cosines are not defined for runs with fewer than two latents in use.
  const auto [cosine, score, left_out] = defined_pairs(arms);
  figure.numbers["runs_without_cosine"] = left_out;
  figure.claims.push_back(below("33", "more orthogonal columns go with a higher MIG", "Spearman of mean |cosine| and MIG, all runs",
                                spearman(cosine, score), 0));
  for (const Arm& arm : arms) {
    const std::vector<double> beta = arm.all(beta_of);
    const auto correlation = [&](size_t quantity) { return spearman(beta, arm.all(kQuantities[quantity].of)); };
    const std::string who = std::string(", ") + arm.name;
    figure.claims.push_back(
        above("34", "\u03b2 broadens the posterior", "Spearman of \u03b2 and log det \u03a3" + who, correlation(3), 0));
    figure.claims.push_back(
        above("35", "\u03b2 costs reconstruction", "Spearman of \u03b2 and reconstruction" + who, correlation(4), 0));
    if (&arm == &arms[0]) continue;
    figure.claims.push_back(above("35", "\u03b2 disentangles", "Spearman of \u03b2 and MIG" + who, correlation(2), 0));
    figure.claims.push_back(above("35", "\u03b2 disentangles", "Spearman of \u03b2 and axis alignment" + who, correlation(1), 0));
  }
  for (const Arm& arm : arms) {
    for (size_t b = 0; b < betas.size(); ++b) {
      Json row{{"beta", betas[b]}};
      std::vector<double> active;
      for (const auto& run : arm.runs[b]) active.push_back(last(*run).active);
      row["in_use"] = to_json(active);
      for (const Quantity& q : kQuantities) {
        std::vector<double> values;
        for (const auto& run : arm.runs[b]) values.push_back(q.of(*run));
        row[q.key] = to_json(values);
      }
      figure.numbers[arm.name].push_back(row);
    }
  }
  figure.title = title_for(figure, "More \u03b2 widens the posterior and aligns the latents, and costs reconstruction",
                           "What \u03b2 does to geometry, posterior and reconstruction");
  figure.picture = draw(figure, arms, betas, shop.seeds(), sprite_steps(shop));
  return figure;
}

}  // namespace unpick::reproduce
