// Sampling and drawing batches. See batcher.h.
#include "core/data/batcher.h"

#include <algorithm>

namespace unpick {
namespace {

constexpr int kChunk = 4;  // images drawn by one thread at a time: some microseconds of work

}  // namespace

Batcher::Batcher(const Dataset& data, uint64_t seed, int batch) : data_(data), rng_(seed, Stream::batch), batch_(batch) {
  if (batch < 1) throw Error(ErrorKind::usage, "batch", "cannot be " + std::to_string(batch), "use 1 or more, for example 64");
  if (data.size() == 0) throw Error(ErrorKind::usage, data.spec(), "it has no images", "use data with at least one");
}

std::vector<uint32_t> Batcher::indices(uint32_t step) const {
  std::vector<uint32_t> list(static_cast<size_t>(batch_));
  for (int i = 0; i < batch_; ++i) list[static_cast<size_t>(i)] = index(step, i);
  return list;
}

void Batcher::fill(uint32_t step, std::span<real> x, Pool& pool) const {
  const auto pixels = static_cast<size_t>(data_.image().size());
  if (x.size() != pixels * static_cast<size_t>(batch_))
    throw ShapeError("fill: a batch of " + std::to_string(batch_) + " images " + data_.image().str() + " does not fit into " +
                     std::to_string(x.size()) + " numbers");
  pool.run((batch_ + kChunk - 1) / kChunk, [&](int chunk, int) {
    for (int i = chunk * kChunk, end = std::min(batch_, i + kChunk); i < end; ++i)
      data_.render(index(step, i), x.subspan(static_cast<size_t>(i) * pixels, pixels));
  });
}

}  // namespace unpick
