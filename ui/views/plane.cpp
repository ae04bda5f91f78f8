// Two latents as a plane: where the data's codes lie, what the encoder is unsure about, and the posterior that would be best.
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "core/base/decompositions.h"
#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {
namespace {

struct Plane {
  int a, b;  // latents across and up
  ImVec2 middle;
  float unit;  // points

  ImVec2 at(double x, double y) const { return {middle.x + unit * static_cast<float>(x), middle.y - unit * static_cast<float>(y)}; }
};

// The points m + L (cos, sin) with L L' = covariance [2,2].
std::vector<ImVec2> ellipse(const Plane& plane, double x, double y, const Eigen::Matrix2d& covariance) {
  const Eigen::Matrix2d root = covariance.llt().matrixL();
  std::vector<ImVec2> points;
  for (int i = 0; i < 48; ++i) {
    const double angle = 2 * 3.14159265358979 * i / 48;
    const Eigen::Vector2d p = root * Eigen::Vector2d(std::cos(angle), std::sin(angle));
    points.push_back(plane.at(x + p.x(), y + p.y()));
  }
  return points;
}

ImU32 shade(const View& v) { return faded(v.theme.blue, v.theme.dark ? 0.2f : 0.14f); }  // of each region of q(z)

// q(z) shaded and p(z) dashed, each by the regions that hold the same shares of it.
void draw_aggregate(const View& v, const Plane& plane) {
  if (plane.a == plane.b || (v.now.config.posterior == "full" && v.now.pictures->sample.root.empty())) return;
  Aggregate& shown = v.sheets.aggregate;
  if (shown.serial != v.now.pictures->serial || shown.a != plane.a || shown.b != plane.b)
    shown = aggregate_in_plane(*v.now.pictures, v.now.config, plane.a, plane.b);
  ImDrawList& list = *v.pen.list;
  const auto at = [&](ImVec2 z) { return plane.at(double{z.x}, double{z.y}); };
  const ImDrawListFlags usual = list.Flags;
  for (const Region& region : shown.q) {
    list.Flags = usual & ~ImDrawListFlags_AntiAliasedFill;  // its pieces meet without a seam
    const ImVec2* corner = region.corners.data();
    for (const int count : region.pieces) {
      for (int k = 0; k < count; ++k) list.PathLineTo(at(*corner++));
      list.PathFillConvex(shade(v));
    }
    list.Flags = usual;
    for (size_t i = 0; i < region.edge.size(); i += 2)
      v.pen.line(at(region.edge[i]), at(region.edge[i + 1]), faded(v.theme.blue, 0.5f));
  }
  for (const Region& region : shown.p)
    for (size_t i = 0; i < region.edge.size(); i += 2) {
      const ImVec2 from = at(region.edge[i]), to = at(region.edge[i + 1]);
      v.pen.line(from, {from.x + 0.6f * (to.x - from.x), from.y + 0.6f * (to.y - from.y)}, v.theme.quiet);
    }
}

// In the corners, where there are hardly any codes.
void name_densities(const View& v, const Plane& plane) {
  const ImVec2 top = plane.at(-kReach, kReach), bottom = plane.at(-kReach, -kReach);
  const Aggregate& shown = v.sheets.aggregate;
  const auto name = [&](float line, ImU32 colour, const char* text) {
    v.pen.text({top.x + 30, top.y + 3 + line}, Type::small, colour, text);
  };
  const bool known = !shown.p[0].edge.empty();
  const float wide = v.pen.width(Type::small, "p(z): 39, 86 %");
  v.pen.fill({top.x + 3, top.y + 3, top.x + (known ? 33 + wide : 60), top.y + 36}, faded(v.theme.paper, 0.8f));
  if (known) {
    for (const float x : {6.0f, 12.0f, 18.0f}) v.pen.line({top.x + x, top.y + 11}, {top.x + x + 4, top.y + 11}, v.theme.quiet);
    name(0, v.theme.quiet, "p(z): 39, 86 %");
  }
  const Rect sample{top.x + 6, top.y + 22, top.x + 22, top.y + 32};
  v.pen.fill(sample, shade(v));
  v.pen.outline(sample, faded(v.theme.blue, 0.5f));
  name(16, v.theme.blue, "q(z)");
  const std::string kl = !known                 ? "p(z) has no formula in this plane"
                         : std::isnan(shown.kl) ? ""
                                                : "KL(q, p) here " + number(shown.kl, 2) + " nats";
  if (kl.empty()) return;
  v.pen.fill({bottom.x + 3, bottom.y - 18, bottom.x + 9 + v.pen.width(Type::small, kl), bottom.y - 2}, faded(v.theme.paper, 0.8f));
  v.pen.text({bottom.x + 6, bottom.y - 17}, Type::small, v.theme.quiet, kl);
}

void draw_codes(const View& v, const Plane& plane) {
  const LatentSample& s = v.now.pictures->sample;
  const auto width = static_cast<size_t>(s.latents());
  const auto& factors = s.correlation.factors;
  const FactorColumn* colour = factors.empty() ? nullptr : &factors[v.memory.factor % factors.size()];
  double low = 0, high = 1;
  if (colour) {
    const auto [least, most] = std::minmax_element(colour->values.begin(), colour->values.end());
    low = *least;
    high = *most;
  }
  for (size_t i = 0; i < s.images.size(); ++i) {
    const auto share = colour ? static_cast<float>((colour->values[i] - low) / std::max(high - low, 1e-9)) : 0.5f;
    const ImVec2 p = plane.at(s.mu[i * width + static_cast<size_t>(plane.a)], s.mu[i * width + static_cast<size_t>(plane.b)]);
    v.pen.dot(p, 2.4f, faded(viridis(share), 0.9f));
  }
}

// One standard deviation of q(z|x), of a few images.
void draw_posteriors(const View& v, const Plane& plane) {
  const Pictures& p = *v.now.pictures;
  const auto width = static_cast<Eigen::Index>(p.sample.latents());
  for (size_t i = 0; i < p.images.size(); ++i) {
    const auto at = static_cast<Eigen::Index>(i);
    using Rows = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::Map<const Rows> root(p.root.data() + at * width * width, width, width);
    Eigen::Matrix<double, 2, Eigen::Dynamic> rows(2, width);
    rows.row(0) = root.row(plane.a).cast<double>();
    rows.row(1) = root.row(plane.b).cast<double>();
    const auto mu = [&](int latent) {
      return static_cast<double>(p.mu[i * static_cast<size_t>(width) + static_cast<size_t>(latent)]);
    };
    v.pen.polyline(ellipse(plane, mu(plane.a), mu(plane.b), rows * rows.transpose()), v.theme.blue, 1.3f, true);
  }
}

// The covariance that the objective would choose here if it were free, and the chosen code.
void draw_chosen(const View& v, const Plane& plane) {
  const Look& look = *v.now.look;
  const auto& dims = look.geometry.dims;
  const double x = look.code[static_cast<size_t>(plane.a)], y = look.code[static_cast<size_t>(plane.b)];
  const auto a = std::find(dims.begin(), dims.end(), plane.a), b = std::find(dims.begin(), dims.end(), plane.b);
  if (look.precision.size() > 0 && a != dims.end() && b != dims.end()) {
    const Eigen::MatrixXd covariance = inverse_of_positive(look.precision);
    const Eigen::Index pair[] = {a - dims.begin(), b - dims.begin()};
    Eigen::Matrix2d block;
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j) block(i, j) = covariance(pair[i], pair[j]);
    v.pen.dashed(ellipse(plane, x, y, block), v.theme.amber, 1.8f, 4, true);
  }
  const ImVec2 p = plane.at(x, y);
  v.pen.list->AddCircleFilled(p, 5, v.theme.amber, 20);
  v.pen.list->AddCircle(p, 5, v.theme.paper, 20, 1.5f);
}

