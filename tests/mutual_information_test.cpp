// Bins, mutual information and MIG against values worked out by hand, and what must and must not change them.
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/check.h"
#include "core/metrics/mig.h"
#include "core/metrics/mutual_information.h"
#include "tests/metrics_support.h"

namespace unpick {
namespace {

TEST(Discretise, BinsAreHalfOpenAndTheLargestCodeIsInTheLast) {
  Eigen::MatrixXf codes(5, 1);
  codes << 0, 1, 1.5f, 2, 4;
  EXPECT_EQ(discretise(codes, 4).col(0), (Eigen::VectorXi(5) << 1, 2, 2, 3, 4).finished());
}

// 0.7 lies on the edge 0 + 14 (1 - 0) / 20, which is 0.7000000000000001 in double and 0.7f in float32.
TEST(Discretise, EdgesAreRoundedToFloat) {
  Eigen::MatrixXf codes(3, 1);
  codes << 0, 0.7f, 1;
  ASSERT_LT(static_cast<double>(0.7f), 14 * (1.0 / 20)) << "with edges in double the code would be below its edge";
  EXPECT_EQ(discretise(codes)(1, 0), 15);
}

TEST(Discretise, AConstantCodeIsInTheMiddle) {
  const Eigen::MatrixXf codes = Eigen::MatrixXf::Constant(7, 1, 0.37f);
  EXPECT_TRUE((discretise(codes).array() == 11).all());
}

TEST(MutualInformation, ClosedForms) {
  Eigen::VectorXi a(8), b(8), c(8);
  a << 0, 0, 0, 0, 1, 1, 1, 1;
  b << 0, 0, 1, 1, 0, 0, 1, 1;
  c << 0, 0, 0, 1, 1, 1, 1, 1;
  EXPECT_EQ(mutual_information(a, b), 0) << "independent";
  EXPECT_NEAR(mutual_information(a, a), std::log(2), 1e-15);
  // p = 3/8 (0,0), 1/8 (0,1), 4/8 (1,1)
  const double expected = 3. / 8 * std::log(3. / 8 / (1. / 2 * 3. / 8)) + 1. / 8 * std::log(1. / 8 / (1. / 2 * 5. / 8)) +
                          1. / 2 * std::log(1. / 2 / (1. / 2 * 5. / 8));
  EXPECT_NEAR(mutual_information(a, c), expected, 1e-15);
  EXPECT_NEAR(mutual_information(c, a), expected, 1e-15);
  EXPECT_EQ(mutual_information(a, Eigen::VectorXi::Constant(8, 3)), 0);
}

TEST(MutualInformation, NamesOfClassesDoNotMatter) {
  Eigen::VectorXi a(4), b(4);
  a << 0, 1, 2, 2;
  b << 2'000'000'000, -5, 7, 7;
  EXPECT_DOUBLE_EQ(mutual_information(a, a), mutual_information(a, b));
}

TEST(Mig, OfTheIdentityIsOneAndOfCopiesZero) {
  const Points grid = identity_points({2, 3, 4});
  EXPECT_NEAR(mig(grid).number("discrete_mig"), 1, 1e-12);
  Points copies = grid;
  copies.codes.resize(grid.size(), 6);
  copies.codes << grid.codes, grid.codes;
  EXPECT_NEAR(mig(copies).number("discrete_mig"), 0, 1e-12);
}

TEST(Mig, KeepsUnderPermutationAndSignAndFallsUnderRotation) {
  const Points grid = identity_points({4, 4});
  Points moved = grid;
  moved.codes.col(0) = -3 * grid.codes.col(1).array() + 2;
  moved.codes.col(1) = grid.codes.col(0);
  EXPECT_NEAR(mig(moved).number("discrete_mig"), 1, 1e-12);
  Points turned = grid;
  turned.codes.col(0) = grid.codes.col(0) + grid.codes.col(1);
  turned.codes.col(1) = grid.codes.col(0) - grid.codes.col(1);
  EXPECT_LT(mig(turned).number("discrete_mig"), 0.3);
}

TEST(Mig, SaysWhatItCannotUse) {
  const Points grid = identity_points({2, 3});
  Points bad = grid;
  bad.codes(3, 1) = std::nanf("");
  EXPECT_THROW(mig(bad), Error);
  bad = grid;
  bad.factors.col(0).setZero();
  EXPECT_THROW(mig(bad), Error) << "a factor with one class has no entropy";
  bad = grid;
  bad.factors.conservativeResize(4, 2);
  EXPECT_THROW(mig(bad), Error) << "mismatched lengths";
  EXPECT_THROW(mig({grid.codes.leftCols(1), grid.factors}), Error) << "a gap needs two codes";
  Points constant = grid;
  constant.codes.col(0).setConstant(5);
  EXPECT_NEAR(mig(constant).number("discrete_mig"), 0.5, 1e-12)
      << "a dead code is no fault: factor 0 has no gap, factor 1 a full one";
}

}  // namespace
}  // namespace unpick
