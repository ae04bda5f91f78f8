// The runs of this lab that differ in nothing but the seed, side by side: what is the method's doing, and what is luck?
#include <algorithm>
#include <array>
#include <cmath>

#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {
namespace {

constexpr float kStrip = 34, kLine = 18;

struct Quantity {
  const char* name;
  double Standing::*value;
  double high;  // of its strip, from 0; 0: as far as the values go
  int decimals;
};
constexpr std::array kQuantities = {Quantity{"J'J off the diagonal", &Standing::off, 1, 3},
                                    Quantity{"V to the axes", &Standing::to_axes, 4, 2},
                                    Quantity{"loss, nats", &Standing::loss, 0, 1}};

// Of this model, the present one last.
std::vector<Standing> alike(const Snapshot& now) {
  const Standing present = now.standing();
  std::vector<Standing> runs;
  if (now.earlier)
    std::copy_if(now.earlier->begin(), now.earlier->end(), std::back_inserter(runs),
                 [&](const Standing& s) { return s.settings == present.settings; });
  runs.push_back(present);
  return runs;
}

std::string headline(std::span<const Standing> runs) {
  if (runs.size() == 1) return "One seed so far: would another look the same?";
  const auto [low, high] =
      std::minmax_element(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.off < b.off; });
  return std::to_string(runs.size()) + " runs: J'J off the diagonal from " + fixed(low->off, 3) + " to " + fixed(high->off, 3);
}

void draw_order(const View& v, Rect line) {
  for (const int count : {3, 5, 9}) {
    const std::string word = std::to_string(count) + " seeds";
    const Rect place = line.take_left(v.pen.width(Type::body, word) + 16);
    if (word_button(v.pen, word.c_str(), {place.x0 - 8, place.y0, place.x1 - 8, place.y1}, word, false,
                    "when this run is done, the same with the next seed, until there are " + std::to_string(count) + " of them"))
      v.post("seeds " + std::to_string(count));
  }
  if (v.now.seeds_left > 0)
    v.pen.text_within({line.x0 + 4, line.y0 + 6}, line.width(), Type::small, v.theme.quiet,
                      std::to_string(v.now.seeds_left) + " more to come");
}

// A dot for each run on a common scale; the present one is filled in amber.
void draw_strip(const View& v, Rect r, const Quantity& quantity, std::span<const Standing> runs) {
  double low = 0, high = quantity.high;
  if (high == 0) {
    low = HUGE_VAL;
    high = -HUGE_VAL;
    for (const Standing& s : runs) {
      if (!std::isfinite(s.*quantity.value)) continue;
      low = std::min(low, s.*quantity.value);
      high = std::max(high, s.*quantity.value);
    }
    if (low > high) return;
    const double room = std::max(0.1 * (high - low), 0.02 * std::abs(high) + 1e-6);
    low -= room;
    high += room;
  }
  v.pen.text_within({r.x0, r.y0 + 2}, 128, Type::small, v.theme.quiet, quantity.name);
  r.x0 += 136;
  r = r.inset(8, 0);
  const float y = r.y0 + 10;
  v.pen.line({r.x0, y}, {r.x1, y}, v.theme.rule);
  const auto x_of = [&](double value) {
    return r.x0 + r.width() * static_cast<float>(std::clamp((value - low) / (high - low), 0.0, 1.0));
  };
  for (const double tick : ticks(low, high, 4)) {
    const float x = x_of(tick);
    v.pen.line({x, y - 3}, {x, y + 3}, v.theme.rule);
    v.pen.text({x, y + 5}, Type::small, v.theme.faint, number(tick), x < r.x0 + 10 ? 0.0f : x > r.x1 - 10 ? 1.0f : 0.5f);
  }
  for (const Standing& s : runs) {
    if (!std::isfinite(s.*quantity.value)) continue;
    const bool present = &s == &runs.back();
    const ImVec2 at{x_of(s.*quantity.value), y};
    v.pen.list->AddCircleFilled(at, present ? 5.5f : 4.5f, present ? v.theme.amber : faded(v.theme.blue, 0.65f), 16);
    const Rect around{at.x - 6, y - 8, at.x + 6, y + 8};
    if (ImGui::IsWindowHovered() && around.holds(ImGui::GetIO().MousePos))
      ImGui::SetTooltip("seed %lld: %s", static_cast<long long>(s.seed), fixed(s.*quantity.value, quantity.decimals).c_str());
  }
}

// The newest at the bottom, as many as there is room for.
void draw_table(const View& v, Rect r, std::span<const Standing> runs) {
  constexpr std::array kHeads = {"seed", "steps", "off", "to axes", "loss", "in use"};
  const float width = std::min(r.width() / static_cast<float>(kHeads.size()), 90.0f);
  const auto cell = [&](const Rect& line, size_t column, Type type, ImU32 colour, const std::string& text) {
    v.pen.text({line.x0 + width * static_cast<float>(column + 1) - 8, line.y0}, type, colour, text, 1);
  };
  const Rect head = r.take_top(kLine);
  for (size_t i = 0; i < kHeads.size(); ++i) cell(head, i, Type::small, v.theme.quiet, kHeads[i]);
  v.pen.line({head.x0, head.y1 - 1}, {head.x0 + width * static_cast<float>(kHeads.size()), head.y1 - 1}, v.theme.rule);
  const size_t room = static_cast<size_t>(std::max(r.height() / kLine, 1.0f));
  for (size_t i = runs.size() - std::min(runs.size(), room); i < runs.size(); ++i) {
    const Standing& s = runs[i];
    const Rect line = r.take_top(kLine);
    const bool present = i + 1 == runs.size();
    const auto shown = [](double x, int decimals) { return std::isfinite(x) ? fixed(x, decimals) : std::string("–"); };
    const std::array texts = {std::to_string(s.seed), grouped(s.step),  shown(s.off, 3),
                              shown(s.to_axes, 2),    shown(s.loss, 1), std::to_string(s.in_use)};
    for (size_t j = 0; j < texts.size(); ++j)
      cell(line, j, present ? Type::small_strong : Type::small, present ? v.theme.ink : v.theme.quiet, texts[j]);
  }
}

}  // namespace

void draw_seeds(const View& v, Rect r) {
  const std::vector<Standing> runs = alike(v.now);
  r = draw_head(v, r, headline(runs),
                "Runs of this lab with these settings and another seed; the present one in amber. What holds for every seed is "
                "the method's doing, what does not is luck.",
                v.now.step);
  draw_order(v, r.take_top(28));
  r.y0 += 8;
  for (const Quantity& quantity : kQuantities)
    if (r.height() > kStrip) draw_strip(v, r.take_top(kStrip), quantity, runs);
  r.y0 += 8;
  if (r.height() > 2 * kLine) draw_table(v, r, runs);
}

}  // namespace unpick::ui
