// Priors: an isotropic prior gives a VAE no axes of its own. Does one with axes (anisotropic) or heavy tails (Student-t) buy
// disentanglement, and at what cost in reconstruction?
//
// Source: Mathieu, Rainforth, Siddharth & Teh 2019, Figure 2; theory M3 and M5, rows 58, 59, 97.
#include <cmath>

#include "native/reproduce/sheet.h"
#include "native/reproduce/trials.h"

namespace unpick::reproduce {
namespace priors_parts {
namespace {

constexpr double kBeta = 4;
constexpr double kNu[] = {3, 5, 7, 9, 15, 50};

struct Arm {
  std::string name;
  Trial what;
  std::vector<TrialResult> results{};
  std::vector<double> score() const { return of(results, &TrialResult::factor_score); }
  std::vector<double> loss() const { return of(results, &TrialResult::reconstruction); }
};

Arm arm(const std::string& name, double beta, const std::string& prior) {
  return {name, {"objective=beta-vae" + weight("beta", beta) + (prior.empty() ? "" : " prior=" + prior)}};
}

std::vector<double> differences(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> d;
  for (size_t i = 0; i < a.size(); ++i) d.push_back(a[i] - b[i]);
  return d;
}

Front front(const std::string& name, io::Colour colour, const std::vector<Arm>& arms) {
  Front f{name, colour};
  for (const Arm& a : arms) f.settings.push_back({a.name, a.loss(), a.score()});
  return f;
}

io::Image draw(const Figure& figure, const Workshop& shop, const std::vector<Arm>& normal, const std::vector<Arm>& fixed,
               const std::vector<Arm>& learned, const std::vector<Arm>& student) {
  Sheet sheet(
      figure.title,
      "Up and to the left is better. Crosses: means of " + std::to_string(shop.seeds()) +
          " seeds with 95 % intervals. Numbers: left \u03b2, right \u03bd of a Student-t prior at \u03b2 = 4.",
      footer("priors", shop,
             std::to_string(trial_steps(shop)) + " steps, mlp-64-tanh, 10 latents, " + kSlice + " at a quarter of its size"),
      1064, 420);
  const float y = sheet.top() + 40;
  draw_fronts(
      sheet.canvas(), {io::kMargin + 40, y, 380, 320}, {"Axes of unequal width", "reconstruction loss, nats", "FactorVAE score"},
      {front("N(0, I)", io::kInk, normal), front("fixed \u03c9", io::kBlue, fixed), front("learnt \u03c9", io::kRed, learned)});
  draw_fronts(sheet.canvas(), {io::kMargin + 588, y, 380, 320}, {"Heavy tails", "reconstruction loss, nats", "FactorVAE score"},
              {front("Student-t", io::kGreen, student), front("N(0, I)", io::kInk, {normal[2]})});
  return sheet.image();
}

}  // namespace
}  // namespace priors_parts

Figure priors(Workshop& shop) {
  using namespace priors_parts;
  std::vector<Arm> normal, fixed, learned, student;
  for (const double beta : {1, 2, 4, 6, 8, 16}) normal.push_back(arm(io::number(beta, 0), beta, ""));
  for (const double beta : {1, 4}) {
    fixed.push_back(arm(io::number(beta, 0), beta, "anisotropic"));
    learned.push_back(arm(io::number(beta, 0), beta, "anisotropic-learned"));
  }
  for (const double nu : kNu) student.push_back(arm(io::number(nu, 0), kBeta, "student-t nu=" + io::number(nu, 0)));
  std::vector<Trial> wanted;
  for (const auto* arms : {&normal, &fixed, &learned, &student})
    for (const Arm& a : *arms) wanted.push_back(a.what);
  shop.begin(missing_steps(shop, wanted));
  for (auto* arms : {&normal, &fixed, &learned, &student})
    for (Arm& a : *arms) a.results = trials(shop, a.what);

  Figure figure;
  figure.source =
      "Mathieu et al. 2019, Figure 2: reconstruction loss against the FactorVAE score on dSprites, for isotropic and anisotropic "
      "priors at several \u03b2, and for Student-t priors of several \u03bd; means of about 100 networks.";
  figure.choices = {"Pictures of a quarter of the size, two layers of 64 tanh, " + std::to_string(trial_steps(shop)) +
                        " steps; the published sweeps are recalled, not read.",
                    kWeightsChoice, "The score is that of Locatello et al. 2019, with training and test votes apart.",
                    "Differences are of runs with equal seeds; intervals are Student's, 95 %."};
  const Arm &plain = normal[2], &axes = fixed[1], &trained = learned[1];
  const auto gain = [&](const Arm& a) { return differences(a.score(), plain.score()); };
  const auto cost = [&](const Arm& a) {
    std::vector<double> d = differences(a.loss(), plain.loss());
    for (size_t i = 0; i < d.size(); ++i) d[i] *= 100 / plain.loss()[i];
    return d;
  };
  const auto lower_end = [&](const std::vector<double>& d) { return spread(d).mean - confidence(d); };
  const auto farther_end = [&](const std::vector<double>& d) { return std::abs(spread(d).mean) + confidence(d); };
  const Arm* best = &student[0];
  size_t place = 0;
  for (size_t i = 0; i < student.size(); ++i)
    if (spread(student[i].score()).mean > spread(best->score()).mean) best = &student[i], place = i;
  const bool interior = place > 0 && place + 1 < student.size();
  figure.claims = {
      above("58", "a prior with axes scores above one without",
            "score, fixed \u03c9 \u2212 N(0, I), \u03b2 = 4, lower end of the interval", lower_end(gain(axes)), 0),
      above("58", "and more so if its widths are learnt",
            "score, learnt \u03c9 \u2212 N(0, I), \u03b2 = 4, lower end of the interval", lower_end(gain(trained)), 0),
      above("58", "learnt widths are at least as good as fixed ones", "mean score, learnt \u2212 fixed, \u03b2 = 4",
            spread(differences(trained.score(), axes.score())).mean, 0),
      above("59", "some \u03bd between the ends is best",
            "1 if the best of \u03bd = 3, 5, 7, 9, 15, 50 is not at an end (it is \u03bd = " + best->name + ")", interior, 0.5),
      above("59, 97", "and above N(0, I)", "score, best \u03bd \u2212 N(0, I), lower end of the interval", lower_end(gain(*best)),
            0)};
  for (const Arm* a : {&trained, best}) {
    const std::string who = a == best ? "Student-t, \u03bd = " + best->name : "learnt \u03c9";
    figure.claims.push_back(below("97", "at little cost in reconstruction",
                                  "loss, " + who + " against N(0, I), %, farther end of the interval", farther_end(cost(*a)), 2));
  }
  const std::pair<const char*, const std::vector<Arm>*> groups[] = {
      {"normal", &normal}, {"anisotropic", &fixed}, {"anisotropic-learned", &learned}, {"student-t", &student}};
  for (const auto& [name, arms] : groups)
    for (const Arm& a : *arms) {
      Json row = to_json(a.results);
      row["settings"] = a.what.settings;
      figure.numbers[name].push_back(row);
    }
  figure.title = title_for(figure, "A prior with axes or heavy tails buys disentanglement for little reconstruction",
                           "What the prior does to reconstruction and to the FactorVAE score");
  figure.picture = draw(figure, shop, normal, fixed, learned, student);
  return figure;
}

}  // namespace unpick::reproduce
