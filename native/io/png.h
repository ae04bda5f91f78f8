// Pictures: eight-bit images in memory, and PNG files through libspng.
//
// Read: every PNG, as grey, RGB or RGBA (a palette becomes RGB, sixteen bits become eight); limits guard against a small
// file that unpacks to a huge picture. Written: what is in the Image, without any metadata, so that equal images give
// equal files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace unpick::io {

struct Image {
  int width = 0, height = 0;
  int channels = 1;             // 1 grey, 3 RGB, 4 RGBA
  std::vector<uint8_t> pixels;  // [height,width,channels]
};

inline constexpr uint32_t kMaxSide = 16384;  // pixels
inline constexpr uint64_t kMaxPixels = uint64_t{1} << 25;

// Throw Error(data) for what is not a picture within the limits; `name` is what the error calls the bytes.
Image read_png(const std::string& path);
Image parse_png(std::span<const std::byte> bytes, const std::string& name = "png");

std::vector<std::byte> encode_png(const Image& image);
void write_png(const std::string& path, const Image& image);

}  // namespace unpick::io
