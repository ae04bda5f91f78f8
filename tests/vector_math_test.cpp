// Vector functions against libm in double, over the whole range of floats: each exponent, both signs, and what is not a number.
#include "core/backend/vector_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

namespace unpick {
namespace {

using Function = simd::Vec (*)(simd::Vec);

float from_bits(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

float at(Function f, float x) { return f(simd::splat(x))[simd::kLanes - 1]; }

// The largest error over every `kStep`-th float, in units of the last place of the exact result. Results below the least
// normal number are held to its spacing.
double worst(Function f, double (*exact)(double)) {
  constexpr uint32_t kStep = 1009;
  double most = 0;
  for (uint32_t bits = 0; bits < 0xffffffffu - simd::kLanes * kStep;) {
    simd::Vec x{};
    for (int i = 0; i < simd::kLanes; ++i, bits += kStep) x[i] = from_bits(bits);
    const simd::Vec y = f(x);
    for (int i = 0; i < simd::kLanes; ++i) {
      const double truth = exact(static_cast<double>(x[i]));
      const auto rounded = static_cast<float>(truth);
      if (std::isnan(rounded) || std::isinf(rounded)) {
        if (std::isnan(rounded) ? !std::isnan(y[i]) : y[i] != rounded) return std::numeric_limits<double>::infinity();
        continue;
      }
      int exponent;
      std::frexp(truth, &exponent);
      const double unit = std::ldexp(1.0, std::max(exponent, -125) - 24);
      most = std::max(most, std::abs(static_cast<double>(y[i]) - truth) / unit);
    }
  }
  return most;
}

double exact_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double exact_softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

TEST(VectorMath, IsWithinTheStatedErrorOverAllFloats) {
  EXPECT_LT(worst(simd::exp, std::exp), 1.0);
  EXPECT_LT(worst(simd::log, std::log), 0.8);
  EXPECT_LT(worst(simd::tanh, std::tanh), 1.3);
  EXPECT_LT(worst(simd::sigmoid, exact_sigmoid), 2.5);
  EXPECT_LT(worst(simd::softplus, exact_softplus), 1.6);
  EXPECT_LT(worst(simd::sqrt, std::sqrt), 0.51);
}

TEST(VectorMath, EndsAreAsInLibm) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (Function f :
       {Function{simd::exp}, Function{simd::log}, Function{simd::tanh}, Function{simd::sigmoid}, Function{simd::softplus}})
    EXPECT_TRUE(std::isnan(at(f, nan)));
  EXPECT_EQ(at(simd::exp, inf), inf);
  EXPECT_EQ(at(simd::exp, -inf), 0);
  EXPECT_EQ(at(simd::exp, 0), 1);
  EXPECT_EQ(at(simd::log, inf), inf);
  EXPECT_EQ(at(simd::log, 0), -inf);
  EXPECT_EQ(at(simd::log, 1), 0);
  EXPECT_TRUE(std::isnan(at(simd::log, -1)));
  EXPECT_EQ(at(simd::tanh, inf), 1);
  EXPECT_EQ(at(simd::tanh, -inf), -1);
  EXPECT_EQ(at(simd::sigmoid, inf), 1);
  EXPECT_EQ(at(simd::sigmoid, -inf), 0);
  EXPECT_EQ(at(simd::softplus, inf), inf);
  EXPECT_EQ(at(simd::softplus, -inf), 0);
}

}  // namespace
}  // namespace unpick
