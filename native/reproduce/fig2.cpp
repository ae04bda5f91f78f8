// Figure 2: the linear VAE. Full and diagonal posteriors learn the same subspace and singular values; only the diagonal one turns
// its axes until they are the independent components of the data.
//
// Trained twice: on the population, without sampling noise, as the curves show; and by the engine on samples, as a check.
// Source: theory B5, B8; Corollary 6.0, Remark 6.1.
#include <cmath>

#include "core/base/decompositions.h"
#include "core/data/synthetic.h"
#include "core/seams/linear_vae.h"
#include "core/seams/scores.h"
#include "native/reproduce/figure.h"
#include "native/reproduce/sheet.h"

namespace unpick::reproduce {
namespace fig2_parts {
namespace {

using Eigen::MatrixXd;
using io::Colour;

constexpr int kOutputs = 10, kLatent = 3;
constexpr double kSigma2 = 0.1, kChance = 0.985, kChanceDeviation = 0.26;  // DtO of random V at m = 3 (theory B7)
constexpr int64_t kFitSteps = 3000, kSettleSteps = 1000;                   // of the engine

struct Arm {
  const char* name;
  PosteriorFamily family;
  Colour colour;
  std::vector<std::vector<LinearProgress>> runs{};  // [seed][mark]
  std::vector<double> engine_dto{}, engine_s{}, engine_U{};

