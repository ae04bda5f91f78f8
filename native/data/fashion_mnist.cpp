// See fashion_mnist.h.
#include "native/data/fashion_mnist.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/data/image_array.h"
#include "native/data/garments.h"
#include "native/io/idx.h"

namespace unpick {
namespace {

using std::string;

constexpr size_t kPublished = 28, kBorder = 2;  // pixels
constexpr size_t kSide = Garments::kSide;

class LabelledImages : public ImageArray {
 public:
  LabelledImages(const string& spec, std::vector<uint8_t> pixels, std::vector<uint8_t> labels)
      : ImageArray(spec, {Garments::kSide, Garments::kSide, 1}, std::move(pixels)), labels_(std::move(labels)) {}
  std::vector<Factor> factors() const override { return {{"class", Garments::kClasses}}; }
  std::vector<int> factor_values(uint32_t index) const override { return {labels_.at(index)}; }

 private:
  std::vector<uint8_t> labels_;
};

io::Array read_part(const string& folder, const string& file) {
  const string plain = folder + "/" + file;
  for (const string& path : {plain, plain + ".gz"})
    if (std::filesystem::exists(path)) return io::read_idx(path);
  throw Error(ErrorKind::data, folder, "has neither " + file + " nor " + file + ".gz",
              "name the folder of Fashion-MNIST's four files, or take the drawn stand-in, --data fashion");
}

// "DIR,split=test" -> "DIR", "test"; without a split it is "train".
std::pair<string, string> split_of(const string& spec, string settings) {
  const string key = "split=";
  const size_t comma = settings.rfind(','), at = comma == string::npos ? 0 : comma + 1;
  if (settings.compare(at, key.size(), key) != 0) return {settings, "train"};
  const string split = settings.substr(at + key.size());
  if (split != "train" && split != "test")
    throw Error(ErrorKind::usage, "data '" + spec + "'", "there is no split '" + split + "'", "its splits are train and test");
  settings.resize(comma == string::npos ? 0 : comma);
  return {settings, split};
}

}  // namespace

std::unique_ptr<Dataset> fashion_of(const io::Array& pictures, const io::Array& labels, const string& name) {
  const auto reject = [&](const string& why) { throw Error(ErrorKind::data, name, why, "give the files of Fashion-MNIST"); };
  const auto side = static_cast<int64_t>(kPublished);
  if (pictures.shape.size() != 3 || pictures.shape[1] != side || pictures.shape[2] != side || pictures.shape[0] < 1)
    reject("its pictures are " + pictures.shape_str() + ", expected [N,28,28] with N >= 1");
  if (labels.shape.size() != 1 || labels.shape[0] != pictures.shape[0])
    reject("its labels are " + labels.shape_str() + " for pictures " + pictures.shape_str());
  const auto from = pictures.view<uint8_t>(), classes = labels.view<uint8_t>();
  const auto bad = std::find_if(classes.begin(), classes.end(), [](uint8_t label) { return label >= Garments::kClasses; });
  if (bad != classes.end())
    reject("label " + std::to_string(bad - classes.begin()) + " is " + std::to_string(*bad) + ", the classes are 0 to 9");
  std::vector<uint8_t> pixels(classes.size() * kSide * kSide);
  for (size_t row = 0; row < classes.size() * kPublished; ++row) {
    const size_t image = row / kPublished, y = row % kPublished + kBorder;
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(row * kPublished), kPublished,
                pixels.begin() + static_cast<std::ptrdiff_t>((image * kSide + y) * kSide + kBorder));
  }
  return std::make_unique<LabelledImages>(name, std::move(pixels), std::vector<uint8_t>(classes.begin(), classes.end()));
}

std::unique_ptr<Dataset> open_fashion(const string& spec) {
  const size_t colon = std::min(spec.find(':'), spec.size());
  const string name = spec.substr(0, colon);
  if (name != "fashion" && name != "fashion-mnist") return nullptr;
  const auto [folder, split] = split_of(spec, spec.substr(std::min(colon + 1, spec.size())));
  if (name == "fashion") {
    if (folder.empty()) return std::make_unique<Garments>(split == "test");
    throw Error(ErrorKind::usage, "data '" + spec + "'", "there is no setting '" + folder + "'",
                "write fashion or fashion:split=test");
  }
  if (folder.empty())
    throw Error(ErrorKind::usage, "data '" + spec + "'", "names no folder",
                "write fashion-mnist:DIR, or fashion for the drawn stand-in");
  const string prefix = split == "test" ? "t10k" : "train";
  const io::Array pictures = read_part(folder, prefix + "-images-idx3-ubyte");
  return fashion_of(pictures, read_part(folder, prefix + "-labels-idx1-ubyte"), spec);
}

}  // namespace unpick
