// Randomness as a pure function: (seed, stream, step, index) -> number.
//
// Why our own: the standard library's distributions differ between compilers, so the same seed would give different runs
// on the desktop and in the browser. Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3")
// needs no state: any element of any stream can be computed alone, on any thread, after any resume.
//
// Invariants: the values depend on the four numbers only; `normal` uses +, -, *, / and sqrt alone (this file is compiled
// without fused multiply-add), so that it is bit-identical on every host.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.h"

namespace unpick {

// One stream for each use, so that no two uses share numbers.
enum class Stream : uint32_t { init = 1, batch = 2, noise = 3, probe = 4, permutation = 5, discriminator = 6, data = 7, test = 99 };

class Rng {
 public:
  Rng(uint64_t seed, Stream stream) : seed_(seed), stream_(static_cast<uint32_t>(stream)) {}

  uint32_t bits(uint32_t step, uint32_t index) const { return block(step, index / 4)[index % 4]; }
  double uniform(uint32_t step, uint32_t index) const;              // in (0,1), 2^-32 apart
  double normal(uint32_t step, uint32_t index) const;               // N(0,1), |x| < 6.4
  uint32_t below(uint32_t n, uint32_t step, uint32_t index) const;  // in 0..n-1, bias < n/2^32
  void fill_uniform(std::span<real> out, uint32_t step, double low, double high) const;
  void fill_normal(std::span<real> out, uint32_t step) const;
  std::vector<uint32_t> shuffle(uint32_t n, uint32_t step) const;  // a permutation of 0..n-1 (Fisher-Yates)

 private:
  std::array<uint32_t, 4> block(uint32_t step, uint32_t index) const;  // Philox 4x32-10

  uint64_t seed_;
  uint32_t stream_;
};

// The quantile function of N(0,1) for 0 < p < 1, relative error about 1e-16 (Wichura 1988, algorithm AS 241).
double normal_quantile(double p);

}  // namespace unpick
