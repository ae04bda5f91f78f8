// What the model keeps of an image: images of the data above what the decoder makes of their mean codes.
#include <algorithm>
#include <cmath>

#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {

void draw_reconstructions(const View& v, Rect r) {
  const Pictures& p = *v.now.pictures;
  const size_t count = p.images.size();
  const auto pixels = static_cast<size_t>(v.now.image.size());
  v.sheets.reconstructions.show(v.textures, static_cast<uint64_t>(p.serial), 2 * count, v.now.image, [&](size_t t, size_t q) {
    const auto& from = t < count ? p.originals : p.reconstructions;
    return pixel_colour(&from[t % count * pixels], q, v.now.image[2]);
  });
  r = draw_head(v, r,
                v.now.losses.step ? "Reconstruction costs " + number(v.now.losses.reconstruction) + " nats an image"
                                  : std::string("What the model keeps of an image"),
                "Above: images of the data. Below: what the decoder paints from their mean codes. Click one to look at its code.",
                p.step);

  constexpr float kGap = 6, kMost = 64;
  const float aspect = static_cast<float>(v.now.image[0]) / static_cast<float>(v.now.image[1]);
  const float high = std::min(std::floor((r.height() - 2 * kGap) / 2), kMost), tile = std::max(high / aspect, 8.0f);
  const size_t columns = std::min(count, static_cast<size_t>(std::max((r.width() + kGap) / (tile + kGap), 1.0f)));
  for (size_t i = 0; i < columns; ++i) {
    const float x = r.x0 + static_cast<float>(i) * (tile + kGap);
    v.sheets.reconstructions.draw(v.pen, {x, r.y0, x + tile, r.y0 + high}, i);
    v.sheets.reconstructions.draw(v.pen, {x, r.y0 + high + kGap, x + tile, r.y0 + 2 * high + kGap}, count + i);
    const Rect both{x, r.y0, x + tile, r.y0 + 2 * high + kGap};
    const Touch t = touch(("image " + std::to_string(i)).c_str(), both);
    const bool chosen = p.images[i] == v.now.look->image;
    if (t.hovered || chosen) v.pen.outline(both.inset(-2, -2), faded(v.theme.amber, chosen ? 1 : 0.5f), 2, 2);
    if (t.clicked) v.post("image " + std::to_string(p.images[i]));
  }
}

}  // namespace unpick::ui
