// The pull-back metric J'J at the chosen code, and the right singular vectors V against the latent axes: is the decoder's
// own frame that of the latents?
#include "ui/matrix.h"
#include "ui/view.h"

namespace unpick::ui {

void draw_metric(const View& v, Rect r) {
  const Look& look = *v.now.look;
  const Geometry& g = look.geometry;
  const Eigen::Index n = g.G.rows();
  const bool diagonal = look.off.measured < 0.1 && look.off.measured < look.off.rotated / 2;
  r = draw_head(v, r, diagonal ? "J'J is nearly diagonal" : "J'J is not diagonal",
                "Off the diagonal " + fixed(look.off.measured, 3) + " (at random " + fixed(look.off.rotated, 2) +
                    "); V to the axes " + fixed(look.to_axes.measured, 2) + " (" + fixed(look.to_axes.rotated, 2) + ").",
                look.step);
  std::vector<std::string> latents, vectors;
  for (Eigen::Index k = 0; k < n; ++k) {
    latents.push_back(latent_name(g.dims[static_cast<size_t>(k)]));
    vectors.push_back("v" + std::to_string(k + 1));
  }
  const double largest = std::max(g.G.cwiseAbs().maxCoeff(), 1e-300);
  Rect left = r.take_left(r.width() / 2 - 8);
  r.x0 += 16;
  v.pen.text({left.x0 + 24, left.y0}, Type::small_strong, v.theme.ink, "J'J");
  v.pen.text({r.x0 + 24, r.y0}, Type::small_strong, v.theme.ink, "V, columns v₁ v₂ …");
  left.y0 += 18;
  r.y0 += 18;
  draw_matrix(
      v.pen, left, latents, latents, [&](auto i, auto j) { return viridis(static_cast<float>(std::abs(g.G(i, j)) / largest)); },
      [&](auto i, auto j) { return number(g.G(i, j), 2); });
  draw_matrix(
      v.pen, r, latents, vectors, [&](auto i, auto j) { return diverging(static_cast<float>(g.V(i, j)), v.theme); },
      [&](auto i, auto j) { return fixed(g.V(i, j), 2); });
}

}  // namespace unpick::ui
