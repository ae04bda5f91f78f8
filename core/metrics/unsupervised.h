// Scores that need no factors: how dependent the codes are among each other, and how sparse.
//
//   Gaussian total correlation        (sum log S_dd - log det S) / 2, nats: of the normal distribution with covariance S
//   Gaussian Wasserstein correlation  2 tr S - 2 tr (S_diag^1/2 S S_diag^1/2)^1/2; "norm" divides by tr S
//   mutual information score          mean over pairs of codes of the plug-in estimate in 20 bins, nats
//   Hoyer                             mean over points of (√D - |z|_1/|z|_2) / (√D - 1), z over its spread: 1 if one code is
//                                     active at a time, 0 if all are equally (Hoyer 2004; Mathieu et al. 2019)
//
// Sources: Locatello et al. 2019, Watanabe 1960. Known quirks: the total correlation is not defined if a code is constant, and is
// rounding noise if codes are copies of each other.
#pragma once

#include "core/metrics/report.h"

namespace unpick {

// codes [N,D], finite, N >= 2 or Error(data). "gaussian_total_correlation", "gaussian_wasserstein_correlation",
// "gaussian_wasserstein_correlation_norm", "mutual_info_score"; "covariance" [D,D]. NaN or inf where S is singular.
Report unsupervised(const Eigen::MatrixXf& codes);

double gaussian_total_correlation(const Eigen::MatrixXd& covariance);
Eigen::MatrixXd covariance(const Eigen::MatrixXf& codes);  // [D,D], divided by N-1

// The sparsity of one code, 1 if a single entry is not 0, 0 if all are equally large; NaN for the zero code or a single entry.
double hoyer(const Eigen::VectorXd& z);
// "hoyer", the mean over points of codes [N,D] divided by their standard deviations; constant codes are left out.
Report hoyer_score(const Eigen::MatrixXf& codes);

}  // namespace unpick
