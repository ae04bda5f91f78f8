// Weights on their way to PyTorch's layouts and back.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>

#include "native/io/files.h"
#include "native/io/model_file.h"

namespace unpick::io {
namespace {

std::string temporary(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("unpick_" + std::to_string(::getpid()) + "_" + name)).string();
}

TEST(ModelFile, EveryArchitectureReadsBackBitForBit) {
  for (const Architecture& a : architectures()) {
    const Shape image = a.needs_64 ? Shape{64, 64, 1} : Shape{6, 4, 1};
    ModelInfo info;
    info.config.model = a.name;
    info.config.latent = 3;
    info.image = image;
    info.step = 12;
    Model model(make_vae_spec(a.name, "beta-vae", "bernoulli", image, 3));
    model.table.initialise(model.weights.span(), 5);
    const std::string path = temporary("model.safetensors");
    write_model(path, info, model.table, model.weights.span());
    const StoredModel back = read_model(path);
    EXPECT_EQ(back.info.step, 12);
    EXPECT_EQ(back.info.config.model, a.name);
    for (size_t i = 0; i < model.weights.span().size(); ++i)
      ASSERT_EQ(back.model.weights.span()[i], model.weights.span()[i]) << a.name;
    std::filesystem::remove(path);
  }
}

// PyTorch flattens channel by channel, we pixel by pixel: the weight of (c=1, h=0, w=2) in a 2x3x2 image.
TEST(ModelFile, DenseLayersBehindImagesAreReordered) {
  Parameter p{"w", {12, 2}, Layout::dense, FeatureOrder::of_image(2, 3, 2), {}};
  std::vector<real> region(24);
  for (size_t i = 0; i < 24; ++i) region[i] = static_cast<real>(i);
  const auto torch = to_torch(p, region);
  const int theirs = (1 * 2 + 0) * 3 + 2, ours = (0 * 3 + 2) * 2 + 1;
  EXPECT_EQ(torch[static_cast<size_t>(1 * 12 + theirs)], region[static_cast<size_t>(ours * 2 + 1)]);
  std::vector<real> back(24);
  from_torch(p, torch, back);
  EXPECT_EQ(back, region);
}

TEST(ModelFile, AForeignFileIsRefusedWithAHint) {
  const std::string path = temporary("foreign.safetensors");
  write_safetensors(path, {{{"a", "b"}}, {{"x", Array::of<float>({1}, std::vector<float>{1})}}});
  try {
    read_model(path);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::data);
    EXPECT_NE(std::string(e.what()).find("unpick import"), std::string::npos);
  }
  EXPECT_THROW(import_torch(path, "conv-burgess"), Error);
  EXPECT_THROW(import_torch(path, "nothing"), Error);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace unpick::io
