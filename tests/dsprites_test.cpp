// dSprites drawn by us is dSprites as published: pixels against real pixels, statistics of the whole set, slices and their
// names. The published pixels are compared through hashes (tests/golden/dsprites_gif.csv); where the pixels themselves are at
// hand ($UNPICK_SHARED or ../shared), the hashes are proved equal to them.
#include "core/data/dsprites.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "core/base/rng.h"
#include "tests/places.h"

namespace unpick {
namespace {

using Bitmap = Dsprites::Bitmap;
using Values = Dsprites::Values;

constexpr uint64_t kEmptyHash = 0xcbf29ce484222325;

// FNV-1a of the 64 rows, each as 8 bytes, column 0 in the lowest bit of the first.
uint64_t hash(const Bitmap& rows, uint64_t h = kEmptyHash) {
  for (const uint64_t row : rows)
    for (int byte = 0; byte < 8; ++byte) h = (h ^ (row >> 8 * byte & 0xff)) * 0x100000001b3;
  return h;
}

struct Vertices {
  std::vector<double> x, y;  // in steps of 1/256 pixel, not yet rounded
};

// The outline, by the formulas of the specification.
Vertices outline(const Values& v) {
  const double pi = std::acos(-1.0), size = 0.5 + 0.1 * v[1], angle = 2 * pi * v[2] / 39;
  const int n = v[0] == 0 ? 4 : v[0] == 1 ? 100 : 150;
  Vertices p;
  for (int i = 0; i < n; ++i) {
    const double t = 2 * pi * i / n;
    double px = 9.6 * std::sqrt(2) * std::cos(t + pi / 4), py = 9.6 * std::sqrt(2) * std::sin(t + pi / 4);
    if (v[0] == 1) px = 9.6 * 1.33 * std::cos(t), py = 9.6 / 1.33 * std::sin(t);
    if (v[0] == 2) px = 9.6 * std::pow(std::sin(t), 3);
    if (v[0] == 2) py = -9.6 * ((13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t)) / 14.5 + 0.15);
    p.x.push_back(256 * (16 + 32 * v[3] / 31. + size * (std::cos(angle) * px + std::sin(angle) * py)));
    p.y.push_back(256 * (16 + 32 * v[4] / 31. + size * (-std::sin(angle) * px + std::cos(angle) * py)));
  }
  return p;
}

// The slow way: for each pixel centre, count the edges that cross its row left of it or under it.
Bitmap draw_plainly(const Values& v) {
  const Vertices p = outline(v);
  Bitmap rows{};
  for (size_t pixel = 0; pixel < 4096; ++pixel) {
    const size_t row = pixel / 64, column = pixel % 64;
    const double cx = 256 * static_cast<double>(column) + 128, cy = 256 * static_cast<double>(row) + 128;
    bool inside = false;
    for (size_t i = 0, n = p.x.size(); i < n; ++i) {
      double x0 = std::round(p.x[i]), y0 = std::round(p.y[i]), x1 = std::round(p.x[(i + 1) % n]), y1 = std::round(p.y[(i + 1) % n]);
      if (y0 > y1) std::swap(x0, x1), std::swap(y0, y1);
      if (y0 < cy && cy <= y1 && (cx - x0) * (y1 - y0) >= (x1 - x0) * (cy - y0)) inside = !inside;
    }
    if (inside) rows[row] |= uint64_t{1} << column;
  }
  return rows;
}

// ---- real pixels -----------------------------------------------------------------------------------------------------

struct Frame {
  Values values;
  uint64_t hash;
};

// The 320 frames of the animation that the authors published with the data.
std::vector<Frame> published_frames() {
  std::ifstream file(std::string(test::kSourceDir) + "/tests/golden/dsprites_gif.csv");
  std::vector<Frame> frames;
  std::string line, cell;
  std::getline(file, line);  // frame,shape,scale,orientation,posX,posY,fnv1a64
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    Frame frame{};
    std::getline(cells, cell, ',');
    for (int& value : frame.values) std::getline(cells, cell, ','), value = std::stoi(cell);
    std::getline(cells, cell, ','), frame.hash = std::stoull(cell, nullptr, 16);
    frames.push_back(frame);
  }
  return frames;
}

constexpr uint64_t kFirst1000Hash = 0x9ed9e0557617ebd5;  // images 0..999, one after the other

TEST(Dsprites, DrawsThePublishedAnimation) {
  const auto frames = published_frames();
  ASSERT_EQ(frames.size(), 320u);
  for (size_t i = 0; i < frames.size(); ++i)
    EXPECT_EQ(hash(Dsprites::render_bits(frames[i].values)), frames[i].hash) << "frame " << i;
}

