// The pull-back metric J'J at the chosen code, and the right singular vectors V against the latent axes: is the decoder's
// own frame that of the latents?
#include <algorithm>
#include <cmath>

#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {
namespace {

// A matrix as coloured cells; `colour` and `text` are asked for each. Returns the cell under the pointer or {-1,-1}.
template <class Colour, class Text>
void draw_matrix(const View& v, Rect r, Eigen::Index n, std::span<const std::string> rows, std::span<const std::string> columns,
                 Colour&& colour, Text&& text) {
  constexpr float kLabel = 24;
  const float cell = std::floor(std::min((r.width() - kLabel) / static_cast<float>(n), (r.height() - 18) / static_cast<float>(n)));
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto at = static_cast<float>(i);
    const bool named = cell >= 12 || i % 2 == 0;  // small cells: every other name, and of columns the digits alone
    const std::string& column = columns[static_cast<size_t>(i)];
    if (named) {
      v.pen.text({r.x0 + kLabel + (at + 0.5f) * cell, r.y0}, Type::small, v.theme.blue, cell < 17 ? column.substr(1) : column,
                 0.5f);
      v.pen.text({r.x0, r.y0 + 18 + (at + 0.5f) * cell - 8}, Type::small, v.theme.blue, rows[static_cast<size_t>(i)]);
    }
    for (Eigen::Index j = 0; j < n; ++j) {
      const float x = r.x0 + kLabel + static_cast<float>(j) * cell, y = r.y0 + 18 + at * cell;
      const Rect box{x, y, x + cell - 1, y + cell - 1};
      const ImU32 fill = colour(i, j);
      v.pen.fill(box, fill);
      const std::string value = text(i, j);
      if (cell >= 36) {
        const unsigned light =
            (fill >> IM_COL32_R_SHIFT & 255) * 3 + (fill >> IM_COL32_G_SHIFT & 255) * 6 + (fill >> IM_COL32_B_SHIFT & 255);
        v.pen.text({x + cell / 2, y + cell / 2 - 8}, Type::small,
                   light > 1400 ? IM_COL32(20, 20, 20, 255) : IM_COL32(245, 245, 245, 255), value, 0.5f);
      } else if (box.holds(ImGui::GetIO().MousePos)) {
        v.pen.outline(box, v.theme.amber, 2);
        ImGui::SetTooltip("%s", value.c_str());
      }
    }
  }
}

}  // namespace

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
      v, left, n, latents, latents, [&](auto i, auto j) { return viridis(static_cast<float>(std::abs(g.G(i, j)) / largest)); },
      [&](auto i, auto j) { return number(g.G(i, j), 2); });
  draw_matrix(
      v, r, n, latents, vectors, [&](auto i, auto j) { return diverging(static_cast<float>(g.V(i, j)), v.theme); },
      [&](auto i, auto j) { return fixed(g.V(i, j), 2); });
}

}  // namespace unpick::ui
