// Layout on a grid of 8 points. Read native/io/figures.h first.
#include "native/io/figures.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"
#include "native/io/frame.h"

namespace unpick::io {
namespace {

const TextStyle kLabel{14, kInk, Face::medium}, kSmall{12, kQuiet, Face::regular, true}, kValue{12, kBlue, Face::medium, true},
    kNote{13, kQuiet};
constexpr float kLabelMin = 96, kLabelMax = 176, kLine = 16;

// The fewest decimals, two at most, that show every value: a row of numbers reads best when all have the same.
int decimals_for(const std::vector<float>& values) {
  int decimals = 0;
  for (const float v : values) {
    while (decimals < 2 && std::abs(v * (decimals ? 10 : 1) - std::round(v * (decimals ? 10 : 1))) > 0.01f) ++decimals;
  }
  return decimals;
}

struct Tiles {
  int height, width, channels, scale;

  Tiles(int h, int w, int c) : height(h), width(w), channels(c), scale(std::max(1, 64 / std::max({h, w, 1}))) {
    if (h < 1 || w < 1 || (c != 1 && c != 3)) throw ShapeError("figure: tiles must be [H,W,1] or [H,W,3]");
  }
  size_t size() const { return static_cast<size_t>(height) * static_cast<size_t>(width) * static_cast<size_t>(channels); }
  float shown_width() const { return static_cast<float>(width * scale); }
  float shown_height() const { return static_cast<float>(height * scale); }
  void draw(Canvas& canvas, float x, float y, const std::vector<float>& all, size_t index) const {
    canvas.tile(x, y, std::span(all).subspan(index * size(), size()), height, width, channels, scale, kGround, kLight);
  }
};

void require(bool fits, const std::string& what) {
  if (!fits) throw ShapeError("figure: " + what);
}

// Where `value` lies between the centres of the columns, in columns; beyond the ends it stays at the end.
float column_of(float value, const std::vector<float>& values) {
  const auto after = std::upper_bound(values.begin(), values.end(), value);
  if (after == values.begin()) return 0;
  if (after == values.end()) return static_cast<float>(values.size() - 1);
  return static_cast<float>(after - values.begin() - 1) + (value - after[-1]) / (after[0] - after[-1]);
}

}  // namespace

Image traversal_figure(const TraversalFigure& figure) {
  const Tiles tiles(figure.height, figure.width, figure.channels);
  const size_t columns = figure.values.size();
  require(columns > 0 && !figure.rows.empty(), "a traversal needs at least one row and one column");
  float label_width = kLabelMin, kl_max = 0;
  size_t label_lines = 1;
  for (const TraversalRow& r : figure.rows) {
    require(r.tiles.size() == columns * tiles.size(), "row '" + r.label + "' is not [columns,H,W,C]");
    label_width = std::max(label_width, measure_text(r.label, kLabel));
    kl_max = std::max(kl_max, r.kl);
  }
  label_width = kGap * std::ceil(std::min(label_width, kLabelMax) / kGap);
  for (const TraversalRow& r : figure.rows) label_lines = std::max(label_lines, wrap_text(r.label, kLabel, label_width).size());

  const float pitch_x = tiles.shown_width() + kGap, left = kMargin + label_width + 3 * kGap;
  const float pitch_y = std::max(tiles.shown_height(), 18 * static_cast<float>(label_lines) + 28) + 2 * kGap;
  const float grid_width = pitch_x * static_cast<float>(columns) - kGap, header = 32;
  const float content = header + pitch_y * static_cast<float>(figure.rows.size());
  const Frame frame(figure.title, figure.caption, figure.footer, left - kMargin + grid_width);
  Canvas canvas(frame.full_width(), frame.full_height(content), kDensity, kPaper);
  frame.draw(canvas, content);

  const auto centre = [&](float column) { return left + pitch_x * column + tiles.shown_width() / 2; };
  const int decimals = decimals_for(figure.values);
  canvas.text(kMargin, frame.top + 14, figure.unit, kValue);
  for (size_t c = 0; c < columns; ++c) {
    canvas.text(centre(static_cast<float>(c)), frame.top + 14, number(figure.values[c], decimals), kValue, Align::centre);
  }
  canvas.hairline(kMargin, frame.top + 22, frame.width, kRule);

  float y = frame.top + header;
  for (const TraversalRow& r : figure.rows) {
    float baseline = y + 14;
    for (const auto& line : wrap_text(r.label, kLabel, label_width)) {
      canvas.text(kMargin, baseline, line, kLabel);
      baseline += 18;
    }
    canvas.text(kMargin, baseline + 2, "KL " + (r.kl >= 0 && r.kl < 0.01f ? "< 0.01" : number(r.kl, 2)) + " nats", kSmall);
    const float bar = kl_max > 0 ? 0.5f * label_width * r.kl / kl_max : 0;
    if (bar >= 1) canvas.fill(kMargin, baseline + 10, bar, 2, kBlue);
    for (size_t c = 0; c < columns; ++c) tiles.draw(canvas, left + pitch_x * static_cast<float>(c), y, r.tiles, c);
    if (!std::isnan(r.at)) {
      const float axis = y + tiles.shown_height() + 7;
      canvas.hairline(centre(0), axis, centre(static_cast<float>(columns - 1)) - centre(0), kPaleBlue);
      canvas.fill(centre(column_of(r.at, figure.values)) - 1.5f, axis - 4, 3, 8, kAmber);
    }
    y += pitch_y;
  }
  return canvas.image();
}

Image reconstruction_figure(const ReconstructionFigure& figure) {
  const Tiles tiles(figure.height, figure.width, figure.channels);
  const size_t count = figure.originals.size() / tiles.size(), columns = static_cast<size_t>(std::max(figure.columns, 1));
  require(count > 0 && figure.originals.size() == count * tiles.size(), "originals are not [N,H,W,C]");
  require(figure.reconstructions.size() == figure.originals.size(), "there is not one reconstruction for each original");
  require(figure.labels.empty() || figure.labels.size() == count, "there is not one label for each pair");

  const float pitch_x = tiles.shown_width() + kGap, left = kMargin + kLabelMin + 3 * kGap;
  const float below = figure.labels.empty() ? 0 : 20, pair = 2 * tiles.shown_height() + kGap + below, pitch_y = pair + 3 * kGap;
  const size_t lines = (count + columns - 1) / columns;
  const float content = pitch_y * static_cast<float>(lines) - 2 * kGap;
  const float grid_width = pitch_x * static_cast<float>(std::min(columns, count)) - kGap;
  const Frame frame(figure.title, figure.caption, figure.footer, left - kMargin + grid_width);
  Canvas canvas(frame.full_width(), frame.full_height(content), kDensity, kPaper);
  frame.draw(canvas, content);

  for (size_t i = 0; i < count; ++i) {
    const size_t line = i / columns, column = i % columns;
    const float x = left + pitch_x * static_cast<float>(column), y = frame.top + pitch_y * static_cast<float>(line);
    const float second = y + tiles.shown_height() + kGap;
    if (column == 0) {
      canvas.text(kMargin, y + tiles.shown_height() / 2 + 5, "original", kLabel);
      canvas.text(kMargin, second + tiles.shown_height() / 2 + 5, "reconstruction", kLabel);
    }
    tiles.draw(canvas, x, y, figure.originals, i);
    tiles.draw(canvas, x, second, figure.reconstructions, i);
    if (below > 0) canvas.text(x + tiles.shown_width() / 2, y + pair - 4, figure.labels[i], kSmall, Align::centre);
  }
  return canvas.image();
}

Image heat_map_figure(const HeatMapFigure& figure) {
  const size_t n = figure.labels.size();
  require(n > 0 && !figure.maps.empty(), "heat maps need at least one row and one map");
  const int cell = std::max(2, 192 / static_cast<int>(n));
  const bool labelled = n <= 24;  // else they would touch
  const float side = static_cast<float>(cell) * static_cast<float>(n), margin = labelled ? 32 : 0, pitch = side + margin + 3 * kGap;
  size_t lines = 0;
  for (const HeatMap& map : figure.maps) {
    require(map.values.size() == n * n, "heat map '" + map.title + "' is not [N,N]");
    lines = std::max(lines, wrap_text(map.note, kNote, side).size());
  }
  const float header = 48, content = header + side + 3 * kGap + kLine * static_cast<float>(lines);
  const Frame frame(figure.title, figure.caption, figure.footer, pitch * static_cast<float>(figure.maps.size()));
  Canvas canvas(frame.full_width(), frame.full_height(content), kDensity, kPaper);
  frame.draw(canvas, content);

  float x = kMargin + margin;
  const float top = frame.top + header;
  for (const HeatMap& map : figure.maps) {
    canvas.text(x, frame.top + 14, map.title, kLabel);
    canvas.tile(x, top, map.values, static_cast<int>(n), static_cast<int>(n), 1, cell, kGround, kLight);
    for (size_t i = 0; i < n && labelled; ++i) {
      const float middle = static_cast<float>(cell) * (static_cast<float>(i) + 0.5f);
      canvas.text(x + middle, top - 6, figure.labels[i], kSmall, Align::centre);
      canvas.text(x - 6, top + middle + 4, figure.labels[i], kSmall, Align::right);
    }
    float baseline = top + side + 2 * kGap;
    for (const auto& line : wrap_text(map.note, kNote, side)) canvas.text(x, baseline += kLine, line, kNote);
    x += pitch;
  }
  return canvas.image();
}

}  // namespace unpick::io
