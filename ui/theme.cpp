// See theme.h.
#include "ui/theme.h"

#include <algorithm>
#include <cmath>

extern const unsigned char unpick_ui_regular[], unpick_ui_medium[];
extern const unsigned unpick_ui_regular_size, unpick_ui_medium_size;

namespace unpick::ui {
namespace {

constexpr ImU32 rgb(unsigned hex) { return IM_COL32(hex >> 16 & 255, hex >> 8 & 255, hex & 255, 255); }

constexpr Theme kLightSheet{false,         rgb(0xfaf7f0), rgb(0xfffdf8), rgb(0x1f1d1a), rgb(0x6e685e), rgb(0xa9a294), rgb(0xd9d3c6),
                            rgb(0xc77d0a), rgb(0xfffdf8), rgb(0x2f5d8a), rgb(0xacbed0), rgb(0xb3382c), rgb(0x3d7a45)};
constexpr Theme kDarkSheet{true,          rgb(0x0d141d), rgb(0x16202c), rgb(0xe9e6df), rgb(0x98a2ad), rgb(0x5d6873), rgb(0x26323f),
                           rgb(0xf0a83a), rgb(0x14100a), rgb(0x7fb2e5), rgb(0x34536f), rgb(0xe8786b), rgb(0x7cc086)};

struct Face {
  bool medium;
  float size;
};
constexpr Face kFaces[] = {{false, 12}, {true, 12}, {false, 14}, {true, 14}, {true, 16}, {true, 20}};

// Every character that ui/embed_inter.py keeps lies in these.
constexpr ImWchar kRanges[] = {0x20,   0x7e,   0xb0,   0xb7,   0xd7,   0xd7,   0xe9,   0xe9,   0x394,  0x3c9,  0x2013, 0x2026,
                               0x2080, 0x2089, 0x2190, 0x2193, 0x2202, 0x2202, 0x2212, 0x221a, 0x2248, 0x2265, 0};

void make_digits_even(ImFont& font) {
  const float wide = font.FindGlyph('0')->AdvanceX;
  for (ImFontGlyph& glyph : font.Glyphs) {
    if (glyph.Codepoint < '1' || glyph.Codepoint > '9') continue;
    const float shift = std::round((wide - glyph.AdvanceX) / 2);
    glyph.X0 += shift;
    glyph.X1 += shift;
    glyph.AdvanceX = wide;
    font.IndexAdvanceX[static_cast<int>(glyph.Codepoint)] = wide;
  }
}

// Draws it into the place that the atlas has kept for it.
Dot baked_dot(ImFontAtlas& atlas, int place, float radius) {
  const ImFontAtlasCustomRect& r = *atlas.GetCustomRectByIndex(place);
  const float middle = 0.5f * static_cast<float>(r.Width);
  for (int y = 0; y < r.Height; ++y)
    for (int x = 0; x < r.Width; ++x) {
      const float away = std::hypot(static_cast<float>(x) + 0.5f - middle, static_cast<float>(y) + 0.5f - middle);
      const float covered = std::clamp(radius + 0.5f - away, 0.0f, 1.0f);
      atlas.TexPixelsAlpha8[(r.Y + y) * atlas.TexWidth + r.X + x] = static_cast<unsigned char>(std::lround(255 * covered));
    }
  Dot dot;
  atlas.CalcCustomRectUV(&r, &dot.low, &dot.high);
  dot.reach = middle / radius;
  return dot;
}

// matplotlib's viridis (van der Walt and Smith, CC0), every sixteenth entry.
constexpr unsigned kViridis[] = {0x440154, 0x481a6c, 0x472f7d, 0x414487, 0x39568c, 0x31688e, 0x2a788e, 0x23888e,
                                 0x1f988b, 0x22a884, 0x35b779, 0x54c568, 0x7ad151, 0xa5db36, 0xd2e21b, 0xfde725};

}  // namespace

const Theme& theme(bool dark) { return dark ? kDarkSheet : kLightSheet; }

void apply_style(const Theme& t) {
  ImGuiStyle& style = ImGui::GetStyle();
  style = ImGuiStyle();
  style.WindowPadding = {12, 10};
  style.ItemSpacing = {8, 6};
  style.WindowRounding = style.PopupRounding = 6;
  style.FrameRounding = 4;
  style.PopupBorderSize = 1;
  style.WindowBorderSize = 0;
  style.ScrollbarSize = 8;
  style.AntiAliasedLinesUseTex = true;
  const auto set = [&](ImGuiCol which, ImU32 colour) { style.Colors[which] = ImGui::ColorConvertU32ToFloat4(colour); };
  set(ImGuiCol_Text, t.ink);
  set(ImGuiCol_WindowBg, t.paper);
  set(ImGuiCol_ChildBg, 0);
  set(ImGuiCol_PopupBg, t.raised);
  set(ImGuiCol_Border, t.rule);
  set(ImGuiCol_Header, faded(t.amber, 0.16f));
  set(ImGuiCol_HeaderHovered, faded(t.amber, 0.24f));
  set(ImGuiCol_HeaderActive, faded(t.amber, 0.32f));
  set(ImGuiCol_ScrollbarBg, 0);
  set(ImGuiCol_ScrollbarGrab, t.rule);
  set(ImGuiCol_ScrollbarGrabHovered, t.faint);
  set(ImGuiCol_ScrollbarGrabActive, t.quiet);
  set(ImGuiCol_NavHighlight, t.amber);
}

float Fonts::size(Type type) { return kFaces[static_cast<size_t>(type)].size; }

void Fonts::load(float pixels_per_point) {
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  atlas.Clear();
  for (size_t i = 0; i < faces.size(); ++i) {
    ImFontConfig config;
    config.FontDataOwnedByAtlas = false;
    config.OversampleH = 2;
    config.OversampleV = 1;
    config.PixelSnapH = false;
    const unsigned char* data = kFaces[i].medium ? unpick_ui_medium : unpick_ui_regular;
    const unsigned bytes = kFaces[i].medium ? unpick_ui_medium_size : unpick_ui_regular_size;
    faces[i] = atlas.AddFontFromMemoryTTF(const_cast<unsigned char*>(data), static_cast<int>(bytes),
                                          std::round(kFaces[i].size * pixels_per_point), &config, kRanges);
  }
  const float radius = 3 * pixels_per_point;  // of the usual dots or a little more: a texture much larger would be drawn ragged
  const int side = 2 * static_cast<int>(std::ceil(radius + 1)), place = atlas.AddCustomRectRegular(side, side);
  atlas.Build();
  dot = baked_dot(atlas, place, radius);
  for (ImFont* font : faces) make_digits_even(*font);
  ImGui::GetIO().FontDefault = (*this)[Type::body];
  ImGui::GetIO().FontGlobalScale = 1 / pixels_per_point;
}

ImU32 faded(ImU32 colour, float opacity) {
  const auto alpha = static_cast<float>(colour >> IM_COL32_A_SHIFT & 255);
  return (colour & ~IM_COL32_A_MASK) | static_cast<ImU32>(std::lround(alpha * opacity)) << IM_COL32_A_SHIFT;
}

ImU32 viridis(float x) {
  constexpr int kLast = static_cast<int>(std::size(kViridis)) - 1;
  const float at = std::clamp(x, 0.0f, 1.0f) * kLast;
  const int below = std::min(static_cast<int>(at), kLast - 1);
  return mix(rgb(kViridis[below]), rgb(kViridis[below + 1]), at - static_cast<float>(below));
}

ImU32 diverging(float x, const Theme& t) {
  const ImU32 middle = t.dark ? rgb(0x1b2632) : rgb(0xf3efe6);
  const ImU32 low = t.dark ? rgb(0x62aef5) : rgb(0x1f5f9e), high = t.dark ? rgb(0xf6a04a) : rgb(0xcc5a0f);
  return mix(middle, x < 0 ? low : high, std::abs(x));
}

}  // namespace unpick::ui
