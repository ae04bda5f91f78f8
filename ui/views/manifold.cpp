// The manifold of images, seen from three of its directions: seams in red, the images of the latent axes in green. Dragging turns
// it.
#include <algorithm>
#include <cmath>

#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {
namespace {

// Three coordinates as seen from the chosen side; nearer points have a larger depth.
struct Orbit {
  ImVec2 middle;
  float unit;  // points
  float yaw, pitch;

  struct Seen {
    ImVec2 at;
    float depth;
  };
  Seen see(const Eigen::Vector3d& p) const {
    const double across = std::cos(yaw) * p.x() + std::sin(yaw) * p.z(), away = -std::sin(yaw) * p.x() + std::cos(yaw) * p.z();
    const double up = std::cos(pitch) * p.y() - std::sin(pitch) * away, depth = std::sin(pitch) * p.y() + std::cos(pitch) * away;
    return {{middle.x + unit * static_cast<float>(across), middle.y - unit * static_cast<float>(up)},
            unit * static_cast<float>(depth)};
  }
};

std::vector<ImVec2> seen_line(const Orbit& orbit, const Eigen::MatrixXd& points) {
  std::vector<ImVec2> line;
  for (Eigen::Index i = 0; i < points.cols(); ++i) line.push_back(orbit.see(points.col(i)).at);
  return line;
}

// Far dots are drawn first, and paler.
void draw_cloud(const View& v, const Orbit& orbit, float radius) {
  std::vector<Orbit::Seen> dots;
  for (Eigen::Index i = 0; i < v.now.seams->cloud.cols(); ++i) dots.push_back(orbit.see(v.now.seams->cloud.col(i)));
  std::sort(dots.begin(), dots.end(), [](const auto& a, const auto& b) { return a.depth < b.depth; });
  for (const Orbit::Seen& dot : dots) {
    const float near = std::clamp(0.5f + 0.5f * dot.depth / radius, 0.0f, 1.0f);
    v.pen.dot(dot.at, 1.5f + 1.2f * near, faded(v.theme.quiet, 0.25f + 0.5f * near));
  }
}

}  // namespace

void draw_manifold(const View& v, Rect r) {
  const Seams* traced = traced_seams(v, r, "Seams on the manifold");
  if (!traced) return;
  const Seams& seams = *traced;
  r = draw_head(v, r, axes_follow(seams) ? "The axes' images run along the seams" : "The axes' images leave the seams",
                "Red: seams. Green: images of the latents' axes. Dots: 128 images, seen along three directions with " +
                    fixed(100 * seams.shown, 0) + " % of their variance. Drag to turn.",
                seams.step);
  const float side = std::min(r.width(), r.height());
  const Rect area{r.x0, r.y0, r.x1, r.y0 + side};
  const Touch t = touch("manifold", area);
  if (t.held) {
    v.memory.yaw += 0.01f * ImGui::GetIO().MouseDelta.x;
    v.memory.pitch = std::clamp(v.memory.pitch + 0.01f * ImGui::GetIO().MouseDelta.y, -1.5f, 1.5f);
  }
  double reach = 1e-9;
  for (Eigen::Index i = 0; i < seams.cloud.cols(); ++i) reach = std::max(reach, seams.cloud.col(i).norm());
  for (const Seam& seam : seams.seams) reach = std::max(reach, seam.seam.colwise().norm().maxCoeff());
  const float radius = side / 2 - 8;
  const Orbit orbit{
      {(area.x0 + area.x1) / 2, (area.y0 + area.y1) / 2}, 1.25f * radius / static_cast<float>(reach), v.memory.yaw, v.memory.pitch};
  v.pen.clip(area);
  draw_cloud(v, orbit, radius);
  for (const Seam& seam : seams.seams) v.pen.polyline(seen_line(orbit, seam.axis), v.theme.green, 3.5f);
  for (size_t k = 0; k < seams.seams.size(); ++k) {
    const Seam& seam = seams.seams[k];
    const std::vector<ImVec2> line = seen_line(orbit, seam.seam);
    v.pen.polyline(line, v.theme.red, v.memory.hovered_latent == seam.latent ? 3.0f : 1.6f);
    const ImVec2 end = line.back(), before = line[line.size() > 1 ? line.size() - 2 : 0];
    if (std::hypot(end.x - line.front().x, end.y - line.front().y) < 20) continue;  // a name would cover it
    const float align = end.x < before.x ? 1.0f : 0.0f;
    v.pen.text({end.x + (align > 0 ? -5.0f : 5.0f), end.y - 8}, Type::small_strong, v.theme.red, vector_name('v', k), align);
    const float aside = v.pen.width(Type::small_strong, vector_name('v', k)) + 9;
    v.pen.text({end.x + (align > 0 ? -aside : aside), end.y - 8}, Type::small, v.theme.blue, latent_name(seam.latent), align);
  }
  if (!seams.seams.empty()) {
    const Seam& first = seams.seams.front();
    Eigen::Index origin = 0;
    first.t.cwiseAbs().minCoeff(&origin);
    const ImVec2 code = orbit.see(first.seam.col(origin)).at;
    v.pen.list->AddCircleFilled(code, 5, v.theme.amber, 20);
    v.pen.list->AddCircle(code, 5, v.theme.paper, 20, 1.5f);
  }
  v.pen.unclip();
}

}  // namespace unpick::ui
