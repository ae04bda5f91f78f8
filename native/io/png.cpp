// A thin wrapper over libspng, which checks a file's structure itself; ours are the limits and the errors.
// Read native/io/png.h first.
#include "native/io/png.h"

#include <spng.h>

#include <cstdlib>
#include <memory>

#include "core/base/check.h"
#include "native/io/files.h"

namespace unpick::io {
namespace {

constexpr size_t kMaxFile = size_t{1} << 28;   // bytes
constexpr size_t kMaxChunk = size_t{1} << 20;  // bytes of text, colour profile and the like, which we do not use

struct FreeContext {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};
using Context = std::unique_ptr<spng_ctx, FreeContext>;

void check_read(int code, const std::string& name) {
  if (code)
    throw Error(ErrorKind::data, name, std::string("it is not a sound PNG: ") + spng_strerror(code), "export the picture again");
}

void check_write(int code) {
  if (code) throw Error(ErrorKind::failed, "png", spng_strerror(code), "this is a mistake in Unpick, please report it");
}

bool has_alpha(spng_ctx* context, const spng_ihdr& header) {
  spng_trns ignored{};
  return header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA || header.color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA ||
         spng_get_trns(context, &ignored) == 0;
}

}  // namespace

Image parse_png(std::span<const std::byte> bytes, const std::string& name) {
  const Context context(spng_ctx_new(0));
  if (!context) check_read(SPNG_EMEM, name);
  check_read(spng_set_image_limits(context.get(), kMaxSide, kMaxSide), name);
  check_read(spng_set_chunk_limits(context.get(), kMaxChunk, 4 * kMaxChunk), name);
  check_read(spng_set_png_buffer(context.get(), bytes.data(), bytes.size()), name);
  spng_ihdr header{};
  check_read(spng_get_ihdr(context.get(), &header), name);
  if (uint64_t{header.width} * header.height > kMaxPixels) {
    throw Error(ErrorKind::data, name, "it has more than " + std::to_string(kMaxPixels) + " pixels", "make it smaller");
  }

  const bool alpha = has_alpha(context.get(), header);
  const bool grey = !alpha && header.color_type == SPNG_COLOR_TYPE_GRAYSCALE;
  Image image{static_cast<int>(header.width), static_cast<int>(header.height), alpha ? 4 : 3, {}};
  const int format = alpha ? SPNG_FMT_RGBA8 : SPNG_FMT_RGB8;
  size_t size = 0;
  check_read(spng_decoded_image_size(context.get(), format, &size), name);
  image.pixels.resize(size);
  check_read(spng_decode_image(context.get(), image.pixels.data(), size, format, alpha ? SPNG_DECODE_TRNS : 0), name);
  check_read(spng_decode_chunks(context.get()), name);  // to the end of the file, so that one cut short is known as such
  if (!grey) return image;

  image.channels = 1;  // libspng gives grey only at some depths; R = G = B here
  for (size_t i = 0; i < size / 3; ++i) image.pixels[i] = image.pixels[3 * i];
  image.pixels.resize(size / 3);
  return image;
}

Image read_png(const std::string& path) { return parse_png(read_file(path, kMaxFile), path); }

std::vector<std::byte> encode_png(const Image& image) {
  const bool known = image.channels == 1 || image.channels == 3 || image.channels == 4;
  if (!known || image.width <= 0 || image.height <= 0 ||
      image.pixels.size() !=
          static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * static_cast<size_t>(image.channels)) {
    throw ShapeError("encode_png: the pixels are not [" + std::to_string(image.height) + "," + std::to_string(image.width) + "," +
                     std::to_string(image.channels) + "]");
  }
  const Context context(spng_ctx_new(SPNG_CTX_ENCODER));
  if (!context) check_write(SPNG_EMEM);
  check_write(spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1));
  spng_ihdr header{};
  header.width = static_cast<uint32_t>(image.width);
  header.height = static_cast<uint32_t>(image.height);
  header.bit_depth = 8;
  header.color_type = image.channels == 1   ? SPNG_COLOR_TYPE_GRAYSCALE
                      : image.channels == 3 ? SPNG_COLOR_TYPE_TRUECOLOR
                                            : SPNG_COLOR_TYPE_TRUECOLOR_ALPHA;
  check_write(spng_set_ihdr(context.get(), &header));
  check_write(spng_encode_image(context.get(), image.pixels.data(), image.pixels.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE));
  int code = 0;
  size_t size = 0;
  const std::unique_ptr<void, decltype(&std::free)> buffer(spng_get_png_buffer(context.get(), &size, &code), &std::free);
  check_write(code);
  const auto* first = static_cast<const std::byte*>(buffer.get());
  return {first, first + size};
}

void write_png(const std::string& path, const Image& image) { write_atomically(path, encode_png(image)); }

}  // namespace unpick::io
