// What the sources prove about beta, rotations and the impossibility of unsupervised disentanglement, as functions to check on a
// trained model. Log densities in nats; q = N(mu, Sigma) of one datum.
//
// Sources: Mathieu, Rainforth, Siddharth & Teh 2019 (Theorem 1, Corollaries 1 and 2, rotation), Locatello et al. 2019
// (impossibility), theory M4 and D. Read next: tests/f64/theory_test.cpp
#pragma once

#include <Eigen/Core>
#include <functional>

#include "core/model/model.h"

namespace unpick {

// KL(N(mu, Sigma) || N(0, Omega))
double gaussian_kl(const Eigen::VectorXd& mu, const Eigen::MatrixXd& Sigma, const Eigen::MatrixXd& Omega);

// Theorem 1: L_beta(x) = ELBO of (p(x|z), f_beta) + (beta - 1) H[q] + log F_beta, f_beta = p^beta / F_beta, F_beta = int p^beta.
// For p = N(0, Omega), f_beta = N(0, Omega / beta). Both sides, given E_q[log p(x|z)].
struct BetaIdentity {
  double left, right;
};
BetaIdentity beta_identity(double log_likelihood, const Eigen::VectorXd& mu, const Eigen::MatrixXd& Sigma,
                           const Eigen::MatrixXd& Omega, double beta);
double log_f_normal(const Eigen::MatrixXd& Omega, double beta);  // log F_beta of N(0, Omega)
double log_f_student(double nu, double beta);                    // of one t_nu; needs beta (nu + 1) > 1

// Corollary 1: beta-VAE is VAE in units of sqrt(beta). The same model with z' = sqrt(beta) z: the encoder's last layer and the
// decoder's first are scaled, exactly. L_beta(x) of one is L_1(x) of the other + (beta - 1)/2 log det S' + c, S' = beta Sigma.
Model rescaled(const Model& model, double beta);
double rescaling_constant(int latent, double beta);  // c, for Omega = I: [(beta - 1) Z - Z beta log beta] / 2

// The same decoder in turned latents, d'(z) = d(R'z): with mu' = R mu and Sigma' = R Sigma R' its objective is the same, since
// N(0, I) has no axes. A diagonal family does not hold R Sigma R'; its best member there loses the gap of theory B1.
Model with_turned_decoder(const Model& model, const Eigen::MatrixXd& R);

// The construction of the impossibility theorem: f(u)_k = F_k^-1(Phi((A Phi^-1(F(u)))_k)) has the marginals and the independence of
// u ~ prod F_k, yet each f_k depends on every u_j, for any orthogonal A without zeros. For N(0,1) marginals f(u) = A u.
struct Marginal {
  std::function<double(double)> cdf, quantile;
};
Eigen::VectorXd entangled(const Eigen::VectorXd& u, const Eigen::MatrixXd& A, const Marginal& marginal);
double normal_cdf(double x);

// Rotation by `angle` about `axis` (Rodrigues); the slides' face code is turned by 60 degrees about (1, 1, 0).
Eigen::Matrix3d rotation(const Eigen::Vector3d& axis, double angle);

}  // namespace unpick