  template <class Field>
  std::vector<double> at(size_t mark, Field field) const {
    std::vector<double> values;
    for (const auto& run : runs) values.push_back(run[mark].*field);
    return values;
  }
  template <class Field>
  std::vector<double> last(Field field) const {
    return at(runs[0].size() - 1, field);
  }
};

GaussianData data_of(int seed) { return {kOutputs, {2, std::sqrt(2), 1}, kSigma2, static_cast<uint64_t>(seed)}; }

MatrixXd columns_normalised(MatrixXd W) { return W.colwise().normalized(); }

// W [n,m] after training on samples with beta = 4, which locks sooner.
MatrixXd train_engine(Workshop& shop, const std::string& posterior, const GaussianData& data, int seed) {
  const Recipe recipe{"model=linear likelihood=gaussian latent=3 sigma2=0.1 beta=4 batch=128 posterior=" + posterior,
                      seed,
                      {{shop.pick(kFitSteps, kFitSteps / 3), 1e-2}, {shop.pick(kSettleSteps, kSettleSteps / 3), 1e-3}}};
  const auto session = shop.train(recipe, std::make_unique<GaussianData>(data), "linear VAE on samples, " + posterior);
  const Parameter* weight = session->model().table.find("decoder.lin1.weight");  // [m,n], row by row
  return Eigen::Map<const Eigen::MatrixXf>(session->model().weights.data() + weight->offset, kOutputs, kLatent).cast<double>();
}

void run_seed(Workshop& shop, Arm& arm, int seed, int64_t steps) {
  const GaussianData data = data_of(seed);
  LinearTraining training;
  training.family = arm.family;
  training.seed = static_cast<uint64_t>(seed);
  training.steps = steps;
  training.late = steps / 2;
  training.marks = log_marks(10, steps, 40);
  arm.runs.push_back(train_linear({data.covariance(), kLatent, kSigma2, 1}, training));
  shop.tick(steps, std::string("linear VAE, ") + arm.name);

  const MatrixXd W = train_engine(shop, arm.name, data, seed);
  const LinearOptimum best = linear_optimum({data.covariance(), kLatent, kSigma2, 4});
  const Svd of_W = svd(W, Left::wanted);
  const MatrixXd truth = columns_normalised(best.vae.W);
  arm.engine_dto.push_back(distance_to_axes(of_W.V));
  arm.engine_s.push_back((of_W.s.array() / best.s.array() - 1).abs().maxCoeff());
  arm.engine_U.push_back((of_W.U * of_W.U.transpose() - truth * truth.transpose()).norm());
}

// Singular values that two diagonal models learn from data with the same U*, S* but another V*: the largest relative difference.
double immaterial(Workshop& shop, int seed) {
  const GaussianData one = data_of(seed), other = one.with_right_vectors(static_cast<uint64_t>(seed) + 1000);
  Eigen::VectorXd s[2];
  for (const GaussianData* data : {&one, &other}) s[data == &other] = svd(train_engine(shop, "diagonal", *data, seed)).s;
  return (s[0].array() / s[1].array() - 1).abs().maxCoeff();
}

// Mean over seeds and the range of all of them, against the step.
template <class Field>
void draw_curve(Plot& plot, const Arm& arm, Field field, float width, double floor) {
  Series series{arm.name, arm.colour};
  for (size_t m = 0; m < arm.runs[0].size(); ++m) series.add(static_cast<double>(arm.runs[0][m].step), arm.at(m, field));
  draw_band(plot, series, width, floor);
}

// The columns of W in the space of the three independent components, every second mark, later darker.
void draw_axes_images(Plot& plot, const View& view, const Arm& arm, const MatrixXd& truth) {
  const auto& run = arm.runs[0];
  for (int k = 0; k < kLatent; ++k) {
    Curve trail;
    for (size_t m = 0; m < run.size(); ++m) {
      trail.push_back(view(truth.transpose() * run[m].W.col(k)));
      if (m % 2 == 0) plot.dot(trail.back(), arm.colour, 2, 0.15f + 0.6f * static_cast<float>(m) / static_cast<float>(run.size()));
    }
    plot.line(trail, arm.colour, 1, 0.3f);
    plot.arrow({0, 0}, trail.back(), arm.colour, 1.8f);
  }
}

io::Image draw(const Figure& figure, const Arm& full, const Arm& diagonal, int64_t steps, int seeds) {
  const float width = 1064, height = 260, panel = 264, pitch = 372;
  const io::Frame frame(figure.title,
                        "n = 10 outputs, m = 3 latents, S*\u00b2 = (4, 2, 1), \u03c3\u00b2 = 0.1, \u03b2 = 1. Lines: means of " +
                            std::to_string(seeds) + " seeds; bands: all of them. Red: full posterior; black: diagonal.",
                        "unpick reproduce fig2   seeds 1 to " + std::to_string(seeds) + ", " + std::to_string(steps) +
                            " steps of Adam on the population objective",
                        width, "computed now");
  const float content = height + 88;
  io::Canvas canvas(frame.full_width(), frame.full_height(content), io::kDensity, io::kPaper);
  frame.draw(canvas, content);
  const float top = frame.top + 40, left = io::kMargin + 40;
  const Interval when{10, static_cast<double>(steps)};

  constexpr double kFloor = 1e-4;
  Plot fit(canvas, {left, top, panel, height}, when, {kFloor, 10}, true, true);
  fit.title("Both find the subspace and the singular values");
  fit.axes("step", "error against U* (thick), S* (thin)");
  for (const Arm* arm : {&full, &diagonal}) {
    draw_curve(fit, *arm, &LinearProgress::U_error, 2.4f, kFloor);
    draw_curve(fit, *arm, &LinearProgress::s_error, 1, kFloor);
  }

  Plot lock(canvas, {left + pitch, top, panel, height}, when, {0, 1.8}, true);
  lock.title("Only the diagonal one turns to the axes");
  lock.axes("step", "distance of V to the axes, DtO");
  lock.level(kChance, "", io::kAmber);
  lock.text({when.high, kChance}, "a random V: 0.985", label_style(io::kAmber), io::Align::right, 0, 14);
  for (const Arm* arm : {&full, &diagonal}) draw_curve(lock, *arm, &LinearProgress::dto, 2, 0);
  lock.end_labels({{spread(full.last(&LinearProgress::dto)).mean, "full", full.colour},
                   {spread(diagonal.last(&LinearProgress::dto)).mean, "diagonal", diagonal.colour}});

  Plot images = Plot::equal(canvas, {left + 2 * pitch - 16, top, panel, height + 24}, {-2.4, 2.4}, {-2.4, 2.4});
  images.title("Where the axes go, seed 1, later darker");
  const View view = View::from(-1.1, 0.45);
  constexpr const char* kNames[] = {"u\u2081*", "u\u2082*", "u\u2083*"};
  for (int k = 0; k < kLatent; ++k) {
    const Eigen::Vector3d end = 2.3 * Eigen::Vector3d::Unit(k);
    images.line({view(-end), view(end)}, io::kRule, 1.2f);
    images.text(view(end), kNames[k], kAxis, io::Align::left, 6, 4);
  }
  const MatrixXd truth = data_of(1).U;
  draw_axes_images(images, view, full, truth);
  draw_axes_images(images, view, diagonal, truth);
  return canvas.image();
}

}  // namespace
}  // namespace fig2_parts

Figure fig2(Workshop& shop) {
  using namespace fig2_parts;
  const int64_t steps = shop.pick<int64_t>(10000, 3000);
  const int64_t engine = shop.pick(kFitSteps + kSettleSteps, (kFitSteps + kSettleSteps) / 3);
  shop.begin(shop.seeds() * 2 * (steps + 2 * engine));
  Arm full{"full", PosteriorFamily::full, io::kRed}, diagonal{"diagonal", PosteriorFamily::diagonal, io::kInk};
  std::vector<double> difference;
  for (int seed = 1; seed <= shop.seeds(); ++seed) {
    run_seed(shop, full, seed, steps);
    run_seed(shop, diagonal, seed, steps);
    difference.push_back(immaterial(shop, seed));
  }

  Figure figure;
  figure.source =
      "left, the error of the learnt U and S falls for both; centre, V becomes the identity for the diagonal posterior only; "
      "right, "
      "the images of the axes over epochs, full in red, diagonal in black.";
  figure.choices = {
      "Sizes and epochs were not found: n = 10, m = 3, S*\u00b2 = (4, 2, 1), \u03c3\u00b2 = 0.1, Haar U* and V*, Adam 1e-2 then "
      "1e-3.",
      "The curves are trained on the population's covariance, without sampling noise; the engine's runs on 10,000 samples use "
      "\u03b2 = 4, which locks sooner."};
  for (const Arm* arm : {&full, &diagonal}) {
    const std::string who = std::string(", ") + arm->name;
    figure.claims.push_back(below("19, 27", "the subspace is learnt", "mean |UU' \u2212 U*U*'|" + who,
                                  spread(arm->last(&LinearProgress::U_error)).mean, 0.05));
    figure.claims.push_back(below("19, 20, 27", "the singular values are learnt", "mean largest relative error of s" + who,
                                  spread(arm->last(&LinearProgress::s_error)).mean, 0.05));
  }
  figure.claims.push_back(below("20, 27", "a diagonal posterior locks V to the axes", "mean DtO, diagonal",
                                spread(diagonal.last(&LinearProgress::dto)).mean, 0.05));
  figure.claims.push_back(within("19, 27", "a full posterior leaves V at random", "mean DtO, full",
                                 spread(full.last(&LinearProgress::dto)).mean, kChance,
                                 3 * kChanceDeviation / std::sqrt(shop.seeds())));
  figure.claims.push_back(below("20", "the same, trained by the engine on samples", "mean DtO, diagonal, \u03b2 = 4, samples",
                                spread(diagonal.engine_dto).mean, 0.05));
  figure.claims.push_back(below("20", "the same, trained by the engine on samples",
                                "mean largest relative error of s, diagonal, samples", spread(diagonal.engine_s).mean, 0.05));
  figure.claims.push_back(below("21", "the data's own V* is immaterial",
                                "largest relative difference of s learnt under two V*, mean over seeds", spread(difference).mean,
                                0.05));
  for (const Arm* arm : {&full, &diagonal}) {
    Json curve = Json::array();
    for (size_t m = 0; m < arm->runs[0].size(); ++m)
      curve.push_back({{"step", arm->runs[0][m].step},
                       {"U_error", to_json(arm->at(m, &LinearProgress::U_error))},
                       {"s_error", to_json(arm->at(m, &LinearProgress::s_error))},
                       {"dto", to_json(arm->at(m, &LinearProgress::dto))},
                       {"objective", to_json(arm->at(m, &LinearProgress::objective))}});
    figure.numbers[arm->name] = {
        {"population", curve},
        {"engine", {{"dto", to_json(arm->engine_dto)}, {"s_error", to_json(arm->engine_s)}, {"U_error", to_json(arm->engine_U)}}}};
  }
  figure.numbers["other_V_s_difference"] = to_json(difference);
  figure.title = title_for(figure, "Both posteriors learn the same linear map; only the diagonal one finds its axes",
                           "The linear VAE: what both posteriors learn, and how far each turns to the axes");
  figure.picture = draw(figure, full, diagonal, steps, shop.seeds());
  return figure;
}

}  // namespace unpick::reproduce
