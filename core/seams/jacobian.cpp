// See jacobian.h.
#include "core/seams/jacobian.h"

#include <algorithm>
#include <numeric>

#include "core/graph/derive.h"

namespace unpick {
namespace {

// Row k of the block of each point is the unit vector of latent dims[k]. An Input, filled once.
void fill_units(std::span<real> tangents, int latent, const std::vector<int>& dims) {
  std::fill(tangents.begin(), tangents.end(), real{0});
  const auto width = static_cast<size_t>(latent);
  for (size_t row = 0; row * width < tangents.size(); ++row)
    tangents[row * width + static_cast<size_t>(dims[row % dims.size()])] = 1;
}

std::vector<int> all_latents(int latent) {
  std::vector<int> dims(static_cast<size_t>(latent));
  std::iota(dims.begin(), dims.end(), 0);
  return dims;
}

}  // namespace

JacobianProgram::JacobianProgram(const DecoderMap& map, int points, Backend& backend, std::vector<int> dims) {
  if (dims.empty()) dims = all_latents(map.latent);
  const int directions = static_cast<int>(dims.size());
  Parameters none;
  Recorder r{*graph_, map.table ? *map.table : none};
  z_ = graph_->input({points, map.latent}, "z");
  const Var tangents = graph_->input({points * directions, map.latent}, "tangents");
  const RecordedMap d = record_for_tangents(map, r, z_, directions);
  value_ = d.value;
  jacobian_ = jvp(std::array{d.value}, std::array{d.z}, std::array{tangents})[0];
  program_ = backend.prepare(Plan(*graph_, {{value_, jacobian_}, r.used, {}}), {map.weights, {}});
  fill_units(program_->data(tangents), map.latent, dims);
}

std::span<const real> JacobianProgram::run(std::span<const real> z) {
  std::copy(z.begin(), z.end(), program_->data(z_).begin());
  program_->run();
  return program_->data(jacobian_);
}

std::span<const real> JacobianProgram::value(int point) const {
  const auto width = static_cast<size_t>(value_.shape()[1]);
  const auto row = static_cast<size_t>(point * (value_.shape()[0] / points()));
  return program_->data(value_).subspan(row * width, width);
}

std::span<const real> JacobianProgram::jacobian(int point) const {
  const std::span<const real> all = program_->data(jacobian_);
  const size_t block = all.size() / static_cast<size_t>(points());
  return all.subspan(static_cast<size_t>(point) * block, block);
}

ResidualHessianProgram::ResidualHessianProgram(const DecoderMap& map, Backend& backend) {
  Parameters none;
  Recorder r{*graph_, map.table ? *map.table : none};
  z_ = graph_->input({1, map.latent}, "z");
  r_ = graph_->input({1, map.outputs}, "r");
  const Var tangents = graph_->input({map.latent, map.latent}, "tangents");
  const RecordedMap d = record_for_tangents(map, r, z_, map.latent);
  const Var wide = repeat_rows(r_, d.value.shape()[0]);
  const Var gradient = vjp(d.value, wide, std::array{d.z})[0];
  hessian_ = jvp(std::array{gradient}, std::array{d.z}, std::array{tangents})[0];
  program_ = backend.prepare(Plan(*graph_, {{hessian_}, r.used, {}}), {map.weights, {}});
  fill_units(program_->data(tangents), map.latent, all_latents(map.latent));
}

std::span<const real> ResidualHessianProgram::run(std::span<const real> z, std::span<const real> r) {
  std::copy(z.begin(), z.end(), program_->data(z_).begin());
  std::copy(r.begin(), r.end(), program_->data(r_).begin());
  program_->run();
  return program_->data(hessian_);
}

SpeedGradientProgram::SpeedGradientProgram(const DecoderMap& map, int rows, Backend& backend) {
  Parameters none;
  Recorder r{*graph_, map.table ? *map.table : none};
  z_ = graph_->input({rows, map.latent}, "z");
  v_ = graph_->input({rows, map.latent}, "v");
  u_ = graph_->input({rows, map.outputs}, "u");
  const Var value = map.record(r, z_);
  const Var speed = jvp(std::array{value}, std::array{z_}, std::array{v_})[0];
  gradient_ = vjp(speed, u_, std::array{z_})[0];
  program_ = backend.prepare(Plan(*graph_, {{gradient_}, r.used, {}}), {map.weights, {}});
}

std::span<const real> SpeedGradientProgram::run() {
  program_->run();
  return program_->data(gradient_);
}

}  // namespace unpick
