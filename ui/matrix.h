// A matrix as coloured cells with its numbers, where they fit, or else under the pointer.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "ui/draw.h"

namespace unpick::ui {

// `colour(i, j)` and `text(i, j)` are asked for each cell. A cell is square, or, for columns with longer names, up to `widest`.
template <class Colour, class Text>
void draw_matrix(const Pen& pen, Rect r, std::span<const std::string> rows, std::span<const std::string> columns, Colour&& colour,
                 Text&& text, float widest = 0) {
  constexpr float kLabel = 24, kNames = 18;
  const float height = std::floor(
      std::min((r.width() - kLabel) / static_cast<float>(columns.size()), (r.height() - kNames) / static_cast<float>(rows.size())));
  const float room = std::floor((r.width() - kLabel) / static_cast<float>(columns.size())),
              width = std::max(height, std::min(room, widest));
  for (size_t j = 0; j < columns.size(); ++j) {
    const float x = r.x0 + kLabel + static_cast<float>(j) * width;
    if (widest > 0) {
      pen.text_within({x, r.y0}, width - 4, Type::small, pen.theme.quiet, columns[j]);
    } else if (width >= 12 || j % 2 == 0) {  // small cells: every other name, and of it the digits alone
      pen.text({x + width / 2, r.y0}, Type::small, pen.theme.blue, width < 17 ? columns[j].substr(1) : columns[j], 0.5f);
    }
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    const float y = r.y0 + kNames + static_cast<float>(i) * height;
    if (height >= 12 || i % 2 == 0) pen.text({r.x0, y + height / 2 - 8}, Type::small, pen.theme.blue, rows[i]);
    for (size_t j = 0; j < columns.size(); ++j) {
      const float x = r.x0 + kLabel + static_cast<float>(j) * width;
      const Rect box{x, y, x + width - 1, y + height - 1};
      const auto row = static_cast<Eigen::Index>(i), column = static_cast<Eigen::Index>(j);
      const ImU32 fill = colour(row, column);
      pen.fill(box, fill);
      const std::string value = text(row, column);
      if (width >= 36 && height >= 18) {
        const unsigned light =
            (fill >> IM_COL32_R_SHIFT & 255) * 3 + (fill >> IM_COL32_G_SHIFT & 255) * 6 + (fill >> IM_COL32_B_SHIFT & 255);
        pen.text({x + width / 2, y + height / 2 - 8}, Type::small,
                 light > 1400 ? IM_COL32(20, 20, 20, 255) : IM_COL32(245, 245, 245, 255), value, 0.5f);
      } else if (box.holds(ImGui::GetIO().MousePos)) {
        pen.outline(box, pen.theme.amber, 2);
        ImGui::SetTooltip("%s", value.c_str());
      }
    }
  }
}

}  // namespace unpick::ui
