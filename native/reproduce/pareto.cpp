// FactorVAE against beta-VAE: is the same score to be had for less reconstruction loss?
//
// Source: Kim & Mnih 2018, Figure 6; theory row 103.
#include <cmath>

#include "native/reproduce/sheet.h"
#include "native/reproduce/trials.h"

namespace unpick::reproduce {
namespace pareto_parts {
namespace {

constexpr double kBetas[] = {1, 2, 4, 8, 16}, kGammas[] = {2, 5, 10, 20, 40};

struct Arm {
  const char* name;
  io::Colour colour;
  std::vector<std::pair<std::string, Trial>> settings;
  std::vector<std::vector<TrialResult>> results{};
  Front front() const {
    Front f{name, colour};
    for (size_t i = 0; i < settings.size(); ++i)
      f.settings.push_back(
          {settings[i].first, of(results[i], &TrialResult::reconstruction), of(results[i], &TrialResult::factor_score)});
    return f;
  }
};

// The least loss at which a front reaches a score, between neighbouring settings in a straight line; infinity if none does.
double loss_at(const std::vector<Setting>& settings, size_t seed, double score) {
  double least = INFINITY;
  for (size_t i = 0; i < settings.size(); ++i) {
    const double x = settings[i].x[seed], y = settings[i].y[seed];
    if (y >= score) least = std::min(least, x);
    if (i == 0) continue;
    const double x0 = settings[i - 1].x[seed], y0 = settings[i - 1].y[seed];
    if ((y0 < score) != (y < score)) least = std::min(least, x0 + (x - x0) * (score - y0) / (y - y0));
  }
  return least;
}

}  // namespace
}  // namespace pareto_parts

Figure pareto(Workshop& shop) {
  using namespace pareto_parts;
  Arm beta{"\u03b2-VAE", io::kInk, {}}, factor{"FactorVAE", io::kRed, {}};
  for (const double b : kBetas)
    beta.settings.push_back({"\u03b2 " + io::number(b, 0), {"objective=beta-vae beta=" + io::number(b, 0), "dsprites", true}});
  const std::string network =
      shop.quick() ? " discriminator_width=16 discriminator_depth=2" : " discriminator_width=200 discriminator_depth=4";
  for (const double g : kGammas)
    factor.settings.push_back(
        {"\u03b3 " + io::number(g, 0),
         {"objective=factor-vae lr_discriminator=1e-3 gamma_tc=" + io::number(g, 0) + network, "dsprites", true}});
  std::vector<Trial> wanted;
  for (Arm* arm : {&beta, &factor})
    for (const auto& [name, what] : arm->settings) wanted.push_back(what);
  shop.begin(missing_steps(shop, wanted));
  for (Arm* arm : {&beta, &factor})
    for (const auto& [name, what] : arm->settings) arm->results.push_back(trials(shop, what));

  // The highest score that both reach in a seed's runs, and what it costs each.
  const Front fronts[] = {beta.front(), factor.front()};
  std::vector<double> saved, top[2];
  for (size_t seed = 0; seed < static_cast<size_t>(shop.seeds()); ++seed) {
    double best[2] = {0, 0};
    for (int f = 0; f < 2; ++f) {
      for (const Setting& s : fronts[f].settings) best[f] = std::max(best[f], s.y[seed]);
      top[f].push_back(best[f]);
    }
    const double common = std::min(best[0], best[1]);
    saved.push_back(loss_at(fronts[0].settings, seed, common) - loss_at(fronts[1].settings, seed, common));
  }

  Figure figure;
  figure.source = "Kim & Mnih 2018: at equal scores, FactorVAE reconstructs better than \u03b2-VAE.";
  figure.choices = {
      "All of dSprites at full size, since FactorVAE's KL term has no weight to be scaled to small pictures; two layers of 256 "
      "relu, " +
          std::to_string(trial_steps(shop, true)) +
          " steps where the source has 300,000, a discriminator of four layers of 200 at a rate of 1e-3.",
      "The fronts are compared at the highest score that both reach with a seed, in a straight line between "
      "neighbouring settings."};
  figure.claims = {
      above("103", "FactorVAE reaches the same score with less loss",
            "loss of \u03b2-VAE \u2212 FactorVAE at equal scores, mean over seeds, nats", spread(saved).mean, 0),
      above("103", "and not by chance", "the same, lower end of the 95 % interval", spread(saved).mean - confidence(saved), 0),
      above("103", "and scores at least as high", "mean best score, FactorVAE \u2212 \u03b2-VAE",
            spread(top[1]).mean - spread(top[0]).mean, 0)};
  for (const Arm* arm : {&beta, &factor})
    for (size_t i = 0; i < arm->settings.size(); ++i) {
      Json row = to_json(arm->results[i]);
      row["settings"] = arm->settings[i].second.settings;
      figure.numbers[arm == &beta ? "beta-vae" : "factor-vae"].push_back(row);
    }
  figure.numbers["saved"] = to_json(saved);
  figure.title = title_for(figure, "At equal scores FactorVAE reconstructs better than \u03b2-VAE",
                           "What a FactorVAE score costs in reconstruction, by two methods");
  Sheet sheet(figure.title,
              "FactorVAE score against reconstruction loss: up and to the left is better. Crosses: means of " +
                  std::to_string(shop.seeds()) + " seeds with 95 % intervals.",
              footer("pareto", shop, std::to_string(trial_steps(shop, true)) + " steps, mlp, 10 latents, dsprites"), 1000, 420);
  draw_fronts(sheet.canvas(), {io::kMargin + 40, sheet.top() + 40, 800, 320},
              {"Two ways to the same score", "reconstruction loss, nats", "FactorVAE score"}, {fronts[0], fronts[1]});
  figure.picture = sheet.image();
  return figure;
}

}  // namespace unpick::reproduce