TEST(Dsprites, DrawsTheFirstThousandImages) {
  const Dsprites all;
  uint64_t h = kEmptyHash;
  for (uint32_t i = 0; i < 1000; ++i) h = hash(Dsprites::render_bits(all.values(i)), h);
  EXPECT_EQ(h, kFirst1000Hash);
}

// The numbers of an .npy file of bytes, or nothing if there is no such file.
std::vector<uint8_t> oracle_bytes(const std::string& name) {
  const char* shared = std::getenv("UNPICK_SHARED");
  const std::string folder = shared != nullptr ? shared : std::string(test::kSourceDir) + "/../shared";
  std::ifstream file(folder + "/oracles/pretrained/" + name, std::ios::binary);
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.size() < 10) return {};
  const std::ptrdiff_t header = 10 + bytes[8] + 256 * bytes[9];  // format version 1
  return {bytes.begin() + header, bytes.end()};
}

TEST(Dsprites, GoldenHashesAreThoseOfThePublishedPixels) {
  const auto pixels = oracle_bytes("gif_frames.npy");  // [320,64,64], 0 or 1
  if (pixels.empty()) GTEST_SKIP() << "the published frames are not at hand";
  const auto frames = published_frames();
  ASSERT_EQ(pixels.size(), frames.size() * 4096);
  for (size_t i = 0; i < frames.size(); ++i) {
    Bitmap rows{};
    for (size_t p = 0; p < 4096; ++p) rows[p / 64] |= uint64_t{pixels[i * 4096 + p]} << p % 64;
    EXPECT_EQ(hash(rows), frames[i].hash) << "frame " << i;
  }
}

