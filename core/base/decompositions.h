// Eigen's matrix decompositions, compiled once.
//
// Why: each is a large template, and several files want the same few for matrices of doubles. Instantiated here alone, they take
// seconds of a build instead of minutes, most of all under the sanitizers.
//
// Read next: core/seams/geometry.h, which uses them
#pragma once

#include <Eigen/Core>

namespace unpick {

// A = U diag(s) V', s falling. V is square, so of a wide A its last columns span the null space.
struct Svd {
  Eigen::VectorXd s;  // [k], k the smaller extent of A [n,m]
  Eigen::MatrixXd V;  // [m,m]
  Eigen::MatrixXd U;  // [n,k]; empty unless asked for
};
enum class Left { omitted, wanted };
Svd svd(const Eigen::MatrixXd& A, Left left = Left::omitted);

// C = vectors diag(values) vectors' of a symmetric C, values falling. Only the lower triangle of C is read.
struct Spectrum {
  Eigen::VectorXd values;
  Eigen::MatrixXd vectors;
};
Spectrum spectrum(const Eigen::MatrixXd& C);

// Q of A = Q R, A square, with the signs that make R's diagonal positive (Stewart 1980): uniform by Haar's measure if A is normal.
Eigen::MatrixXd orthogonal_factor(const Eigen::MatrixXd& A);
// log sqrt det A'A of a tall A, from its QR: the condition number of A'A would be that of A squared.
double log_volume(const Eigen::MatrixXd& A);

// L with C = L L'. Empty if C is not positive definite.
Eigen::MatrixXd cholesky(const Eigen::MatrixXd& C);
// Of a positive definite C.
Eigen::MatrixXd inverse_of_positive(const Eigen::MatrixXd& C);

}  // namespace unpick
