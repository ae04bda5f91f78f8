// See plot.h.
#include "native/reproduce/plot.h"

#include <algorithm>
#include <cmath>

namespace unpick::reproduce {

using namespace io;
using Eigen::Vector2d;
using Eigen::Vector3d;

namespace {

// Round numbers 1, 2 or 5 times a power of ten apart, about `count` of them; on a logarithmic axis the powers of ten.
std::vector<double> ticks(Interval range, int count, bool logarithmic) {
  std::vector<double> at;
  if (logarithmic) {
    for (double t = std::pow(10, std::ceil(std::log10(range.low) - 1e-9)); t <= range.high * (1 + 1e-9); t *= 10) at.push_back(t);
    return at;
  }
  const double rough = (range.high - range.low) / count, power = std::pow(10, std::floor(std::log10(rough)));
  const double lead = rough / power, step = power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
  for (double k = std::ceil(range.low / step - 1e-9); k * step <= range.high + 1e-9 * step; ++k) at.push_back(k * step);
  return at;
}

std::string tick_text(double value, double step) {
  if (value != 0 && std::abs(value) >= 10000 && value / 1000 == std::floor(value / 1000)) return number(value / 1000, 0) + "k";
  int decimals = 0;
  while (decimals < 4 && std::abs(step * std::pow(10, decimals) - std::round(step * std::pow(10, decimals))) > 1e-6) ++decimals;
  return number(value, decimals);
}

double luminance(Colour c) { return (0.299 * c.r + 0.587 * c.g + 0.114 * c.b) / 255; }

}  // namespace

Interval around(std::span<const double> values, double margin) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double room = std::max(margin * (*high - *low), 1e-9);
  return {*low - room, *high + room};
}

TextStyle label_style(Colour colour) { return {12, colour, Face::medium, true}; }

View View::from(double azimuth, double elevation) {
  const double ca = std::cos(azimuth), sa = std::sin(azimuth), ce = std::cos(elevation), se = std::sin(elevation);
  return {{-sa, ca, 0}, {-se * ca, -se * sa, ce}, {ce * ca, ce * sa, se}};
}

Plot::Plot(Canvas& canvas, Box box, Interval x, Interval y, bool log_x, bool log_y)
    : canvas_(canvas), box_(box), x_(x), y_(y), log_x_(log_x), log_y_(log_y) {}

Plot Plot::equal(Canvas& canvas, Box box, Interval x, Interval y) {
  const double wide = x.high - x.low, high = y.high - y.low;
  const double unit = std::min(static_cast<double>(box.width) / wide, static_cast<double>(box.height) / high);
  const double more_x = (static_cast<double>(box.width) / unit - wide) / 2,
               more_y = (static_cast<double>(box.height) / unit - high) / 2;
  return {canvas, box, {x.low - more_x, x.high + more_x}, {y.low - more_y, y.high + more_y}};
}

float Plot::across(double x) const {
  const double t = log_x_ ? std::log(x / x_.low) / std::log(x_.high / x_.low) : (x - x_.low) / (x_.high - x_.low);
  return box_.x + box_.width * static_cast<float>(t);
}
float Plot::along(double y) const {
  const double t = log_y_ ? std::log(std::max(y, y_.low) / y_.low) / std::log(y_.high / y_.low) : (y - y_.low) / (y_.high - y_.low);
  return box_.y + box_.height * static_cast<float>(1 - t);
}
Point Plot::at(const Vector2d& p) const { return {across(p.x()), along(p.y())}; }

void Plot::title(const std::string& text, Colour colour) {
  TextStyle style = kPanel;
  style.colour = colour;
  canvas_.text(box_.x, box_.y - 28, text, style);
}

void Plot::axes(const std::string& x_name, const std::string& y_name, std::vector<double> x_ticks, bool bare) {
  const auto steps_of = [](const std::vector<double>& at) { return at.size() > 1 ? at[1] - at[0] : 1; };
  const auto vertical = ticks(y_, 4, log_y_), horizontal = x_ticks.empty() ? ticks(x_, 4, log_x_) : std::move(x_ticks);
  canvas_.text(box_.x, box_.y - 8, y_name, kAxis);
  for (const double t : vertical) {
    canvas_.hairline(box_.x, along(t), box_.width, kRule);
    canvas_.text(box_.x - 6, along(t) + 4, tick_text(t, log_y_ ? t : steps_of(vertical)), kAxis, Align::right);
  }
  canvas_.hairline(box_.x, box_.y + box_.height, box_.width, kQuiet);
  for (const double t : horizontal) {
    canvas_.fill(across(t), box_.y + box_.height, 0, 4, kQuiet);
    if (bare) continue;
    canvas_.text(across(t), box_.y + box_.height + 17, tick_text(t, log_x_ ? t : steps_of(horizontal)), kAxis, Align::centre);
  }
  canvas_.text(box_.x + box_.width, box_.y + box_.height + 33, x_name, kAxis, Align::right);
}

void Plot::line(const Curve& curve, Colour colour, float width, float opacity) {
  std::vector<Point> points;
  for (const Vector2d& p : curve) points.push_back(at(p));
  canvas_.polyline(points, width, colour, opacity);
}

void Plot::band(const Curve& low, const Curve& high, Colour colour, float opacity) {
  Curve corners = low;
  corners.insert(corners.end(), high.rbegin(), high.rend());
  polygon(corners, colour, opacity);
}

void Plot::dot(const Vector2d& p, Colour colour, float radius, float opacity) {
  const Point point = at(p);
  canvas_.polyline({&point, 1}, 2 * radius, colour, opacity);
}

