// See adam.h.
#include "core/model/adam.h"

#include <algorithm>
#include <cmath>

#include "core/backend/kernels.h"

namespace unpick {
void adam_step(const AdamSettings& s, int64_t t, std::span<real> w, std::span<const real> g, std::span<real> m, std::span<real> v,
               Pool& pool) {
  constexpr int64_t kChunk = 16384;
  const auto power = static_cast<double>(t);
  const AdamFactors f{static_cast<real>(1 - s.beta1), static_cast<real>(1 - s.beta2),
                      static_cast<real>(s.lr / (1 - std::pow(s.beta1, power))),
                      static_cast<real>(1 / std::sqrt(1 - std::pow(s.beta2, power))), static_cast<real>(s.epsilon)};
  const auto size = static_cast<int64_t>(w.size());
  pool.run(static_cast<int>((size + kChunk - 1) / kChunk), [&](int chunk, int) {
    const int64_t begin = chunk * kChunk;
    kernels().adam(f, std::min(kChunk, size - begin), w.data() + begin, g.data() + begin, m.data() + begin, v.data() + begin);
  });
}

}  // namespace unpick
