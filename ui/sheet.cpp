// See sheet.h.
#include "ui/sheet.h"

#include <algorithm>
#include <cmath>

namespace unpick::ui {

void Sheet::layout(size_t tiles, Shape image) {
  height_ = image[0];
  width_ = image[1];
  columns_ = std::max(1, static_cast<int>(std::ceil(std::sqrt(static_cast<double>(tiles)))));
  rows_ = std::max(1, (static_cast<int>(tiles) + columns_ - 1) / columns_);
  pixels_.assign(static_cast<size_t>(columns_ * width_) * static_cast<size_t>(rows_ * height_), kGround);
}

void Sheet::draw(const Pen& pen, const Rect& where, size_t tile) const {
  const auto columns = static_cast<size_t>(columns_);
  const auto x = static_cast<float>(tile % columns), y = static_cast<float>(tile / columns);
  const auto wide = static_cast<float>(columns_), high = static_cast<float>(rows_);
  // Half a pixel in, so that a smaller tile does not take colour from its neighbour.
  const float dx = 0.5f / static_cast<float>(width_), dy = 0.5f / static_cast<float>(height_);
  pen.list->AddImage(texture_, {where.x0, where.y0}, {where.x1, where.y1}, {(x + dx) / wide, (y + dy) / high},
                     {(x + 1 - dx) / wide, (y + 1 - dy) / high});
}

}  // namespace unpick::ui