void Plot::arrow(const Vector2d& from, const Vector2d& to, Colour colour, float width) {
  const Point a = at(from), b = at(to);
  const float dx = b.x - a.x, dy = b.y - a.y, length = std::hypot(dx, dy);
  if (!(length > 0)) return;
  const float ux = dx / length, uy = dy / length, head = std::min(4 * width + 2, length);
  const Point neck{b.x - head * ux, b.y - head * uy};
  const std::vector<Point> shaft{a, neck},
      tip{b, {neck.x - head * uy / 2.4f, neck.y + head * ux / 2.4f}, {neck.x + head * uy / 2.4f, neck.y - head * ux / 2.4f}};
  canvas_.polyline(shaft, width, colour);
  canvas_.polygon(tip, colour);
}

void Plot::polygon(const Curve& corners, Colour colour, float opacity) {
  std::vector<Point> points;
  for (const Vector2d& p : corners) points.push_back(at(p));
  canvas_.polygon(points, colour, opacity);
}

void Plot::level(double y, const std::string& name, Colour colour) {
  line({{x_.low, y}, {x_.high, y}}, colour, 1, 0.7f);
  if (!name.empty()) canvas_.text(box_.x + box_.width, along(y) - 5, name, label_style(colour), Align::right);
}

void Plot::text(const Vector2d& p, const std::string& words, const TextStyle& style, Align align, float dx, float dy) {
  const Point point = at(p);
  canvas_.text(point.x + dx, point.y + dy, words, style, align);
}

void Plot::end_labels(std::vector<EndLabel> labels) {
  constexpr float kApart = 15;
  std::sort(labels.begin(), labels.end(), [](const EndLabel& a, const EndLabel& b) { return a.y > b.y; });
  std::vector<float> y;
  for (const EndLabel& l : labels) y.push_back(std::max(along(l.y), y.empty() ? -INFINITY : y.back() + kApart));
  const float over = y.empty() ? 0 : std::max(0.0f, y.back() - (box_.y + box_.height));
  for (size_t i = 0; i < labels.size(); ++i)
    canvas_.text(box_.x + box_.width + 8, y[i] - over + 4, labels[i].name, label_style(labels[i].colour));
}

void draw(Canvas& canvas, Box box, const HeatMap& map) {
  const float w = box.width / static_cast<float>(map.values.cols()), h = box.height / static_cast<float>(map.values.rows());
  for (Eigen::Index i = 0; i < map.values.rows(); ++i) {
    for (Eigen::Index j = 0; j < map.values.cols(); ++j) {
      const double value = map.values(i, j);
      const float x = box.x + w * static_cast<float>(j), y = box.y + h * static_cast<float>(i);
      const bool known = std::isfinite(value);
      const Colour colour = known ? map.colour(value) : kRule;
      canvas.fill(x, y, w - 1, h - 1, colour);
      if (map.digits < 0 || !known) continue;
      const TextStyle style{std::min(12.0f, w / 3), luminance(colour) > 0.55 ? kInk : kLight, Face::regular, true};
      canvas.text(x + w / 2, y + h / 2 + style.size / 3, number(value, map.digits), style, Align::centre);
    }
  }
  for (size_t i = 0; i < map.rows.size(); ++i)
    canvas.text(box.x - 6, box.y + h * (static_cast<float>(i) + 0.5f) + 4, map.rows[i], kAxis, Align::right);
  for (size_t j = 0; j < map.columns.size(); ++j)
    canvas.text(box.x + w * (static_cast<float>(j) + 0.5f), box.y - 6, map.columns[j], kAxis, Align::centre);
}

void colour_bar(Canvas& canvas, Box box, const std::function<Colour(double)>& colour, Interval values, const std::string& name) {
  constexpr int kParts = 96;
  for (int i = 0; i < kParts; ++i) {
    const double value = values.low + (values.high - values.low) * (i + 0.5) / kParts;
    canvas.fill(box.x + box.width * static_cast<float>(i) / kParts, box.y, box.width / kParts + 0.5f, box.height, colour(value));
  }
  const int decimals = values.high >= 10 ? 0 : values.high >= 1 ? 1 : 2;
  canvas.text(box.x, box.y + box.height + 14, number(values.low, decimals), kAxis);
  canvas.text(box.x + box.width, box.y + box.height + 14, number(values.high, decimals), kAxis, Align::right);
  canvas.text(box.x + box.width + 10, box.y + box.height, name, kAxis);
}

void draw_surface(Plot& plot, const View& view, const std::vector<std::vector<Vector3d>>& mesh, Colour colour) {
  struct Face {
    double depth;
    Curve corners;
  };
  std::vector<Face> faces;
  for (size_t i = 0; i + 1 < mesh.size(); ++i) {
    for (size_t j = 0; j + 1 < mesh[i].size(); ++j) {
      const Vector3d corners[] = {mesh[i][j], mesh[i + 1][j], mesh[i + 1][j + 1], mesh[i][j + 1]};
      Face face{0, {}};
      for (const Vector3d& c : corners) {
        face.depth += view.towards.dot(c);
        face.corners.push_back(view(c));
      }
      faces.push_back(std::move(face));
    }
  }
  std::stable_sort(faces.begin(), faces.end(), [](const Face& a, const Face& b) { return a.depth < b.depth; });
  for (Face& face : faces) {
    plot.polygon(face.corners, colour, 0.12f);
    face.corners.push_back(face.corners.front());
    plot.line(face.corners, colour, 0.5f, 0.3f);
  }
}

}  // namespace unpick::reproduce
