#include "core/base/decompositions.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>

namespace unpick {

using Eigen::MatrixXd;

Svd svd(const MatrixXd& A, Left left) {
  const int left_too = left == Left::wanted ? Eigen::ComputeThinU : 0;
  const Eigen::JacobiSVD<MatrixXd> solver(A, static_cast<unsigned>(Eigen::ComputeFullV | left_too));
  return {solver.singularValues(), solver.matrixV(), left == Left::wanted ? solver.matrixU() : MatrixXd()};
}

Spectrum spectrum(const MatrixXd& C) {
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(C);
  return {solver.eigenvalues().reverse(), solver.eigenvectors().rowwise().reverse()};
}

MatrixXd orthogonal_factor(const MatrixXd& A) {
  const Eigen::HouseholderQR<MatrixXd> qr(A);
  MatrixXd Q = qr.householderQ();
  for (Eigen::Index j = 0; j < Q.cols(); ++j)
    if (qr.matrixQR()(j, j) < 0) Q.col(j) *= -1;
  return Q;
}

double log_volume(const MatrixXd& A) {
  const Eigen::HouseholderQR<MatrixXd> qr(A);
  return qr.matrixQR().diagonal().array().abs().log().sum();
}

MatrixXd cholesky(const MatrixXd& C) {
  const Eigen::LLT<MatrixXd> solver(C);
  return solver.info() == Eigen::Success ? MatrixXd(solver.matrixL()) : MatrixXd();
}

MatrixXd inverse_of_positive(const MatrixXd& C) { return C.llt().solve(MatrixXd::Identity(C.rows(), C.cols())); }

}  // namespace unpick
