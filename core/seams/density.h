// How the prior's mass lies on the manifold, and along each seam. Prior: N(0, I) over the latents looked at, the others held fixed.
//
// The manifold's density is p_mu(d(z)) = p(z) / sqrt(det J'J) per unit of surface; a seam's is f_k = p_k(v_k'z) / s_k per unit of
// arc length. Lemma 5.0: log p_mu = sum_k log f_k, at every z and for every decoder of full rank, since |z|² = sum_k (v_k'z)².
// D1, disentanglement, asks for more: that the factors be independent. By Theorem 5.1 they are if and only if C1 and C2 hold.
//
// Two tests of D1. Strong: does factor k change along other axes? That is `dependence` of scores.h, 0 if and only if D1. Weak:
// is the mixed derivative of log p_mu zero? Necessary only: surfaces of revolution pass. Never show the weak one as D1.
//
// Densities are logs, so they do not underflow. Where rank < A the surface has no A-dimensional measure: the answer is NaN.
//
// Source: theory B3, B4, F19 to F21. Read next: core/seams/scores.h
#pragma once

#include <Eigen/Core>

#include "core/seams/paths.h"

namespace unpick {

double log_manifold_density(const Geometry& g);  // log p_mu(d(z)), det J'J by QR of J
double log_seam_factors(const Geometry& g);      // sum_k log f_k, from V and s
// |log_manifold_density - log_seam_factors|, the residual of Lemma 5.0: rounding alone.
double seam_factor_residual(const Geometry& g);

// Weak test: mean over i != j of |d² log p_mu / dz_i dz_j|, by central differences of the exact gradient; 0 for one latent.
double mixed_curvature(GeometryProgram& program, const Geometry& g);

struct SeamDensity {
  Eigen::VectorXd coordinate;  // [P] v_k'z
  Eigen::VectorXd log_p;       // [P] log p_k, per unit of the coordinate
  Eigen::VectorXd log_f;       // [P] log f_k = log p_k - log s_k, per unit of Path::arc; infinite where s is 0
  // Of f_k over the seam: 1, less what the path did not reach, if the path is straight. Along a curved one the coordinate runs
  // faster or slower than t, and another number is no error; it is never scaled to 1.
  double integral;
};
SeamDensity seam_density(const Path& path);

}  // namespace unpick