TEST(Dsprites, GoldenHashIsThatOfTheFirstThousandImages) {
  const auto bytes = oracle_bytes("first1000_packed.npy");  // [1000,512], the first pixel in the highest bit
  if (bytes.empty()) GTEST_SKIP() << "the first thousand images are not at hand";
  ASSERT_EQ(bytes.size(), 512'000u);
  uint64_t h = kEmptyHash;
  for (size_t i = 0; i < 1000; ++i) {
    Bitmap rows{};
    for (size_t p = 0; p < 4096; ++p) rows[p / 64] |= uint64_t{bytes[i * 512 + p / 8] >> (7 - p % 8) & 1u} << p % 64;
    h = hash(rows, h);
  }
  EXPECT_EQ(h, kFirst1000Hash);
}

TEST(Dsprites, DrawsWhatTheSpecificationSays) {
  // Squares whose edges lie exactly on pixel centres, so that the tie rules decide, then images of every kind.
  std::vector<Values> cases{{0, 1, 0, 8, 0},   {0, 1, 0, 23, 0}, {0, 1, 0, 0, 8},
                            {0, 1, 39, 0, 23}, {0, 1, 0, 8, 8},  {0, 1, 0, 23, 23}};
  const Dsprites all;
  const Rng random(1, Stream::test);
  for (uint32_t i = 0; i < 90; ++i) cases.push_back(all.values(random.below(all.size() / 3, 0, i) + i % 3 * (all.size() / 3)));
  for (const Values& values : cases) EXPECT_EQ(Dsprites::render_bits(values), draw_plainly(values)) << Dsprites::index_of(values);
}

// What is rounded up here is rounded up on every host: rounding changes at halves, and no vertex comes near one.
TEST(Dsprites, NoVertexIsNearARoundingChange) {
  double nearest = 1;
  for (uint32_t i = 0; i < Dsprites::kImages; i += 1024)
    for (int place = 0; place < 32; ++place) {
      const Values v = Dsprites().values(i);
      const Vertices p = outline({v[0], v[1], v[2], place, place});
      for (const auto& axis : {p.x, p.y})
        for (const double steps : axis) nearest = std::min(nearest, std::fabs(steps - std::floor(steps) - 0.5));
    }
  EXPECT_NEAR(nearest, 2.8e-7, 0.1e-7);  // 1/256 pixel; double arithmetic errs by 1e-11
}

// The published mean (github.com/nmichlo/disent) means 128,328,862 white pixels, the published mean standard deviation of an
// image is 0.1951664588: at least two pixels differ, as may be where the authors' graphics card rounded otherwise.
TEST(Dsprites, WholeSetHasItsStatistics) {
  const Dsprites all;
  uint64_t white = 0, whole = kEmptyHash;
  double deviations = 0;
  std::vector<uint64_t> hashes;
  for (uint32_t i = 0; i < all.size(); ++i) {
    const Bitmap rows = Dsprites::render_bits(all.values(i));
    int area = 0;
    for (const uint64_t row : rows) area += std::popcount(row);
    white += static_cast<uint64_t>(area);
    deviations += std::sqrt(area * (1 - area / 4096.) / 4095);  // unbiased, of this image's pixels
    hashes.push_back(hash(rows));
    whole = (whole ^ hashes.back()) * 0x100000001b3;
  }
  EXPECT_EQ(white, 128'328'864u);
  EXPECT_NEAR(deviations / all.size(), 0.1951664545, 0.2e-9);
  EXPECT_EQ(whole, 0x618c760a36f5f3fau);  // every pixel, on every host
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::unique(hashes.begin(), hashes.end()) - hashes.begin(), 715'706);  // some squares and ellipses repeat
}

TEST(Dsprites, LastOrientationRepeatsTheFirst) {
  for (int shape = 0; shape < 3; ++shape)
    EXPECT_EQ(Dsprites::render_bits({shape, 2, 39, 7, 9}), Dsprites::render_bits({shape, 2, 0, 7, 9}));
}

// ---- images, indices, slices -----------------------------------------------------------------------------------------

TEST(Dsprites, RendersBitsAsPixels) {
  const Dsprites all;
  EXPECT_EQ(all.image(), Shape(64, 64, 1));
  std::vector<real> pixels(4096, real{0.5});
  const uint32_t index = 654'321;
  all.render(index, pixels);
  const Bitmap rows = Dsprites::render_bits(all.values(index));
  for (size_t p = 0; p < 4096; ++p) ASSERT_EQ(pixels[p], static_cast<real>(rows[p / 64] >> p % 64 & 1)) << p;
}

TEST(Dsprites, LeftAndTopComeFirst) {
  const auto rows_of = [](int posX, int posY) { return Dsprites::render_bits({0, 0, 0, posX, posY}); };  // a square of 10 pixels
  EXPECT_EQ(rows_of(0, 0)[16], uint64_t{0x3ff} << 11);
  EXPECT_EQ(rows_of(31, 0)[16], uint64_t{0x3ff} << 43);
  EXPECT_EQ(rows_of(0, 31)[48], uint64_t{0x3ff} << 11);
}

TEST(Dsprites, IndexAndValuesAreInverse) {
  const Dsprites all;
  EXPECT_EQ(all.size(), Dsprites::kImages);
  for (uint32_t i = 0; i < all.size(); ++i) ASSERT_EQ(Dsprites::index_of(all.values(i)), i);
  EXPECT_EQ(all.values(1000), (Values{0, 0, 0, 31, 8}));
  EXPECT_EQ(Dsprites::index_of({2, 5, 39, 31, 31}), 737'279u);
}

TEST(Dsprites, SliceCountsItsOwnValuesAndNamesThoseOfTheWholeSet) {
  const auto slice = open_dataset("dsprites:shape=square|heart,scale=3,orientation=0,posX=4..6,posY=8..23");
  ASSERT_EQ(slice->size(), 2u * 3 * 16);
  const std::vector<Factor> factors = slice->factors();
  ASSERT_EQ(factors.size(), 5u);
  const std::vector<int> levels{2, 1, 1, 3, 16};
  for (size_t f = 0; f < 5; ++f) EXPECT_EQ(factors[f].levels, levels[f]) << factors[f].name;
  EXPECT_EQ(factors[3].name, "posX");

  EXPECT_EQ(slice->factor_values(0), (std::vector<int>{0, 3, 0, 4, 8}));
  EXPECT_EQ(slice->factor_values(1), (std::vector<int>{0, 3, 0, 4, 9}));  // posY counts fastest
  EXPECT_EQ(slice->factor_values(48), (std::vector<int>{2, 3, 0, 4, 8}));
  EXPECT_EQ(slice->factor_values(95), (std::vector<int>{2, 3, 0, 6, 23}));

  std::vector<real> ours(4096), whole(4096);
  slice->render(95, ours);
  Dsprites().render(Dsprites::index_of({2, 3, 0, 6, 23}), whole);
  EXPECT_EQ(ours, whole);
}

// ---- names -----------------------------------------------------------------------------------------------------------

TEST(OpenDataset, CanonicalSpecReopensToTheSameSet) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"dsprites", "dsprites"},
      {"dsprites:shape=0..2,posY=0..31", "dsprites"},
      {"dsprites:posY=8..23,orientation=0,shape=1", "dsprites:shape=ellipse,orientation=0,posY=8..23"},
      {"dsprites:scale=5|2|0|1", "dsprites:scale=0..2|5"},
      {"dsprites:shape=heart|square", "dsprites:shape=square|heart"},
      {"dsprites:shape=square..ellipse", "dsprites:shape=square|ellipse"},
      {"dsprites:posX=3..3|0,posY=30|31", "dsprites:posX=0|3,posY=30..31"},
  };
  for (const auto& [given, canonical] : cases) {
    const auto data = open_dataset(given), again = open_dataset(canonical);
    EXPECT_EQ(data->spec(), canonical);
    EXPECT_EQ(again->spec(), canonical);
    ASSERT_EQ(again->size(), data->size());
    EXPECT_EQ(again->factor_values(data->size() - 1), data->factor_values(data->size() - 1));
  }
}

