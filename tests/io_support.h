// What the tests of native/io share: where reference files are, a folder to write in, and the rule for hostile bytes.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "tests/places.h"

namespace unpick::io {

using Bytes = std::vector<std::byte>;

// A file of the reference data, "oracles/pretrained/inputs32.npy"; it may be absent: then the test is skipped.
inline std::string reference(const std::string& file) {
  const char* folder = std::getenv("UNPICK_SHARED");
  return (folder ? std::string(folder) : std::string(unpick::test::kSourceDir) + "/../shared") + "/" + file;
}
#define SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no reference data at " << path

// A new folder that goes when the test ends.
struct TemporaryFolder {
  std::string path = ::testing::TempDir() + "unpick-XXXXXX";
  TemporaryFolder() {
    if (!::mkdtemp(path.data())) throw std::runtime_error("no temporary folder");
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  // Every name in it, sorted: shows what was left behind.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(path)) out.push_back(entry.path().filename());
    std::sort(out.begin(), out.end());
    return out;
  }
};

inline std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline Bytes to_bytes(std::string_view text) {
  const auto raw = std::as_bytes(std::span(text.data(), text.size()));
  return {raw.begin(), raw.end()};
}

// The error of `action`, "" if there is none; anything else that it throws is a failure of the test.
template <class Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << "an error is one line: " << error.what();
    return error.what();
  }
  return "";
}

// A reader meets its file cut short at every length, and each bit of its first `head` bytes flipped: it gives an Error or
// an answer, and a file cut short always gives an Error (save within an `idle` end that carries nothing).
template <class Parse>
void expect_safe_against_damage(const Bytes& file, size_t head, Parse&& parse, size_t idle = 0) {
  for (size_t length = 0; length < file.size() - idle; ++length) {
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_NE(error_of([&] { parse(cut); }), "") << "cut at " << length;
  }
  for (size_t bit = 0; bit < 8 * std::min(head, file.size()); ++bit) {
    Bytes damaged = file;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    error_of([&] { parse(damaged); });
  }
}

}  // namespace unpick::io
