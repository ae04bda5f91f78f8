// The decompositions hold what their header says: order, orthogonality, signs, and that the factors multiply back.
#include "core/base/decompositions.h"

#include <gtest/gtest.h>

namespace unpick {
namespace {

using Eigen::MatrixXd;

double distance_from_orthogonal(const MatrixXd& Q) { return (Q.transpose() * Q - MatrixXd::Identity(Q.cols(), Q.cols())).norm(); }

MatrixXd example(int rows, int columns) {
  return MatrixXd::NullaryExpr(rows, columns,
                               [](Eigen::Index i, Eigen::Index j) { return std::sin(static_cast<double>(1 + 3 * i + i * j)); });
}

TEST(Decompositions, SingularValuesFallAndTheFactorsMultiplyBack) {
  for (const auto& [rows, columns] : {std::pair{7, 3}, {3, 7}, {4, 4}, {5, 1}}) {
    const MatrixXd A = example(rows, columns);
    const Svd of_A = svd(A, Left::wanted);
    const Eigen::Index k = of_A.s.size();
    ASSERT_EQ(k, std::min(rows, columns));
    EXPECT_TRUE(std::is_sorted(of_A.s.data(), of_A.s.data() + k, std::greater<>()));
    EXPECT_LT(distance_from_orthogonal(of_A.V), 1e-12);
    EXPECT_LT(distance_from_orthogonal(of_A.U), 1e-12);
    EXPECT_LT((of_A.U * of_A.s.asDiagonal() * of_A.V.leftCols(k).transpose() - A).norm(), 1e-12);
    EXPECT_EQ(svd(A).U.size(), 0) << "not asked for";
  }
}

TEST(Decompositions, EigenvaluesFallAndTheFactorsMultiplyBack) {
  const MatrixXd A = example(4, 4), C = A + A.transpose();
  const auto [values, vectors] = spectrum(C);
  EXPECT_TRUE(std::is_sorted(values.data(), values.data() + 4, std::greater<>()));
  EXPECT_LT((vectors * values.asDiagonal() * vectors.transpose() - C).norm(), 1e-12);
}

TEST(Decompositions, TheOrthogonalFactorIsThatWithAPositiveDiagonalOfR) {
  const MatrixXd A = example(5, 5), Q = orthogonal_factor(A), R = Q.transpose() * A;
  EXPECT_LT(distance_from_orthogonal(Q), 1e-12);
  EXPECT_LT(MatrixXd(R.triangularView<Eigen::StrictlyLower>()).norm(), 1e-12);
  EXPECT_GE(R.diagonal().minCoeff(), 0);
  EXPECT_NEAR(log_volume(A), R.diagonal().array().log().sum(), 1e-12);
}

TEST(Decompositions, TheVolumeOfATallMatrixIsThatOfItsColumns) {
  MatrixXd A = MatrixXd::Zero(4, 2);
  A.col(0) << 3, 0, 4, 0;  // length 5
  A.col(1) << 3, 2, 4, 0;  // the same and 2 across
  EXPECT_NEAR(log_volume(A), std::log(10), 1e-14);
}

TEST(Decompositions, CholeskyIsEmptyWithoutAPositiveDefiniteMatrix) {
  const MatrixXd A = example(3, 3), C = A * A.transpose() + MatrixXd::Identity(3, 3), L = cholesky(C);
  EXPECT_LT((L * L.transpose() - C).norm(), 1e-12);
  EXPECT_EQ(L(0, 2), 0);
  EXPECT_EQ(cholesky(-C).size(), 0);
  EXPECT_EQ(cholesky(MatrixXd()).size(), 0);
}

}  // namespace
}  // namespace unpick
