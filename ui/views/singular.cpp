// The left singular vectors of the decoder at the chosen code, laid over the picture: which pixels change fastest, and how.
#include <algorithm>
#include <cmath>

#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {
namespace {

constexpr size_t kMostVectors = 5;
constexpr float kLeastMatrix = 56;

// The picture, tinted orange where it gets brighter along v_k and blue where it gets darker.
ImU32 overlaid(ImU32 picture, double u, double largest) {
  const auto share = static_cast<float>(std::abs(u) / largest);
  return mix(picture, u > 0 ? IM_COL32(0xff, 0x9a, 0x2e, 255) : IM_COL32(0x3f, 0xa7, 0xff, 255),
             std::min(1.0f, 1.15f * std::sqrt(share)));
}

}  // namespace

void draw_singular(const View& v, Rect r) {
  const Look& look = *v.now.look;
  const Geometry& g = look.geometry;
  const int channels = v.now.image[2];
  const size_t vectors = std::min(kMostVectors, static_cast<size_t>(g.rank));
  const Eigen::RowVectorXd largest = g.U.leftCols(static_cast<Eigen::Index>(vectors)).cwiseAbs().colwise().maxCoeff();
  v.sheets.singular.show(v.textures, static_cast<uint64_t>(look.serial), 1 + vectors, v.now.image, [&](size_t t, size_t p) {
    const ImU32 picture = pixel_colour(look.decoded.data(), p, channels);
    if (t == 0) return picture;
    const auto k = static_cast<Eigen::Index>(t - 1), first = static_cast<Eigen::Index>(p * static_cast<size_t>(channels));
    return overlaid(picture, g.U.col(k).segment(first, channels).mean(), largest[k]);
  });
  const int axis = vectors > 0 ? g.dims[static_cast<size_t>(g.axis[0])] : -1;
  r = draw_head(v, r, axis < 0 ? "The decoder is flat here" : "The picture changes fastest along " + latent_name(axis),
                "u: orange brighter, blue darker; s: how fast per unit of z.", look.step);

  constexpr float kGap = 8, kText = 30;
  const float aspect = static_cast<float>(v.now.image[0]) / static_cast<float>(v.now.image[1]);
  // The shown number of columns is the one that makes the pictures largest.
  float tile = 0;
  size_t columns = 1, drawn = vectors + 1;
  const auto in_one_line = static_cast<size_t>(std::max((r.width() + kGap) / (kLeastMatrix + kGap), 2.0f));
  if (r.height() < 2 * (kLeastMatrix * aspect + kText + kGap)) drawn = std::min(drawn, in_one_line);
  for (size_t n = 1; n <= drawn; ++n) {
    const size_t lines = (drawn + n - 1) / n;
    const float by_width = (r.width() + kGap) / static_cast<float>(n) - kGap;
    const float by_height = (r.height() / static_cast<float>(lines) - kText - kGap) / aspect;
    if (std::min(by_width, by_height) > tile) {
      tile = std::min({by_width, by_height, 160.0f});
      columns = n;
    }
  }
  for (size_t t = 0; t < drawn; ++t) {
    const float x = r.x0 + static_cast<float>(t % columns) * (tile + kGap);
    const float y = r.y0 + static_cast<float>(t / columns) * (tile * aspect + kText + kGap);
    v.sheets.singular.draw(v.pen, {x, y, x + tile, y + tile * aspect}, t);
    const float below = y + tile * aspect + 2;
    if (t == 0) {
      v.pen.text({x, below}, Type::small_strong, v.theme.ink, tile < 76 ? "code" : "chosen code");
      const auto moved = std::count(look.moved.begin(), look.moved.end(), true);
      v.pen.text_within({x, below + 14}, tile, Type::small, v.theme.quiet,
                        moved ? "moved by hand" : "image " + std::to_string(look.image));
      continue;
    }
    const int latent = g.dims[static_cast<size_t>(g.axis[t - 1])];
    v.pen.text({x, below}, Type::small_strong, v.memory.hovered_latent == latent ? v.theme.amber : v.theme.red,
               vector_name('u', t - 1));
    v.pen.text({x + 18, below}, Type::small_strong, v.theme.blue, (tile < 76 ? "" : "near ") + latent_name(latent));
    v.pen.text_within({x, below + 14}, tile, Type::small, v.theme.quiet, "s " + number(g.s[static_cast<Eigen::Index>(t - 1)], 2));
  }
}

}  // namespace unpick::ui
