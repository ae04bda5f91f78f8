// Seams and other curves in data space as polylines: their length, how far apart two are, and how far the image of an axis
// leaves the seam that it should follow.
//
// A curve is [D,P], one column a point. Distances are to the nearest point of the other polyline, between its points too, and
// are exact to about 1e-8 of the curves' size. Means are over arc length, so that crowded points count no more than others.
//
// Source: theory B6. Read next: core/seams/density.h
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "core/seams/paths.h"

namespace unpick {

// [P] length from column `origin` along the polyline x, negative before it. For a seam it matches Path::arc.
Eigen::VectorXd polyline_arc(const Eigen::MatrixXd& x, Eigen::Index origin = 0);

// Mean over the arc length of a [D,P] of the distance to b [D,Q]. The one point of a curve without length counts as it is.
double mean_distance(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

struct AxisImage {
  Eigen::MatrixXd x;  // [D,P] d(z* + t e_j), j the latent of the path, t that of the path
  double departure;   // delta_k: mean_distance to the seam / length of the seam; NaN if it has none
  double cosine;      // of dd/dz_j and u_k at z*; NaN if one of them is 0
};
// 0 and 1 if codes along the axis and along the path have the same images, as under C1 and C2.
AxisImage axis_image(GeometryProgram& program, const Path& path);

// ---- seams of two decoders through the same datum ------------------------------------------------------------------------
// Each decoder's paths start from its own code of the datum. Lemma 6.1: seams belong to the distribution, so decoders that fit it
// equally well have the same, whatever their codes.
struct SeamMatch {
  std::vector<int> partner;  // [A] seam k of the first goes with seam partner[k] of the second
  Eigen::VectorXd cosine;    // [A] |u_k' u_partner| at the datum, chosen for the largest sum; NaN where one is undefined
  Eigen::VectorXd distance;  // [A] mean of the two mean_distances / mean of the two lengths; NaN if both are 0
};
// ShapeError unless both have seams of the same outputs and the second has as many as the first, or more.
SeamMatch compare_seams(std::span<const Path> first, std::span<const Path> second);

// MCC of Theorem 6.2: (1/F) sum_k |corr(codes_pi(k), truth_k)|, pi the one-to-one choice of largest sum. codes [N,A], truth [N,F],
// A >= F. A constant column, such as a collapsed latent, has correlation 0 with everything.
double mean_correlation(const Eigen::MatrixXd& codes, const Eigen::MatrixXd& truth);

}  // namespace unpick
