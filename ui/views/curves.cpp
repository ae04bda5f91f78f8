// The losses and each latent's KL over the steps, with names at the lines' ends instead of a legend.
#include <algorithm>
#include <cmath>

#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {
namespace {

constexpr double kFloor = 1e-3;  // nats: the least that a logarithmic axis shows

struct Line {
  const std::vector<float>* values;
  std::string name;
  ImU32 colour;
  float thickness;
};

// Densities may be larger than 1 and losses below 0: then the logarithm is that of the distance from 0, in both directions.
struct Axis {
  enum Scale { linear, logarithmic, both_ways };
  double low, high;
  Scale scale;

  double along(double value) const {
    switch (scale) {
      case linear: return value;
      case logarithmic: return std::log10(std::max(value, low));
      case both_ways: return std::asinh(value);
    }
    return value;
  }
  float share(double value) const { return static_cast<float>((along(value) - along(low)) / (along(high) - along(low))); }
};

Axis vertical(const View& v, std::span<const Line> lines) {
  double least = 1e300, most = kFloor;
  for (const Line& line : lines)
    for (const float value : *line.values) {
      if (!std::isfinite(value)) continue;
      least = std::min(least, static_cast<double>(value));
      most = std::max(most, static_cast<double>(value));
    }
  if (!v.memory.logarithmic) return {std::min(0.0, 1.05 * least), 1.05 * most, Axis::linear};
  if (least < -kFloor) return {1.2 * least, 1.2 * most, Axis::both_ways};
  return {std::max(kFloor, std::min(least, most / 10) / 1.1), 1.2 * most, Axis::logarithmic};
}

void draw_grid(const View& v, const Rect& area, const Axis& axis, double last_step) {
  const auto mark = [&](double value) {
    const float y = area.y1 - axis.share(value) * area.height();
    v.pen.line({area.x0, y}, {area.x1, y}, faded(v.theme.rule, 0.7f));
    v.pen.text({area.x0 - 6, y - 7}, Type::small, v.theme.quiet, number(value, 2), 1);
  };
  switch (axis.scale) {
    case Axis::linear:
      for (const double value : ticks(axis.low, axis.high, 4)) mark(value);
      break;
    case Axis::logarithmic:
      for (double power = std::pow(10, std::ceil(std::log10(axis.low) - 1e-9)); power <= axis.high; power *= 10) mark(power);
      break;
    case Axis::both_ways:
      mark(0);
      for (double power = 10; power <= std::max(axis.high, -axis.low); power *= 10) {
        if (power <= axis.high) mark(power);
        if (-power >= axis.low) mark(-power);
      }
  }
  for (const double step : ticks(0, last_step, std::max(2, static_cast<int>(area.width() / 70)))) {
    const float x = area.x0 + static_cast<float>(step / last_step) * area.width();
    v.pen.line({x, area.y1}, {x, area.y1 + 4}, v.theme.rule);
    if (x < area.x1 - 70)  // there the word for the scale stands
      v.pen.text({x, area.y1 + 5}, Type::small, v.theme.quiet, grouped(std::llround(step)), step == 0 ? 0 : 0.5f);
  }
}

// Names go where their lines end, moved apart where they would overlap.
void draw_names(const View& v, const Rect& area, const Axis& axis, std::span<const Line> lines) {
  std::vector<std::pair<float, const Line*>> ends;
  const auto room = static_cast<size_t>(std::max(area.height() / 13, 1.0f));
  for (size_t i = lines.size(); i-- > 0;)  // the last lines matter most
    if (!lines[i].name.empty() && ends.size() < room)
      ends.push_back({area.y1 - axis.share(lines[i].values->back()) * area.height() - 7, &lines[i]});
  std::sort(ends.begin(), ends.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 1; i < ends.size(); ++i) ends[i].first = std::max(ends[i].first, ends[i - 1].first + 13);
  for (size_t i = ends.size(); i-- > 0;) {
    const float limit = i + 1 == ends.size() ? area.y1 - 8 : ends[i + 1].first - 13;
    ends[i].first = std::min(ends[i].first, limit);
  }
  for (const auto& [y, line] : ends) v.pen.text({area.x1 + 6, y}, Type::small_strong, line->colour, line->name);
}

// Dragging across the curves shows an earlier step in all views; at their end it is the present one.
void look_back(const View& v, const Rect& area, double last_step) {
  if (!v.now.moments || v.now.moments->empty()) return;
  const auto at = [&](int64_t step) { return area.x0 + static_cast<float>(static_cast<double>(step) / last_step) * area.width(); };
  const Touch t = touch("time", area);
  if (t.held) {
    const float x = std::clamp(ImGui::GetIO().MousePos.x, area.x0, area.x1);
    const auto step = static_cast<int64_t>(static_cast<double>((x - area.x0) / area.width()) * last_step);
    v.memory.past = step;
    if (x > (at(v.now.moments->back().step) + area.x1) / 2) v.memory.past.reset();
  }
  if (t.hovered || t.held || v.memory.past)
    for (const Moment& m : *v.now.moments) v.pen.line({at(m.step), area.y1 - 3}, {at(m.step), area.y1 + 3}, v.theme.amber);
  if (!v.memory.past) return;
  const float x = at(*v.memory.past);
  v.pen.line({x, area.y0}, {x, area.y1}, v.theme.amber, 1.5f);
  v.pen.list->AddCircleFilled({x, area.y1}, 5, v.theme.amber, 20);
}

// A level stretch is one piece however long it is: each piece is six triangles, and graphics without a card counts them.
void add_to_curve(std::vector<ImVec2>& points, ImVec2 next, float level) {
  const size_t n = points.size();
  if (n >= 2 && std::abs(points[n - 2].y - next.y) < level && std::abs(points[n - 1].y - next.y) < level)
    points.back() = next;
  else
    points.push_back(next);
}

void draw_lines(const View& v, Rect r, std::span<const Line> lines, float names) {
  const Curves& c = *v.now.curves;
  Rect area{r.x0 + 40, r.y0, r.x1 - names, r.y1 - 20};
  if (c.step.empty() || area.empty()) {
    v.pen.text({r.x0, r.y0}, Type::body, v.theme.quiet,
               v.now.step ? "No step since this run was opened." : "No step has been taken yet.");
    return;
  }
  const auto last = static_cast<double>(std::max<int64_t>(c.step.back(), 10));
  const Axis axis = vertical(v, lines);
  draw_grid(v, area, axis, last);
  const float pixel = 1 / ImGui::GetIO().DisplayFramebufferScale.x;
  std::vector<ImVec2> points;
  for (const Line& line : lines) {
    points.clear();
    for (size_t i = 0; i < c.step.size(); ++i) {
      const float x = area.x0 + static_cast<float>(static_cast<double>(c.step[i]) / last) * area.width();
      if (!points.empty() && x < points.back().x + pixel && i + 1 < c.step.size()) continue;
      add_to_curve(points, {x, area.y1 - std::clamp(axis.share((*line.values)[i]), 0.0f, 1.0f) * area.height()}, 0.2f * pixel);
    }
    v.pen.polyline(points, line.colour, line.thickness);
  }
  draw_names(v, area, axis, lines);
  look_back(v, area, last);
}

// No sum: beta and other weights stand between the parts.
std::string title_of(const Losses& l, float width) {
  if (!l.step) return "Loss, reconstruction and KL";
  std::string title = "Loss " + number(l.loss);
  if (width < 320) return title + " nats";
  title += ": reconstruction " + number(l.reconstruction) + ", KL " + number(l.kl);
  return l.term == 0 ? title : title + ", term " + number(l.term);
}

Rect draw_scale(const View& v, Rect r) {
  const std::string word = v.memory.logarithmic ? "logarithmic" : "linear";
  const float width = v.pen.width(Type::body, word) + 16;
  const Rect button{r.x1 - width, r.y1 - 20, r.x1, r.y1};
  if (word_button(v.pen, "scale", button, word, false, "the vertical axis: linear or logarithmic"))
    v.memory.logarithmic = !v.memory.logarithmic;
  return r;
}

}  // namespace

