// What beta does, said in terms of priors, on models with one latent, where every integral can be summed: beta-VAE is a VAE whose
// prior is sharpened, but for an entropy (Theorem 1); and the prior that it would need to be one exactly, r(z) ~ q(z)^(1-beta)
// p(z)^beta.
//
// Source: Mathieu, Rainforth, Siddharth & Teh 2019 (Theorem 1); Hoffman, Riquelme & Johnson 2017 (implicit prior); theory M4, rows
// 53, 55.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/data/pinwheel.h"
#include "core/model/aggregate.h"
#include "core/model/theory.h"
#include "native/reproduce/sheet.h"

namespace unpick::reproduce {
namespace implicit_parts {
namespace {

constexpr double kBetas[] = {0.25, 0.5, 1, 2, 4}, kReaches[] = {2, 3, 4, 6, 8, 12, 16};
constexpr size_t kOne = 2;  // the first beta beyond which q^(1-beta) grows faster than p^beta falls, unless posteriors are wide
constexpr double kReach = 8, kShown = 3.5, kVariance = 0.01;

struct Arm {
  double beta;
  std::vector<double> closed{}, summed{};       // over seeds: largest error of Theorem 1 over x, right side in closed form, by sums
  std::vector<double> log_mass{}, sampled{};    // over seeds: log of the integral of r; that by samples of q minus it, in s.e.
  std::vector<double> elsewhere{};              // over seeds: the normalised r, summed over another grid
  std::vector<std::vector<double>> by_reach{};  // [reach][seed] log of the integral of r over [-reach, reach]
  Curve p{}, q{}, r{};                          // of seed 1
};

double log_normal(double z, double mean, double sd) {
  const double t = (z - mean) / sd;
  return -0.5 * t * t - std::log(sd * std::sqrt(2 * std::numbers::pi));
}
double log_p(const Eigen::VectorXd& z) { return log_normal(z(0), 0, 1); }

// log of the integral of exp(f) over [-reach, reach], by the rule of midpoints.
template <class F>
double log_integral(F f, double reach, double step) {
  const auto n = static_cast<int>(std::ceil(2 * reach / step));
  std::vector<double> logs(static_cast<size_t>(n));
  for (int i = 0; i < n; ++i) logs[static_cast<size_t>(i)] = f(-reach + 2 * reach * (i + 0.5) / n);
  const double most = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double l : logs) sum += std::exp(l - most);
  return most + std::log(sum * 2 * reach / n);
}

// E_q of f, q = N(mean, sd^2), over twelve standard deviations.
template <class F>
double expectation(F f, double mean, double sd) {
  constexpr int n = 400;
  const double step = 24 * sd / n;
  double sum = 0;
  for (int i = 0; i < n; ++i) {
    const double z = mean + (i + 0.5 - 0.5 * n) * step;
    sum += step * std::exp(log_normal(z, mean, sd)) * f(z);
  }
  return sum;
}

// The right side of Theorem 1 with F_beta, the entropy and the KL from sums instead of closed forms.
double summed_right(double log_likelihood, double mean, double sd, double beta) {
  const double log_F = log_integral([beta](double z) { return beta * log_normal(z, 0, 1); }, 40, 0.01);
  const double kl = expectation([&](double z) { return log_normal(z, mean, sd) - beta * log_normal(z, 0, 1) + log_F; }, mean, sd);
  const double entropy = expectation([&](double z) { return -log_normal(z, mean, sd); }, mean, sd);
  return log_likelihood - kl + (beta - 1) * entropy + log_F;
}

struct Codes {
  std::vector<real> x, mu, logvar;     // [N,2], [N,1], [N,1]
  std::vector<double> log_likelihood;  // [N] of one z ~ q each: the theorem holds for any
  double sd(size_t i) const { return std::exp(static_cast<double>(logvar[i]) / 2); }
};

Codes codes_of(Workshop& shop, Session& s) {
  const size_t n = s.data().size();
  Codes c{std::vector<real>(2 * n), std::vector<real>(n), std::vector<real>(n), std::vector<double>(n)};
  for (uint32_t i = 0; i < n; ++i) s.data().render(i, std::span(c.x).subspan(2 * size_t{i}, 2));
  Model& model = s.model();
  Encoder(model.spec, model.table, model.weights.span(), shop.backend()).run(c.x, c.mu, c.logvar);
  std::vector<real> z(n), eta(2 * n);
  Rng(static_cast<uint64_t>(s.config().seed), Stream::probe).fill_normal(z, 0);
  for (size_t i = 0; i < n; ++i) z[i] = c.mu[i] + static_cast<real>(c.sd(i)) * z[i];
  Decoder(model.spec, model.table, model.weights.span(), shop.backend()).run(z, eta, {});
  for (size_t i = 0; i < 2 * n; ++i)
    c.log_likelihood[i / 2] += log_normal(static_cast<double>(c.x[i]), static_cast<double>(eta[i]), std::sqrt(kVariance));
  return c;
}

void check_theorem(Arm& arm, const Codes& c) {
  const Eigen::MatrixXd Omega = Eigen::MatrixXd::Identity(1, 1);
  double closed = 0, summed = 0;
  for (size_t i = 0; i < c.mu.size(); ++i) {
    const double mean = static_cast<double>(c.mu[i]), sd = c.sd(i);
    const BetaIdentity both =
        beta_identity(c.log_likelihood[i], Eigen::VectorXd::Constant(1, mean), sd * sd * Omega, Omega, arm.beta);
    closed = std::max(closed, std::abs(both.left - both.right));
    summed = std::max(summed, std::abs(both.left - summed_right(c.log_likelihood[i], mean, sd, arm.beta)));
  }
  arm.closed.push_back(closed);
  arm.summed.push_back(summed);
}

void measure_prior(Workshop& shop, Arm& arm, const Codes& c, const Rng& rng) {
  const AggregatePosterior q(c.mu, c.logvar, 1);
  double narrow = 1;
  for (size_t i = 0; i < c.mu.size(); ++i) narrow = std::min(narrow, c.sd(i));
  const double step = shop.pick(std::min(0.01, narrow), 0.05);
  const auto at = [](double z) { return Eigen::VectorXd::Constant(1, z); };
  const auto log_r = [&](double z) { return q.log_implicit_prior(at(z), log_p, arm.beta); };
  for (size_t i = 0; i < std::size(kReaches); ++i) arm.by_reach[i].push_back(log_integral(log_r, kReaches[i], step));
  const double log_mass = log_integral(log_r, kReach, step);
  arm.log_mass.push_back(log_mass);
  arm.elsewhere.push_back(std::exp(log_integral(log_r, 1.5 * kReach, step / 1.7) - log_mass));
  const auto samples = shop.pick(40000u, 400u);
  double value = 0, square = 0;  // of (p / q)^beta, whose mean under q is the integral of r
  for (uint32_t i = 0; i < samples; ++i) {
    Eigen::Index x = 0;
    const Eigen::VectorXd z = q.sample(rng, i, x);
    const double t = std::exp(arm.beta * (log_p(z) - q.log_density(z)));
    value += t / samples, square += t * t / samples;
  }
  arm.sampled.push_back((value - std::exp(log_mass)) / std::sqrt(std::max(1e-300, square - value * value) / samples));
  if (!arm.p.empty()) return;
  for (int i = 0; i <= 700; ++i) {
    const double z = -kShown + i * 0.01;
    arm.p.emplace_back(z, std::exp(log_p(at(z))));
    arm.q.emplace_back(z, std::exp(q.log_density(at(z))));
    arm.r.emplace_back(z, std::exp(log_r(z) - log_mass));
  }
}

io::Image draw(const Figure& figure, const Workshop& shop, const std::vector<Arm>& arms, int64_t steps) {
  Sheet sheet(figure.title,
              "One latent, pinwheel data. Left three: the prior p (amber), the aggregate posterior q(z) (blue) and the implicit "
              "prior r(z), "
              "proportional to the product of q(z) to the power 1 \u2212 \u03b2 and p(z) to the power \u03b2 (ink), each of mass "
              "1; seed 1. "
              "Right: the mass of r before it is normalised, by how far it is summed; means of " +
                  std::to_string(shop.seeds()) + " seeds, bands all of them.",
              footer("implicit", shop, std::to_string(steps) + " steps, mlp-64-tanh, 1 latent, \u03c3\u00b2 = 0.01, prior N(0, 1)"),
              1180, 300);
  const float y = sheet.top() + 34, side = 220, pitch = 268;
  for (size_t i = 0; i <= kOne; ++i) {
    double most = 0;
    for (const Curve* curve : {&arms[i].p, &arms[i].q, &arms[i].r})
      for (const auto& point : *curve) most = std::max(most, point.y());
    Plot plot(sheet.canvas(), {io::kMargin + 34 + pitch * static_cast<float>(i), y, side, side}, {-kShown, kShown},
              {0, 1.05 * most});
    plot.title("\u03b2 = " + io::number(arms[i].beta, 2));
    plot.axes("z", i == 0 ? "density" : "");
    plot.line(arms[i].q, io::kBlue, 1.2f);
    plot.line(arms[i].p, io::kAmber, 2.4f);
    plot.line(arms[i].r, io::kInk, 1.6f);
  }
  double most = 1;
  for (const auto& values : arms.back().by_reach) most = std::max(most, spread(values).high);
  Plot plot(sheet.canvas(), {io::kMargin + 60 + 3 * pitch, y, side, side}, {kReaches[0], 16}, {-0.05 * most, 1.1 * most});
  plot.title("How much of it there is");
  plot.axes("summed to |z|", "log mass of r, nats");
  std::vector<Plot::EndLabel> labels;
  const io::Colour colours[] = {io::kQuiet, io::kQuiet, io::kAmber, io::kInk, io::kRed};
  for (size_t a = 0; a < arms.size(); ++a) {
    Series series{"\u03b2 = " + io::number(arms[a].beta, 2), colours[a]};
    for (size_t i = 0; i < std::size(kReaches); ++i) series.add(kReaches[i], arms[a].by_reach[i]);
    draw_band(plot, series, 1.6f);
    labels.push_back({series.last(), series.name, series.colour});
  }
  plot.end_labels(labels);
  return sheet.image();
}

}  // namespace
}  // namespace implicit_parts

