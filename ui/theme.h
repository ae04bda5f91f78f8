// How the lab looks: colours of a light and a dark sheet, and Inter in the few sizes that are used.
//
// Colours carry meaning: amber is what the user touches, blue is latent space, red the manifold, green images of axes. Pictures
// are light on deep blue in both themes, so that their polarity never flips. All lengths are points; the host says how many pixels
// a point has.
#pragma once

#include <imgui.h>

#include <algorithm>
#include <array>

namespace unpick::ui {

struct Theme {
  bool dark;
  ImU32 paper, raised, ink, quiet, faint, rule;  // raised: of popups; faint: of disabled text and grids
  ImU32 amber, on_amber, blue, pale_blue, red, green;
};
const Theme& theme(bool dark);
void apply_style(const Theme& theme);  // to what ImGui draws itself: popups and tooltips

inline constexpr ImU32 kGround = IM_COL32(0x17, 0x2a, 0x3f, 0xff), kLight = IM_COL32(0xfd, 0xfb, 0xf6, 0xff);  // grey 0 and 1

enum class Type { small, small_strong, body, strong, title, display };

// A disc in the texture of the typeface: from `low` to `high` of it, `reach` radii to each side of the middle.
struct Dot {
  ImVec2 low, high;
  float reach = 1;
};

// The typeface in every size; digits are all as wide as 0.
struct Fonts {
  std::array<ImFont*, 6> faces{};
  Dot dot;
  ImFont* operator[](Type type) const { return faces[static_cast<size_t>(type)]; }
  static float size(Type type);       // points per em
  void load(float pixels_per_point);  // anew, into the atlas of the current context
};

// `a` at 0, `b` at 1, in sRGB.
constexpr ImU32 mix(ImU32 a, ImU32 b, float share) {
  const float s = std::clamp(share, 0.0f, 1.0f);
  ImU32 out = 0;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    const auto from = static_cast<float>(a >> shift & 255), to = static_cast<float>(b >> shift & 255);
    out |= static_cast<ImU32>(from + s * (to - from) + 0.5f) << shift;
  }
  return out;
}
ImU32 faded(ImU32 colour, float opacity);
ImU32 viridis(float x);                        // x in [0,1]
ImU32 diverging(float x, const Theme& theme);  // x in [-1,1]: blue, the paper, orange

}  // namespace unpick::ui
