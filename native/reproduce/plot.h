// Plots on a canvas: axes, curves, bands, heat maps and surfaces, in data coordinates.
//
// The style is that of a printed figure: thin rules instead of boxes, labels at the curves instead of a legend, the name of the
// y axis above it where it can be read, units in the names.
//
// Read next: native/io/frame.h, native/reproduce/fig2.cpp
#pragma once

#include <Eigen/Core>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "native/io/frame.h"

namespace unpick::reproduce {

struct Box {
  float x, y, width, height;  // points
};
struct Interval {
  double low, high;
};
Interval around(std::span<const double> values, double margin = 0.05);  // with this share of room at each end

inline const io::TextStyle kPanel{14, io::kInk, io::Face::medium}, kAxis{12, io::kQuiet, io::Face::regular, true};
io::TextStyle label_style(io::Colour colour);

using Curve = std::vector<Eigen::Vector2d>;  // (x, y)

// A surface or curve in space, seen in parallel projection.
struct View {
  Eigen::Vector3d right, up, towards;                  // an orthonormal frame
  static View from(double azimuth, double elevation);  // radians
  Eigen::Vector2d operator()(const Eigen::Vector3d& x) const { return {right.dot(x), up.dot(x)}; }
};

class Plot {
 public:
  Plot(io::Canvas& canvas, Box box, Interval x, Interval y, bool log_x = false, bool log_y = false);
  // As large as fits with one unit equally long on both axes.
  static Plot equal(io::Canvas& canvas, Box box, Interval x, Interval y);

  void title(const std::string& text, io::Colour colour = io::kInk);                                 // above the box
  void axes(const std::string& x_name, const std::string& y_name, std::vector<double> x_ticks = {},  // empty: round numbers
            bool bare = false);  // the ticks without their numbers
  void line(const Curve& curve, io::Colour colour, float width = 1.6f, float opacity = 1);
  void band(const Curve& low, const Curve& high, io::Colour colour, float opacity = 0.18f);
  void dot(const Eigen::Vector2d& at, io::Colour colour, float radius = 3, float opacity = 1);
  void arrow(const Eigen::Vector2d& from, const Eigen::Vector2d& to, io::Colour colour, float width = 1.6f);
  void polygon(const Curve& corners, io::Colour colour, float opacity);
  void level(double y, const std::string& name, io::Colour colour = io::kQuiet);  // a thin line across
  void text(const Eigen::Vector2d& at, const std::string& text, const io::TextStyle& style, io::Align align = io::Align::left,
            float dx = 0, float dy = 0);
  // Names at the right ends of curves, pushed apart where they would overlap.
  struct EndLabel {
    double y;
    std::string name;
    io::Colour colour;
  };
  void end_labels(std::vector<EndLabel> labels);

  io::Point at(const Eigen::Vector2d& p) const;
  const Box& box() const { return box_; }

 private:
  float across(double x) const;
  float along(double y) const;

  io::Canvas& canvas_;
  Box box_;
  Interval x_, y_;
  bool log_x_, log_y_;
};

// Cells of M; colour(value) paints them, and `digits` >= 0 writes the values into them. Names stand at the left and above.
struct HeatMap {
  Eigen::MatrixXd values;  // NaN: hatched out as "not in use"
  std::function<io::Colour(double)> colour;
  std::vector<std::string> rows, columns;
  int digits = -1;
};
void draw(io::Canvas& canvas, Box box, const HeatMap& map);
// A scale for a heat map: `name` below, its ends as text.
void colour_bar(io::Canvas& canvas, Box box, const std::function<io::Colour(double)>& colour, Interval values,
                const std::string& name);

// A mesh of points [rows x columns], painted from back to front.
void draw_surface(Plot& plot, const View& view, const std::vector<std::vector<Eigen::Vector3d>>& mesh, io::Colour colour);

}  // namespace unpick::reproduce
