// The pinwheel: what the two knobs of the decomposition do to the aggregate posterior q(z). beta alone widens single posteriors
// until q(z) need not look like p(z) any more; alpha alone pulls q(z) onto p(z), four clusters.
//
// Source: Mathieu, Rainforth, Siddharth & Teh 2019, Figure 3; theory M5, rows 60, 98, 99, 106.
#include <cmath>
#include <numbers>

#include "core/data/pinwheel.h"
#include "core/model/aggregate.h"
#include "native/reproduce/sheet.h"

namespace unpick::reproduce {
namespace pinwheel_parts {
namespace {

constexpr double kVariance = 0.03, kReach = 2, kBorder = 4;  // of the prior's clusters; what is drawn; what is integrated over
constexpr int kCells = 100;

struct Arm {
  double alpha, beta;
  std::vector<double> log_det{}, kl{}, mass{}, modes{};  // over seeds
  std::vector<float> density{};                          // [kCells,kCells] of seed 1, top row first
  std::string text() const {
    char text[48];
    std::snprintf(text, sizeof text, "\u03b1 = %g, \u03b2 = %g", alpha, beta);
    return text;
  }
};

Eigen::Vector2d mode(int c) { return (c % 2 ? -1 : 1) * Eigen::Vector2d::Unit(c / 2); }

double log_prior(const Eigen::VectorXd& z) {
  double p = 0;
  for (int c = 0; c < 4; ++c)
    p += std::exp(-(z - mode(c)).squaredNorm() / (2 * kVariance)) / (4 * 2 * std::numbers::pi * kVariance);
  return std::log(std::max(p, 1e-300));
}

double density_at(const AggregatePosterior& q, double x, double y) { return std::exp(q.log_density(Eigen::Vector2d(x, y))); }

// By the rule of midpoints. Posteriors can be narrower than a cell of any grid: this is of q(z) as drawn.
double integral(const AggregatePosterior& q, int cells) {
  const double step = 2 * kBorder / cells;
  double sum = 0;
  for (int i = 0; i < cells; ++i)
    for (int j = 0; j < cells; ++j) sum += density_at(q, -kBorder + (i + 0.5) * step, -kBorder + (j + 0.5) * step);
  return sum * step * step;
}

void measure(Workshop& shop, Arm& arm, Session& s) {
  const size_t n = s.data().size();
  std::vector<real> x(2 * n), mu(2 * n), logvar(2 * n);
  for (uint32_t i = 0; i < n; ++i) s.data().render(i, std::span(x).subspan(2 * size_t{i}, 2));
  Model& model = s.model();
  Encoder(model.spec, model.table, model.weights.span(), shop.backend()).run(x, mu, logvar);
  double log_det = 0;
  for (const real l : logvar) log_det += static_cast<double>(l) / static_cast<double>(n);
  arm.log_det.push_back(log_det);
  const AggregatePosterior q(mu, logvar, 2);
  const Rng rng(static_cast<uint64_t>(s.config().seed), Stream::probe);
  const auto from_prior = [&](uint32_t i) {
    return Eigen::VectorXd(mode(static_cast<int>(i % 4)) +
                           std::sqrt(kVariance) * Eigen::Vector2d(rng.normal(i, 0), rng.normal(i, 1)));
  };
  arm.kl.push_back(q.kl_from(log_prior, from_prior, shop.pick(4000u, 40u)).value);
  arm.mass.push_back(integral(q, shop.pick(400, 20)));
  double least = INFINITY;
  for (int c = 0; c < 4; ++c) least = std::min(least, std::exp(q.log_density(mode(c)) - log_prior(mode(c))));
  arm.modes.push_back(least);
  if (!arm.density.empty()) return;
  for (int row = 0; row < kCells; ++row)
    for (int column = 0; column < kCells; ++column) {
      const double step = 2 * kReach / kCells;
      arm.density.push_back(static_cast<float>(density_at(q, -kReach + (column + 0.5) * step, kReach - (row + 0.5) * step)));
    }
}

std::vector<double> joined(const std::vector<Arm>& arms, std::vector<double> Arm::*field) {
  std::vector<double> all;
  for (const Arm& arm : arms) all.insert(all.end(), (arm.*field).begin(), (arm.*field).end());
  return all;
}
std::vector<double> knob(const std::vector<Arm>& arms, double Arm::*field) {
  std::vector<double> all;
  for (const Arm& arm : arms) all.insert(all.end(), arm.kl.size(), arm.*field);
  return all;
}

io::Image draw(const Figure& figure, const Workshop& shop, const std::vector<Arm>& beta, const std::vector<Arm>& alpha,
               int64_t steps) {
  const float side = 2 * kCells, pitch = side + 20;
  Sheet sheet(
      figure.title,
      "q(z), the mean of the posteriors of all 400 points, on [\u22122, 2]\u00b2: dark is dense (0 to 1). The prior has four "
      "clusters, at the circles. Numbers: mean log det \u03a3 of the posteriors, and KL(p \u2016 q(z)) in nats, means of " +
          std::to_string(shop.seeds()) + " seeds; pictures: seed 1.",
      footer("pinwheel", shop, std::to_string(steps) + " steps, mlp-64-tanh, learnt \u03c3 of each output, prior mixture"),
      4 * pitch + 140, 2 * (side + 76));
  for (size_t row = 0; row < 2; ++row) {
    const std::vector<Arm>& arms = row ? alpha : beta;
    for (size_t i = 0; i < arms.size(); ++i) {
      const float x = io::kMargin + 70 + pitch * static_cast<float>(i),
                  y = sheet.top() + 34 + (side + 76) * static_cast<float>(row);
      sheet.canvas().tile(x, y, arms[i].density, kCells, kCells, 1, 2, io::kLight, io::kBlue);
      Plot plot(sheet.canvas(), {x, y, side, side}, {-kReach, kReach}, {-kReach, kReach});
      for (int c = 0; c < 4; ++c) {
        Curve ring;
        for (int k = 0; k <= 40; ++k)
          ring.push_back(mode(c) + 2 * std::sqrt(kVariance) *
                                       Eigen::Vector2d(std::cos(k * std::numbers::pi / 20), std::sin(k * std::numbers::pi / 20)));
        plot.line(ring, io::kAmber, 1);
      }
      plot.title(arms[i].text());
      char text[80];
      std::snprintf(text, sizeof text, "log det %.1f, KL %.2f", spread(arms[i].log_det).mean, spread(arms[i].kl).mean);
      sheet.canvas().text(x, y + side + 18, text, label_style(io::kInk));
    }
  }
  return sheet.image();
}

}  // namespace
}  // namespace pinwheel_parts

Figure pinwheel(Workshop& shop) {
  using namespace pinwheel_parts;
  const int64_t steps = shop.pick<int64_t>(3000, 20);
  std::vector<Arm> beta{{0, 0.01}, {0, 0.5}, {0, 1}, {0, 1.2}}, alpha{{1, 0}, {3, 0}, {5, 0}, {8, 0}};
  shop.begin(8 * shop.seeds() * steps);
  for (std::vector<Arm>* arms : {&beta, &alpha})
    for (Arm& arm : *arms)
      for (int seed = 1; seed <= shop.seeds(); ++seed) {
        char settings[240];
        std::snprintf(settings, sizeof settings,
                      "model=mlp-64-tanh likelihood=gaussian noise=learned-each prior=mixture objective=decomposition "
                      "divergence=kl-inclusive latent=2 batch=%d alpha=%g beta=%g",
                      shop.pick(400, 40), arm.alpha, arm.beta);
        const auto session = shop.train({settings, seed, {{steps, 1e-3}}}, std::make_unique<Pinwheel>(), "pinwheel, " + arm.text());
        measure(shop, arm, *session);
      }

  Figure figure;
  figure.source =
      "Mathieu et al. 2019, Figure 3: density of q(z) of pinwheel data under a prior of four clusters; \u03b1 = 0 and "
      "four \u03b2 above, \u03b2 = 0 and four \u03b1 below.";
  figure.choices = {"The published network has one layer of 100 rectifiers and 500 steps; ours two layers of 64 tanh and " +
                        std::to_string(steps) +
                        " steps of 400 points drawn with replacement. The rows' \u03b1 and \u03b2 are recalled, not read.",
                    "A cluster is reached if q there is at least half as dense as p."};
  const auto mean = [](const std::vector<double>& values) { return spread(values).mean; };
  double least = INFINITY, rise = -INFINITY;
  for (const Arm& arm : beta) least = std::min(least, mean(arm.kl));
  for (size_t i = 1; i < alpha.size(); ++i) rise = std::max(rise, mean(alpha[i].kl) - mean(alpha[i - 1].kl));
  std::vector<double> modes;
  for (const Arm& arm : alpha) modes.push_back(mean(arm.modes));
  std::vector<double> errors;
  for (const std::vector<Arm>* arms : {&beta, &alpha})
    for (const double mass : joined(*arms, &Arm::mass)) errors.push_back(std::abs(mass - 1));
  figure.claims = {
      above("60", "\u03b2 widens the posteriors", "Spearman of \u03b2 and mean log det \u03a3, \u03b1 = 0",
            spearman(knob(beta, &Arm::beta), joined(beta, &Arm::log_det)), 0),
      above("60, 98", "with \u03b2 alone, q(z) need not match p(z)",
            "mean KL(p \u2016 q) at \u03b2 = 1.2 \u2212 its least over \u03b2, nats", mean(beta.back().kl) - least, 0),
      below("60, 98", "and not by chance", "p of KL(p \u2016 q) lower at \u03b2 = 1 than at 1.2, exact permutation test",
            permutation_p(beta[2].kl, beta[3].kl), 0.05),
      below("60, 99", "\u03b1 forces q(z) onto p(z)", "Spearman of \u03b1 and KL(p \u2016 q), \u03b2 = 0",
            spearman(knob(alpha, &Arm::alpha), joined(alpha, &Arm::kl)), 0),
      below("99", "step by step", "largest rise of mean KL(p \u2016 q) from one \u03b1 to the next, nats", rise, 0),
      above("60", "all four clusters are reached for every \u03b1",
            "least q / p at a cluster, mean over seeds, smallest over \u03b1", spread(modes).low, 0.5),
      below("106", "q(z) is a density", "largest |integral \u2212 1| on a grid over [\u22124, 4]\u00b2, all runs",
            spread(errors).high, 0.01)};
  for (const std::vector<Arm>* arms : {&beta, &alpha})
    for (const Arm& arm : *arms)
      figure.numbers.push_back({{"alpha", arm.alpha},
                                {"beta", arm.beta},
                                {"log_det", to_json(arm.log_det)},
                                {"kl_p_q", to_json(arm.kl)},
                                {"integral", to_json(arm.mass)},
                                {"least_q_over_p_at_a_cluster", to_json(arm.modes)}});
  figure.title = title_for(figure, "\u03b2 blurs q(z) until it no longer looks like the prior; \u03b1 pulls it onto its clusters",
                           "What \u03b1 and \u03b2 do to the aggregate posterior of the pinwheel");
  figure.picture = draw(figure, shop, beta, alpha, steps);
  return figure;
}

}  // namespace unpick::reproduce