void draw_losses(const View& v, Rect r) {
  const Curves& c = *v.now.curves;
  const Losses& l = v.now.losses;
  r = draw_head(v, r, title_of(l, r.width()), "Nats per image, against steps. Drag to look back.", l.step);
  draw_scale(v, r);
  std::vector<Line> lines{{&c.loss, "loss", v.theme.quiet, 1.2f},
                          {&c.reconstruction, "reconstr.", v.theme.red, 1.5f},
                          {&c.kl, "KL", v.theme.blue, 1.8f}};
  if (std::any_of(c.term.begin(), c.term.end(), [](float x) { return x != 0; }))  // total correlation, a penalty, a divergence
    lines.push_back({&c.term, "term", v.theme.green, 1.5f});
  draw_lines(v, r, lines, 64);
}

void draw_kl(const View& v, Rect r) {
  const std::vector<int> order = shown_latents(v, true);
  const size_t used = shown_latents(v, false).size();
  r = draw_head(v, r,
                used ? latent_name(order[0]) +
                           " carries most: " + fixed(v.now.pictures->sample.kl[static_cast<size_t>(order[0])], 2) + " nats"
                     : std::string("No latent carries anything yet"),
                "KL from the prior, nats per image.", v.now.losses.step);
  draw_scale(v, r);
  std::vector<Line> lines;
  for (size_t i = order.size(); i-- > 0;) {
    const bool shown = order[i] == v.memory.hovered_latent;
    const ImU32 colour = shown      ? v.theme.amber
                         : i < used ? mix(v.theme.blue, v.theme.pale_blue,
                                          0.7f * static_cast<float>(i) / static_cast<float>(std::max<size_t>(used, 1)))
                                    : v.theme.rule;
    lines.push_back({&v.now.curves->kl_per_latent[static_cast<size_t>(order[i])], i < used ? latent_name(order[i]) : "", colour,
                     shown      ? 2.2f
                     : i < used ? 1.6f
                                : 1.0f});
  }
  draw_lines(v, r, lines, 36);
}

}  // namespace unpick::ui
