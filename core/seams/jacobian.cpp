// See jacobian.h.
#include "core/seams/jacobian.h"

#include <algorithm>

#include "core/graph/derive.h"

namespace unpick {
namespace {

// z [P,Z] with each row repeated Z times: [P*Z, Z].
Var repeat_rows(Var z) {
  const int points = z.shape()[0], latent = z.shape()[1];
  std::vector<int> rows;
  for (int p = 0; p < points; ++p) rows.insert(rows.end(), static_cast<size_t>(latent), p);
  return gather(z, std::make_shared<const std::vector<int>>(std::move(rows)));
}

// The tangents that go with it: an identity per point. An Input, filled once.
void fill_identities(std::span<real> tangents, int latent) {
  std::fill(tangents.begin(), tangents.end(), real{0});
  for (size_t row = 0; row < tangents.size() / static_cast<size_t>(latent); ++row)
    tangents[row * static_cast<size_t>(latent) + row % static_cast<size_t>(latent)] = 1;
}

}  // namespace

JacobianProgram::JacobianProgram(const DecoderMap& map, int points, Backend& backend) {
  Parameters none;
  Recorder r{*graph_, map.table ? *map.table : none};
  z_ = graph_->input({points, map.latent}, "z");
  const Var tangents = graph_->input({points * map.latent, map.latent}, "tangents");
  const Var repeated = repeat_rows(z_);
  const Var value = map.record(r, repeated);
  jacobian_ = jvp(std::array{value}, std::array{repeated}, std::array{tangents})[0];
  program_ = backend.prepare(Plan(*graph_, {{jacobian_}, r.used, {}}), {map.weights, {}});
  fill_identities(program_->data(tangents), map.latent);
}

std::span<const real> JacobianProgram::run(std::span<const real> z) {
  std::copy(z.begin(), z.end(), program_->data(z_).begin());
  program_->run();
  return program_->data(jacobian_);
}

ResidualHessianProgram::ResidualHessianProgram(const DecoderMap& map, Backend& backend) {
  Parameters none;
  Recorder r{*graph_, map.table ? *map.table : none};
  z_ = graph_->input({1, map.latent}, "z");
  r_ = graph_->input({1, map.outputs}, "r");
  const Var tangents = graph_->input({map.latent, map.latent}, "tangents");
  const Var repeated = repeat_rows(z_);
  const Var value = map.record(r, repeated);
  const Var wide = broadcast(r_, value.shape());
  const Var gradient = vjp(value, wide, std::array{repeated})[0];
  hessian_ = jvp(std::array{gradient}, std::array{repeated}, std::array{tangents})[0];
  program_ = backend.prepare(Plan(*graph_, {{hessian_}, r.used, {}}), {map.weights, {}});
  fill_identities(program_->data(tangents), map.latent);
}

std::span<const real> ResidualHessianProgram::run(std::span<const real> z, std::span<const real> r) {
  std::copy(z.begin(), z.end(), program_->data(z_).begin());
  std::copy(r.begin(), r.end(), program_->data(r_).begin());
  program_->run();
  return program_->data(hessian_);
}

}  // namespace unpick
