// The trade-off: more beta costs reconstruction and, up to a point that depends on the data, buys disentanglement.
//
// Source: the trade-off sketch of the tutorials; theory rows 72, 102.
#include <cmath>

#include "native/reproduce/sheet.h"
#include "native/reproduce/trials.h"

namespace unpick::reproduce {
namespace tradeoff_parts {
namespace {

constexpr double kBetas[] = {1, 2, 4, 8, 16, 32};

struct Arm {
  const char *name, *data;
  io::Colour colour;
  std::vector<std::vector<TrialResult>> results{};  // [beta][seed]

  Series series(double TrialResult::*field) const {
    Series s{name, colour};
    for (size_t b = 0; b < results.size(); ++b) s.add(kBetas[b], of(results[b], field));
    return s;
  }
  size_t best(double TrialResult::*field) const {
    size_t at = 0;
    for (size_t b = 0; b < results.size(); ++b)
      if (spread(of(results[b], field)).mean > spread(of(results[at], field)).mean) at = b;
    return at;
  }
};

Trial trial_of(const Arm& arm, double beta) { return {"objective=beta-vae" + weight("beta", beta), arm.data}; }

io::Image draw(const Figure& figure, const Workshop& shop, const std::vector<Arm>& arms) {
  Sheet sheet(figure.title,
              "Each dot is a run, lines are means of " + std::to_string(shop.seeds()) +
                  " seeds. Reconstruction is relative to \u03b2 = 1 of the same data.",
              footer("tradeoff", shop,
                     std::to_string(trial_steps(shop)) + " steps, mlp-64-tanh, 10 latents, pictures at a quarter of their size"),
              1100, 330);
  std::vector<Series> loss, score, gap;
  for (const Arm& arm : arms) {
    loss.push_back(arm.series(&TrialResult::reconstruction));
    const double unit = spread(loss.back().seeds[0]).mean;
    for (auto& seeds : loss.back().seeds)
      for (double& value : seeds) value /= unit;
    score.push_back(arm.series(&TrialResult::factor_score));
    gap.push_back(arm.series(&TrialResult::mig));
  }
  const std::vector<double> ticks(std::begin(kBetas), std::end(kBetas));
  const float y = sheet.top() + 40;
  const auto panel = [&](int i, const char* title, const char* unit, const std::vector<Series>& series) {
    draw_panel(sheet.canvas(), {io::kMargin + 40 + 376 * static_cast<float>(i), y, 220, 224},
               {title, "\u03b2", unit, ticks, {}, true}, series);
  };
  panel(0, "What \u03b2 costs", "reconstruction loss / that at \u03b2 = 1", loss);
  panel(1, "What it buys: FactorVAE score", "FactorVAE score", score);
  panel(2, "What it buys: MIG", "MIG", gap);
  return sheet.image();
}

}  // namespace
}  // namespace tradeoff_parts

Figure tradeoff(Workshop& shop) {
  using namespace tradeoff_parts;
  std::vector<Arm> arms{{"ellipse", kSlice, io::kInk},
                        {"three shapes", "dsprites:orientation=0,posX=8..23,posY=8..23", io::kRed},
                        {"faces", "faces", io::kBlue}};
  std::vector<Trial> wanted;
  for (const Arm& arm : arms)
    for (const double beta : kBetas) wanted.push_back(trial_of(arm, beta));
  shop.begin(missing_steps(shop, wanted));
  for (Arm& arm : arms)
    for (const double beta : kBetas) arm.results.push_back(trials(shop, trial_of(arm, beta)));

  Figure figure;
  figure.source =
      "a sketch in the tutorials: disentanglement rises with \u03b2 and reconstruction suffers; \u03b2 of 2 to 10 is usual, and "
      "the best one depends on the data.";
  figure.choices = {
      "Three sets of pictures at a quarter of their size: the slice of the figures, a slice with three shapes, and drawn faces as "
      "a stand-in for photographs.",
      kWeightsChoice, "The best \u03b2 of a set is that with the highest mean over seeds."};
  std::vector<double> places;
  for (const Arm& arm : arms) {
    std::vector<double> betas, losses;
    for (size_t b = 0; b < arm.results.size(); ++b)
      for (const TrialResult& r : arm.results[b]) betas.push_back(kBetas[b]), losses.push_back(r.reconstruction);
    const size_t best = arm.best(&TrialResult::factor_score);
    places.push_back(kBetas[best]);
    const std::string who = std::string(", ") + arm.name;
    figure.claims.push_back(
        above("72", "\u03b2 costs reconstruction", "Spearman of \u03b2 and reconstruction loss" + who, spearman(betas, losses), 0));
    figure.claims.push_back(below(
        "72", "and buys disentanglement", "p of a FactorVAE score lower at \u03b2 = 1 than at the best \u03b2" + who,
        permutation_p(of(arm.results[0], &TrialResult::factor_score), of(arm.results[best], &TrialResult::factor_score)), 0.05));
    figure.claims.push_back(
        within("102", "a \u03b2 of 2 to 10 is best", "best \u03b2 by FactorVAE score" + who, kBetas[best], 6, 4));
  }
  figure.claims.push_back(above("102", "which one depends on the data", "largest best \u03b2 / smallest over sets",
                                spread(places).high / spread(places).low, 1));
  for (const Arm& arm : arms)
    for (size_t b = 0; b < arm.results.size(); ++b) {
      Json row = to_json(arm.results[b]);
      row["beta"] = kBetas[b];
      figure.numbers[arm.name].push_back(row);
    }
  figure.title = title_for(figure, "More \u03b2 costs reconstruction; how much of it is best depends on the data",
                           "What \u03b2 costs and buys on three sets of pictures");
  figure.picture = draw(figure, shop, arms);
  return figure;
}

}  // namespace unpick::reproduce
