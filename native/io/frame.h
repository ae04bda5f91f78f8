// What all figures share: the colours of the house, and the frame of sentences around a picture.
//
// Blue is latent space, red the manifold, green the images of axes, amber a chosen point, as in Allen's figures; viridis shows
// magnitudes, blue over white to orange signed numbers. Colour never speaks alone: a label or a number says the same.
//
// Read next: native/io/figures.cpp, native/reproduce/plot.h
#pragma once

#include <string>
#include <vector>

#include "native/io/canvas.h"

namespace unpick::io {

inline constexpr Colour kPaper{0xfa, 0xf7, 0xf0}, kInk{0x1f, 0x1d, 0x1a}, kQuiet{0x6e, 0x68, 0x5e}, kRule{0xd9, 0xd3, 0xc6};
inline constexpr Colour kBlue{0x2f, 0x5d, 0x8a}, kPaleBlue{0xac, 0xbe, 0xd0}, kAmber{0xc7, 0x7d, 0x0a};
inline constexpr Colour kRed{0xb3, 0x3a, 0x3a}, kGreen{0x3c, 0x7d, 0x4d};
inline constexpr Colour kGround{0x17, 0x2a, 0x3f}, kLight{0xfd, 0xfb, 0xf6};  // grey 0 and 1 of a tile

Colour viridis(double t);    // 0 dark violet .. 1 yellow; beyond: the nearer end
Colour diverging(double t);  // -1 blue .. 0 paper .. 1 orange

inline constexpr int kDensity = 2;  // pixels in a point
inline constexpr float kMargin = 32, kGap = 8;

// "-1.50", with a true minus sign.
std::string number(double value, int decimals);

// Title and caption above, command below; `badge` ("computed now") stands in the upper right corner.
struct Frame {
  Frame(const std::string& title, const std::string& caption, const std::string& footer, float content_width,
        std::string badge = "");
  int full_width() const;
  int full_height(float content_height) const;
  void draw(Canvas& canvas, float content_height) const;

  float width, top;  // of the content, which begins at (kMargin, top)

 private:
  std::vector<std::string> title_, caption_, footer_;
  std::string badge_;
};

}  // namespace unpick::io
