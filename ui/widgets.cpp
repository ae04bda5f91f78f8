// See widgets.h.
#include "ui/widgets.h"

#include <algorithm>
#include <cmath>

namespace unpick::ui {
namespace {

constexpr float kRounding = 4;

// Filled shapes within a square of side 16 around `m`.
void draw_icon(const Pen& pen, ImVec2 m, Icon icon, ImU32 colour) {
  ImDrawList& list = *pen.list;
  const auto at = [&](float x, float y) { return ImVec2(m.x + x, m.y + y); };
  switch (icon) {
    case Icon::play: list.AddTriangleFilled(at(-4, -6), at(-4, 6), at(6.5f, 0), colour); break;
    case Icon::pause:
      list.AddRectFilled(at(-5, -6), at(-1.5f, 6), colour, 1);
      list.AddRectFilled(at(1.5f, -6), at(5, 6), colour, 1);
      break;
    case Icon::step:
      list.AddTriangleFilled(at(-6, -5), at(-6, 5), at(2, 0), colour);
      list.AddRectFilled(at(3, -5), at(5.5f, 5), colour, 1);
      break;
    case Icon::again:
      list.PathArcTo(m, 5.5f, -1.0f, 3.9f, 20);
      list.PathStroke(colour, 0, 1.8f);
      list.AddTriangleFilled(at(-0.5f, -7.5f), at(6, -7.5f), at(5, -1.5f), colour);
      break;
    case Icon::dice:
      list.AddRect(at(-6, -6), at(6, 6), colour, 3, 0, 1.6f);
      for (const auto& [x, y] : {std::pair{-2.8f, -2.8f}, {0.0f, 0.0f}, {2.8f, 2.8f}}) list.AddCircleFilled(at(x, y), 1.3f, colour);
      break;
    case Icon::sun:
      list.AddCircleFilled(m, 3.6f, colour);
      for (int i = 0; i < 8; ++i) {
        const float c = std::cos(0.7854f * static_cast<float>(i)), s = std::sin(0.7854f * static_cast<float>(i));
        list.AddLine(at(5.2f * c, 5.2f * s), at(7.2f * c, 7.2f * s), colour, 1.4f);
      }
      break;
    case Icon::moon:
      list.PathArcTo(m, 6, 0.6f, 4.4f, 24);
      list.PathArcTo(at(2.7f, -1.9f), 4.6f, 3.7f, 1.2f, 24);
      list.PathStroke(colour, ImDrawFlags_Closed, 1.6f);
      break;
  }
}

double to_share(double value, const Track& t) {
  if (t.scale == Scale::logarithmic) return std::log(value / t.low) / std::log(t.high / t.low);
  const double share = (value - t.low) / (t.high - t.low);
  return t.scale == Scale::root ? std::sqrt(std::max(share, 0.0)) : share;
}

double from_share(double share, const Track& t) {
  if (t.scale == Scale::logarithmic) return t.low * std::pow(t.high / t.low, share);
  return t.low + (t.high - t.low) * (t.scale == Scale::root ? share * share : share);
}

// Two significant digits: what a hand can mean.
double rounded(double value) {
  if (value == 0) return 0;
  const double unit = std::pow(10, std::floor(std::log10(std::abs(value))) - 1);
  return std::round(value / unit) * unit;
}

}  // namespace

Touch touch(const char* id, const Rect& r) {
  if (r.empty()) return {};
  ImGui::SetCursorScreenPos({r.x0, r.y0});
  const bool clicked = ImGui::InvisibleButton(id, {r.width(), r.height()});
  const Touch t{ImGui::IsItemHovered(), ImGui::IsItemActive(), clicked, ImGui::IsItemDeactivated()};
  if (t.hovered) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  return t;
}

void tip(const Touch& on, const std::string& text) {
  if (!on.hovered || on.held || text.empty()) return;
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(320);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
}

bool icon_button(const Pen& pen, const char* id, const Rect& r, Icon icon, bool on, const std::string& help) {
  const Touch t = touch(id, r);
  const Theme& c = pen.theme;
  if (on) {
    pen.fill(r, t.held ? mix(c.amber, c.ink, 0.15f) : t.hovered ? mix(c.amber, c.ink, 0.07f) : c.amber, kRounding);
  } else if (t.hovered) {
    pen.fill(r, faded(c.ink, t.held ? 0.14f : 0.07f), kRounding);
  }
  draw_icon(pen, {(r.x0 + r.x1) / 2, (r.y0 + r.y1) / 2}, icon, on ? c.on_amber : c.ink);
  tip(t, help);
  return t.clicked;
}

bool word_button(const Pen& pen, const char* id, const Rect& r, const std::string& word, bool on, const std::string& help) {
  const Touch t = touch(id, r);
  const Theme& c = pen.theme;
  const float y = r.y0 + (r.height() - Fonts::size(Type::body)) / 2 - 1;
  if (t.hovered) pen.fill(r, faded(c.ink, t.held ? 0.14f : 0.07f), kRounding);
  pen.text({(r.x0 + r.x1) / 2, y}, on ? Type::strong : Type::body, on ? c.ink : c.quiet, word, 0.5f);
  if (on) pen.fill({r.x0 + 8, r.y1 - 2, r.x1 - 8, r.y1}, c.amber);
  tip(t, help);
  return t.clicked;
}

bool choose(const Pen& pen, const char* id, const Rect& r, std::span<const std::string> words, int& chosen,
            const std::string& help) {
  bool changed = false;
  Rect rest = r;
  ImGui::PushID(id);
  for (size_t i = 0; i < words.size(); ++i) {
    const Rect part = rest.take_left(r.width() / static_cast<float>(words.size()));
    const bool on = static_cast<int>(i) == chosen;
    if (word_button(pen, words[i].c_str(), part, words[i], on, help) && !on) {
      chosen = static_cast<int>(i);
      changed = true;
    }
  }
  ImGui::PopID();
  pen.line({r.x0, r.y1}, {r.x1, r.y1}, pen.theme.rule);
  return changed;
}

bool choose_from_list(const Pen& pen, const char* id, const Rect& r, std::span<const std::string> words, int& chosen,
                      const std::string& shown, const std::string& help) {
  ImGui::PushID(id);
  const Touch t = touch("open", r);
  if (t.clicked) ImGui::OpenPopup("list");
  const Theme& c = pen.theme;
  if (t.hovered) pen.fill(r, faded(c.ink, 0.07f), kRounding);
  pen.text_within({r.x0 + 2, r.y0 + (r.height() - Fonts::size(Type::body)) / 2 - 1}, r.width() - 20, Type::body, c.ink,
                  chosen >= 0 ? words[static_cast<size_t>(chosen)] : shown);
  const float x = r.x1 - 8, y = (r.y0 + r.y1) / 2;
  const ImVec2 arrow[] = {{x - 4, y - 2}, {x, y + 2}, {x + 4, y - 2}};
  pen.polyline(arrow, c.quiet, 1.5f);
  pen.line({r.x0, r.y1}, {r.x1, r.y1}, c.rule);
  bool changed = false;
  constexpr float kEntry = 22;
  float longest = std::max(r.width() - 24, 120.0f);
  for (const std::string& word : words) longest = std::max(longest, pen.width(Type::body, word));
  const float height = static_cast<float>(words.size()) * (kEntry + ImGui::GetStyle().ItemSpacing.y) + 24;
  ImGui::SetNextWindowPos(
      {r.x0, std::max(std::min(r.y1 + 2, ImGui::GetIO().DisplaySize.y - height), 0.0f)});  // never below the sheet
  if (ImGui::BeginPopup("list")) {
    for (size_t i = 0; i < words.size(); ++i)
      if (ImGui::Selectable(words[i].c_str(), static_cast<int>(i) == chosen, 0, {longest, kEntry})) {
        changed = static_cast<int>(i) != chosen;
        chosen = static_cast<int>(i);
      }
    ImGui::EndPopup();
  } else {
    tip(t, help);
  }
  ImGui::PopID();
  return changed;
}

bool slider(const Pen& pen, const char* id, const Rect& r, const std::string& label, double& value, const Track& track,
            const std::string& help) {
  const Touch t = touch(id, r);
  const Theme& c = pen.theme;
  bool changed = false;
  const float left = r.x0 + 6, right = r.x1 - 6, y = r.y1 - 9;
  if (t.held || t.released) {
    const double share = std::clamp((ImGui::GetIO().MousePos.x - left) / (right - left), 0.0f, 1.0f);
    double wanted = rounded(from_share(share, track));
    if (track.whole) wanted = std::round(wanted);
    changed = wanted != value && (t.released || !track.at_release);
    value = wanted;
  }
  pen.text({r.x0, r.y0}, Type::body, c.quiet, label);
  pen.text({r.x1, r.y0}, Type::strong, c.ink, number(value, 2), 1);
  const auto share = static_cast<float>(std::clamp(to_share(value, track), 0.0, 1.0));
  const float x = left + share * (right - left);
  pen.line({r.x0, y}, {r.x1, y}, c.rule, 2);
  pen.line({r.x0, y}, {x, y}, faded(c.amber, 0.7f), 2);
  pen.list->AddCircleFilled({x, y}, t.held || t.hovered ? 7.0f : 6.0f, c.amber, 24);
  tip(t, help);
  return changed;
}

}  // namespace unpick::ui
