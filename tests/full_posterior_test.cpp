// The full posterior as a user meets it: train, resume, encode with covariances, traverse.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "native/io/files.h"
#include "native/io/model_file.h"
#include "native/io/npy.h"
#include "tests/io_support.h"
#include "tests/places.h"

namespace unpick::io {
namespace {

// Runs the program in `folder`; what it prints goes to a file there.
int unpick(const TemporaryFolder& folder, const std::string& arguments) {
  const std::string command = "cd '" + folder.path + "' && '" + test::kProgram + "' " + arguments + " >out.txt 2>err.txt";
  return WEXITSTATUS(std::system(command.c_str()));
}

constexpr const char* kTrain =
    "train --data dsprites:shape=ellipse,orientation=0,scale=5 --model linear --posterior full --latent 3 --batch 16 --threads 2 ";

TEST(FullPosterior, TrainsResumesEncodesAndTraverses) {
  const TemporaryFolder folder;
  ASSERT_EQ(unpick(folder, std::string(kTrain) + "--steps 60 --out whole"), 0);
  ASSERT_EQ(unpick(folder, std::string(kTrain) + "--steps 25 --out parts"), 0);
  ASSERT_EQ(unpick(folder, "train --resume parts --steps 60"), 0);
  const StoredModel whole = read_model(folder / "whole"), parts = read_model(folder / "parts");
  EXPECT_EQ(whole.info.config.posterior, "full");
  for (size_t i = 0; i < whole.model.weights.span().size(); ++i)
    ASSERT_EQ(whole.model.weights.span()[i], parts.model.weights.span()[i]);

  ASSERT_EQ(unpick(folder, "data render --indices 0..69 --out x.npy"), 0);
  ASSERT_EQ(unpick(folder, "encode --model whole --images x.npy --mean m.npy --logvar l.npy --cov s.npy"), 0);
  const Array array = read_npy(folder / "s.npy");
  EXPECT_EQ(array.shape, (std::vector<int64_t>{70, 3, 3}));
  const std::vector<float> sigma = array.floats(), logvar = read_npy(folder / "l.npy").floats();
  float most = 0;
  for (size_t n = 0; n < 70; ++n)
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(std::log(sigma[n * 9 + i * 4]), logvar[n * 3 + i], 1e-5);
      for (size_t j = 0; j < 3; ++j) {
        EXPECT_EQ(sigma[n * 9 + i * 3 + j], sigma[n * 9 + j * 3 + i]);
        if (i != j) most = std::max(most, std::abs(sigma[n * 9 + i * 3 + j]));
      }
    }
  EXPECT_GT(most, 1e-3f) << "its covariances are not diagonal";
  EXPECT_EQ(unpick(folder, "traverse --model whole --range posterior --out t.png"), 0);
}

TEST(FullPosterior, TheCovariancesOfADiagonalOneAreDiagonal) {
  const TemporaryFolder folder;
  ASSERT_EQ(
      unpick(folder, "train --data dsprites:shape=ellipse,orientation=0,scale=5 --model linear --latent 3 --steps 20 --out run"),
      0);
  ASSERT_EQ(unpick(folder, "data render --indices 0..4 --out x.npy"), 0);
  ASSERT_EQ(unpick(folder, "encode --model run --images x.npy --cov s.npy"), 0);
  ASSERT_EQ(unpick(folder, "encode --model run --images x.npy --logvar l.npy"), 0);
  const std::vector<float> sigma = read_npy(folder / "s.npy").floats(), logvar = read_npy(folder / "l.npy").floats();
  for (size_t k = 0; k < 45; ++k) {
    const bool variance = k % 9 % 4 == 0;
    EXPECT_NEAR(sigma[k], variance ? std::exp(logvar[k / 9 * 3 + k % 9 / 4]) : 0, variance ? 1e-5 : 0);
  }
}

TEST(FullPosterior, SaysWhatDoesNotFit) {
  const TemporaryFolder folder;
  EXPECT_EQ(unpick(folder, std::string(kTrain) + "--objective autoencoder --out run"), 2);
  EXPECT_EQ(unpick(folder, "train --posterior ful --out run"), 2);
  EXPECT_EQ(unpick(folder, "train --model linear --posterior full --latent 1024 --out run"), 2);
  const Bytes message = read_file(folder / "err.txt");
  EXPECT_NE(std::string(reinterpret_cast<const char*>(message.data()), message.size()).find("523776 covariances"),
            std::string::npos);
  EXPECT_EQ(unpick(folder, "encode --model m --images x.npy --mean a.npy --cov a.npy"), 2);
}

}  // namespace
}  // namespace unpick::io
