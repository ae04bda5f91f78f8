// Vector functions against libm in double, over the whole range of floats: each exponent, both signs, and what is not a number.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/backend/kernels.h"

namespace unpick {
namespace {

struct Function {
  const Kernels* kernel;
  Op op;

  void operator()(const float* x, float* y, int n) const { ASSERT_TRUE(kernel->pointwise(op, {}, y, x, nullptr, n)); }
  float operator()(float x) const {
    float y = 0;
    (*this)(&x, &y, 1);
    return y;
  }
};

float from_bits(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// The largest error over every `kStep`-th float, in units of the last place of the exact result. Results below the least
// normal number are held to its spacing.
double worst(Function f, double (*exact)(double)) {
  constexpr uint32_t kStep = 1009, kBatch = 4099;  // the last elements of a batch do not fill a vector
  double most = 0;
  for (uint64_t bits = 0; bits < 0x100000000;) {
    std::vector<float> x, y(kBatch);
    for (; x.size() < kBatch && bits < 0x100000000; bits += kStep) x.push_back(from_bits(static_cast<uint32_t>(bits)));
    f(x.data(), y.data(), static_cast<int>(x.size()));
    for (size_t i = 0; i < x.size(); ++i) {
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
  for (const Kernels* k : available_kernels()) {
    SCOPED_TRACE(k->isa);
    EXPECT_LT(worst({k, Op::Exp}, std::exp), 1.0);
    EXPECT_LT(worst({k, Op::Log}, std::log), 0.8);
    EXPECT_LT(worst({k, Op::Tanh}, std::tanh), 1.3);
    EXPECT_LT(worst({k, Op::Sigmoid}, exact_sigmoid), 2.5);
    EXPECT_LT(worst({k, Op::Softplus}, exact_softplus), 1.6);
    EXPECT_LT(worst({k, Op::Sqrt}, std::sqrt), 0.51);
  }
}

TEST(VectorMath, EndsAreAsInLibm) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const Kernels* k : available_kernels()) {
    SCOPED_TRACE(k->isa);
    const Function e{k, Op::Exp}, l{k, Op::Log}, t{k, Op::Tanh}, s{k, Op::Sigmoid}, p{k, Op::Softplus};
    for (const Function& f : {e, l, t, s, p}) EXPECT_TRUE(std::isnan(f(nan)));
    EXPECT_EQ(e(inf), inf);
    EXPECT_EQ(e(-inf), 0);
    EXPECT_EQ(e(0), 1);
    EXPECT_EQ(l(inf), inf);
    EXPECT_EQ(l(0), -inf);
    EXPECT_EQ(l(1), 0);
    EXPECT_TRUE(std::isnan(l(-1)));
    EXPECT_EQ(t(inf), 1);
    EXPECT_EQ(t(-inf), -1);
    EXPECT_EQ(s(inf), 1);
    EXPECT_EQ(s(-inf), 0);
    EXPECT_EQ(p(inf), inf);
    EXPECT_EQ(p(-inf), 0);
  }
}

}  // namespace
}  // namespace unpick
