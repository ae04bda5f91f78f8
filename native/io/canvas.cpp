// Read native/io/canvas.h first.
#include "native/io/canvas.h"

#include <stb/stb_truetype.h>

#include <algorithm>
#include <cmath>

#include "core/base/check.h"

extern "C" {
extern const std::byte unpick_inter_regular_begin[], unpick_inter_regular_end[];
extern const std::byte unpick_inter_medium_begin[], unpick_inter_medium_end[];
}

namespace unpick::io {
namespace {

// Text is blended between plain sRGB (exponent 1: dark text too heavy) and linear light (2.2: too thin).
constexpr float kTextGamma = 1.3f;

struct Font {
  stbtt_fontinfo info{};
  float unit = 0;  // points per font unit at one point per em

  explicit Font(Face face) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(font_file(face).data());
    if (!stbtt_InitFont(&info, bytes, stbtt_GetFontOffsetForIndex(bytes, 0))) {
      throw Error(ErrorKind::failed, "embedded font", "it cannot be read", "build again with the font Inter installed");
    }
    unit = stbtt_ScaleForMappingEmToPixels(&info, 1);
  }
};

const Font& font(Face face) {
  static const Font regular(Face::regular), medium(Face::medium);
  return face == Face::regular ? regular : medium;
}

// Takes the next character off `text`; a broken sequence gives U+FFFD and takes one byte.
int next_character(std::string_view& text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const int first = byte(0);
  const size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
  int code = length == 1 ? first : length ? first & (0x7f >> length) : 0xfffd;
  size_t taken = 1;
  for (; taken < length; ++taken) {
    if (taken == text.size() || byte(taken) >> 6 != 2) {
      code = 0xfffd;
      break;
    }
    code = code << 6 | (byte(taken) & 63);
  }
  text.remove_prefix(code == 0xfffd ? 1 : taken);
  return code;
}

// Calls visit(glyph, x in points) for each character and returns the width: kerned, and tabular where asked.
template <class Visit>
float walk(std::string_view text, const TextStyle& style, Visit&& visit) {
  const Font& f = font(style.face);
  const auto advance_of = [&](int glyph) {
    int advance = 0, bearing = 0;
    stbtt_GetGlyphHMetrics(&f.info, glyph, &advance, &bearing);
    return static_cast<float>(advance);
  };
  const float digit_width = advance_of(stbtt_FindGlyphIndex(&f.info, '0'));
  const float unit = f.unit * style.size;
  float x = 0;
  int before = 0;
  while (!text.empty()) {
    const int code = next_character(text);
    const int glyph = stbtt_FindGlyphIndex(&f.info, code);
    float advance = advance_of(glyph), shift = 0;
    if (style.tabular && code >= '0' && code <= '9') {
      shift = (digit_width - advance) / 2;
      advance = digit_width;
    } else if (before) {
      x += unit * static_cast<float>(stbtt_GetGlyphKernAdvance(&f.info, before, glyph));
    }
    visit(glyph, x + unit * shift);
    x += unit * advance;
    before = glyph;
  }
  return x;
}

uint8_t blend(uint8_t under, uint8_t over, float coverage) {
  const auto decode = [](uint8_t v) { return std::pow(static_cast<float>(v) / 255.0f, kTextGamma); };
  const float mixed = coverage * decode(over) + (1 - coverage) * decode(under);
  return static_cast<uint8_t>(std::lround(255.0f * std::pow(mixed, 1 / kTextGamma)));
}

uint8_t between(uint8_t low, uint8_t high, float value) {
  const float t = value > 0 ? std::min(value, 1.0f) : 0.0f;
  return static_cast<uint8_t>(std::lround(static_cast<float>(low) + t * static_cast<float>(high - low)));
}

}  // namespace

std::span<const std::byte> font_file(Face face) {
  if (face == Face::regular) return {unpick_inter_regular_begin, unpick_inter_regular_end};
  return {unpick_inter_medium_begin, unpick_inter_medium_end};
}

float measure_text(std::string_view utf8, const TextStyle& style) {
  return walk(utf8, style, [](int, float) {});
}

std::vector<std::string> wrap_text(std::string_view utf8, const TextStyle& style, float width) {
  std::vector<std::string> lines;
  while (!utf8.empty()) {
    std::string_view rest = utf8;
    size_t end = 0, space = 0;  // how many bytes fit, and where the last space among them is
    while (!rest.empty()) {
      if (rest.front() == ' ') space = end;
      next_character(rest);
      const size_t next = utf8.size() - rest.size();
      if (end && measure_text(utf8.substr(0, next), style) > width) break;
      end = next;
    }
    if (end < utf8.size() && utf8[end] == ' ') space = end;
    const size_t cut = end == utf8.size() || space == 0 ? end : space;
    lines.emplace_back(utf8.substr(0, cut));
    utf8.remove_prefix(cut);
    if (!utf8.empty() && utf8.front() == ' ') utf8.remove_prefix(1);
  }
  return lines;
}

