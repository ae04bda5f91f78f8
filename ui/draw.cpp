// See draw.h.
#include "ui/draw.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace unpick::ui {
namespace {

// Hyphens become minus signs.
std::string with_minus(std::string_view text) {
  std::string out;
  for (const char c : text) c == '-' ? out += "−" : out += c;
  return out;
}

}  // namespace

Rect Rect::take_top(float height) {
  Rect part{x0, y0, x1, y0 + height};
  y0 += height;
  return part;
}
Rect Rect::take_bottom(float height) {
  Rect part{x0, y1 - height, x1, y1};
  y1 -= height;
  return part;
}
Rect Rect::take_left(float width) {
  Rect part{x0, y0, x0 + width, y1};
  x0 += width;
  return part;
}
Rect Rect::take_right(float width) {
  Rect part{x1 - width, y0, x1, y1};
  x1 -= width;
  return part;
}

std::string number(double value, int digits) {
  if (std::isnan(value)) return "–";
  char text[40];
  if (std::abs(value) >= 1000 && std::abs(value) < 1e15) return grouped(std::llround(value));
  const int whole = std::abs(value) >= 1 ? 1 + static_cast<int>(std::log10(std::abs(value))) : 0;
  std::snprintf(text, sizeof text, "%.*g", std::max(digits, whole), value);
  return with_minus(text);
}

std::string fixed(double value, int decimals) {
  if (std::isnan(value)) return "–";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return with_minus(text);
}

std::string grouped(int64_t value) {
  std::string digits = std::to_string(std::abs(value));
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<size_t>(at), ",");
  return (value < 0 ? "−" : "") + digits;
}

float Pen::width(Type type, std::string_view text) const {
  return fonts[type]->CalcTextSizeA(Fonts::size(type), 1e9f, 0, text.data(), text.data() + text.size()).x;
}

void Pen::text(ImVec2 at, Type type, ImU32 colour, std::string_view text, float align) const {
  if (align > 0) at.x -= align * width(type, text);
  list->AddText(fonts[type], Fonts::size(type), at, colour, text.data(), text.data() + text.size());
}

void Pen::text_within(ImVec2 at, float most, Type type, ImU32 colour, std::string_view all) const {
  if (width(type, all) <= most) return text(at, type, colour, all);
  std::string_view part = all;
  while (!part.empty() && width(type, part) + width(type, "…") > most) {
    do part.remove_suffix(1);
    while (!part.empty() && (part.back() & 0xc0) == 0x80);  // never within a character
  }
  text(at, type, colour, std::string(part) + "…");
}

float Pen::paragraph(const Rect& in, Type type, ImU32 colour, std::string_view words, bool height_only) const {
  const float line = std::round(Fonts::size(type) * 1.4f);
  float y = in.y0;
  while (!words.empty()) {
    size_t end = 0;
    for (size_t next = 0; next < words.size();) {
      next = std::min(words.find(' ', next + 1), words.size());
      if (end > 0 && width(type, words.substr(0, next)) > in.width()) break;
      end = next;
    }
    if (!height_only) text({in.x0, y}, type, colour, words.substr(0, end));
    y += line;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return y - in.y0;
}

void Pen::fill(const Rect& r, ImU32 colour, float rounding) const {
  list->AddRectFilled({r.x0, r.y0}, {r.x1, r.y1}, colour, rounding);
}
void Pen::outline(const Rect& r, ImU32 colour, float thickness, float rounding) const {
  list->AddRect({r.x0, r.y0}, {r.x1, r.y1}, colour, rounding, 0, thickness);
}
void Pen::dot(ImVec2 at, float radius, ImU32 colour) const {
  const float reach = radius * fonts.dot.reach;
  list->PrimReserve(6, 4);
  list->PrimRectUV({at.x - reach, at.y - reach}, {at.x + reach, at.y + reach}, fonts.dot.low, fonts.dot.high, colour);
}
void Pen::line(ImVec2 a, ImVec2 b, ImU32 colour, float thickness) const { list->AddLine(a, b, colour, thickness); }
void Pen::polyline(std::span<const ImVec2> points, ImU32 colour, float thickness, bool closed) const {
  list->AddPolyline(points.data(), static_cast<int>(points.size()), colour, closed ? ImDrawFlags_Closed : 0, thickness);
}

void Pen::dashed(std::span<const ImVec2> points, ImU32 colour, float thickness, float dash, bool closed) const {
  float travelled = 0;
  const size_t pieces = points.size() < 2 ? 0 : points.size() - (closed ? 0 : 1);
  for (size_t i = 0; i < pieces; ++i) {
    const ImVec2 a = points[i], b = points[(i + 1) % points.size()];
    const float length = std::hypot(b.x - a.x, b.y - a.y);
    for (float at = 0; at < length;) {
      const float phase = std::fmod(travelled, 2 * dash);
      const float piece = std::min(length - at, phase < dash ? dash - phase : 2 * dash - phase);
      const auto point = [&](float t) { return ImVec2(a.x + (b.x - a.x) * t / length, a.y + (b.y - a.y) * t / length); };
      if (phase < dash) line(point(at), point(at + piece), colour, thickness);
      at += std::max(piece, 1e-3f);
      travelled += std::max(piece, 1e-3f);
    }
  }
}

std::vector<double> ticks(double low, double high, int count) {
  std::vector<double> found;
  if (!(high > low) || count < 1) return found;
  const double raw = (high - low) / count, power = std::pow(10, std::floor(std::log10(raw)));
  const double step = power * (raw / power > 5 ? 10 : raw / power > 2 ? 5 : raw / power > 1 ? 2 : 1);
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k) found.push_back(k * step + 0.0);  // never -0
  return found;
}

}  // namespace unpick::ui
