// First and second derivatives of any decoder, as recordings over its graph. A replay serves a batch of points.
//
// Forward mode for Jacobians: the decoder is recorded once for each code, and a tangent for each code and latent follows it
// (derive.h), so that of Z + 1 rows for each code only one is spent on values. A decoder that mixes its rows on the way is
// recorded on repeated codes instead, which gives the same numbers at twice the cost.
//
// Source: theory B6. Read next: core/seams/geometry.h
#pragma once

#include <memory>
#include <span>

#include "core/base/buffer.h"
#include "core/seams/decoder_map.h"

namespace unpick {

// J[p, :, j] = d(map)/dz_j at point p, for the latents `dims` (none given: all).
class JacobianProgram {
 public:
  // Points are taken together as far as that needs at most `most_arena` elements, else in halves, quarters, ...: the same numbers.
  JacobianProgram(const DecoderMap& map, int points, Backend& backend, std::vector<int> dims = {}, int64_t most_arena = 16 << 20);
  int points() const { return points_; }
  // z [P,Z]; the result is [P,A,D], one row of outputs for each latent. Fewer codes leave the other points as they were.
  std::span<const real> run(std::span<const real> z);
  std::span<const real> value(int point) const;     // [D] d(z) of the last run
  std::span<const real> jacobian(int point) const;  // [A,D] of the last run

 private:
  int together() const { return z_.shape()[0]; }  // points of a replay
  std::span<const real> all_jacobians() const;

  int points_;
  std::unique_ptr<Graph> graph_;
  std::unique_ptr<Executable> program_;
  Var z_, value_, jacobian_;
  Buffer values_, jacobians_;  // [P,D] and [P,A,D], if not all points are taken together
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

// The gradient of u' J(z) v in z, for fixed u and v: with the singular vectors of J it is that of a singular value.
class SpeedGradientProgram {
 public:
  SpeedGradientProgram(const DecoderMap& map, int rows, Backend& backend);
  int rows() const { return z_.shape()[0]; }
  std::span<real> z() { return program_->data(z_); }  // [R,Z], written before a run
  std::span<real> v() { return program_->data(v_); }  // [R,Z]
  std::span<real> u() { return program_->data(u_); }  // [R,D]
  std::span<const real> run();                        // [R,Z]

 private:
  std::unique_ptr<Graph> graph_ = std::make_unique<Graph>();
  std::unique_ptr<Executable> program_;
  Var z_, v_, u_, gradient_;
};

}  // namespace unpick
