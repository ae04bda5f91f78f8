// How the prior's mass lies along each seam: f_k = p_k / s_k, per unit of the seam's length. Where the decoder is slow, images
// are dense.
#include <algorithm>
#include <cmath>

#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {

void draw_density(const View& v, Rect r) {
  const Seams* traced = traced_seams(v, r, "Densities of the seams");
  if (!traced) return;
  const Seams& seams = *traced;
  r = draw_head(v, r, "Along a seam images are dense where it is slow",
                "log f, the prior's density per unit of a seam's length, against that length from the chosen code. Under C1 and C2 "
                "these factors are all that there is: log p on the manifold is their sum.",
                seams.step);
  double left = 0, right = 1e-9, low = 1e300, high = -1e300;
  for (const Seam& seam : seams.seams)
    for (Eigen::Index i = 0; i < seam.arc.size(); ++i) {
      if (!std::isfinite(seam.density.log_f(i))) continue;
      left = std::min(left, seam.arc(i));
      right = std::max(right, seam.arc(i));
      low = std::min(low, seam.density.log_f(i));
      high = std::max(high, seam.density.log_f(i));
    }
  const Rect area{r.x0 + 36, r.y0 + 4, r.x1 - 52, r.y1 - 34};
  if (!(high > low) || area.empty()) return;
  low -= 0.05 * (high - low);
  high += 0.05 * (high - low);
  const auto at = [&](double arc, double log_f) {
    return ImVec2(area.x0 + static_cast<float>((arc - left) / (right - left)) * area.width(),
                  area.y1 - static_cast<float>((log_f - low) / (high - low)) * area.height());
  };
  for (const double value : ticks(low, high, 4)) {
    v.pen.line({area.x0, at(0, value).y}, {area.x1, at(0, value).y}, faded(v.theme.rule, 0.7f));
    v.pen.text({area.x0 - 6, at(0, value).y - 7}, Type::small, v.theme.quiet, number(value, 2), 1);
  }
  for (const double arc : ticks(left, right, std::max(2, static_cast<int>(area.width() / 60))))
    v.pen.text({at(arc, low).x, area.y1 + 4}, Type::small, v.theme.quiet, number(arc, 2), 0.5f);
  v.pen.text({area.x0, area.y1 + 18}, Type::small, v.theme.quiet, "length along the seam, in the norm of images");
  v.pen.line(at(0, low), at(0, high), faded(v.theme.amber, 0.6f));
  std::vector<std::pair<float, size_t>> ends;
  for (size_t k = 0; k < seams.seams.size(); ++k) {
    const Seam& seam = seams.seams[k];
    std::vector<ImVec2> line;
    for (Eigen::Index i = 0; i < seam.arc.size(); ++i)
      if (std::isfinite(seam.density.log_f(i))) line.push_back(at(seam.arc(i), seam.density.log_f(i)));
    if (line.size() < 2) continue;
    const bool pointed = v.memory.hovered_latent == seam.latent;
    v.pen.polyline(line, pointed ? v.theme.amber : v.theme.red, pointed ? 2.4f : 1.5f);
    ends.push_back({line.back().y - 8, k});
  }
  std::sort(ends.begin(), ends.end());
  for (size_t i = 0; i < ends.size(); ++i) {
    if (i) ends[i].first = std::max(ends[i].first, ends[i - 1].first + 14);
    const auto [y, k] = ends[i];
    v.pen.text({area.x1 + 6, y}, Type::small_strong, v.theme.red, vector_name('v', k));
    v.pen.text({area.x1 + 24, y}, Type::small, v.theme.blue, latent_name(seams.seams[k].latent));
  }
}

}  // namespace unpick::ui
