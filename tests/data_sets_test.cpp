// The data sets beside dSprites: its three variants in colour, faces, pinwheel. (table E rows 64, 90 to 92, 105)
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/data/dsprites.h"
#include "core/data/faces.h"
#include "core/data/pca.h"
#include "core/data/variants.h"

namespace unpick {
namespace {

std::vector<real> image(const Dataset& data, uint32_t index) {
  std::vector<real> pixels(static_cast<size_t>(data.image().size()));
  data.render(index, pixels);
  return pixels;
}

TEST(DataSets, OpenByTheirOwnSpec) {
  for (const char* spec :
       {"color-dsprites", "noisy-dsprites:shape=heart", "scream-dsprites:posX=3..9", "faces", "pinwheel", "pinwheel:points=7"}) {
    const auto data = open_dataset(spec);
    EXPECT_EQ(data->spec(), spec);
    EXPECT_EQ(image(*data, 5), image(*open_dataset(data->spec()), 5));
    EXPECT_EQ(data->factors().size(), data->factor_values(5).size());
    std::vector<real> small(1);
    EXPECT_THROW(data->render(0, small), ShapeError);
  }
  for (const char* bad :
       {"pinwheel:points=0", "pinwheel:7", "pinwheel:points=9999999", "faces:smile=1", "noisy-dsprites:shape=cat"})
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
