// Correlation against hand-made answers, and the sample of latents that labels every picture.
#include "core/session/correlation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/rng.h"
#include "core/data/image_array.h"
#include "core/session/latents.h"

namespace unpick {
namespace {

TEST(Correlation, OfKnownColumns) {
  // Latents: the factor, minus twice the factor plus 5, a constant, and (1,-1,-1,1), which is orthogonal to a ramp.
  const std::vector<real> codes{0, 5, 7, 1, 1, 3, 7, -1, 2, 1, 7, -1, 3, -1, 7, 1};
  const FactorCorrelation c = correlate(codes, 4, {{"ramp", {0, 1, 2, 3}}, {"still", {2, 2, 2, 2}}, {"fold", {1, 0, 0, 1}}});
  ASSERT_EQ(c.factors.size(), 2u) << "a factor that is constant is left out";
  EXPECT_EQ(c.factors[0].name, "ramp");
  EXPECT_EQ(c.factors[1].name, "fold");
  const double expected[2][4] = {{1, -1, 0, 0}, {0, 0, 0, 1}};
  for (size_t f = 0; f < 2; ++f)
    for (int z = 0; z < 4; ++z) EXPECT_NEAR(c.at(f, z), expected[f][z], 1e-15) << f << ", " << z;
  EXPECT_EQ(c.best(0).first, 0);
  EXPECT_EQ(c.best(1).first, 3);
  EXPECT_NEAR(c.best(1).second, 1, 1e-15);
}

TEST(Correlation, MatchesAnotherFormula) {
  const Rng rng(1, Stream::test);
  constexpr size_t kN = 500;
  std::vector<real> codes(kN);
  std::vector<int> values(kN);
  double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (uint32_t i = 0; i < kN; ++i) {
    values[i] = static_cast<int>(rng.below(32, 0, i));
    codes[i] = static_cast<real>(0.05 * values[i] + rng.normal(1, i));
    const auto x = static_cast<double>(codes[i]), y = static_cast<double>(values[i]);
    sx += x, sy += y, sxx += x * x, syy += y * y, sxy += x * y;
  }
  const double r = (kN * sxy - sx * sy) / std::sqrt((kN * sxx - sx * sx) * (kN * syy - sy * sy));
  EXPECT_NEAR(correlate(codes, 1, {{"f", values}}).at(0, 0), r, 1e-12);
  EXPECT_GT(r, 0.3);
}

TEST(Correlation, ALargeMeanLosesNothingAndEqualNumbersAreConstant) {
  const std::vector<real> codes{1e6f, 0.1f, 1e6f + 1, 0.1f, 1e6f + 2, 0.1f};
  const FactorCorrelation c = correlate(codes, 2, {{"f", {0, 1, 2}}});
  EXPECT_NEAR(c.at(0, 0), 1, 1e-12);
  EXPECT_EQ(c.at(0, 1), 0);
}

TEST(Correlation, EmptyAndUnequalInputs) {
  EXPECT_TRUE(correlate({}, 3, {{"f", {}}}).factors.empty());
  EXPECT_TRUE(correlate(std::vector<real>{1, 2}, 1, {}).factors.empty());
  EXPECT_THROW(correlate(std::vector<real>{1, 2, 3}, 2, {}), ShapeError);
  EXPECT_THROW(correlate(std::vector<real>{1, 2}, 1, {{"f", {1}}}), ShapeError);
}

// A linear encoder that is made by hand: latent 0 reads the column of the white pixel, latent 1 nothing.
TEST(LatentSample, FindsWhatAHandMadeEncoderDoes) {
  class Columns : public Dataset {
    std::string spec() const override { return "columns"; }
    uint32_t size() const override { return 16; }
    Shape image() const override { return {4, 4, 1}; }
    void render(uint32_t index, std::span<real> out) const override {
      std::fill(out.begin(), out.end(), real{0});
      out[index] = 1;
    }
    std::vector<Factor> factors() const override { return {{"shape", 4}, {"row", 4}, {"column", 4}}; }
    std::vector<int> factor_values(uint32_t index) const override {
      return {static_cast<int>(index / 4), static_cast<int>(index / 4), static_cast<int>(index % 4)};
    }
  };
  Model model(make_vae_spec("linear", "vae", "bernoulli", {4, 4, 1}, 2));
  const Parameter& weight = *model.table.find("encoder.lin1.weight");  // [16,4]: mu_0, mu_1, logvar_0, logvar_1
  const auto offset = static_cast<size_t>(weight.offset);
  for (size_t pixel = 0; pixel < 16; ++pixel) model.weights.span()[offset + 4 * pixel] = static_cast<real>(pixel % 4) - 1.5f;
  Pool pool(1);
  const auto backend = make_cpu_backend(pool);
  const LatentSample s = sample_latents(model, Columns(), *backend);
  EXPECT_EQ(s.images.size(), 16u);
  EXPECT_NEAR(s.kl[0], 0.5 * 1.25, 1e-6) << "half the mean square of mu; log variances are 0";
  EXPECT_NEAR(s.kl[1], 0, 1e-9);
  EXPECT_TRUE(s.in_use(0));
  EXPECT_FALSE(s.in_use(1));
  EXPECT_EQ(s.by_kl(), (std::vector<int>{0, 1}));
  ASSERT_EQ(s.correlation.factors.size(), 2u) << "shape is a name";
  EXPECT_NEAR(s.correlation.at(0, 0), 0, 1e-6);
  EXPECT_NEAR(s.correlation.at(1, 0), 1, 1e-6);
  EXPECT_EQ(s.correlation.best(1).first, 0);

  const LatentSample few = sample_latents(model, Columns(), *backend, 7);
  EXPECT_EQ(few.images.size(), 7u);
  EXPECT_EQ(few.images, sample_latents(model, Columns(), *backend, 7).images);
  const ImageArray other("other", {2, 2, 1}, std::vector<float>(4));
  EXPECT_THROW(sample_latents(model, other, *backend), Error);
}

}  // namespace
}  // namespace unpick
