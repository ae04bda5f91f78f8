// Singular-vector paths of a decoder and the seams that they draw.
//
// The path of v_k through z* solves dz/dt = v_k(z), both ways from z*; the seam is its image d(z(t)). The seam runs along u_k
// with speed s_k, so its arc length is the integral of s_k dt. Under C1 and C2 paths are lines along the axes, and seams are
// what a traversal of one latent draws; without them only the seams mean something, as rotating the codes leaves them alone.
//
// Why v_k is followed by overlap and never by rank: eigenvectors flip their signs, and where two singular values cross, order
// by size would jump to the other vector. Each stage of RK4 takes the (k, sign) of largest v_k' v_before.
//
// Invariants: t rises and is 0 at z*; |dz/dt| = 1; the last point on either side is the last that broke no rule, and `Stop` says
// which rule the next one broke. A path that cannot start has the one point z*. Latents not looked at keep their values.
//
// Source: theory B3, B6. Read next: core/seams/curves.h
#pragma once

#include <span>
#include <vector>

#include "core/seams/geometry.h"

namespace unpick {

enum class Stop {
  length,      // it is as long as asked
  ball,        // |z| would exceed the radius
  vanishing,   // s_k <= smallest s_1: the seam would stand still, and v_k is noise
  degenerate,  // another singular value equals s_k: v_k is arbitrary
  crossing,    // no singular vector continues the one before
};
const char* name(Stop stop);

struct PathRules {
  double step = 0.05;      // of RK4, in units of z
  double length = 6;       // of each of the two directions, in units of z
  double radius = 4;       // largest |z|, over all latents
  double smallest = 1e-3;  // s_k / s_1
  double overlap = 0.8;    // smallest v_k' v_before
  Eigen::Index most = 64;  // paths: those of the largest singular values
  double gap = 1e-5;       // smallest |s_i - s_k| / s_k; there float's errors turn v_k by about 0.01
};

struct Path {
  int k;                   // v_k and s_k at z*, in the order of s
  int latent;              // the latent whose axis v_k belongs to at z*
  std::vector<int> dims;   // [A] the latents looked at
  Stop before, after;      // why it has no point before its first, and none after its last
  Eigen::Index origin;     // column of z*
  Eigen::VectorXd t;       // [P] length along the path
  Eigen::MatrixXd z;       // [Z,P]
  Eigen::MatrixXd v;       // [A,P] dz/dt
  std::vector<int> order;  // [P] place of s among the singular values; changes where two cross
  Eigen::VectorXd s;       // [P] |dx/dt|
  Eigen::MatrixXd x;       // [D,P] the seam, d(z)
  Eigen::MatrixXd u;       // [D,P] its tangent J v / s; NaN where s is 0
  Eigen::VectorXd arc;     // [P] the integral of s dt from z*

  double seam_length() const { return arc(arc.size() - 1) - arc(0); }
};

class PathArm;

// The A paths through z* [Z] in the order of s, each pointing along its latent there, a little at a time. They advance side by
// side: a program of 2 A points needs one replay a stage. Error(usage) for rules that make no sense; otherwise the errors of
// GeometryProgram::at.
class PathTracer {
 public:
  PathTracer(GeometryProgram& program, std::span<const real> z_star, const std::vector<int>& dims = {},
             const PathRules& rules = {});
  ~PathTracer();
  bool advance();  // by one stage of RK4; false when there is no more to do
  std::vector<Path> paths() const;

 private:
  GeometryProgram& program_;
  Geometry start_;
  std::vector<PathArm> arms_;  // back and forth for each k
};

// All of it at once.
std::vector<Path> trace_paths(GeometryProgram& program, std::span<const real> z_star, const std::vector<int>& dims = {},
                              const PathRules& rules = {});

}  // namespace unpick