Figure implicit(Workshop& shop) {
  using namespace implicit_parts;
  const int64_t steps = shop.pick<int64_t>(3000, 20);
  std::vector<Arm> arms;
  for (const double beta : kBetas) arms.push_back({beta});
  shop.begin(static_cast<int64_t>(arms.size()) * shop.seeds() * steps);
  for (Arm& arm : arms) {
    arm.by_reach.resize(std::size(kReaches));
    for (int seed = 1; seed <= shop.seeds(); ++seed) {
      char settings[160];
      std::snprintf(settings, sizeof settings,
                    "model=mlp-64-tanh likelihood=gaussian sigma2=%g objective=beta-vae latent=1 batch=%d beta=%g", kVariance,
                    shop.pick(128, 32), arm.beta);
      const auto s = shop.train({settings, seed, {{steps * 4 / 5, 2e-3}, {steps - steps * 4 / 5, 2e-4}}},
                                std::make_unique<Pinwheel>(), "pinwheel, one latent, \u03b2 = " + io::number(arm.beta, 2));
      const Codes codes = codes_of(shop, *s);
      check_theorem(arm, codes);
      measure_prior(shop, arm, codes, Rng(static_cast<uint64_t>(seed), Stream::probe));
    }
  }

  Figure figure;
  figure.source =
      "Mathieu et al. 2019, Theorem 1: L_\u03b2(x) = ELBO of (p(x|z), f_\u03b2) + (\u03b2 \u2212 1) H[q(z|x)] + log F_\u03b2, "
      "f_\u03b2 = "
      "p\u1d5d / F_\u03b2. Hoffman et al. 2017: \u03b2-VAE is a VAE with the implicit prior r(z) \u221d q(z)\u00b9\u207b\u1d5d "
      "p(z)\u1d5d.";
  figure.choices = {
      "No figure of the sources. Ours: one latent, so that F_\u03b2, entropies, KL and the mass of r are sums over a grid; trained "
      "on the "
      "pinwheel, \u03b2 = 0.25, 0.5, 1, 2, 4.",
      "r is normalised for \u03b2 \u2264 1 alone. Beyond, q\u00b9\u207b\u1d5d grows faster than p\u1d5d falls where posteriors are "
      "narrower than "
      "1 \u2212 1/\u03b2 in variance: r has no finite mass, which is shown and not judged."};
  double closed = 0, summed = 0, elsewhere = 0, sampled = 0;
  for (size_t i = 0; i < arms.size(); ++i) {
    closed = std::max(closed, spread(arms[i].closed).high), summed = std::max(summed, spread(arms[i].summed).high);
    if (i > kOne) continue;
    for (const double mass : arms[i].elsewhere) elsewhere = std::max(elsewhere, std::abs(mass - 1));
    if (i == kOne) continue;
    for (const double errors : arms[i].sampled) sampled = std::max(sampled, std::abs(errors));
  }
  figure.claims = {
      below("53", "Theorem 1 holds for each x", "largest |left \u2212 right| over x, \u03b2 and seeds, nats", closed, 1e-5),
      below("53", "and without its closed forms", "the same with F_\u03b2, entropy and KL as sums, nats", summed, 1e-5),
      below("55", "normalised, r is a density for \u03b2 \u2264 1", "largest |integral \u2212 1| on another grid, to 12", elsewhere,
            0.01),
      below("55", "at \u03b2 = 1 it needs no normalising and is p", "largest |log mass of r|",
            std::max(std::abs(spread(arms[kOne].log_mass).low), std::abs(spread(arms[kOne].log_mass).high)), 1e-5),
      below("55", "its mass is the mean of (p / q)\u1d5d under q",
            "largest |by samples \u2212 by sums|, \u03b2 < 1, standard errors", sampled, 4)};
  for (size_t i = 0; i < 4; ++i) figure.claims[i].badge = Badge::theorem;
  for (const Arm& arm : arms) {
    Json row{{"beta", arm.beta},
             {"theorem_closed", to_json(arm.closed)},
             {"theorem_summed", to_json(arm.summed)},
             {"log_mass", to_json(arm.log_mass)},
             {"mass_elsewhere", to_json(arm.elsewhere)},
             {"samples_minus_sums_in_se", to_json(arm.sampled)}};
    for (size_t i = 0; i < std::size(kReaches); ++i) row["log_mass_to"][io::number(kReaches[i], 0)] = to_json(arm.by_reach[i]);
    figure.numbers.push_back(row);
  }
  figure.title =
      title_for(figure, "What \u03b2 does, said in terms of priors", "Theorem 1 and the implicit prior in one dimension");
  figure.picture = draw(figure, shop, arms, steps);
  return figure;
}

}  // namespace unpick::reproduce
