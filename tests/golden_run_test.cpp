// The golden run: 200 steps, recorded once. Compilers, optimisation levels and vector widths may round differently, and 200
// steps of training amplify that; the tolerance is far above it and far below any change of behaviour.
#include <gtest/gtest.h>

#include "core/session/session.h"

namespace unpick {
namespace {

TEST(Session, GoldenRunOf200Steps) {
  struct Point {
    int64_t step;
    double loss, tolerance;  // relative
  };
  const Point golden[] = {
      {1, 2839.3181, 1e-6}, {20, 543.34247, 1e-5}, {50, 564.01117, 1e-5}, {100, 423.5708, 1e-4}, {200, 428.32648, 1e-3}};
  Pool pool(2);
  Config config;
  apply_preset(config, "live");
  set(config, "batch", "16");
  Session session(config, open_dataset(config.data), pool);
  for (const Point& p : golden) {
    session.advance(p.step - session.step());
    EXPECT_NEAR(session.losses().loss / p.loss, 1, p.tolerance) << "step " << p.step << ": " << session.losses().loss;
  }
}

}  // namespace
}  // namespace unpick
