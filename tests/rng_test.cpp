// Random numbers: the published test vectors, the moments, and golden values that every host must reproduce.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/base/rng.h"

namespace unpick {
namespace {

// Salmon et al.'s known answers for Philox 4x32-10 at key 0, counter 0. Stream, step and index are the counter.
TEST(Rng, MatchesThePublishedPhilox) {
  const Rng zero(0, static_cast<Stream>(0));
  const uint32_t expected[] = {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u};
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(zero.bits(0, i), expected[i]);
}

TEST(Rng, SeedsStreamsAndStepsDiffer) {
  std::set<uint32_t> first;
  for (uint64_t seed : {1ULL, 2ULL, 1ULL << 32})
    for (Stream stream : {Stream::batch, Stream::noise})
      for (uint32_t step : {0u, 1u}) first.insert(Rng(seed, stream).bits(step, 0));
  EXPECT_EQ(first.size(), 12u);
}

TEST(Rng, NormalQuantileInvertsTheDistributionFunction) {
  for (double x = -6; x <= 6; x += 0.0625) {
    const double p = 0.5 * std::erfc(-x / std::sqrt(2.0));
    const double slope = std::exp(-x * x / 2) / std::sqrt(2 * M_PI);  // p near 1 has few digits left
    EXPECT_NEAR(normal_quantile(p), x, 1e-14 + 2.3e-16 / slope) << x;
  }
}

TEST(Rng, MomentsAreThoseOfTheDistributions) {
  constexpr uint32_t n = 1 << 20;
  const Rng rng(3, Stream::test);
  double sum = 0, square = 0, fourth = 0, uniform = 0;
  for (uint32_t i = 0; i < n; ++i) {
    const double x = rng.normal(0, i);
    sum += x;
    square += x * x;
    fourth += x * x * x * x;
    uniform += rng.uniform(1, i);
  }
  EXPECT_NEAR(sum / n, 0, 4e-3);
  EXPECT_NEAR(square / n, 1, 6e-3);
  EXPECT_NEAR(fourth / n, 3, 0.04);
  EXPECT_NEAR(uniform / n, 0.5, 1.2e-3);
}

TEST(Rng, ShuffleIsAPermutationAndBelowStaysBelow) {
  const Rng rng(4, Stream::permutation);
  const auto p = rng.shuffle(1000, 7);
  EXPECT_EQ(std::set<uint32_t>(p.begin(), p.end()).size(), 1000u);
  EXPECT_NE(p, rng.shuffle(1000, 8));
  for (uint32_t i = 0; i < 1000; ++i) EXPECT_LT(rng.below(17, 0, i), 17u);
}

// The same bits on every compiler and host: compared exactly.
TEST(Rng, GoldenNormals) {
  const Rng rng(42, Stream::noise);
  const double golden[] = {0x1.9dc01a678f33cp-5, -0x1.01f7090187757p-1, -0x1.056d9c4d6b545p-2, 0x1.339d51632c9fdp-1,
                           0x1.3919d9ede72b6p-1, 0x1.46c82ba13a7e7p-1,  0x1.0cba4400b314ep+1,  0x1.9d36ca5be93afp-1};
  for (uint32_t i = 0; i < 8; ++i) EXPECT_EQ(rng.normal(5, i), golden[i]) << i;
}

}  // namespace
}  // namespace unpick
