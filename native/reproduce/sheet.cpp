// See sheet.h.
#include "native/reproduce/sheet.h"

#include <algorithm>
#include <cmath>

namespace unpick::reproduce {
namespace {

std::vector<double> finite(const std::vector<double>& values) {
  std::vector<double> rest;
  std::copy_if(values.begin(), values.end(), std::back_inserter(rest), [](double v) { return std::isfinite(v); });
  return rest;
}

void draw_axes(Plot& plot, const Panel& panel, double bottom) {
  plot.title(panel.title);
  plot.axes(panel.x_name, panel.y_name, panel.ticks, !panel.labels.empty());
  for (size_t i = 0; i < panel.labels.size(); ++i)
    plot.text({panel.ticks[i], bottom}, panel.labels[i], kAxis, io::Align::centre, 0, 17);
}

}  // namespace

std::string footer(const char* figure, const Workshop& shop, const std::string& rest) {
  return std::string("unpick reproduce ") + figure + "   seeds 1 to " + std::to_string(shop.seeds()) + ", " + rest;
}

void draw_band(Plot& plot, const Series& series, float width, double floor, float opacity) {
  Curve mean, low, high;
  for (size_t i = 0; i < series.x.size(); ++i) {
    const Spread s = spread(series.seeds[i]);
    if (!std::isfinite(s.mean)) continue;
    mean.emplace_back(series.x[i], std::max(s.mean, floor));
    low.emplace_back(series.x[i], std::max(s.low, floor));
    high.emplace_back(series.x[i], std::max(s.high, floor));
  }
  if (mean.empty()) return;
  plot.band(low, high, series.colour, opacity);
  plot.line(mean, series.colour, width);
}

void draw_panel(io::Canvas& canvas, Box box, const Panel& panel, const std::vector<Series>& arms) {
  std::vector<double> xs, ys;
  for (const Series& arm : arms) {
    xs.insert(xs.end(), arm.x.begin(), arm.x.end());
    for (const auto& seeds : arm.seeds) {
      for (const double y : finite(seeds)) ys.push_back(y);
      if (!panel.intervals || finite(seeds).size() < 2) continue;
      const double mean = spread(finite(seeds)).mean, reach = confidence(finite(seeds));
      ys.insert(ys.end(), {mean - reach, mean + reach});
    }
  }
  if (ys.empty()) return;
  const Interval places = around(xs, 0.06), values = around(ys, 0.1);
  const auto [first, last] = std::minmax_element(xs.begin(), xs.end());
  Plot plot(canvas, box, panel.log_x ? Interval{*first / 1.2, *last * 1.2} : places, values, panel.log_x);
  draw_axes(plot, panel, values.low);
  std::vector<Plot::EndLabel> labels;
  for (const Series& arm : arms) {
    Curve means;
    for (size_t i = 0; i < arm.x.size(); ++i) {
      const std::vector<double> seeds = finite(arm.seeds[i]);
      for (const double y : seeds) plot.dot({arm.x[i], y}, arm.colour, 2.4f, 0.45f);
      if (seeds.size() != arm.seeds[i].size()) continue;
      means.emplace_back(arm.x[i], spread(seeds).mean);
      if (!panel.intervals || seeds.size() < 2) continue;
      const double mean = means.back().y(), reach = confidence(seeds);
      plot.line({{arm.x[i], mean - reach}, {arm.x[i], mean + reach}}, arm.colour, 1.4f, 0.6f);
    }
    if (means.empty()) continue;
    plot.line(means, arm.colour, 2);
    labels.push_back({means.back().y(), arm.name, arm.colour});
  }
  plot.end_labels(labels);
}

void draw_fronts(io::Canvas& canvas, Box box, const Panel& panel, const std::vector<Front>& fronts) {
  std::vector<double> xs, ys;
  const auto ends = [](const std::vector<double>& values) {
    const double mean = spread(values).mean, reach = values.size() > 1 ? confidence(values) : 0;
    return std::array{mean - reach, mean, mean + reach};
  };
  for (const Front& front : fronts)
    for (const Setting& s : front.settings) {
      for (const double x : ends(s.x)) xs.push_back(x);
      for (const double y : ends(s.y)) ys.push_back(y);
    }
  const Interval values = around(ys, 0.08);
  Plot plot(canvas, box, around(xs, 0.08), values);
  draw_axes(plot, panel, values.low);
  std::vector<Plot::EndLabel> labels;
  for (const Front& front : fronts) {
    Curve means;
    for (const Setting& s : front.settings) {
      const auto x = ends(s.x), y = ends(s.y);
      plot.line({{x[0], y[1]}, {x[2], y[1]}}, front.colour, 1, 0.6f);
      plot.line({{x[1], y[0]}, {x[1], y[2]}}, front.colour, 1, 0.6f);
      plot.dot({x[1], y[1]}, front.colour, 3.4f);
      plot.text({x[1], y[1]}, s.name, label_style(front.colour), io::Align::left, 6, -6);
      means.emplace_back(x[1], y[1]);
    }
    plot.line(means, front.colour, 1.4f, 0.5f);
    labels.push_back({means.back().y(), front.name, front.colour});
  }
  plot.end_labels(labels);
}

}  // namespace unpick::reproduce
