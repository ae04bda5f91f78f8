// A walk along a seam beside a walk along the latent that it belongs to: the same pictures if the decoder is aligned, and not else.
#include <algorithm>
#include <cmath>

#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {
namespace {

constexpr float kSpace = 6, kName = 132, kNarrowName = 44, kBetweenPairs = 12;

void draw_names(const View& v, const Rect& pair, size_t k, const Seam& seam, bool narrow, float tile) {
  const ImU32 latent = v.memory.hovered_latent == seam.latent ? v.theme.amber : v.theme.blue;
  v.pen.text({pair.x0, pair.y0}, Type::strong, v.theme.red, vector_name('v', k));
  v.pen.text({pair.x0, pair.y0 + tile + kSpace}, Type::strong, latent, latent_name(seam.latent));
  if (narrow) return;
  const float width = kName - 40;
  v.pen.text_within({pair.x0 + 26, pair.y0 + 1}, width, Type::small, v.theme.quiet, "along the seam");
  v.pen.text_within({pair.x0 + 26, pair.y0 + tile + kSpace + 1}, width, Type::small, v.theme.quiet, "along the axis");
  if (tile < 34) return;
  v.pen.text_within({pair.x0 + 26, pair.y0 + 16}, width, Type::small, v.theme.quiet,
                    "length " + number(seam.arc(seam.arc.size() - 1) - seam.arc(0), 2));
  v.pen.text_within({pair.x0 + 26, pair.y0 + tile + kSpace + 16}, width, Type::small, v.theme.quiet,
                    "δ " + fixed(seam.departure, 3));
}

}  // namespace

void draw_seams(const View& v, Rect r) {
  const Seams* traced = traced_seams(v, r, "Along the seams");
  if (!traced) return;
  const Seams& seams = *traced;
  const size_t pixels = static_cast<size_t>(v.now.image.size()), count = seams.seams.size();
  const size_t columns = count ? seams.seams[0].along.size() / pixels : 0;
  const int channels = v.now.image[2];
  v.sheets.seams.show(v.textures, static_cast<uint64_t>(seams.serial), 2 * count * columns, v.now.image, [&](size_t t, size_t p) {
    const Seam& seam = seams.seams[t / (2 * columns)];
    const std::vector<real>& walk = t / columns % 2 ? seam.straight : seam.along;
    return pixel_colour(&walk[t % columns * pixels], p, channels);
  });
  r = draw_head(
      v, r,
      axes_follow(seams) ? "Along a seam the picture changes as along its latent"
                         : "Along a seam the picture changes otherwise than along its latent",
      "Each pair walks from the chosen code both ways: above along dz/dt = v(z), whose image is the seam, below along the "
      "latent. δ: distance of the axis' image from the seam, as a share of its length.",
      seams.step);
  if (count == 0) return;
  const bool narrow = r.width() < 520;
  const float names = narrow ? kNarrowName : kName, n = static_cast<float>(columns);
  const float aspect = static_cast<float>(v.now.image[0]) / static_cast<float>(v.now.image[1]);
  const float by_width = (r.width() - names + kSpace) / n - kSpace;
  const auto fit = [&](size_t pairs) { return ((r.height() / static_cast<float>(pairs) - kBetweenPairs) / 2 - kSpace) / aspect; };
  size_t shown = count;
  while (shown > 1 && fit(shown) < 22) --shown;
  const float tile = std::floor(std::clamp(std::min(by_width, fit(shown)), 12.0f, 72.0f)), high = std::floor(tile * aspect);
  for (size_t k = 0; k < shown; ++k) {
    const Rect pair = r.take_top(2 * (high + kSpace) + kBetweenPairs);
    const Rect area{pair.x0, pair.y0, pair.x0 + names + n * (tile + kSpace), pair.y0 + 2 * high + kSpace};
    if (touch(("seam" + std::to_string(k)).c_str(), area).hovered) v.memory.hovered_latent = seams.seams[k].latent;
    draw_names(v, pair, k, seams.seams[k], narrow, high);
    for (size_t row = 0; row < 2; ++row) {
      const float y = pair.y0 + static_cast<float>(row) * (high + kSpace);
      v.pen.fill({pair.x0 + names - 8, y, pair.x0 + names - 5, y + high}, row ? v.theme.green : v.theme.red);
      for (size_t c = 0; c < columns; ++c) {
        const float x = pair.x0 + names + static_cast<float>(c) * (tile + kSpace);
        v.sheets.seams.draw(v.pen, {x, y, x + tile, y + high}, (2 * k + row) * columns + c);
      }
    }
  }
  if (shown < count && r.height() > 14)
    v.pen.text({r.x0, r.y0}, Type::small, v.theme.quiet, std::to_string(count - shown) + " more have no room here");
}

}  // namespace unpick::ui