// The singular-vector paths through the code, dashed as the paper draws them.
void draw_paths(const View& v, const Plane& plane) {
  if (!v.now.seams) return;
  for (size_t k = 0; k < v.now.seams->seams.size(); ++k) {
    const Seam& seam = v.now.seams->seams[k];
    std::vector<ImVec2> line;
    for (Eigen::Index i = 0; i < seam.z.cols(); ++i) line.push_back(plane.at(seam.z(plane.a, i), seam.z(plane.b, i)));
    const ImVec2 first = line.front(), last = line.back();
    if (std::hypot(last.x - first.x, last.y - first.y) < 12) continue;  // it runs along other latents
    v.pen.dashed(line, v.theme.blue, 1.6f, 5);
    v.pen.text({last.x + 3, last.y - 14}, Type::small_strong, v.theme.blue, vector_name('v', k));
  }
}

std::string plane_title(const View& v) {
  if (v.now.config.posterior == "full") return "A full posterior may tilt its ellipses";
  return "A diagonal posterior keeps its ellipses upright";
}

// Clicking the name of an axis takes the next latent.
void choose_axis(const View& v, const char* id, const Rect& r, int latent, int other, std::optional<int>& chosen) {
  if (!word_button(v.pen, id, r, latent_name(latent), false, "another latent on this axis")) return;
  const std::vector<int> order = shown_latents(v, true);
  auto at = std::find(order.begin(), order.end(), latent) - order.begin();
  do at = (at + 1) % static_cast<long>(order.size());
  while (order[static_cast<size_t>(at)] == other && order.size() > 1);
  chosen = order[static_cast<size_t>(at)];
}

}  // namespace

