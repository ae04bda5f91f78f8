// The pull-back metric J'J at the chosen code, and the right singular vectors V against the latent axes: is the decoder's
// own frame that of the latents?
#include "ui/matrix.h"
#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {

void draw_metric(const View& v, Rect r) {
  const Look& look = *v.now.look;
  const Geometry& g = look.geometry;
  const Eigen::Index n = g.G.rows();
  const bool diagonal = look.off.measured < 0.1 && look.off.measured < look.off.rotated / 2;
  const Eigen::MatrixXd& left = v.memory.residual ? look.residual : g.G;
  const Score& off = v.memory.residual ? look.residual_off : look.off;
  const std::string what = v.memory.residual ? "Of Σ r H, r = image − decoded, off the diagonal " : "Off the diagonal ";
  r = draw_head(v, r, diagonal ? "J'J is nearly diagonal" : "J'J is not diagonal",
                what + fixed(off.measured, 3) + " (at random " + fixed(off.rotated, 2) + "); V to the axes " +
                    fixed(look.to_axes.measured, 2) + " (" + fixed(look.to_axes.rotated, 2) + ").",
                look.step);
  std::vector<std::string> latents, vectors;
  for (Eigen::Index k = 0; k < n; ++k) {
    latents.push_back(latent_name(g.dims[static_cast<size_t>(k)]));
    vectors.push_back("v" + std::to_string(k + 1));
  }
  const double largest = std::max(left.cwiseAbs().maxCoeff(), 1e-300);
  Rect first = r.take_left(r.width() / 2 - 8);
  r.x0 += 16;
  const Rect words = first.take_top(20);
  float x = words.x0 + 16;
  for (const bool residual : {false, true}) {
    const std::string word = residual ? "Σ r H" : "J'J";
    const float width = v.pen.width(Type::strong, word) + 16;
    if (word_button(v.pen, word.c_str(), {x, words.y0, x + width, words.y1}, word, v.memory.residual == residual,
                    residual ? "the residual Hessian: with J'J it makes the Hessian of the squared error, J'J − Σ r H"
                             : "the metric that the decoder pulls back: how long a step in z is in pixels"))
      v.memory.residual = residual;
    x += width;
  }
  v.pen.text({r.x0 + 24, r.y0}, Type::small_strong, v.theme.ink, "V, columns v₁ v₂ …");
  r.y0 += 20;
  draw_matrix(
      v.pen, first, latents, latents,
      [&](auto i, auto j) {
        const auto share = static_cast<float>(left(i, j) / largest);
        return v.memory.residual ? diverging(share, v.theme) : viridis(std::abs(share));
      },
      [&](auto i, auto j) { return number(left(i, j), 2); });
  draw_matrix(
      v.pen, r, latents, vectors, [&](auto i, auto j) { return diverging(static_cast<float>(g.V(i, j)), v.theme); },
      [&](auto i, auto j) { return fixed(g.V(i, j), 2); });
}

}  // namespace unpick::ui
