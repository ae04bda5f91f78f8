// The published scores of disentanglement, and the matrix that each was computed from: a score alone cannot be checked.
#include <algorithm>
#include <cmath>

#include "ui/matrix.h"
#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {
namespace {

constexpr double kQuick = 2;              // seconds: a metric that nobody has to wait for
constexpr uint32_t kLargeData = 1 << 16;  // images
constexpr float kScoreLine = 24, kTitle = 116, kNumber = 48;

struct Offer {
  std::vector<const Metric*> all, quick;
  double seconds = 0;  // of all, about, natively
};

// Without labels only what needs none.
Offer offer_of(const Snapshot& now) {
  const bool labelled = std::any_of(now.factors.begin(), now.factors.end(), [](const Factor& f) { return f.levels > 1; });
  Offer offer;
  for (const Metric& m : now.metrics) {
    if (m.needs_labels && !labelled) continue;
    offer.all.push_back(&m);
    offer.seconds += m.duration;
    if (m.duration <= kQuick) offer.quick.push_back(&m);
  }
  return offer;
}

const Scored* find(const Scores* scores, const Metric* metric) {
  if (!scores) return nullptr;
  const auto at = std::find_if(scores->metrics.begin(), scores->metrics.end(), [&](const Scored& s) { return s.metric == metric; });
  return at == scores->metrics.end() ? nullptr : &*at;
}

std::string headline(const Scores* scores) {
  if (!scores) return "What do the published metrics say of this model?";
  if (!scores->disagreements.empty()) return "The metrics disagree: look at what they count";
  std::string text;
  for (const Scored& s : scores->metrics)
    if (s.error.empty() && s.metric->needs_labels && std::isfinite(s.score()))
      text += (text.empty() ? "" : ", ") + std::string(s.metric->title) + " " + fixed(s.score(), 2);
  return text.empty() ? "Scores of the model" : text;
}

std::string command_for(std::span<const Metric* const> metrics, bool few) {
  std::string names;
  for (const Metric* m : metrics) names += (names.empty() ? "" : ",") + std::string(m->name);
  return "score " + names + (few ? " 0.1" : " 1");
}

bool takes_few(const Snapshot& now, const Memory& memory) { return memory.few_points.value_or(now.images > kLargeData); }

// Two words that start it, and how many points it takes.
void draw_order(const View& v, Rect line, const Offer& offer) {
  static const std::array<std::string, 2> kPoints = {"a tenth", "all"};
  const bool few = takes_few(v.now, v.memory);
  const std::string quick = "Score", slow = "with the slow ones";
  const Rect first = line.take_left(v.pen.width(Type::strong, quick) + 16);
  if (word_button(v.pen, "quick", {first.x0 - 8, first.y0, first.x1 - 8, first.y1}, quick, true,
                  "the metrics that take a second or two (m)"))
    v.post(command_for(offer.quick, few));
  const Rect second = line.take_left(v.pen.width(Type::body, slow) + 16);
  if (word_button(v.pen, "slow", {second.x0 - 8, second.y0, second.x1 - 8, second.y1}, slow, false,
                  "all of them: about " + number(offer.seconds * (few ? 0.1 : 1), 2) + " s on a desktop"))
    v.post(command_for(offer.all, few));
  const std::string label = "of the study's points";
  const float width = v.pen.width(Type::small, label);
  if (line.width() < width + 130) return;
  line.x0 = line.x1 - width - 130;
  int chosen = few ? 0 : 1;
  if (choose(v.pen, "points", {line.x0, line.y0, line.x0 + 122, line.y1 - 2}, kPoints, chosen,
             "the study draws 10,000 points and 5,000 to test; fewer are quicker, and scores of them higher by chance"))
    v.memory.few_points = chosen == 0;
  v.pen.text({line.x1, line.y0 + 6}, Type::small, v.theme.quiet, label, 1);
}

void draw_row(const View& v, const Rect& line, const Metric& metric, const Scored* scored, bool working, bool chosen) {
  const Touch t = touch(metric.name, line);
  if (t.clicked) v.memory.metric = metric.name;
  if (t.hovered || chosen) v.pen.fill(line, faded(v.theme.ink, t.held ? 0.14f : 0.06f), 4);
  tip(t, std::string(metric.source) + ": " + metric.protocol);
  const float y = (line.y0 + line.y1) / 2 - 8;
  v.pen.text_within({line.x0 + 6, y}, kTitle - 10, chosen ? Type::strong : Type::body, scored ? v.theme.ink : v.theme.quiet,
                    metric.title);
  const float thick = 0.34f * line.height();
  const Rect bar{line.x0 + kTitle, line.y0 + thick, line.x1 - kNumber, line.y1 - thick};
  if (!scored || !scored->error.empty()) {
    v.pen.text_within({bar.x0, y}, line.x1 - bar.x0 - 6, Type::small, scored ? v.theme.red : v.theme.faint,
                      scored    ? scored->error
                      : working ? "at work …"
                                : "–");
    return;
  }
  const double score = scored->score();
  if (metric.needs_labels) {
    v.pen.fill(bar, faded(v.theme.ink, 0.07f), 3);
    const float share = static_cast<float>(std::clamp(std::isfinite(score) ? score : 0.0, 0.0, 1.0));
    v.pen.fill({bar.x0, bar.y0, bar.x0 + share * bar.width(), bar.y1}, v.theme.blue, 3);
  } else {
    std::string quantity = metric.score;
    std::replace(quantity.begin(), quantity.end(), '_', ' ');
    if (v.pen.width(Type::small, quantity) <= bar.width()) v.pen.text({bar.x0, y}, Type::small, v.theme.quiet, quantity);
  }
  v.pen.text({line.x1 - 6, y}, Type::strong, v.theme.ink, std::isfinite(score) ? fixed(score, 2) : "–", 1);
}

// [D,K] or, of fewer codes, with a list of them; a covariance [D,D] has latents both ways.
void draw_matrix_of(const View& v, Rect r, const Metric& metric, const Scored* scored) {
  const std::string name = metric.matrix;
  std::string words = name, about = std::string(metric.title) + ": " + metric.protocol + " (" + metric.source + ").";
  std::replace(words.begin(), words.end(), '_', ' ');
  if (!scored || !scored->error.empty() || !scored->report.has(name)) {
    v.pen.paragraph(r, Type::small, v.theme.quiet, about + (name.empty() ? " It has no matrix." : " From the " + words + "."));
    return;
  }
  const Eigen::MatrixXd& m = scored->report.value(name);
  if (m.size() == 0) {
    v.pen.paragraph(r, Type::small, v.theme.quiet, "No code moves: there is nothing to show.");
    return;
  }
  std::vector<std::string> rows, columns;
  const bool listed = scored->report.has("active_dims") && scored->report.value("active_dims").rows() == m.rows();
  for (Eigen::Index i = 0; i < m.rows(); ++i)
    rows.push_back(latent_name(listed ? static_cast<int>(scored->report.value("active_dims")(i, 0)) : static_cast<int>(i)));
  for (const Factor& factor : v.now.factors)
    if (factor.levels > 1) columns.push_back(factor.name);
  const bool square = static_cast<Eigen::Index>(columns.size()) != m.cols();
  if (square) columns = rows;
  v.pen.text_within({r.x0, r.y0}, r.width(), Type::small_strong, v.theme.ink, words);
  r.y0 += 18;
  const double largest = std::max(m.cwiseAbs().maxCoeff(), 1e-300), least = square ? -largest : 0;
  draw_matrix(
      v.pen, r, rows, columns,
      [&](auto i, auto j) {
        const auto share = static_cast<float>(m(i, j) / largest);
        return least < 0 ? diverging(share, v.theme) : viridis(std::max(share, 0.0f));
      },
      [&](auto i, auto j) { return number(m(i, j), 2); }, square ? 0.0f : 84.0f);
}

}  // namespace

