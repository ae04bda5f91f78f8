// See support.h.
#include "native/cli/support.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "native/data/fashion_mnist.h"
#include "native/io/files.h"
#include "native/io/npy.h"

namespace unpick::cli {
namespace {

constexpr int64_t kMaxSide = 1024;  // pixels; read_model has the same limit

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// How the images of one file lie: [H,W,C], and whether the file has C first.
struct ImageLayout {
  int64_t height, width, channels;
  bool channels_first;
};

std::optional<ImageLayout> layout_of(const std::vector<int64_t>& shape, std::optional<Shape> expected) {
  const auto colours = [](int64_t c) { return c == 1 || c == 3; };
  if (shape.size() == 3) return ImageLayout{shape[1], shape[2], 1, false};
  if (shape.size() == 4 && colours(shape[3])) return ImageLayout{shape[1], shape[2], shape[3], false};
  if (shape.size() == 4 && colours(shape[1])) return ImageLayout{shape[2], shape[3], shape[1], true};
  if (shape.size() != 2) return {};
  if (expected && expected->size() == shape[1]) return ImageLayout{(*expected)[0], (*expected)[1], (*expected)[2], true};
  const auto side =
      static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(std::clamp<int64_t>(shape[1], 0, kMaxSide * kMaxSide)))));
  if (side * side != shape[1]) return {};
  return ImageLayout{side, side, 1, false};
}

// [N,C,H,W] -> [N,H,W,C]
template <class T>
std::vector<T> channels_last(std::span<const T> from, const ImageLayout& l) {
  if (!l.channels_first || l.channels == 1) return {from.begin(), from.end()};
  std::vector<T> to(from.size());
  const auto plane = static_cast<size_t>(l.height * l.width), channels = static_cast<size_t>(l.channels);
  for (size_t i = 0; i < to.size(); ++i) {
    const size_t channel = i % channels, pixel = i / channels % plane, image = i / channels / plane;
    to[i] = from[(image * channels + channel) * plane + pixel];
  }
  return to;
}

}  // namespace

std::unique_ptr<Dataset> open_data(const std::string& spec) {
  if (ends_with(spec, ".npy")) return read_images(spec);
  if (auto fashion = open_fashion(spec)) return fashion;
  return open_dataset(spec);
}

std::unique_ptr<ImageArray> read_images(const std::string& path, std::optional<Shape> expected) {
  const io::Array array = io::read_npy(path);
  const auto reject = [&](const std::string& why, const std::string& hint) { throw Error(ErrorKind::data, path, why, hint); };
  const auto layout = layout_of(array.shape, expected);
  if (!layout) reject("an array " + array.shape_str() + " is not a list of images", "save [N,H,W], [N,1,H,W] or [N,H,W,1]");
  if (array.shape[0] == 0) reject("holds no images, " + array.shape_str(), "save at least one");
  const int64_t largest = std::max(layout->height, layout->width), least = std::min(layout->height, layout->width);
  if (least < 1 || largest > kMaxSide)
    reject("its images are " + std::to_string(layout->height) + "x" + std::to_string(layout->width),
           "their sides may be 1 to 1024 pixels");
  const Shape image{static_cast<int>(layout->height), static_cast<int>(layout->width), static_cast<int>(layout->channels)};
  if (expected && image != *expected)
    reject("its images are " + image.str() + ", the model takes " + expected->str(), "resize them");
  if (array.dtype == io::DType::u8) return std::make_unique<ImageArray>(path, image, channels_last(array.view<uint8_t>(), *layout));
  if (array.dtype != io::DType::f32 && array.dtype != io::DType::f64)
    reject("its pixels are neither uint8 nor floats", "save uint8, or float32 in [0,1]");
  const std::vector<float> pixels = array.floats();
  return std::make_unique<ImageArray>(path, image, channels_last<float>(pixels, *layout));
}

std::vector<float> read_rows(const std::string& path, int width) {
  const io::Array array = io::read_npy(path);
  const auto reject = [&](const std::string& why, const std::string& hint) { throw Error(ErrorKind::data, path, why, hint); };
  if (array.shape.size() != 2 || array.shape[1] != width || array.shape[0] < 1)
    reject("is " + array.shape_str() + ", expected [N," + std::to_string(width) + "] with N >= 1", "save one row for each item");
  std::vector<float> rows = array.floats();
  const auto bad = std::find_if_not(rows.begin(), rows.end(), [](float x) { return std::isfinite(x); });
  if (bad != rows.end())
    reject("row " + std::to_string((bad - rows.begin()) / width) + " has a number that is not finite", "mend it");
  return rows;
}

std::vector<float> channels_first(std::vector<float> images, Shape image) {
  if (image[2] == 1) return images;
  std::vector<float> to(images.size());
  const auto plane = static_cast<size_t>(image[0]) * static_cast<size_t>(image[1]), channels = static_cast<size_t>(image[2]);
  for (size_t i = 0; i < to.size(); ++i) {
    const size_t pixel = i % plane, channel = i / plane % channels, n = i / plane / channels;
    to[i] = images[(n * plane + pixel) * channels + channel];
  }
  return to;
}

void require_writable_size(const std::string& what, size_t count, size_t bytes) {
  if (count > io::kReadLimit / bytes)
    throw Error(ErrorKind::data, what, std::to_string(count) + " would make a file above 4 GiB",
                "do at most " + std::to_string(io::kReadLimit / bytes) + " at once");
}

void print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0)
    throw Error(ErrorKind::failed, "standard output", std::string("cannot write: ") + std::strerror(errno),
                "free some space, or print elsewhere");
}

// Text from files may be broken UTF-8, which JSON cannot hold.
void print(const Json& json) { print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"); }

std::string format(const char* pattern, ...) {
  va_list arguments, again;
  va_start(arguments, pattern);
  va_copy(again, arguments);
  std::string text(static_cast<size_t>(std::max(0, std::vsnprintf(nullptr, 0, pattern, arguments))), '\0');
  std::vsnprintf(text.data(), text.size() + 1, pattern, again);
  va_end(again);
  va_end(arguments);
  return text;
}

}  // namespace unpick::cli
