// Drawing in points: rectangles that are cut into parts, text in the house's sizes, lines, axes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ui/theme.h"

namespace unpick::ui {

struct Rect {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;

  float width() const { return x1 - x0; }
  float height() const { return y1 - y0; }
  bool empty() const { return x1 - x0 < 1 || y1 - y0 < 1; }
  Rect inset(float x, float y) const { return {x0 + x, y0 + y, x1 - x, y1 - y}; }
  bool holds(ImVec2 p) const { return p.x >= x0 && p.x < x1 && p.y >= y0 && p.y < y1; }
  // Cuts a part off and returns it.
  Rect take_top(float height);
  Rect take_bottom(float height);
  Rect take_left(float width);
  Rect take_right(float width);
};

// "1,240", "0.047", "−1.5", "2.3e−06": as short as `digits` significant ones allow; true minus signs.
std::string number(double value, int digits = 3);
std::string fixed(double value, int decimals);
std::string grouped(int64_t value);

class Pen {
 public:
  Pen(ImDrawList* to, const Theme& t, const Fonts& f) : list(to), theme(t), fonts(f) {}

  float width(Type type, std::string_view text) const;
  // `align`: 0 if `at` is the left end of the line's top, 0.5 its middle, 1 its right end.
  void text(ImVec2 at, Type type, ImU32 colour, std::string_view text, float align = 0) const;
  // The start of `text` that fits, ended by "…" if it is not all.
  void text_within(ImVec2 at, float width, Type type, ImU32 colour, std::string_view text) const;
  // Wrapped at spaces into the rectangle; returns the height taken, drawn or not if `height_only`.
  float paragraph(const Rect& in, Type type, ImU32 colour, std::string_view text, bool height_only = false) const;

  void fill(const Rect& r, ImU32 colour, float rounding = 0) const;
  void outline(const Rect& r, ImU32 colour, float thickness = 1, float rounding = 0) const;
  void dot(ImVec2 at, float radius, ImU32 colour) const;  // a small one, of many: two triangles
  void line(ImVec2 a, ImVec2 b, ImU32 colour, float thickness = 1) const;
  void polyline(std::span<const ImVec2> points, ImU32 colour, float thickness, bool closed = false) const;
  void dashed(std::span<const ImVec2> points, ImU32 colour, float thickness, float dash, bool closed = false) const;
  void clip(const Rect& r) const { list->PushClipRect({r.x0, r.y0}, {r.x1, r.y1}, true); }
  void unclip() const { list->PopClipRect(); }

  ImDrawList* list;
  const Theme& theme;
  const Fonts& fonts;
};

// Round numbers that cut [low, high] into about `count` parts.
std::vector<double> ticks(double low, double high, int count);

}  // namespace unpick::ui
