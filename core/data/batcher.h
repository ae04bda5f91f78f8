// Which images are in the batch of a step, and drawing them into the trainer's input.
//
// Why with replacement: the batch of step t is then a pure function of (seed, t). There is no epoch, no order and no cursor
// to save, so a run resumes from its step number alone; with 737,280 images the difference to shuffled epochs is noise.
//
// Invariants: image i of step t is data[Rng(seed, Stream::batch).below(size, t, i)], so batches are equal on every host and
// for any number of threads; `fill` allocates nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/pool.h"
#include "core/base/rng.h"
#include "core/data/dataset.h"

namespace unpick {

class Batcher {
 public:
  // Keeps a reference to `data`, which must outlive it. Throws Error(usage) if batch < 1 or the data set is empty.
  Batcher(const Dataset& data, uint64_t seed, int batch);

  int batch() const { return batch_; }
  uint32_t index(uint32_t step, int i) const { return rng_.below(data_.size(), step, static_cast<uint32_t>(i)); }
  std::vector<uint32_t> indices(uint32_t step) const;  // [B]

  // Draws the batch of `step` into x, [B,H,W,C]. Throws ShapeError if x has another size.
  void fill(uint32_t step, std::span<real> x, Pool& pool) const;

 private:
  const Dataset& data_;
  Rng rng_;
  int batch_;
};

}  // namespace unpick
