// See codec.h.
#include "core/model/codec.h"

#include <algorithm>

namespace unpick {
namespace {

// Runs `program` over the rows of `in` in batches of its input's size; the last batch repeats its last row.
struct Output {
  Var row;
  std::span<real> to;
};

void run_in_batches(Executable& program, Var input, std::span<const real> in, std::initializer_list<Output> outputs) {
  const auto batch = static_cast<size_t>(input.shape()[0]);
  const std::span<real> slot = program.data(input);
  const size_t width = slot.size() / batch, rows = in.size() / width;
  if (rows * width != in.size())
    throw ShapeError("codec: " + std::to_string(in.size()) + " numbers are not rows of " + std::to_string(width));
  for (size_t begin = 0; begin < rows; begin += batch) {
    const size_t n = std::min(batch, rows - begin);
    std::copy_n(in.begin() + static_cast<long>(begin * width), n * width, slot.begin());
    for (size_t row = n; row < batch; ++row)
      std::copy_n(slot.begin() + static_cast<long>((n - 1) * width), width, slot.begin() + static_cast<long>(row * width));
    program.run();
    for (const Output& output : outputs) {
      if (output.to.empty()) continue;
      const std::span<real> from = program.data(output.row);
      const size_t out_width = from.size() / batch;
      std::copy_n(from.begin(), n * out_width, output.to.begin() + static_cast<long>(begin * out_width));
    }
  }
}

}  // namespace

Encoder::Encoder(const VaeSpec& spec, Parameters& table, std::span<real> weights, Backend& backend, int batch, bool with_factor)
    : encoding_(record_encoding(spec, batch, table)),
      with_factor_(with_factor),
      program_(backend.prepare(Plan(*encoding_.graph, encoding_.request(with_factor)), {weights, {}})) {}

void Encoder::run(std::span<const real> images, std::span<real> mu, std::span<real> logvar, std::span<real> factor) {
  if (!factor.empty() && !with_factor_) throw ShapeError("codec: this encoder was not made to give L; ask for it when making it");
  run_in_batches(*program_, encoding_.x, images, {{encoding_.mu, mu}, {encoding_.logvar, logvar}, {encoding_.factor, factor}});
}

Decoder::Decoder(const VaeSpec& spec, Parameters& table, std::span<real> weights, Backend& backend, int batch)
    : decoding_(record_decoding(spec, batch, table)),
      program_(
          backend.prepare(Plan(*decoding_.graph, {{decoding_.eta, decoding_.mean}, decoding_.parameters, {}}), {weights, {}})) {}

void Decoder::run(std::span<const real> z, std::span<real> eta, std::span<real> mean) {
  run_in_batches(*program_, decoding_.z, z, {{decoding_.eta, eta}, {decoding_.mean, mean}});
}

}  // namespace unpick
