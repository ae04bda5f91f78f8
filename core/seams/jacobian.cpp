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

JacobianProgram::JacobianProgram(const DecoderMap& map, int points, Backend& backend, std::vector<int> dims, int64_t most_arena)
    : points_(points) {
  if (dims.empty()) dims = all_latents(map.latent);
  const int directions = static_cast<int>(dims.size());
  for (int part = points;; part /= 2) {
    graph_ = std::make_unique<Graph>();
    Parameters none;
    Recorder r{*graph_, map.table ? *map.table : none};
    z_ = graph_->input({part, map.latent}, "z");
    const Var tangents = graph_->input({part * directions, map.latent}, "tangents");
    const RecordedMap d = record_for_tangents(map, r, z_, directions);
    value_ = d.value;
    jacobian_ = jvp(std::array{d.value}, std::array{d.z}, std::array{tangents})[0];
    Plan plan(*graph_, {{value_, jacobian_}, r.used, {}});
    if (plan.arena > most_arena && part % 2 == 0) continue;
    program_ = backend.prepare(std::move(plan), {map.weights, {}});
    fill_units(program_->data(tangents), map.latent, dims);
    break;
  }
  if (together() == points) return;
  values_ = Buffer(points * value_.shape()[1]);
  jacobians_ = Buffer(points / together() * jacobian_.shape().size());
}

// A Jacobian stays where it was computed if all were computed together.
std::span<const real> JacobianProgram::run(std::span<const real> z) {
  const auto latent = static_cast<size_t>(z_.shape()[1]), width = static_cast<size_t>(value_.shape()[1]);
  const auto block = static_cast<size_t>(jacobian_.shape().size() / together());
  const int rows = value_.shape()[0] / together();  // of a value
  const int points = std::min(points_, static_cast<int>(z.size() / latent));
  for (int first = 0; first < points; first += together()) {
    const int n = std::min(together(), points - first);
    const auto codes = z.subspan(static_cast<size_t>(first) * latent, static_cast<size_t>(n) * latent);
    std::copy(codes.begin(), codes.end(), program_->data(z_).begin());
    program_->run();
    if (together() == points_) break;
    const std::span<const real> J = program_->data(jacobian_), values = program_->data(value_);
    std::copy_n(J.data(), static_cast<size_t>(n) * block, jacobians_.data() + static_cast<size_t>(first) * block);
    for (int p = 0; p < n; ++p)
      std::copy_n(values.data() + static_cast<size_t>(p * rows) * width, width,
                  values_.data() + static_cast<size_t>(first + p) * width);
  }
  return all_jacobians();
}

std::span<const real> JacobianProgram::all_jacobians() const {
  return together() == points_ ? program_->data(jacobian_) : jacobians_.span();
}

std::span<const real> JacobianProgram::value(int point) const {
  const auto width = static_cast<size_t>(value_.shape()[1]);
  if (together() < points_) return values_.span().subspan(static_cast<size_t>(point) * width, width);
  const auto row = static_cast<size_t>(point * (value_.shape()[0] / points_));
  return program_->data(value_).subspan(row * width, width);
}

std::span<const real> JacobianProgram::jacobian(int point) const {
  const std::span<const real> all = all_jacobians();
  const size_t block = all.size() / static_cast<size_t>(points_);
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