Canvas::Canvas(int width, int height, int density, Colour paper) : density_(density) {
  if (width < 1 || height < 1 || density < 1 || int64_t{width} * density > static_cast<int64_t>(kMaxSide) ||
      int64_t{height} * density > static_cast<int64_t>(kMaxSide)) {
    throw Error(ErrorKind::usage, "figure", "it would be " + std::to_string(width) + " x " + std::to_string(height) + " points",
                "ask for fewer rows or columns");
  }
  image_ = {width * density, height * density, 3, {}};
  image_.pixels.resize(static_cast<size_t>(image_.width) * static_cast<size_t>(image_.height) * 3);
  fill(0, 0, static_cast<float>(width), static_cast<float>(height), paper);
}

void Canvas::fill(float x, float y, float width, float height, Colour colour) {
  const auto nearest = [&](float points) { return static_cast<int>(std::lround(points * static_cast<float>(density_))); };
  const int left = nearest(x), top = nearest(y);
  const int right = std::max(nearest(x + width), left + 1), bottom = std::max(nearest(y + height), top + 1);
  for (int row = std::max(top, 0); row < std::min(bottom, image_.height); ++row) {
    for (int column = std::max(left, 0); column < std::min(right, image_.width); ++column) {
      uint8_t* p = pixel(column, row);
      p[0] = colour.r, p[1] = colour.g, p[2] = colour.b;
    }
  }
}

void Canvas::hairline(float x, float y, float width, Colour colour) { fill(x, y, width, 0, colour); }

void Canvas::mix(int x, int y, Colour colour, float coverage) {
  if (coverage <= 0 || x < 0 || y < 0 || x >= image_.width || y >= image_.height) return;
  uint8_t* p = pixel(x, y);
  p[0] = blend(p[0], colour.r, coverage);
  p[1] = blend(p[1], colour.g, coverage);
  p[2] = blend(p[2], colour.b, coverage);
}

void Canvas::polyline(std::span<const Point> points, float width, Colour colour, float opacity) {
  if (points.empty()) return;
  const auto dots = static_cast<float>(density_);
  const float reach = std::max(width * dots, 1.0f) / 2 + 0.5f;  // pixels from the middle of the line to where nothing is left
  std::vector<Point> path;
  for (const Point& p : points) path.push_back({p.x * dots, p.y * dots});
  if (path.size() == 1) path.push_back(path[0]);
  const auto by_x = [](Point a, Point b) { return a.x < b.x; };
  const auto by_y = [](Point a, Point b) { return a.y < b.y; };
  const auto from = [&](float low) { return static_cast<int>(std::floor(std::max(low - reach, 0.0f))); };
  const auto to = [&](float high, int limit) {
    return static_cast<int>(std::ceil(std::min(high + reach, static_cast<float>(limit))));
  };
  const int left = from(std::min_element(path.begin(), path.end(), by_x)->x);
  const int right = to(std::max_element(path.begin(), path.end(), by_x)->x, image_.width);
  const int top = from(std::min_element(path.begin(), path.end(), by_y)->y);
  const int bottom = to(std::max_element(path.begin(), path.end(), by_y)->y, image_.height);
  if (right <= left || bottom <= top) return;
  const auto wide = static_cast<size_t>(right - left);
  std::vector<float> cover(wide * static_cast<size_t>(bottom - top));
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const Point a = path[i], b = path[i + 1];
    const float dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
    for (int y = std::max(top, from(std::min(a.y, b.y))); y < std::min(bottom, to(std::max(a.y, b.y), bottom)); ++y) {
      for (int x = std::max(left, from(std::min(a.x, b.x))); x < std::min(right, to(std::max(a.x, b.x), right)); ++x) {
        const float px = static_cast<float>(x) + 0.5f - a.x, py = static_cast<float>(y) + 0.5f - a.y;
        const float along = square > 0 ? std::clamp((px * dx + py * dy) / square, 0.0f, 1.0f) : 0;
        float& c = cover[static_cast<size_t>(y - top) * wide + static_cast<size_t>(x - left)];
        c = std::max(c, std::min(reach - std::hypot(px - along * dx, py - along * dy), 1.0f));
      }
    }
  }
  for (size_t i = 0; i < cover.size(); ++i)
    mix(left + static_cast<int>(i % wide), top + static_cast<int>(i / wide), colour, opacity * cover[i]);
}