std::string quick_scores(const Snapshot& now, const Memory& memory) {
  return command_for(offer_of(now).quick, takes_few(now, memory));
}

void draw_scores(const View& v, Rect r) {
  const Offer offer = offer_of(v.now);
  const Scores* scores = v.now.scores.get();
  std::string caption =
      "Does each latent follow one factor, and each factor have one latent? Each metric has its own answer, with the matrix it "
      "comes from.";
  if (offer.all.empty())
    caption = "This program was built without metrics.";
  else if (!offer.all[0]->needs_labels)
    caption = "These data have no factors to compare latents with: what is left are scores of the codes alone.";
  if (scores && scores->scale < 1) caption += " From " + number(scores->scale, 2) + " of the study's points.";
  r = draw_head(v, r, headline(scores), caption, scores ? scores->step : v.now.step);
  if (offer.all.empty()) return;

  if (scores)
    for (const std::string& warning : scores->disagreements) {
      const float height = v.pen.paragraph(r.inset(10, 0), Type::small, v.theme.ink, warning, true) + 10;
      const Rect bar = r.take_top(height);
      v.pen.fill(bar, faded(v.theme.amber, 0.16f), 4);
      v.pen.paragraph(bar.inset(10, 5), Type::small, v.theme.ink, warning);
      r.y0 += 6;
    }
  const Rect order = r.take_top(28);
  const bool busy = scores && !scores->working.empty();
  const Rect progress{order.x0, order.y1, order.x1, order.y1 + 2};
  draw_order(v, order, offer);
  if (busy)
    v.pen.fill({progress.x0, progress.y0, progress.x0 + static_cast<float>(scores->done) * progress.width(), progress.y1},
               v.theme.amber);
  r.y0 += 8;

  const auto height = kScoreLine * static_cast<float>(offer.all.size());
  const bool beside = r.width() > 400;
  Rect list = beside ? r.take_left(std::min(0.48f * r.width(), 380.0f)) : r.take_top(std::min(height, 0.55f * r.height()));
  beside ? r.x0 += 24 : r.y0 += 10;
  const float line = std::clamp(list.height() / static_cast<float>(offer.all.size()), 16.0f, kScoreLine);
  const Metric* chosen = offer.all[0];
  for (const Metric* m : offer.all)
    if (v.memory.metric == m->name) chosen = m;
  for (const Metric* m : offer.all)
    draw_row(v, list.take_top(line), *m, find(scores, m), busy && scores->working == m->name, m == chosen);
  draw_matrix_of(v, r, *chosen, find(scores, chosen));
}

}  // namespace unpick::ui
