// The data sets beside dSprites: its three variants in colour, faces, pinwheel, Fashion-MNIST and its stand-in. (table E rows 63,
// 64, 90 to 92, 105)
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "core/data/dsprites.h"
#include "core/data/faces.h"
#include "core/data/pca.h"
#include "core/data/variants.h"
#include "core/session/session.h"
#include "native/data/fashion_mnist.h"
#include "native/io/files.h"
#include "native/io/idx.h"
#include "tests/io_support.h"

namespace unpick {
namespace {

std::vector<real> image(const Dataset& data, uint32_t index) {
  std::vector<real> pixels(static_cast<size_t>(data.image().size()));
  data.render(index, pixels);
  return pixels;
}

TEST(DataSets, OpenByTheirOwnSpec) {
  for (const char* spec : {"color-dsprites", "noisy-dsprites:shape=heart", "scream-dsprites:posX=3..9", "faces", "pinwheel",
                           "pinwheel:points=7", "pinwheel:points=7,seed=1"}) {
    const auto data = open_dataset(spec);
    EXPECT_EQ(data->spec(), spec);
    EXPECT_EQ(image(*data, 5), image(*open_dataset(data->spec()), 5));
    EXPECT_EQ(data->factors().size(), data->factor_values(5).size());
    std::vector<real> small(1);
    EXPECT_THROW(data->render(0, small), ShapeError);
  }
  for (const char* bad : {"pinwheel:points=0", "pinwheel:7", "pinwheel:points=9999999", "pinwheel:seed=0.5", "faces:smile=1",
                          "noisy-dsprites:shape=cat"})
    EXPECT_THROW(open_dataset(bad), Error) << bad;
}

TEST(Variants, ColourNoiseAndPictureFollowTheSprite) {
  const Dsprites sprites;
  const auto color = open_dataset("color-dsprites"), noisy = open_dataset("noisy-dsprites"),
             scream = open_dataset("scream-dsprites");
  EXPECT_EQ(scream->image(), (Shape{64, 64, 3}));
  for (const uint32_t index : {7u, 300000u, 737279u}) {
    const auto mask = image(sprites, index), c = image(*color, index), n = image(*noisy, index), s = image(*scream, index);
    EXPECT_EQ(color->factor_values(index), sprites.factor_values(index));
    const auto first = static_cast<size_t>(std::find(mask.begin(), mask.end(), real{1}) - mask.begin());
    std::set<real> backgrounds;
    double mean = 0;
    for (size_t p = 0; p < mask.size(); ++p)
      for (size_t k = 0; k < 3; ++k) {
        const size_t i = p * 3 + k;
        if (mask[p] == 1) {
          EXPECT_EQ(c[i], c[first * 3 + k]) << "one colour in an image";
          EXPECT_GE(c[i], 0.5f);
          EXPECT_LE(c[i], 1);
          EXPECT_EQ(n[i], 1);
        } else {
          EXPECT_EQ(c[i], 0);
          EXPECT_LT(n[i], 1);
          mean += n[i];
          backgrounds.insert(n[i]);
        }
        EXPECT_GE(s[i], 0);
        EXPECT_LE(s[i], 1);
      }
    const double background = static_cast<double>(std::count(mask.begin(), mask.end(), real{0}) * 3);
    EXPECT_NEAR(mean / background, 0.5, 5 / std::sqrt(12 * background)) << "U(0,1)";
    EXPECT_GT(static_cast<double>(backgrounds.size()), 0.99 * background);
  }
}

// Exactly on the mask: with the sprite's pixels inverted back, its outline is gone from the picture.
TEST(Variants, TheSpriteInvertsThePicture) {
  const auto scream = open_dataset("scream-dsprites");
  double seen = 0, undone = 0;
  int count = 0;
  for (uint32_t index = 100; index < 737280; index += 50000) {
    const auto with = image(*scream, index), mask = image(Dsprites(), index);
    for (size_t p = 1; p < mask.size(); ++p) {
      if (mask[p] == mask[p - 1]) continue;  // not the outline
      for (size_t k = 0; k < 3; ++k) {
        const real inside = with[(mask[p] == 1 ? p : p - 1) * 3 + k], outside = with[(mask[p] == 1 ? p - 1 : p) * 3 + k];
        seen += std::abs(inside - outside);
        undone += std::abs(1 - inside - outside);
        ++count;
      }
    }
  }
  EXPECT_LT(undone / count, 0.02);
  EXPECT_GT(seen / count, 0.15);
}

TEST(Pinwheel, HasFourArmsOfPointsAroundTheMiddle) {
  const auto data = open_dataset("pinwheel:points=500");
  EXPECT_EQ(data->size(), 2000u);
  double radius = 0;
  for (uint32_t i = 0; i < data->size(); ++i) {
    const auto p = image(*data, i);
    const int arm = data->factor_values(i)[0];
    EXPECT_EQ(arm, static_cast<int>(i / 500));
    radius += std::hypot(p[0], p[1]) / 2000;
  }
  EXPECT_NEAR(radius, 1, 0.05);
  double x[4] = {}, y[4] = {};
  for (uint32_t i = 0; i < data->size(); ++i) {
    const auto p = image(*data, i);
    x[i / 500] += p[0] / 500, y[i / 500] += p[1] / 500;
  }
  for (int arm = 0; arm < 4; ++arm) {  // (x, y) of the next arm is (y, -x) of this one
    const int next = (arm + 1) % 4;
    EXPECT_NEAR(x[next], y[arm], 0.08);
    EXPECT_NEAR(y[next], -x[arm], 0.08);
  }
}

TEST(Pinwheel, AnotherSeedDrawsOtherPointsOfTheSameArms) {
  const auto train = open_dataset("pinwheel"), test = open_dataset("pinwheel:seed=1");
  ASSERT_EQ(test->size(), 400u);
  EXPECT_EQ(test->spec(), "pinwheel:points=100,seed=1");
  double distance = 0, centre[2][2] = {};
  for (uint32_t i = 0; i < 400; ++i) {
    const auto p = image(*train, i), q = image(*test, i);
    EXPECT_NE(p, q);
    EXPECT_EQ(train->factor_values(i), test->factor_values(i));
    distance += std::hypot(p[0] - q[0], p[1] - q[1]) / 400;
    if (i >= 100) continue;
    for (size_t k = 0; k < 2; ++k) centre[0][k] += p[k] / 100, centre[1][k] += q[k] / 100;
  }
  EXPECT_GT(distance, 0.2);
  for (size_t k = 0; k < 2; ++k) EXPECT_NEAR(centre[0][k], centre[1][k], 0.1);
}

// ---- Fashion-MNIST and its stand-in ------------------------------------------------------------------------------------

std::string idx_file(std::vector<uint32_t> shape, const std::vector<uint8_t>& data, char type = 8) {
  std::string file{0, 0, type, static_cast<char>(shape.size())};
  for (const uint32_t extent : shape)
    for (int shift = 24; shift >= 0; shift -= 8) file += static_cast<char>(extent >> shift & 255);
  file.append(data.begin(), data.end());
  return file;
}

std::string gzipped(std::string plain) {
  std::string out(plain.size() + 256, 0);
  z_stream s{};
  EXPECT_EQ(deflateInit2(&s, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  s.next_in = reinterpret_cast<Bytef*>(plain.data());
  s.avail_in = static_cast<uInt>(plain.size());
  s.next_out = reinterpret_cast<Bytef*>(out.data());
  s.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&s, Z_FINISH), Z_STREAM_END);
  out.resize(s.total_out);
  deflateEnd(&s);
  return out;
}

// Pixel p of picture i is (i + p) mod 251, and its class i mod 10.
std::string idx_pictures(uint32_t count) {
  std::vector<uint8_t> pixels(count * 784u);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>((i / 784 + i % 784) % 251);
  return idx_file({count, 28, 28}, pixels);
}
std::string idx_labels(uint32_t count, uint8_t first = 0) {
  std::vector<uint8_t> labels(count);
  for (size_t i = 0; i < count; ++i) labels[i] = static_cast<uint8_t>(first + i % 10);
  return idx_file({count}, labels);
}

TEST(Idx, ReadsBytesPlainAndPacked) {
  const std::string plain = idx_file({2, 3}, {1, 2, 3, 4, 5, 255});
  for (const std::string& file : {plain, gzipped(plain)}) {
    const io::Array array = io::parse_idx(io::to_bytes(file));
    EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(array.integers(), (std::vector<int64_t>{1, 2, 3, 4, 5, 255}));
  }
}

TEST(Idx, DamageIsAnError) {
  const std::string plain = idx_file({2, 3}, {1, 2, 3, 4, 5, 255});
  for (const std::string& file : {plain, gzipped(plain)})
    io::expect_safe_against_damage(io::to_bytes(file), 64, [](const io::Bytes& bytes) { io::parse_idx(bytes); });
  const auto why = [](const std::string& file) { return io::error_of([&] { io::parse_idx(io::to_bytes(file)); }); };
  EXPECT_NE(why(idx_file({2}, {1, 2}, 13)).find("not unsigned bytes"), std::string::npos);
  EXPECT_NE(why(idx_file({3}, {1, 2})).find("promises [3] and it has 2 bytes"), std::string::npos);
  EXPECT_NE(why(idx_file({~0u, ~0u, ~0u}, {1, 2})).find("promises"), std::string::npos) << "the product of extents overflows";
  EXPECT_NE(why(gzipped(plain) + "x").find("after its end"), std::string::npos);
  const io::Bytes bomb = io::to_bytes(gzipped(idx_file({1'000'000}, std::vector<uint8_t>(1'000'000))));
  EXPECT_LT(bomb.size(), 2000u);
  EXPECT_EQ(io::parse_idx(bomb).count(), 1'000'000u);
  EXPECT_NE(io::error_of([&] { io::parse_idx(bomb, "bomb", 900'000); }).find("unpacks to more than 900000"), std::string::npos);
}

TEST(FashionMnist, PicturesStandInTheMiddleAndLabelsAreTheFactor) {
  const io::TemporaryFolder folder;
  io::write_atomically(folder / "train-images-idx3-ubyte", idx_pictures(25));
  io::write_atomically(folder / "train-labels-idx1-ubyte.gz", gzipped(idx_labels(25)));
  io::write_atomically(folder / "t10k-images-idx3-ubyte.gz", gzipped(idx_pictures(12)));
  io::write_atomically(folder / "t10k-labels-idx1-ubyte", idx_labels(12));
  const auto train = open_fashion("fashion-mnist:" + folder.path),
             test = open_fashion("fashion-mnist:" + folder.path + ",split=test");
  EXPECT_EQ(train->size(), 25u);
  EXPECT_EQ(test->size(), 12u);
  EXPECT_EQ(train->image(), (Shape{32, 32, 1}));
  EXPECT_EQ(train->factors()[0].name, "class");
  EXPECT_EQ(train->factors()[0].levels, 10);
  EXPECT_EQ(train->factor_values(24), std::vector<int>{4});
  EXPECT_EQ(open_fashion(test->spec())->size(), 12u) << "it opens by its own spec";
  const auto pixels = image(*train, 24);
  for (size_t y = 0; y < 32; ++y)
    for (size_t x = 0; x < 32; ++x) {
      const bool border = y < 2 || y > 29 || x < 2 || x > 29;
      const real expected = border ? 0 : static_cast<real>((24 + (y - 2) * 28 + x - 2) % 251) / 255;
      EXPECT_EQ(pixels[y * 32 + x], expected) << y << " " << x;
    }
}

TEST(FashionMnist, OtherFilesAreAnError) {
  const io::TemporaryFolder folder;
  const std::string spec = "fashion-mnist:" + folder.path;
  const auto why = [&](const std::string& given) { return io::error_of([&] { open_fashion(given); }); };
  EXPECT_NE(why(spec).find("neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz"), std::string::npos) << why(spec);
  const auto write = [&](const std::string& pictures, const std::string& labels) {
    io::write_atomically(folder / "train-images-idx3-ubyte", pictures);
    io::write_atomically(folder / "train-labels-idx1-ubyte", labels);
    return why(spec);
  };
  EXPECT_NE(write(idx_pictures(3), idx_labels(4)).find("labels are [4] for pictures [3,28,28]"), std::string::npos);
  EXPECT_NE(write(idx_pictures(3), idx_labels(3, 9)).find("label 1 is 10"), std::string::npos);
  EXPECT_NE(write(idx_labels(3), idx_pictures(3)).find("pictures are [3]"), std::string::npos) << "swapped";
  EXPECT_NE(write(idx_file({0, 28, 28}, {}), idx_labels(0)).find("N >= 1"), std::string::npos);
  EXPECT_EQ(write(idx_pictures(3), idx_labels(3)), "");
  for (const char* bad : {"fashion:split=valid", "fashion:seed=1", "fashion-mnist", "fashion-mnist:", "fashion-mnist:split=test"})
    EXPECT_NE(why(bad), "") << bad;
  EXPECT_EQ(open_fashion("dsprites"), nullptr);
}

TEST(Fashion, StandInHasTenClassesThatDifferAndTwoSplits) {
  const auto train = open_fashion("fashion"), test = open_fashion("fashion:split=test");
  EXPECT_EQ(train->size(), 60000u);
  EXPECT_EQ(test->size(), 10000u);
  EXPECT_EQ(test->spec(), "fashion:split=test");
  EXPECT_NE(image(*train, 0), image(*test, 0));
  EXPECT_THROW(train->factor_values(60000), Error);
  std::vector<std::vector<double>> means(10, std::vector<double>(1024));
  std::map<uint32_t, std::set<size_t>> seen;  // classes, by ten
  for (uint32_t i = 0; i < 500; ++i) {
    const auto pixels = image(*train, i);
    EXPECT_EQ(pixels, image(*train, i));
    const auto kind = static_cast<size_t>(train->factor_values(i)[0]);
    seen[i / 10 * 10].insert(kind);
    for (size_t p = 0; p < pixels.size(); ++p) {
      EXPECT_GE(pixels[p], 0);
      EXPECT_LE(pixels[p], 1);
      means[kind][p] += static_cast<double>(pixels[p]) / 50;
    }
    EXPECT_EQ(std::accumulate(pixels.begin(), pixels.begin() + 64, real{0}), 0)
        << "two black rows above, as in the published files";
    const real light = std::accumulate(pixels.begin(), pixels.end(), real{0}) / 1024;
    EXPECT_GT(light, 0.02) << i;
    EXPECT_LT(light, 0.7) << i;
  }
  std::set<int> strided;
  for (uint32_t i = 0; i < 60000; i += 1000) strided.insert(train->factor_values(i)[0]);
  EXPECT_GT(strided.size(), 7u) << "a stride meets all kinds";
  for (const auto& [ten, kinds] : seen) EXPECT_EQ(kinds.size(), 10u) << ten;
  // The nearest mean of a class tells most garments of the other split.
  int right = 0;
  for (uint32_t i = 0; i < 300; ++i) {
    const auto pixels = image(*test, i);
    size_t best = 0;
    double least = INFINITY;
    for (size_t c = 0; c < 10; ++c) {
      double distance = 0;
      for (size_t p = 0; p < pixels.size(); ++p) distance += std::pow(static_cast<double>(pixels[p]) - means[c][p], 2);
      if (distance < least) best = c, least = distance;
    }
    right += static_cast<int>(best) == test->factor_values(i)[0];
  }
  EXPECT_GT(right, 180) << "chance is 30";
}

TEST(Fashion, PicturesOf32PixelsTrainDenseAndConvolutionalModels) {
  Pool pool(1);
  for (const char* model : {"mlp", "conv", "conv-burgess", "conv-locatello"}) {
    Config config;
    config.data = "fashion";
    config.model = model;
    config.batch = 8;
    Session session(config, open_fashion(config.data), pool);
    session.advance(1);
    const double first = session.losses().reconstruction;
    session.advance(19);
    EXPECT_LT(session.losses().reconstruction, 0.95 * first) << model;
  }
  Config config;
  config.model = "conv";
  EXPECT_NE(io::error_of([&] { Session(config, open_dataset("pinwheel"), pool); }).find("64x64 or 32x32"), std::string::npos);
}

TEST(Faces, EveryKnobShowsAndSmileStaysAroundTheMouth) {
  const Faces faces;
  EXPECT_EQ(faces.size(), 11u * 7 * 5 * 7 * 9);
  uint32_t stride = faces.size();
  const uint32_t middle = (((5 * 7 + 3) * 5 + 2) * 7 + 3) * 9 + 4;
  const auto base = image(faces, middle);
  for (size_t f = 0; f < Faces::kFactors; ++f) {
    stride /= static_cast<uint32_t>(Faces::kLevels[f]);
    const auto moved = image(faces, middle + stride * 2);
    EXPECT_EQ(faces.factor_values(middle + stride * 2)[f], faces.factor_values(middle)[f] + 2);
    double change = 0, above = 0;
    for (size_t i = 0; i < base.size(); ++i) {
      EXPECT_GE(base[i], 0);
      EXPECT_LE(base[i], 1);
      change += std::abs(moved[i] - base[i]);
      if (i < 64 * 36) above += std::abs(moved[i] - base[i]);
    }
    EXPECT_GT(change, 3) << Faces::kNames[f];
    if (std::string(Faces::kNames[f]) == "smile") {
      EXPECT_EQ(above, 0);
    }
  }
}

// Against a set whose components are known: the pinwheel in the plane has two, dSprites many.
TEST(PrincipalVariances, AreThoseOfTheCovariance) {
  const auto data = open_dataset("pinwheel");
  double xx = 0, xy = 0, yy = 0, mx = 0, my = 0;
  for (uint32_t i = 0; i < 400; ++i) {
    const auto p = image(*data, i);
    mx += p[0] / 400.0, my += p[1] / 400.0;
    xx += p[0] * p[0] / 400.0, xy += p[0] * p[1] / 400.0, yy += p[1] * p[1] / 400.0;
  }
  xx -= mx * mx, xy -= mx * my, yy -= my * my;
  const double mean = (xx + yy) / 2, half = std::sqrt(std::pow((xx - yy) / 2, 2) + xy * xy);
  const auto v = principal_variances(*data, 2);
  EXPECT_NEAR(v[0], mean + half, 1e-6);
  EXPECT_NEAR(v[1], mean - half, 1e-6);
  EXPECT_THROW(principal_variances(*data, 3), Error);
  EXPECT_EQ(principal_variances(Dsprites(), 10, 100).size(), 10u);
}

}  // namespace
}  // namespace unpick