void draw_plane(const View& v, Rect r) {
  const std::vector<int> order = shown_latents(v, true);
  const auto valid = [&](std::optional<int> latent) { return latent && *latent < v.now.config.latent; };
  const int a = valid(v.memory.across) ? *v.memory.across : order[0];
  int b = valid(v.memory.up) ? *v.memory.up : order[order.size() > 1 ? 1 : 0];
  if (a == b && order.size() > 1) b = order[order[0] == a ? 1 : 0];
  r = draw_head(v, r, plane_title(v),
                std::string("Shaded: q(z). Draws of p(z) from outside it look like no datum. Dots: codes. Blue: q(z|x), one sd") +
                    (v.now.look->precision.size() > 0 ? "; amber: the best at the code you drag." : ". Drag the code."),
                v.now.look->step);

  Rect below = r.take_bottom(24);
  const float side = std::min(r.width() - 36, r.height());
  const Rect area{r.x0 + 36, r.y0, r.x0 + 36 + side, r.y0 + side};
  const Plane plane{a, b, {(area.x0 + area.x1) / 2, (area.y0 + area.y1) / 2}, side / (2 * kReach)};
  const Touch t = touch("plane", area);
  v.pen.clip(area);
  v.pen.line(plane.at(-kReach, 0), plane.at(kReach, 0), v.theme.rule);
  v.pen.line(plane.at(0, -kReach), plane.at(0, kReach), v.theme.rule);
  draw_aggregate(v, plane);
  draw_codes(v, plane);
  draw_posteriors(v, plane);
  draw_paths(v, plane);
  draw_chosen(v, plane);
  name_densities(v, plane);
  v.pen.unclip();
  v.pen.outline(area, v.theme.rule);
  if (t.held) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const auto value = [&](float points) { return std::round(100 * std::clamp(points / plane.unit, -kReach, kReach)) / 100; };
    const std::pair<int, float> wanted[] = {{a, value(mouse.x - plane.middle.x)}, {b, value(plane.middle.y - mouse.y)}};
    for (const auto& [latent, z] : wanted)
      if (z != v.now.look->code[static_cast<size_t>(latent)]) v.post("move " + std::to_string(latent) + " " + std::to_string(z));
  }
  choose_axis(v, "up", {r.x0 - 4, plane.middle.y - 12, r.x0 + 32, plane.middle.y + 12}, b, a, v.memory.up);
  choose_axis(v, "across", {plane.middle.x - 18, area.y1, plane.middle.x + 18, area.y1 + 22}, a, b, v.memory.across);
  const auto& factors = v.now.pictures->sample.correlation.factors;
  if (factors.empty()) return;
  const std::string word = "colour: " + factors[v.memory.factor % factors.size()].name;
  below.x0 = std::max(plane.middle.x + 26, area.x1 - v.pen.width(Type::body, word) - 16);
  if (word_button(v.pen, "factor", {below.x0, area.y1, below.x0 + v.pen.width(Type::body, word) + 16, area.y1 + 22}, word, false,
                  "colour the codes by another factor of the data"))
    ++v.memory.factor;
}

}  // namespace unpick::ui
