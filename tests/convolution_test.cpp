// The convolutions against the loops that define them, summed in double: every layer of the architectures, and sizes that meet
// every edge of the tiles.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/backend/kernels.h"
#include "core/base/rng.h"

namespace unpick {
namespace {

using Image = std::vector<real>;
constexpr size_t kGuard = 64;
constexpr real kSentinel = 7;

ConvShape shape(int images, int height, int width, int channels, int filters, int kernel, int stride, int pad) {
  const int p = (height + 2 * pad - kernel) / stride + 1, q = (width + 2 * pad - kernel) / stride + 1;
  return {{images, height, width, channels}, {kernel, kernel, channels, filters}, {images, p, q, filters}, stride, pad};
}

std::string name(const ConvShape& s) {
  return s.x.str() + " by " + s.w.str() + " stride " + std::to_string(s.stride) + " pad " + std::to_string(s.pad);
}

// term(x index, w index, y index) for every product of the trilinear form <y, conv(x, w)>.
template <class Term>
void for_products(const ConvShape& s, Term term) {
  for (int n = 0; n < s.images(); ++n)
    for (int p = 0; p < s.y[1]; ++p)
      for (int q = 0; q < s.y[2]; ++q)
        for (int r = 0; r < s.w[0]; ++r)
          for (int t = 0; t < s.w[1]; ++t) {
            const int h = p * s.stride + r - s.pad, w = q * s.stride + t - s.pad;
            if (h < 0 || h >= s.x[1] || w < 0 || w >= s.x[2]) continue;
            for (int c = 0; c < s.channels(); ++c)
              for (int k = 0; k < s.filters(); ++k)
                term(static_cast<size_t>(((n * s.x[1] + h) * s.x[2] + w) * s.x[3] + c),
                     static_cast<size_t>(((r * s.w[1] + t) * s.w[2] + c) * s.w[3] + k),
                     static_cast<size_t>(((n * s.y[1] + p) * s.y[2] + q) * s.y[3] + k));
          }
}

struct Results {
  Image y, x, w;
};

Image random(Shape s, uint32_t draw) {
  Image values(static_cast<size_t>(s.size()));
  Rng(1, Stream::test).fill_uniform(values, draw, -1, 1);
  return values;
}

Results run(const Kernels& kernel, const ConvShape& s, int threads) {
  Pool pool(threads);
  const Image x = random(s.x, 0), w = random(s.w, 1), y = random(s.y, 2);
  const auto result = [](Shape r) { return Image(static_cast<size_t>(r.size()) + kGuard, kSentinel); };
  Results out{result(s.y), result(s.x), result(s.w)};
  for (ConvPass pass : {ConvPass::down, ConvPass::up, ConvPass::weight}) {
    const ConvScratch z = conv_scratch(kernel, s, pass);
    // Scratch that held other numbers before, as in a replay, and sentinels behind it.
    Image shared(static_cast<size_t>(z.shared) + kGuard, kSentinel),
        scratch(static_cast<size_t>(z.worker * threads) + kGuard, kSentinel);
    if (pass == ConvPass::down)
      conv_images(kernel, s, pass, x.data(), w.data(), {out.y.data()}, shared.data(), scratch.data(), pool);
    if (pass == ConvPass::up) conv_images(kernel, s, pass, y.data(), w.data(), {out.x.data()}, shared.data(), scratch.data(), pool);
    if (pass == ConvPass::weight) conv_weight(kernel, s, x.data(), y.data(), out.w.data(), shared.data(), scratch.data(), pool);
    for (const Image& memory : {shared, scratch, out.y, out.x, out.w})
      for (size_t i = memory.size() - kGuard; i < memory.size(); ++i)
        EXPECT_EQ(memory[i], kSentinel) << name(s) << ": wrote behind its end";
  }
  return out;
}

// The greatest error relative to the greatest magnitude.
double error(const Image& got, const std::vector<double>& want) {
  double worst = 0, most = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    worst = std::max(worst, std::abs(got[i] - want[i]));
    most = std::max(most, std::abs(want[i]));
  }
  return worst / most;
}

void check(const ConvShape& s) {
  const Image x = random(s.x, 0), w = random(s.w, 1), y = random(s.y, 2);
  std::vector<double> want_y(y.size()), want_x(x.size()), want_w(w.size());
  for_products(s, [&](size_t i, size_t j, size_t k) {
    want_y[k] += static_cast<double>(x[i]) * w[j];
    want_x[i] += static_cast<double>(y[k]) * w[j];
    want_w[j] += static_cast<double>(x[i]) * y[k];
  });
  for (const Kernels* kernel : available_kernels()) {
    const Results got = run(*kernel, s, 2);
    const std::string where = name(s) + (kernel->winograd_suits(s) ? " by Winograd, " : ", ") + kernel->isa;
    EXPECT_LT(error(got.y, want_y), 3e-6) << where;
    EXPECT_LT(error(got.x, want_x), 3e-6) << where;
    EXPECT_LT(error(got.w, want_w), 3e-6) << where;
  }
}

TEST(Convolution, LayersOfTheArchitecturesAgreeWithTheDefinition) {
  check(shape(5, 64, 64, 1, 32, 4, 2, 1));
  check(shape(3, 64, 64, 3, 32, 4, 2, 1));
  check(shape(3, 32, 32, 32, 32, 4, 2, 1));
  check(shape(9, 16, 16, 32, 64, 4, 2, 1));
  check(shape(17, 8, 8, 64, 64, 4, 2, 1));
  check(shape(17, 8, 8, 32, 32, 4, 2, 1));
  check(shape(5, 16, 16, 32, 64, 2, 2, 0));
  check(shape(5, 8, 8, 64, 64, 2, 2, 0));
}

TEST(Convolution, OneImageAndManyAgreeWithTheDefinition) {
  check(shape(1, 32, 32, 32, 32, 4, 2, 1));
  check(shape(1, 8, 8, 64, 64, 4, 2, 1));
  check(shape(65, 8, 8, 32, 32, 4, 2, 1));
  check(shape(65, 8, 8, 1, 32, 4, 2, 1));
}

TEST(Convolution, OddSizesAgreeWithTheDefinition) {
  for (int channels : {1, 3, 33})
    for (int filters : {1, 5, 33})
      for (int stride : {1, 2, 3}) {
        check(shape(2, 7, 9, channels, filters, 3, stride, 0));
        check(shape(2, 9, 7, channels, filters, 4, stride, 1));
      }
  check(shape(3, 5, 5, 32, 64, 5, 1, 2));
  check(shape(16, 10, 12, 32, 32, 4, 2, 1));  // five lines: no whole tiles
  check(shape(16, 9, 17, 32, 32, 4, 2, 1));   // a line that no output reads to its end
  check(shape(16, 12, 20, 32, 64, 4, 2, 1));  // tiles that are not square
}

TEST(Convolution, ThreadsDoNotChangeABit) {
  for (const ConvShape& s : {shape(33, 16, 16, 32, 32, 4, 2, 1), shape(9, 16, 16, 3, 32, 4, 2, 1)}) {
    const Results one = run(kernels(), s, 1);
    for (int threads : {2, 3, 5, 16}) {
      const Results many = run(kernels(), s, threads);
      EXPECT_EQ(many.y, one.y) << name(s) << " on " << threads;
      EXPECT_EQ(many.x, one.x) << name(s) << " on " << threads;
      EXPECT_EQ(many.w, one.w) << name(s) << " on " << threads;
    }
  }
}

// Where every product of a weight vanishes its gradient is exactly zero, as Adam's first steps need it: they magnify any residue.
// Here only every other line of x is lit, so half of the taps of a kernel of stride 2 never see light.
TEST(Convolution, ZeroGradientsAreExactlyZero) {
  const ConvShape s = shape(16, 16, 16, 32, 32, 4, 2, 1);
  Image x = random(s.x, 0);
  const Image y = random(s.y, 2);
  for (size_t i = 0; i < x.size(); ++i)
    if (i / static_cast<size_t>(s.x[2] * s.x[3]) % 2 == 0) x[i] = 0;
  Pool pool(1);
  const ConvScratch z = conv_scratch(kernels(), s, ConvPass::weight);
  Image w(static_cast<size_t>(s.w.size())), shared(static_cast<size_t>(z.shared)), scratch(static_cast<size_t>(z.worker));
  conv_weight(kernels(), s, x.data(), y.data(), w.data(), shared.data(), scratch.data(), pool);
  for (size_t i = 0; i < w.size(); ++i) {
    const size_t line = i / static_cast<size_t>(s.w[1] * s.w[2] * s.w[3]);
    if (line % 2 == 1)
      ASSERT_EQ(w[i], 0) << i;
    else
      ASSERT_NE(w[i], 0) << i;
  }
}

}  // namespace
}  // namespace unpick
