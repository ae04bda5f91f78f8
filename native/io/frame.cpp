// See frame.h.
#include "native/io/frame.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace unpick::io {
namespace {

constexpr float kFooterLine = 16, kTextMin = 480;
const TextStyle kTitle{20, kInk, Face::medium}, kCaption{13, kQuiet}, kFooter{11, kQuiet}, kBadge{11, kAmber, Face::medium};

template <size_t N>
Colour interpolate(const std::array<Colour, N>& stops, double t) {
  const double at = (t > 0 ? std::min(t, 1.0) : 0.0) * (N - 1);
  const auto low = std::min(static_cast<size_t>(at), N - 2);
  const double share = at - static_cast<double>(low);
  const auto mixed = [&](uint8_t a, uint8_t b) { return static_cast<uint8_t>(std::lround(a + share * (b - a))); };
  const Colour a = stops[low], b = stops[low + 1];
  return {mixed(a.r, b.r), mixed(a.g, b.g), mixed(a.b, b.b)};
}

}  // namespace

// Nine of viridis' colours (van der Walt and Smith 2015).
Colour viridis(double t) {
  static constexpr std::array<Colour, 9> kStops{{{0x44, 0x01, 0x54},
                                                 {0x47, 0x2d, 0x7b},
                                                 {0x3b, 0x52, 0x8b},
                                                 {0x2c, 0x72, 0x8e},
                                                 {0x21, 0x91, 0x8c},
                                                 {0x28, 0xae, 0x80},
                                                 {0x5e, 0xc9, 0x62},
                                                 {0xad, 0xdc, 0x30},
                                                 {0xfd, 0xe7, 0x25}}};
  return interpolate(kStops, t);
}

Colour diverging(double t) {
  static constexpr std::array<Colour, 5> kStops{
      {{0x1f, 0x4e, 0x79}, {0x8f, 0xb0, 0xcc}, {0xfd, 0xfb, 0xf6}, {0xec, 0xb1, 0x6a}, {0xb9, 0x5e, 0x04}}};
  return interpolate(kStops, (t + 1) / 2);
}

std::string number(double value, int decimals) {
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.*f", decimals, std::abs(value));
  const std::string s = digits;
  return value < 0 && s.find_first_not_of("0.") != std::string::npos ? "\u2212" + s : s;
}

Frame::Frame(const std::string& t, const std::string& c, const std::string& f, float content, std::string badge)
    : width(std::max(content, kTextMin)), badge_(std::move(badge)) {
  const float beside = badge_.empty() ? 0 : measure_text(badge_, kBadge) + 3 * kGap;
  title_ = wrap_text(t, kTitle, width - beside);
  caption_ = wrap_text(c, kCaption, width);
  footer_ = wrap_text(f, kFooter, width);
  top = kMargin + 24 * static_cast<float>(title_.size()) + 20 * static_cast<float>(caption_.size()) + 2 * kGap;
}

int Frame::full_width() const { return static_cast<int>(std::ceil(width + 2 * kMargin)); }

int Frame::full_height(float content) const {
  return static_cast<int>(std::ceil(top + content + 2 * kGap + kFooterLine * static_cast<float>(footer_.size()) + 24));
}

void Frame::draw(Canvas& canvas, float content) const {
  float y = kMargin - 6;
  if (!badge_.empty()) canvas.text(kMargin + width, y + 22, badge_, kBadge, Align::right);
  for (const auto& line : title_) canvas.text(kMargin, y += 24, line, kTitle);
  y += 2;
  for (const auto& line : caption_) canvas.text(kMargin, y += 20, line, kCaption);
  y = top + content + kGap;
  canvas.hairline(kMargin, y, width, kRule);
  y += 4;
  for (const auto& line : footer_) canvas.text(kMargin, y += kFooterLine, line, kFooter);
}

}  // namespace unpick::io
