// The geometry of a decoder at a point: Jacobian, metric, singular vectors with signs and labels, how the singular values
// change, and the residual Hessian. Everything is computed in double from derivatives in `real`.
//
// Why the SVD of J and never the eigenvectors of G = J'J: the condition number of G is that of J squared, which loses every
// singular value below 1e-4 s_1 in float. A QR of J first makes the SVD one of [A,A], so that the safe way costs as much.
//
// What is not defined is said and never made up. u_k is NaN where s_k <= 1e-6 s_1 (`rank` counts the others; a constant
// decoder has rank 0). V is arbitrary where two singular values are equal; `gap` is 0 there and scores skip the point. A value
// or derivative that is not finite throws Error(failed); codes or latents that do not fit throw Error(usage).
//
// Source: theory B6. Read next: core/seams/scores.h
#pragma once

#include <Eigen/Core>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/seams/jacobian.h"

namespace unpick {

// How the sign of v_k, and with it of u_k, is chosen: the entry of its axis is positive, or its largest entry is.
enum class Signs { axis, largest_entry };

struct Geometry {
  std::vector<real> z;    // [Z]
  std::vector<int> dims;  // [A] the latents looked at, ascending; columns of J for the others are deleted first
  Eigen::VectorXd value;  // [D] d(z)
  Eigen::MatrixXd J;      // [D,A]
  Eigen::MatrixXd G;      // [A,A] J'J, the pull-back metric
  Eigen::VectorXd s;      // [A] singular values, descending
  Eigen::MatrixXd V;      // [A,A] columns v_k, in the order of s
  Eigen::MatrixXd U;      // [D,A] columns u_k = J v_k / s_k; NaN from column `rank` on
  std::vector<int> axis;  // [A] v_k belongs to latent dims[axis[k]], the assignment of largest sum |V|
  int rank = 0;           // singular values above 1e-6 s_1
  double gap = 0;         // smallest (s_k - s_k+1) / s_k; 1 for a single latent

  bool determined() const { return gap > 1e-6; }  // V is unique up to signs
};

// The linear algebra alone: G, s, V, U, axis, rank and gap from J [D,A].
Geometry decompose(Eigen::MatrixXd J, Signs signs = Signs::axis);

// The geometry of some of g's latents alone, `dims` ascending, all if empty: their columns of J are kept, and decomposed anew.
Geometry restricted(const Geometry& g, std::vector<int> dims, Signs signs = Signs::axis);

// The same decoder over codes rotated by Q [A,A] orthogonal, z' = Q z: G, s, V, axis, rank and gap; J and U stay empty.
Geometry rotated(const Geometry& g, const Eigen::MatrixXd& Q);

// Rows in the order of s put in the order of their axes: row axis[k] of the result is row k of `rows`.
Eigen::MatrixXd labelled(const Eigen::MatrixXd& rows, const std::vector<int>& axis);

// How singular values change along the axes. u_k and v_k do not count to first order: ds_k is the change of u_k' J v_k.
struct SpeedChanges {
  Eigen::MatrixXd singular;  // [A,A] ds_k/dz_j = u_k' (dJ/dz_j) v_k, rows in the order of s; NaN where u_k is undefined
  Eigen::MatrixXd column;    // [A,A] d|J e_i|/dz_j, rows by axis; NaN where the column is 0
  std::vector<bool> near;    // [A] another singular value within 5 % of s_k: the row of `singular` is unreliable
  Eigen::MatrixXd by_axis;   // [A,A] row axis[k] is row k of `singular`, or row axis[k] of `column` where near[k]
};

class GeometryProgram {
 public:
  // What `map` refers to must outlive it. As many points are computed at a time as are asked for, `most` at most. Nothing is
  // recorded until it is needed; other latents, or more points, are a new recording.
  GeometryProgram(DecoderMap map, Backend& backend, int most = 16) : map_(std::move(map)), backend_(backend), most_(most) {}

  // z [N,Z]; dims: the latents to look at, ascending, all if empty.
  std::vector<Geometry> at(std::span<const real> z, std::vector<int> dims = {}, Signs signs = Signs::axis);
  SpeedChanges speed_changes(const Geometry& g);
  // C = sum_i r_i H_i(z) [A,A] for fixed r [D]. Zero almost everywhere for ReLU logits (theory F7).
  Eigen::MatrixXd residual_hessian(const Geometry& g, const Eigen::VectorXd& r);

 private:
  DecoderMap map_;
  Backend& backend_;
  int most_;
  std::vector<int> dims_;  // of `jacobian_`
  std::unique_ptr<JacobianProgram> jacobian_;
  std::unique_ptr<SpeedGradientProgram> speed_;
  std::unique_ptr<ResidualHessianProgram> hessian_;
};

// Throws Error(usage) unless z holds rows of `latent` finite codes; returns their number.
size_t count_codes(std::span<const real> z, int latent);

Eigen::VectorXd to_double(std::span<const real> values);

}  // namespace unpick
