// Sessions: the same numbers whatever the threads, the machine's mood or the moment of a stop.
#include <gtest/gtest.h>

#include <cmath>

#include "core/session/session.h"

namespace unpick {
namespace {

Config live(std::initializer_list<std::pair<const char*, const char*>> changes = {}) {
  Config config;
  apply_preset(config, "live");
  for (const auto& [name, value] : changes) set(config, name, value);
  return config;
}

std::unique_ptr<Session> session(const Config& config, Pool& pool) {
  return std::make_unique<Session>(config, open_dataset(config.data), pool);
}

TEST(Session, WeightsAreBitIdenticalForEveryNumberOfThreads) {
  for (const char* model : {"mlp", "conv"}) {
    uint64_t first = 0;
    for (int threads : {1, 2, 3, 5, 16}) {
      Pool pool(threads);
      const auto s = session(live({{"model", model}, {"batch", "17"}}), pool);
      s->advance(3);
      if (threads == 1) first = s->fingerprint();
      EXPECT_EQ(s->fingerprint(), first) << model << ", " << threads << " threads";
    }
  }
}

// The golden run: 200 steps, recorded once. Compilers, optimisation levels and vector widths may round differently, and 200
// steps of training amplify that; the tolerance is far above it and far below any change of behaviour.
TEST(Session, GoldenRunOf200Steps) {
  struct Point {
    int64_t step;
    double loss, tolerance;  // relative
  };
  const Point golden[] = {
      {1, 2839.3181, 1e-6}, {20, 543.34247, 1e-5}, {50, 564.01117, 1e-5}, {100, 423.5708, 1e-4}, {200, 428.32648, 1e-3}};
  Pool pool(2);
  const auto s = session(live({{"batch", "16"}}), pool);
  for (const Point& p : golden) {
    s->advance(p.step - s->step());
    EXPECT_NEAR(s->losses().loss / p.loss, 1, p.tolerance) << "step " << p.step << ": " << s->losses().loss;
  }
}

TEST(Session, ResumingContinuesBitForBit) {
  Pool pool(2);
  const auto whole = session(live(), pool), first = session(live(), pool), second = session(live(), pool);
  whole->advance(7);
  whole->post({"beta", "8"});
  whole->advance(6);
  first->advance(7);
  first->post({"beta", "8"});
  first->advance(2);
  Config resumed = first->config();
  const auto s = session(resumed, pool);
  s->restore(first->state(), first->log());
  s->advance(4);
  EXPECT_EQ(s->fingerprint(), whole->fingerprint());
  EXPECT_EQ(s->log().size(), 1u);
}

TEST(Session, ALiveSettingChangesAtTheNextStepAndIsLogged) {
  Pool pool(1);
  const auto s = session(live(), pool);
  s->advance(3);
  s->post({"lr", "0"});
  const uint64_t before = s->fingerprint();
  s->advance(2);
  EXPECT_EQ(s->fingerprint(), before) << "a learning rate of 0 moves nothing";
  ASSERT_EQ(s->log().size(), 1u);
  EXPECT_EQ(s->log()[0].step, 3);
  EXPECT_THROW(s->post({"latent", "3"}), Error);
  EXPECT_THROW(s->post({"beta", "-1"}), Error);
}

TEST(Session, ANonFiniteLossNamesTheScopeAndKeepsTheWeights) {
  Pool pool(1);
  const auto s = session(live({{"likelihood", "gaussian"}, {"sigma2", "1e-6"}, {"beta", "0"}}), pool);
  s->advance(1);
  std::vector<real> x(64 * 4096, 0), epsilon(640, 0);
  epsilon[3] = std::numeric_limits<real>::infinity();
  const uint64_t before = s->fingerprint();
  try {
    s->step_on(x, epsilon);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::failed);
    EXPECT_NE(std::string(e.what()).find("step 2, first in scope 'sample'"), std::string::npos) << e.what();
  }
  EXPECT_EQ(s->fingerprint(), before);
  EXPECT_EQ(s->step(), 1);
  EXPECT_TRUE(s->healthy());
}

TEST(Session, EveryObjectiveLearns) {
  Pool pool(2);
  for (const Objective& o : objectives()) {
    const auto s = session(live({{"objective", o.name}, {"batch", "8"}}), pool);
    s->advance(1);
    const double start = s->losses().reconstruction;
    s->advance(60);
    EXPECT_LT(s->losses().reconstruction, start / 5) << o.name;
  }
}

}  // namespace
}  // namespace unpick
