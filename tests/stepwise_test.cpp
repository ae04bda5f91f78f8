// Work that pauses: nothing before it is asked for, parts within parts, errors, and what is dropped halfway.
#include "core/base/stepwise.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

namespace unpick {
namespace {

Stepwise count_to(int n, std::vector<int>& seen) {
  for (int i = 1; i <= n; ++i) {
    seen.push_back(i);
    co_await Pause();
  }
}

Stepwise twice(int n, std::vector<int>& seen) {
  co_await count_to(n, seen);
  seen.push_back(0);
  co_await count_to(n, seen);
}

TEST(Stepwise, RunsFromPauseToPause) {
  std::vector<int> seen;
  Stepwise work = count_to(2, seen);
  EXPECT_TRUE(seen.empty()) << "nothing before it is asked for";
  EXPECT_FALSE(work.done());
  EXPECT_TRUE(work.advance());
  EXPECT_EQ(seen, std::vector<int>({1}));
  EXPECT_TRUE(work.advance());
  EXPECT_FALSE(work.advance());
  EXPECT_FALSE(work.advance()) << "and so it stays";
  EXPECT_TRUE(work.done());
  EXPECT_EQ(seen, std::vector<int>({1, 2}));
  EXPECT_TRUE(Stepwise().done());
}

TEST(Stepwise, APartPausesTheWhole) {
  std::vector<int> seen;
  Stepwise work = twice(2, seen);
  int pauses = 0;
  while (work.advance()) ++pauses;
  EXPECT_EQ(pauses, 4);
  EXPECT_EQ(seen, std::vector<int>({1, 2, 0, 1, 2}));
  Stepwise none = twice(0, seen);
  EXPECT_FALSE(none.advance()) << "parts that never pause";
}

Stepwise fails_after(int n, std::vector<int>& seen) {
  co_await count_to(n, seen);
  throw std::runtime_error("enough");
}

Stepwise whole_that_fails(std::vector<int>& seen) {
  co_await fails_after(1, seen);
  seen.push_back(99);
}

TEST(Stepwise, AnErrorComesOutAndNothingFollows) {
  std::vector<int> seen;
  Stepwise work = whole_that_fails(seen);
  EXPECT_TRUE(work.advance());
  EXPECT_THROW(work.advance(), std::runtime_error);
  EXPECT_FALSE(work.advance());
  EXPECT_EQ(seen, std::vector<int>({1}));
}

Stepwise holds(std::shared_ptr<int> value, std::vector<int>& seen) {
  co_await count_to(*value, seen);
  seen.push_back(*value);
}

TEST(Stepwise, WhatIsGivenByValueLivesAsLongAsTheWork) {
  std::vector<int> seen;
  auto value = std::make_shared<int>(3);
  const std::weak_ptr<int> watch = value;
  Stepwise work = holds(std::move(value), seen);
  EXPECT_TRUE(work.advance());
  EXPECT_FALSE(watch.expired());
  Stepwise moved = std::move(work);
  EXPECT_TRUE(work.done());
  EXPECT_TRUE(moved.advance());
  moved = Stepwise();
  EXPECT_TRUE(watch.expired()) << "to drop it is to cancel it";
  EXPECT_EQ(seen, std::vector<int>({1, 2}));
}

}  // namespace
}  // namespace unpick
