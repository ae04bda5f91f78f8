// Batches depend on seed and step alone; images of the user's own are checked once and come out as they went in.
#include "core/data/batcher.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/data/image_array.h"

namespace unpick {
namespace {

TEST(Batcher, DrawsTheImagesThatItsIndicesName) {
  const auto data = open_dataset("dsprites");
  const Batcher batcher(*data, 7, 10);
  Pool pool(2);
  std::vector<real> x(10 * 4096), image(4096);  // [B,64,64,1]
  batcher.fill(3, x, pool);
  const std::vector<uint32_t> indices = batcher.indices(3);
  ASSERT_EQ(indices.size(), 10u);
  for (size_t i = 0; i < indices.size(); ++i) {
    data->render(indices[i], image);
    EXPECT_TRUE(std::equal(image.begin(), image.end(), x.begin() + static_cast<std::ptrdiff_t>(i * 4096))) << i;
  }
}

TEST(Batcher, IsTheSameForAnyNumberOfThreads) {
  const auto data = open_dataset("dsprites:shape=heart");
  for (const int batch : {1, 5, 64}) {
    const Batcher batcher(*data, 1, batch);
    const auto size = static_cast<size_t>(batch) * 4096;
    std::vector<real> expected(size);
    Pool alone(1);
    batcher.fill(11, expected, alone);
    for (const int threads : {2, 3, 5, 16}) {
      Pool pool(threads);
      std::vector<real> x(size, real{-1});
      batcher.fill(11, x, pool);
      EXPECT_EQ(x, expected) << threads << " threads, batch " << batch;
    }
  }
}

TEST(Batcher, IsAFunctionOfSeedAndStep) {
  const auto data = open_dataset("dsprites");
  const Batcher batcher(*data, 1, 4);
  EXPECT_EQ(batcher.indices(0), (std::vector<uint32_t>{665'865, 405'874, 181'519, 28'923}));  // on every host
  EXPECT_EQ(Batcher(*data, 1, 4).indices(5), batcher.indices(5));                             // as after a resume
  EXPECT_NE(batcher.indices(5), batcher.indices(6));
  EXPECT_NE(Batcher(*data, 2, 4).indices(5), batcher.indices(5));
}

TEST(Batcher, TakesEveryImageEquallyOften) {
  const auto data = open_dataset("dsprites:shape=square,scale=0,orientation=0,posX=0,posY=0..7");
  const Batcher batcher(*data, 1, 64);
  std::vector<int> taken(8);
  for (uint32_t step = 0; step < 1000; ++step)
    for (const uint32_t index : batcher.indices(step)) ++taken.at(index);
  for (const int n : taken) EXPECT_NEAR(n, 8000, 420);  // five standard deviations
}

TEST(Batcher, RefusesWhatCannotBe) {
  const auto data = open_dataset("dsprites");
  EXPECT_THROW(Batcher(*data, 1, 0), Error);
  Pool pool(1);
  std::vector<real> x(4096);
  EXPECT_THROW(Batcher(*data, 1, 2).fill(0, x, pool), ShapeError);
}

// ---- the user's own images -------------------------------------------------------------------------------------------

TEST(ImageArray, GivesItsImagesBack) {
  const ImageArray data("mine.npy", {1, 2, 3}, std::vector<float>{0, .1f, .2f, .3f, .4f, .5f, .6f, .7f, .8f, .9f, .95f, 1});
  EXPECT_EQ(data.spec(), "mine.npy");
  EXPECT_EQ(data.size(), 2u);
  EXPECT_TRUE(data.factors().empty());
  std::vector<real> image(6);
  data.render(1, image);
  EXPECT_EQ(image, (std::vector<real>{real(.6f), real(.7f), real(.8f), real(.9f), real(.95f), 1}));
}

TEST(ImageArray, ReadsBytesAsBlackAndWhiteOrAs255Greys) {
  std::vector<real> image(2);
  ImageArray("bits.npy", {1, 2}, std::vector<uint8_t>{0, 1}).render(0, image);
  EXPECT_EQ(image, (std::vector<real>{0, 1}));
  ImageArray("greys.npy", {1, 2}, std::vector<uint8_t>{51, 255}).render(0, image);
  EXPECT_EQ(image, (std::vector<real>{real(51) / 255, 1}));
}

TEST(ImageArray, SaysWhatIsWrong) {
  const auto message = [](Shape image, std::vector<float> pixels) -> std::string {
    try {
      ImageArray("mine.npy", image, std::move(pixels));
    } catch (const Error& error) {
      EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(ErrorKind::data));
      return error.what();
    }
    return "";
  };
  const std::string sizes = " pixels are not a number of images [2,2]; give an array [N,H,W] or [N,H,W,C] with N >= 1";
  EXPECT_EQ(message({2, 2}, {}), "mine.npy: 0" + sizes);
  EXPECT_EQ(message({2, 2}, std::vector<float>(7)), "mine.npy: 7" + sizes);
  EXPECT_EQ(message({1, 2}, {0, 1, 0, 1.5f}), "mine.npy: image 1 has the pixel 1.500000; scale the pixels to 0..1");
  EXPECT_EQ(message({1, 2}, {-1, 1}), "mine.npy: image 0 has the pixel -1.000000; scale the pixels to 0..1");
  EXPECT_NE(message({1, 1}, {std::numeric_limits<float>::quiet_NaN()}), "");
  const ImageArray one("mine.npy", {1, 1}, std::vector<float>{1});
  std::vector<real> image(1);
  EXPECT_THROW(one.render(1, image), Error);
}

}  // namespace
}  // namespace unpick