// What an error says, or "" if there is none.
template <class Action>
std::string message(ErrorKind kind, Action action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(kind));
    return error.what();
  }
  return "";
}

TEST(OpenDataset, SaysWhatIsWrongAndWhatIsRight) {
  const std::string factors = "known: shape, scale, orientation, posX, posY", shapes = "known: square, ellipse, heart, or 0..2";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"dsprits",
       "there is no such data set; did you mean 'dsprites'? known: dsprites, gaussian, waves, color-dsprites, noisy-dsprites, "
       "scream-dsprites, faces, pinwheel"},
      {"mnist:digit=3",
       "there is no such data set; known: dsprites, gaussian, waves, color-dsprites, noisy-dsprites, scream-dsprites, faces, "
       "pinwheel"},
      {"",
       "there is no such data set; known: dsprites, gaussian, waves, color-dsprites, noisy-dsprites, scream-dsprites, faces, "
       "pinwheel"},
      {"dsprites:", "'' is not factor=values; write for example dsprites:shape=ellipse,posY=8..23"},
      {"dsprites:heart", "'heart' is not factor=values; write for example dsprites:shape=ellipse,posY=8..23"},
      {"dsprites:posX=1,", "'' is not factor=values; write for example dsprites:shape=ellipse,posY=8..23"},
      {"dsprites:posy=3", "there is no factor 'posy'; did you mean 'posY'? " + factors},
      {"dsprites:colour=3", "there is no factor 'colour'; " + factors},
      {"dsprites:posX=1,posX=2", "posX is given twice; join its values with |, for example scale=0..2|5"},
      {"dsprites:posX=32", "posX cannot be '32'; its values are 0..31"},
      {"dsprites:scale=-1", "scale cannot be '-1'; its values are 0..5"},
      {"dsprites:scale=", "scale cannot be ''; its values are 0..5"},
      {"dsprites:scale=1x", "scale cannot be '1x'; its values are 0..5"},
      {"dsprites:scale=99999999999", "scale cannot be '99999999999'; its values are 0..5"},
      {"dsprites:scale=1..", "scale cannot be ''; its values are 0..5"},
      {"dsprites:scale=heart", "scale cannot be 'heart'; its values are 0..5"},
      {"dsprites:scale=1|1", "scale 1 is given twice; name each value once"},
      {"dsprites:posY=0..4|4..8", "posY 4 is given twice; name each value once"},
      {"dsprites:posX=23..8", "'23..8' runs backwards; write 8..23"},
      {"dsprites:shape=Elipse", "shape cannot be 'Elipse'; did you mean 'ellipse'? " + shapes},
      {"dsprites:shape=3", "shape cannot be '3'; " + shapes},
  };
  for (const auto& [spec, says] : cases)
    EXPECT_EQ(message(ErrorKind::usage, [s = spec] { open_dataset(s); }),
              std::string("data '").append(spec).append("': ").append(says));
}

TEST(Dsprites, RefusesWhatDoesNotExist) {
  const Dsprites slice({{{0}, {0}, {0}, {4, 5}, {1}}});
  EXPECT_EQ(message(ErrorKind::usage, [&] { slice.values(2); }),
            "dsprites:shape=square,scale=0,orientation=0,posX=4..5,posY=1: there is no image 2; its images are 0..1");
  EXPECT_EQ(message(ErrorKind::data, [] { Dsprites::index_of({0, 6, 0, 0, 0}); }), "dsprites: scale cannot be 6; scale is 0..5");
  for (const std::vector<int>& bad : {std::vector<int>{}, {5, 4}, {4, 4}, {-1, 0}, {31, 32}})
    EXPECT_EQ(message(ErrorKind::usage,
                      [&] {
                        Dsprites({{{0}, {0}, {0}, bad, {1}}});
                      }),
              "dsprites: the values of posX are not an ascending list; posX is 0..31");
  std::vector<real> small(4095);
  EXPECT_THROW(slice.render(0, small), ShapeError);
}

}  // namespace
}  // namespace unpick
