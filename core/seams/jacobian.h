// First and second derivatives of any decoder, as recordings over its graph.
//
// Forward mode: each code is repeated once per latent, and row j of its block gets the tangent e_j, so that one replay
// gives the whole Jacobian of a batch of points. The residual Hessian is the jvp of a gradient, recorded the same way.
// Source: theory B6.
#pragma once

#include <memory>
#include <span>

#include "core/seams/decoder_map.h"

namespace unpick {

// J[p, :, j] = d(map)/dz_j at point p. The result of `run` is [P, Z, D]: one row of outputs per point and latent.
class JacobianProgram {
 public:
  JacobianProgram(const DecoderMap& map, int points, Backend& backend);
  std::span<const real> run(std::span<const real> z);  // z [P,Z]

 private:
  std::unique_ptr<Graph> graph_ = std::make_unique<Graph>();
  std::unique_ptr<Executable> program_;
  Var z_, jacobian_;
};

// C = sum_i r_i H_i(z), H_i the Hessian of output i, for fixed r [D]. The result of `run` is [Z, Z].
class ResidualHessianProgram {
 public:
  ResidualHessianProgram(const DecoderMap& map, Backend& backend);
  std::span<const real> run(std::span<const real> z, std::span<const real> r);  // z [1,Z]

 private:
  std::unique_ptr<Graph> graph_ = std::make_unique<Graph>();
  std::unique_ptr<Executable> program_;
  Var z_, r_, hessian_;
};

}  // namespace unpick
