// PNG pictures, and the figures made of them.
#include "native/io/png.h"

#include <spng.h>

#include <cmath>
#include <memory>

#include "native/io/canvas.h"
#include "native/io/figures.h"
#include "native/io/files.h"
#include "tests/io_support.h"

namespace unpick::io {
namespace {

Image gradient(int width, int height, int channels) {
  Image image{width, height, channels, {}};
  for (int i = 0; i < width * height * channels; ++i) image.pixels.push_back(static_cast<uint8_t>(37 * i));
  return image;
}

// PNGs of the kinds that we read and never write.
Bytes foreign_png(uint8_t colour_type, uint8_t depth, const std::vector<uint8_t>& rows, const spng_plte* palette = nullptr) {
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context(spng_ctx_new(SPNG_CTX_ENCODER), &spng_ctx_free);
  spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
  spng_ihdr header{2, 1, depth, colour_type, 0, 0, 0};
  EXPECT_EQ(spng_set_ihdr(context.get(), &header), 0);
  spng_plte copy = palette ? *palette : spng_plte{};
  if (palette) spng_set_plte(context.get(), &copy);
  EXPECT_EQ(spng_encode_image(context.get(), rows.data(), rows.size(), SPNG_FMT_RAW, SPNG_ENCODE_FINALIZE), 0);
  size_t size = 0;
  int code = 0;
  const std::unique_ptr<void, decltype(&std::free)> data(spng_get_png_buffer(context.get(), &size, &code), &std::free);
  const auto* first = static_cast<const std::byte*>(data.get());
  return {first, first + size};
}

void put_u32(Bytes& file, size_t at, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) file[at + i] = static_cast<std::byte>(value >> (24 - 8 * i) & 255);
}

// The checksum that ends a chunk, so that a lie in the chunk is not found out by it.
uint32_t crc(const Bytes& file, size_t begin, size_t end) {
  uint32_t c = ~0u;
  for (size_t i = begin; i < end; ++i) {
    c ^= static_cast<uint32_t>(file[i]);
    for (int bit = 0; bit < 8; ++bit) c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
  }
  return ~c;
}

TEST(Png, WhatIsWrittenIsReadBack) {
  const TemporaryFolder folder;
  for (const int channels : {1, 3, 4}) {
    const Image image = gradient(7, 5, channels);
    write_png(folder / "image.png", image);
    const Image back = read_png(folder / "image.png");
    EXPECT_EQ(back.width, 7);
    EXPECT_EQ(back.height, 5);
    EXPECT_EQ(back.channels, channels);
    EXPECT_EQ(back.pixels, image.pixels);
    EXPECT_EQ(encode_png(image), read_file(folder / "image.png")) << "equal images give equal files";
  }
}

TEST(Png, EveryKindBecomesEightBits) {
  EXPECT_EQ(parse_png(foreign_png(SPNG_COLOR_TYPE_GRAYSCALE, 1, {0x40})).pixels, (std::vector<uint8_t>{0, 255}));
  EXPECT_EQ(parse_png(foreign_png(SPNG_COLOR_TYPE_GRAYSCALE, 16, {0x12, 0x34, 0xab, 0xcd})).pixels,
            (std::vector<uint8_t>{0x12, 0xab}));
  EXPECT_EQ(parse_png(foreign_png(SPNG_COLOR_TYPE_GRAYSCALE_ALPHA, 8, {9, 100, 8, 200})).pixels,
            (std::vector<uint8_t>{9, 9, 9, 100, 8, 8, 8, 200}));
  spng_plte palette{};
  palette.n_entries = 2;
  palette.entries[1] = {10, 20, 30, 255};
  EXPECT_EQ(parse_png(foreign_png(SPNG_COLOR_TYPE_INDEXED, 8, {1, 0}, &palette)).pixels,
            (std::vector<uint8_t>{10, 20, 30, 0, 0, 0}));
}

TEST(Png, ASmallFileMayNotUnpackToAHugePicture) {
  for (const uint32_t side : {uint32_t{0}, uint32_t{8192}, kMaxSide + 1, uint32_t{1} << 31, ~uint32_t{0}}) {
    Bytes file = encode_png(gradient(4, 4, 1));
    put_u32(file, 16, side);
    put_u32(file, 20, side);
    put_u32(file, 29, crc(file, 12, 29));
    EXPECT_NE(error_of([&] { parse_png(file); }), "") << side;
  }
}

TEST(Png, DamageNeverCrashes) {
  const Bytes file = encode_png(gradient(9, 6, 3));
  const size_t idle = 4;  // the last checksum, of nothing: without it the picture is still whole
  expect_safe_against_damage(
      file, file.size(), [](const Bytes& bytes) { parse_png(bytes); }, idle);
  EXPECT_EQ(error_of([&] { parse_png(to_bytes("GIF89a"), "x.png"); }).find("x.png: it is not a sound PNG: "), 0u);
}

TEST(Png, AnImageThatDoesNotFillItsSizeIsNotWritten) {
  Image image = gradient(3, 3, 1);
  image.pixels.pop_back();
  EXPECT_THROW(encode_png(image), ShapeError);
}

TEST(Canvas, TextIsMeasuredWrappedAndClipped) {
  const TextStyle plain{16, {}}, tabular{16, {}, Face::regular, true};
  EXPECT_LT(measure_text("111", plain), measure_text("888", plain));
  EXPECT_FLOAT_EQ(measure_text("111", tabular), measure_text("888", tabular));
  EXPECT_LE(measure_text("AVAV", plain), 4 * measure_text("A", plain))
      << "kerned, where the font has pairs that stb_truetype reads";

  const std::string sentence = "z3 moves the sprite from left to right";
  std::string joined;
  for (const std::string& line : wrap_text(sentence, plain, 100)) {
    EXPECT_LE(measure_text(line, plain), 100);
    joined += (joined.empty() ? "" : " ") + line;
  }
  EXPECT_EQ(joined, sentence);
  EXPECT_GT(wrap_text("/a/path/without/any/space/in/it", plain, 60).size(), 2u);

  Canvas canvas(20, 10, 2, {255, 255, 255});
  canvas.text(-5, 8, "outside \xff\xe2\x82 and broken UTF-8", {40, {}});
  canvas.fill(-100, -100, 1000, 1000, {1, 2, 3});
  EXPECT_EQ(canvas.image().pixels[5], 3);
}

TEST(Canvas, ATileShowsEachValueAsASquare) {
  Canvas canvas(4, 4, 1, {9, 9, 9});
  const std::vector<float> values{0, 1, 2, NAN};
  canvas.tile(0, 0, values, 2, 2, 1, 2, {0, 0, 0}, {100, 100, 100});
  const auto red = [&](size_t x, size_t y) { return canvas.image().pixels[(y * 4 + x) * 3]; };
  EXPECT_EQ(red(1, 1), 0);
  EXPECT_EQ(red(2, 0), 100);
  EXPECT_EQ(red(0, 3), 100) << "beyond 1";
  EXPECT_EQ(red(3, 3), 0) << "not a number";
}

// Ink is counted in pixels: white is 0, black 1.
double ink(const Canvas& canvas) {
  double sum = 0;
  for (const uint8_t byte : canvas.image().pixels) sum += (255 - byte) / 765.0;
  return sum;
}

TEST(Canvas, LinesAndPolygonsCoverTheirArea) {
  const auto drawn = [](auto&& draw) {
    Canvas canvas(60, 60, 1, {255, 255, 255});
    draw(canvas);
    return ink(canvas);
  };
  const std::vector<Point> level{{10, 30}, {50, 30}}, folded{{10, 30}, {50, 30}, {10, 30}}, dot{{30, 30}};
  const double disc = 3.14159 * 100;
  EXPECT_NEAR(drawn([&](Canvas& c) { c.polyline(level, 4, {}); }), 160 + 3.14159 * 4, 3);
  EXPECT_NEAR(drawn([&](Canvas& c) { c.polyline(folded, 4, {}, 0.5f); }), drawn([&](Canvas& c) { c.polyline(level, 4, {}, 0.5f); }),
              1e-9)
      << "no darker where it crosses itself";
  EXPECT_NEAR(drawn([&](Canvas& c) { c.polyline(dot, 20, {}); }), disc, 5);
  const std::vector<Point> triangle{{10, 10}, {50, 10}, {10, 50}}, beyond{{-100, -100}, {200, -100}, {200, 30}, {-100, 30}};
  EXPECT_NEAR(drawn([&](Canvas& c) { c.polygon(triangle, {}); }), 800, 5) << "edges are blended as text is";
  EXPECT_NEAR(drawn([&](Canvas& c) { c.polygon(beyond, {}); }), 1800, 1e-6) << "clipped";
  EXPECT_EQ(drawn([&](Canvas& c) { c.polyline({}, 4, {}); }), 0);
}

TEST(Figures, ATraversalHasOneTileForEachRowAndColumn) {
  TraversalFigure figure;
  figure.title = "One latent moves posX";
  figure.values = {-2, 0, 2};
  figure.rows = {{"z0 moves posX", 2.31f, std::vector<float>(3 * 64 * 64, 0.5f), 0.3f}};
  const Image image = traversal_figure(figure);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.pixels, traversal_figure(figure).pixels) << "equal figures give equal pixels";
  figure.rows[0].tiles.pop_back();
  EXPECT_THROW(traversal_figure(figure), ShapeError);
}

TEST(Figures, SmallAndColouredImagesAreShownLarger) {
  ReconstructionFigure figure;
  figure.height = figure.width = 16;
  figure.channels = 3;
  figure.originals = figure.reconstructions = std::vector<float>(size_t{12} * 16 * 16 * 3, 0.25f);
  EXPECT_GT(reconstruction_figure(figure).height, 2 * 2 * 64) << "twelve pairs take two lines of ten";
  figure.reconstructions.pop_back();
  EXPECT_THROW(reconstruction_figure(figure), ShapeError);
}

}  // namespace
}  // namespace unpick::io
