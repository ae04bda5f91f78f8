// What several figures draw alike: a sheet with its sentences, lines with bands over seeds, panels in which each run is a dot, and
// fronts of two scores.
//
// Read next: native/reproduce/fig7.cpp
#pragma once

#include "native/reproduce/figure.h"
#include "native/reproduce/plot.h"

namespace unpick::reproduce {

// A canvas with title, caption and the command below; what is drawn begins at (io::kMargin, top()).
class Sheet {
 public:
  Sheet(const std::string& title, const std::string& caption, const std::string& footer, float width, float height)
      : frame_(title, caption, footer, width, name(Badge::computed)),
        canvas_(frame_.full_width(), frame_.full_height(height), io::kDensity, io::kPaper) {
    frame_.draw(canvas_, height);
  }
  io::Canvas& canvas() { return canvas_; }
  float top() const { return frame_.top; }
  io::Image image() const { return canvas_.image(); }

 private:
  io::Frame frame_;
  io::Canvas canvas_;
};
// "unpick reproduce fig7   seeds 1 to 5, " and the rest
std::string footer(const char* figure, const Workshop& shop, const std::string& rest);

// Values over seeds at some places: one arm of an experiment.
struct Series {
  std::string name;
  io::Colour colour;
  std::vector<double> x{};
  std::vector<std::vector<double>> seeds{};  // [x][seed]

  void add(double place, std::vector<double> values) {
    x.push_back(place);
    seeds.push_back(std::move(values));
  }
  double last() const { return spread(seeds.back()).mean; }
};
// The mean as a line over the range of all seeds as a band; not below `floor`, for logarithmic axes. Places where a seed is not
// finite are left out.
void draw_band(Plot& plot, const Series& series, float width, double floor = -INFINITY, float opacity = 0.18f);

struct Panel {
  std::string title, x_name, y_name;
  std::vector<double> ticks{};        // empty: round numbers
  std::vector<std::string> labels{};  // of the ticks, where they are no numbers
  bool log_x = false;
  bool intervals = false;  // the means with their 95 % intervals
};
// Each run a dot, each arm a line through the means, named at its end.
void draw_panel(io::Canvas& canvas, Box box, const Panel& panel, const std::vector<Series>& arms);

// Two scores of one setting.
struct Setting {
  std::string name;
  std::vector<double> x, y;  // over seeds
};
struct Front {
  std::string name;
  io::Colour colour;
  std::vector<Setting> settings{};
};
// Settings as crosses, the means with their 95 % intervals, joined along each front.
void draw_fronts(io::Canvas& canvas, Box box, const Panel& panel, const std::vector<Front>& fronts);

}  // namespace unpick::reproduce
