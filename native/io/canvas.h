// A tiny drawing surface for labelled figures: rectangles, lines, polygons, picture tiles and text in Inter.
//
// Why our own: a figure is a grid of tiles or a few curves with sentences beside it; a plotting library would be larger than the
// rest of the program. Lengths are in points; a canvas of density 2 has two pixels in a point, for sharp text on today's screens.
//
// Invariants: drawing outside the canvas is clipped; equal calls give equal pixels.
// Read next: native/io/figures.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/io/png.h"

namespace unpick::io {

struct Colour {
  uint8_t r, g, b;
};

struct Point {
  float x, y;  // points, y down
};

enum class Face { regular, medium };
enum class Align { left, centre, right };

struct TextStyle {
  float size = 13;  // points per em
  Colour colour{};
  Face face = Face::regular;
  bool tabular = false;  // all digits as wide as 0, for numbers in columns
};

std::span<const std::byte> font_file(Face face);  // the embedded .otf

float measure_text(std::string_view utf8, const TextStyle& style);  // points
// Breaks at spaces, within a word only if the word alone is wider than `width` points.
std::vector<std::string> wrap_text(std::string_view utf8, const TextStyle& style, float width);

class Canvas {
 public:
  Canvas(int width, int height, int density, Colour paper);

  void fill(float x, float y, float width, float height, Colour colour);  // at least one pixel wide and high
  void hairline(float x, float y, float width, Colour colour);            // horizontal, one pixel

  // A line through `points` with round joins and ends; a single point is a disc of this width. Where it crosses itself it is not
  // darker, so a translucent line stays even.
  void polyline(std::span<const Point> points, float width, Colour colour, float opacity = 1);
  // The inside by the even-odd rule.
  void polygon(std::span<const Point> points, Colour colour, float opacity = 1);

  // values: [height,width,channels], 1 or 3 channels. Each value becomes scale x scale points. Grey 0 and 1 are drawn as
  // `low` and `high`. Values outside [0,1] are drawn as the nearer end, not-a-number as 0.
  void tile(float x, float y, std::span<const float> values, int height, int width, int channels, int scale, Colour low,
            Colour high);

  // y is the baseline. A missing character is drawn as the font's box.
  void text(float x, float y, std::string_view utf8, const TextStyle& style, Align align = Align::left);

  const Image& image() const { return image_; }

 private:
  uint8_t* pixel(int x, int y) {
    return &image_.pixels[3 * (static_cast<size_t>(y) * static_cast<size_t>(image_.width) + static_cast<size_t>(x))];
  }
  void mix(int x, int y, Colour colour, float coverage);  // nothing outside the canvas
  void glyph(int index, float x, float y, const TextStyle& style);

  Image image_;
  int density_;
};

}  // namespace unpick::io