void Canvas::polygon(std::span<const Point> points, Colour colour, float opacity) {
  constexpr int kLines = 4;  // in a pixel
  const auto dots = static_cast<float>(density_), limit = static_cast<float>(image_.width);
  float low = INFINITY, high = -INFINITY;
  for (const Point& p : points) low = std::min(low, p.y * dots), high = std::max(high, p.y * dots);
  const int top = static_cast<int>(std::floor(std::clamp(low, 0.0f, static_cast<float>(image_.height))));
  const int bottom = static_cast<int>(std::ceil(std::clamp(high, 0.0f, static_cast<float>(image_.height))));
  std::vector<float> cover(static_cast<size_t>(image_.width)), crossings;
  for (int y = top; y < bottom; ++y) {
    std::fill(cover.begin(), cover.end(), 0.0f);
    for (int line = 0; line < kLines; ++line) {
      const float at = static_cast<float>(y) + (static_cast<float>(line) + 0.5f) / kLines;
      crossings.clear();
      for (size_t i = 0; i < points.size(); ++i) {
        const Point a = points[i], b = points[(i + 1) % points.size()];
        if ((a.y * dots <= at) == (b.y * dots <= at)) continue;
        crossings.push_back(std::clamp(dots * (a.x + (at / dots - a.y) / (b.y - a.y) * (b.x - a.x)), 0.0f, limit));
      }
      std::sort(crossings.begin(), crossings.end());
      for (size_t i = 0; i + 1 < crossings.size(); i += 2) {
        for (int x = static_cast<int>(crossings[i]); x < image_.width && static_cast<float>(x) < crossings[i + 1]; ++x) {
          const float begin = std::max(crossings[i], static_cast<float>(x)),
                      end = std::min(crossings[i + 1], static_cast<float>(x + 1));
          cover[static_cast<size_t>(x)] += (end - begin) / kLines;
        }
      }
    }
    for (int x = 0; x < image_.width; ++x) mix(x, y, colour, opacity * std::min(cover[static_cast<size_t>(x)], 1.0f));
  }
}

void Canvas::tile(float x, float y, std::span<const float> values, int height, int width, int channels, int scale, Colour low,
                  Colour high) {
  if ((channels != 1 && channels != 3) ||
      values.size() != static_cast<size_t>(height) * static_cast<size_t>(width) * static_cast<size_t>(channels)) {
    throw ShapeError("Canvas::tile: " + std::to_string(values.size()) + " values are not [" + std::to_string(height) + "," +
                     std::to_string(width) + "," + std::to_string(channels) + "]");
  }
  if (channels == 3) low = {0, 0, 0}, high = {255, 255, 255};
  const auto side = static_cast<float>(scale);
  size_t at = 0;
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column, at += static_cast<size_t>(channels)) {
      const float r = values[at], g = values[at + (channels == 3 ? 1 : 0)], b = values[at + (channels == 3 ? 2 : 0)];
      const Colour colour{between(low.r, high.r, r), between(low.g, high.g, g), between(low.b, high.b, b)};
      fill(x + side * static_cast<float>(column), y + side * static_cast<float>(row), side, side, colour);
    }
  }
}

void Canvas::text(float x, float y, std::string_view utf8, const TextStyle& style, Align align) {
  const float width = align == Align::left ? 0 : measure_text(utf8, style);
  const float left = x - (align == Align::right ? width : width / 2);
  walk(utf8, style, [&](int index, float at) { glyph(index, left + at, y, style); });
}

void Canvas::glyph(int index, float x, float y, const TextStyle& style) {
  const Font& f = font(style.face);
  const auto dots = static_cast<float>(density_);
  const float scale = f.unit * style.size * dots;
  const float whole = std::floor(x * dots), fraction = x * dots - whole;
  int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  stbtt_GetGlyphBitmapBoxSubpixel(&f.info, index, scale, scale, fraction, 0, &x0, &y0, &x1, &y1);
  const int width = x1 - x0, height = y1 - y0;
  if (width <= 0 || height <= 0) return;
  std::vector<uint8_t> cover(static_cast<size_t>(width) * static_cast<size_t>(height));
  stbtt_MakeGlyphBitmapSubpixel(&f.info, cover.data(), width, height, width, scale, scale, fraction, 0, index);

  const int left = static_cast<int>(whole) + x0, top = static_cast<int>(std::lround(y * dots)) + y0;
  for (int row = std::max(0, -top); row < std::min(height, image_.height - top); ++row) {
    for (int column = std::max(0, -left); column < std::min(width, image_.width - left); ++column) {
      const auto coverage =
          static_cast<float>(cover[static_cast<size_t>(row) * static_cast<size_t>(width) + static_cast<size_t>(column)]) / 255.0f;
      mix(left + column, top + row, style.colour, coverage);
    }
  }
}

}  // namespace unpick::io
