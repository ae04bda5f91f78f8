// The newest value reaches the reader whole, however the two threads meet.
#include "core/base/triple_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace unpick {
namespace {

TEST(TripleBuffer, HoldsTheNewestUntilTheReaderAsksAgain) {
  TripleBuffer<int> buffer;
  EXPECT_EQ(buffer.latest(), 0) << "nothing was published";
  for (const int value : {1, 2}) {
    buffer.back() = value;
    buffer.publish();
  }
  const int& seen = buffer.latest();
  EXPECT_EQ(seen, 2) << "the first was dropped";
  for (const int value : {3, 4, 5}) {
    buffer.back() = value;
    buffer.publish();
    EXPECT_EQ(seen, 2) << "a reader's place is its own";
  }
  EXPECT_EQ(buffer.latest(), 5);
  EXPECT_EQ(buffer.latest(), 5);
}

TEST(TripleBuffer, AReaderSeesWholeValuesInTheirOrder) {
  constexpr int kLast = 20000;
  TripleBuffer<std::array<int, 64>> buffer;
  const std::jthread writer([&] {
    for (int value = 1; value <= kLast; ++value) {
      buffer.back().fill(value);
      buffer.publish();
    }
  });
  for (int before = 0; before < kLast;) {
    const std::array<int, 64>& seen = buffer.latest();
    ASSERT_GE(seen[0], before);
    ASSERT_EQ(std::count(seen.begin(), seen.end(), seen[0]), 64);
    before = seen[0];
  }
}

}  // namespace
}  // namespace unpick
