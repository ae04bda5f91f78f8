// Numbers that say how far a decoder is from disentangled geometry, each beside its value for the same matrix after a random
// rotation: without that chance level no score means anything.
//
// A score that is 0/0 is NaN and never a number: a ratio of a zero matrix, a cosine with a zero column, a gap of a matrix that
// is not positive definite. One latent has no off-diagonal: off_mass, off_norm and cosine are 0 there, and so is DtO. Scores near 0
// are trivial for decoders that ignore most latents: show `rank` and the reconstruction beside them (theory F11, F12).
//
// Source: theory B2, B4, B7; DtO is eq. 29 of Rolinek et al. 2019. Read next: core/seams/posterior_identity.h
#pragma once

#include <Eigen/Core>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/seams/geometry.h"

namespace unpick {

// ---- of a matrix of right singular vectors V [A,A] ---------------------------------------------------------------------
double distance_to_axes(const Eigen::MatrixXd& V);    // DtO: |V - P|_F to the nearest signed permutation P; 0 is aligned
double axis_alignment(const Eigen::MatrixXd& V);      // AAS: largest (1/A) sum_k V_kk² over relabellings; 1 is aligned
double mean_largest_entry(const Eigen::MatrixXd& V);  // mean over columns of max |V|; columns may share an axis

// ---- of any square matrix M ---------------------------------------------------------------------------------------------
double off_share(const Eigen::MatrixXd& M);  // sum of squares off the diagonal / all; of G it is the C1 residual, of ds the C2
double off_mass(const Eigen::MatrixXd& M);   // sum |off| / sum |diagonal|
double off_norm(const Eigen::MatrixXd& M);   // |off|_F / |diagonal|_F
double off_root(const Eigen::MatrixXd& M);   // |off|_F, raw: for the C2 residual of linear decoders, whose share is 0/0
double mean_abs_cosine(const Eigen::MatrixXd& M);  // mean |M_ij| / sqrt(M_ii M_jj), i != j, for M with a positive diagonal

// ---- of geometry and its changes -----------------------------------------------------------------------------------------
// Strong test of D1: mean over j != k of |d log s_k / dz_j|, s_k labelled by axis and measured as |J e_k|. 0 under C1 and C2.
double dependence(const Geometry& g, const SpeedChanges& c);
// kappa = |off(A - C)|_F / (|off A|_F + |off C|_F) in [0,1]; small with large parts means that they cancel.
double non_cancellation(const Eigen::MatrixXd& A, const Eigen::MatrixXd& C);

// ---- of the posterior identity Sigma P = I -------------------------------------------------------------------------------
double identity_error(const Eigen::MatrixXd& sigma, const Eigen::MatrixXd& P);               // |Sigma P - I|_F / sqrt(A), full
Eigen::VectorXd diagonal_errors(const Eigen::VectorXd& variance, const Eigen::MatrixXd& P);  // |Sigma_jj P_jj - 1|, diagonal
// gap = (beta/2) (sum log P_jj - log det P) >= 0, nats: what a diagonal posterior loses, the pressure that locks the axes.
double diagonal_gap(const Eigen::MatrixXd& P, double beta);
double median(std::vector<double> values);  // NaN of none

// ---- chance ---------------------------------------------------------------------------------------------------------------
// An orthogonal [n,n] matrix, uniform by Haar's measure, from step `step` of the generator.
Eigen::MatrixXd random_rotation(int n, const Rng& rng, uint32_t step);

struct Score {
  double measured = 0;
  double rotated = 0;  // mean of the same score after random rotations
};
// `score` takes the rotation Q, the identity for the measured value: [&](auto& Q) { return off_mass(Q * M * Q.transpose()); }.
Score against_chance(int n, const std::function<double(const Eigen::MatrixXd& Q)>& score, const Rng& rng, uint32_t step = 0,
                     int rotations = 1);

// C2: off_share or off_root of ds/dz by axis; rotated codes have the same changes along other directions, labelled anew.
Score c2_residual(double (*score)(const Eigen::MatrixXd&), const Geometry& g, const SpeedChanges& c, const Rng& rng,
                  uint32_t step = 0, int rotations = 1);

struct GeometryScore {
  const char* name;
  const char* summary;
  bool of_v;  // uses V, so it is undefined where V is not unique
  double (*of)(const Geometry&);
};
std::span<const GeometryScore> geometry_scores();

struct MeanScore {
  const GeometryScore* score;
  Score mean;         // over the points where it is defined; NaN if there are none
  int undefined = 0;  // points left out
};
// Point p is rotated by rotations p R .. p R + R - 1 of the generator.
std::vector<MeanScore> mean_scores(std::span<const Geometry> points, const Rng& rng, int rotations = 1);

}  // namespace unpick
