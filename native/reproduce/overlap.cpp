// The two factors of the decomposition, seen on the pinwheel: overlap of the posteriors, which beta sets, from a look-up table to
// collapse; and conformity of their sum to the prior, which alpha sets.
//
// Source: Mathieu, Rainforth, Siddharth & Teh 2019, Figure 1; theory M2 and M5, rows 41, 42, 57.
#include <cmath>
#include <numbers>

#include "core/data/pinwheel.h"
#include "core/model/aggregate.h"
#include "native/reproduce/sheet.h"

namespace unpick::reproduce {
namespace overlap_parts {
namespace {

constexpr double kReach = 3;
constexpr size_t kLookUp = 0, kRight = 3;  // of the betas below; the last one collapses
constexpr double kBetas[] = {1e-4, 1e-2, 0.1, 1, 10, 100, 1000}, kAlphas[] = {0, 1, 10, 100};

struct Arm {
  double alpha, beta;
  std::vector<double> overlap{}, distance{}, width{}, kl{};  // over seeds: I_q, KL(q(z)||p), geometric mean sd, E_x KL(q(z|x)||p)
  std::vector<double> term{};  // over seeds: the objective's own estimate of D(q(z), p), mean over the last tenth of the steps
  std::vector<real> mu{}, logvar{};  // of seed 1
};

double log_normal(const Eigen::VectorXd& z) {
  return -0.5 * (z.squaredNorm() + static_cast<double>(z.size()) * std::log(2 * std::numbers::pi));
}

// `objective`: beta-VAE is the same without alpha, in every bit, and quicker; it has no D to look at.
void run(Workshop& shop, Arm& arm, const char* objective, int64_t steps) {
  for (int seed = 1; seed <= shop.seeds(); ++seed) {
    char settings[200];
    std::snprintf(settings, sizeof settings,
                  "model=mlp-64-tanh likelihood=gaussian sigma2=0.01 objective=%s latent=2 batch=%d "
                  "alpha=%g beta=%g",
                  objective, shop.pick(128, 32), arm.alpha, arm.beta);
    Recipe recipe{settings, seed, {{steps * 4 / 5, 2e-3}, {steps - steps * 4 / 5, 2e-4}}};
    for (int64_t step = steps - steps / 10 + 1; step <= steps; ++step) recipe.marks.push_back(step);
    std::vector<double> terms;
    const auto s = shop.train(recipe, std::make_unique<Pinwheel>(), "pinwheel, \u03b1 = " + io::number(arm.alpha, 0),
                              [&](Session& session) { terms.push_back(session.losses().term); });
    arm.term.push_back(spread(terms).mean);
    const size_t n = s->data().size();
    std::vector<real> x(2 * n), mu(2 * n), logvar(2 * n);
    for (uint32_t i = 0; i < n; ++i) s->data().render(i, std::span(x).subspan(2 * size_t{i}, 2));
    Model& model = s->model();
    Encoder(model.spec, model.table, model.weights.span(), shop.backend()).run(x, mu, logvar);
    double width = 0, kl = 0;
    for (size_t i = 0; i < mu.size(); ++i) {
      const double m = static_cast<double>(mu[i]), l = static_cast<double>(logvar[i]);
      width += l / 2 / static_cast<double>(mu.size());
      kl += 0.5 * (m * m + std::expm1(l) - l) / static_cast<double>(n);
    }
    const AggregatePosterior q(mu, logvar, 2);
    const Rng rng(static_cast<uint64_t>(seed), Stream::probe);
    const uint32_t samples = shop.pick(4000u, 40u);
    arm.overlap.push_back(q.overlap(rng, samples).value);
    arm.distance.push_back(q.kl_to(log_normal, rng, samples).value);
    arm.width.push_back(std::exp(width));
    arm.kl.push_back(kl);
    if (arm.mu.empty()) arm.mu = std::move(mu), arm.logvar = std::move(logvar);
  }
}

void draw_posteriors(io::Canvas& canvas, Box box, const Arm& arm, const std::string& title) {
  Plot plot(canvas, box, {-kReach, kReach}, {-kReach, kReach});
  plot.title(title);
  const auto ring = [](double x, double y, double a, double b) {
    Curve curve;
    for (int k = 0; k <= 40; ++k)
      curve.emplace_back(x + a * std::cos(k * std::numbers::pi / 20), y + b * std::sin(k * std::numbers::pi / 20));
    return curve;
  };
  for (const double radius : {1.0, 2.0}) plot.line(ring(0, 0, radius, radius), io::kAmber, 1);
  for (size_t i = 0; i < arm.mu.size(); i += 2 * 4) {
    const double x = static_cast<double>(arm.mu[i]), y = static_cast<double>(arm.mu[i + 1]);
    plot.line(ring(x, y, std::exp(static_cast<double>(arm.logvar[i]) / 2), std::exp(static_cast<double>(arm.logvar[i + 1]) / 2)),
              io::kBlue, 1, 0.45f);
    plot.dot({x, y}, io::kBlue, 1.4f, 0.7f);
  }
  char text[80];
  std::snprintf(text, sizeof text, "\u03b2 = %g: I = %.2f nats, sd %.3f", arm.beta, spread(arm.overlap).mean,
                spread(arm.width).mean);
  canvas.text(box.x, box.y + box.height + 18, text, label_style(io::kInk));
}

io::Image draw(const Figure& figure, const Workshop& shop, const std::vector<Arm>& beta, const std::vector<Arm>& alpha,
               int64_t steps) {
  const float side = 244;
  Sheet sheet(
      figure.title,
      "Above: posteriors q(z|x) of every fourth point of the pinwheel, one standard deviation (blue), and the prior at one and two "
      "(amber). I: the information I_q(x; z) that codes keep of the points, 6 nats at most. Below: each dot is a run, lines are "
      "means of " +
          std::to_string(shop.seeds()) + " seeds.",
      footer("overlap", shop, std::to_string(steps) + " steps, mlp-64-tanh, \u03c3\u00b2 = 0.01, prior N(0, I); pictures: seed 1"),
      1000, 652);
  const char* titles[] = {"Too little: a look-up table", "Overlap that keeps neighbours together",
                          "Too much: collapse onto the prior"};
  const size_t shown[] = {kLookUp, kRight, beta.size() - 1};
  for (size_t i = 0; i < 3; ++i)
    draw_posteriors(sheet.canvas(), {io::kMargin + 340 * static_cast<float>(i), sheet.top() + 34, side, side}, beta[shown[i]],
                    titles[i]);
  Series overlap{"", io::kInk}, distance{"", io::kInk};
  for (const Arm& arm : beta) overlap.add(arm.beta, arm.overlap);
  for (size_t i = 0; i < alpha.size(); ++i) distance.add(static_cast<double>(i), alpha[i].distance);
  const float y = sheet.top() + 34 + side + 96;
  draw_panel(sheet.canvas(), {io::kMargin + 40, y, 400, 200},
             {"\u03b2 sets the overlap", "\u03b2", "I(x; z), nats", {1e-4, 1e-2, 1, 100}, {"0.0001", "0.01", "1", "100"}, true},
             {overlap});
  draw_panel(sheet.canvas(), {io::kMargin + 540, y, 400, 200},
             {"\u03b1 sets how well they fill the prior, \u03b2 = 0.1",
              "\u03b1",
              "KL(q(z) \u2016 p), nats",
              {0, 1, 2, 3},
              {"0", "1", "10", "100"}},
             {distance});
  return sheet.image();
}

}  // namespace
}  // namespace overlap_parts

Figure overlap(Workshop& shop) {
  using namespace overlap_parts;
  const int64_t steps = shop.pick<int64_t>(3000, 20);
  std::vector<Arm> beta, alpha;
  for (const double b : kBetas) beta.push_back({0, b});
  for (const double a : kAlphas) alpha.push_back({a, 0.1});
  shop.begin(static_cast<int64_t>(beta.size() + alpha.size()) * shop.seeds() * steps);
  for (Arm& arm : beta) run(shop, arm, "beta-vae", steps);
  for (Arm& arm : alpha) run(shop, arm, "decomposition divergence=mmd", steps);

  Figure figure;
  figure.source =
      "Mathieu et al. 2019, Figure 1, a sketch: too little, the right, and too much overlap of q(z|x), and a sum of them that does "
      "or does not match p(z).";
  figure.choices = {
      "The figure is a sketch; ours is trained on the pinwheel with N(0, I) as the prior, L = rec + \u03b2 KL + \u03b1 MMD, "
      "\u03c3\u00b2 = 0.01."};
  const auto mean = [](const std::vector<double>& values) { return spread(values).mean; };
  std::vector<double> betas, information, alphas, distances, terms;
  for (const Arm& arm : beta)
    for (const double value : arm.overlap) betas.push_back(arm.beta), information.push_back(value);
  for (const Arm& arm : alpha)
    for (size_t i = 0; i < arm.distance.size(); ++i)
      alphas.push_back(arm.alpha), distances.push_back(arm.distance[i]), terms.push_back(arm.term[i]);
  figure.claims = {
      above("57", "too little overlap is a look-up table", "mean I(x; z) / log 400 at \u03b2 = 0.0001",
            mean(beta[kLookUp].overlap) / std::log(400), 0.8),
      below("57", "whose posteriors are points", "mean sd at \u03b2 = 0.0001", mean(beta[kLookUp].width), 0.1),
      below("57", "too much overlap is collapse", "mean I(x; z) at \u03b2 = 1000, nats", mean(beta.back().overlap), 0.05),
      below("57", "onto the prior", "mean KL(q(z|x) \u2016 p) at \u03b2 = 1000, nats", mean(beta.back().kl), 0.05),
      below("41", "information falls as \u03b2 rises", "Spearman of \u03b2 and I(x; z), all runs", spearman(betas, information), 0),
      below("42", "D\u0302 falls as \u03b1 rises", "Spearman of \u03b1 and the objective's own D\u0302, the MMD, all runs",
            spearman(alphas, terms), 0),
      below("42", "the distance of q(z) to p(z) falls as \u03b1 rises", "Spearman of \u03b1 and KL(q(z) \u2016 p), all runs",
            spearman(alphas, distances), 0)};
  for (const std::vector<Arm>* arms : {&beta, &alpha})
    for (const Arm& arm : *arms)
      figure.numbers.push_back({{"alpha", arm.alpha},
                                {"beta", arm.beta},
                                {"information", to_json(arm.overlap)},
                                {"kl_q_p", to_json(arm.distance)},
                                {"sd", to_json(arm.width)},
                                {"kl", to_json(arm.kl)}});
  for (const Arm& arm : alpha) figure.numbers[beta.size() + static_cast<size_t>(&arm - alpha.data())]["D"] = to_json(arm.term);
  figure.title = title_for(figure, "\u03b2 leads from a look-up table to collapse; \u03b1 spreads the codes as the prior is spread",
                           "Overlap and conformity: the two factors of the decomposition");
  figure.picture = draw(figure, shop, beta, alpha, steps);
  return figure;
}

}  // namespace unpick::reproduce
