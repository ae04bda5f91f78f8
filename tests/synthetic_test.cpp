// Data with a known truth, by name and by number. Their covariance is checked in f64/linear_vae_test.cpp.
#include "core/data/synthetic.h"

#include <gtest/gtest.h>

#include <cmath>

namespace unpick {
namespace {

using Eigen::Vector2d;
using Eigen::VectorXd;

TEST(SyntheticData, CanonicalSpecReopensToTheSameData) {
  for (const auto& [given, canonical] :
       {std::pair{"gaussian", "gaussian:outputs=10,s=2|1.4142135623730951|1,sigma2=0.1,seed=1,size=10000"},
        {"gaussian:size=7,s=3|0.5,outputs=4", "gaussian:outputs=4,s=3|0.5,sigma2=0.1,seed=1,size=7"},
        {"waves", "waves:sigma2=0.01,seed=1,size=10000"},
        {"waves:seed=4", "waves:sigma2=0.01,seed=4,size=10000"}}) {
    const auto data = open_dataset(given), again = open_dataset(canonical);
    EXPECT_EQ(data->spec(), canonical);
    EXPECT_EQ(again->spec(), canonical);
    ASSERT_EQ(data->size(), again->size());
    std::vector<real> x(static_cast<size_t>(data->image().size())), y(x.size());
    data->render(data->size() - 1, x);
    again->render(data->size() - 1, y);
    EXPECT_EQ(x, y);
  }
}

TEST(SyntheticData, SaysWhatIsWrong) {
  const auto says = [](const std::string& spec) {
    try {
      open_dataset(spec);
    } catch (const Error& error) {
      EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(ErrorKind::usage));
      return std::string(error.what());
    }
    return std::string();
  };
  for (const auto& [spec, part] : {std::pair{"gausian", "did you mean 'gaussian'?"},
                                   {"waves:sede=1", "did you mean 'seed'?"},
                                   {"waves:seed=1,seed=2", "seed is given twice"},
                                   {"waves:seed=1.5", "seed must be a whole number"},
                                   {"waves:seed=-1", "seed must be a whole number"},
                                   {"waves:seed=1|2", "seed has 2 values"},
                                   {"waves:sigma2=", "sigma2 cannot be ''"},
                                   {"waves:sigma2=nan", "sigma2 cannot be 'nan'"},
                                   {"waves:sigma2=-1", "a variance that is not negative"},
                                   {"waves:size=0", "a size up to a million"},
                                   {"waves:size=99999999999", "size must be a whole number"},
                                   {"gaussian:outputs=2", "3 factors in 2 outputs"},
                                   {"gaussian:outputs=1e9", "1 to n <= 1024"}})
    EXPECT_NE(says(spec).find(part), std::string::npos) << spec << " says: " << says(spec);
}

// C1: the two columns of the Jacobian are orthogonal. C2: the length of each depends on its own latent alone.
TEST(WaveData, IsDisentangledByConstruction) {
  const WaveData data(1);
  const auto columns = [&](double a, double b) {
    constexpr double h = 1e-6;
    const VectorXd along = (data.decode(Vector2d(a + h, b)) - data.decode(Vector2d(a - h, b))) / (2 * h);
    const VectorXd across = (data.decode(Vector2d(a, b + h)) - data.decode(Vector2d(a, b - h))) / (2 * h);
    return std::pair{along, across};
  };
  for (const double a : {-1.0, 0.3, 2.0}) {
    for (const double b : {-0.7, 0.2, 1.5}) {
      const auto [along, across] = columns(a, b);
      EXPECT_NEAR(along.dot(across), 0, 1e-9);
      EXPECT_NEAR(along.norm(), std::sqrt(1.96 + 0.5625 * std::pow(std::sin(1.5 * a), 2)), 1e-8);
      EXPECT_NEAR(across.norm(), std::sqrt(0.64 + 0.275625 * std::pow(std::cos(1.5 * b), 2)), 1e-8);
    }
  }
}

}  // namespace
}  // namespace unpick
