// See adam.h. One pass over memory: the step is bound by it, not by arithmetic.
#include "core/model/adam.h"

#include <algorithm>
#include <cmath>

namespace unpick {
namespace {

struct Factors {
  real one_minus_b1, one_minus_b2, rate, correction, epsilon;
};

void update(Factors f, int64_t n, real* __restrict w, const real* __restrict g, real* __restrict m, real* __restrict v) {
  for (int64_t i = 0; i < n; ++i) {
    m[i] += f.one_minus_b1 * (g[i] - m[i]);
    v[i] += f.one_minus_b2 * (g[i] * g[i] - v[i]);
    w[i] -= f.rate * m[i] / (std::sqrt(v[i]) * f.correction + f.epsilon);
  }
}

}  // namespace

void adam_step(const AdamSettings& s, int64_t t, std::span<real> w, std::span<const real> g, std::span<real> m, std::span<real> v,
               Pool& pool) {
  constexpr int64_t kChunk = 16384;
  const auto power = static_cast<double>(t);
  const Factors f{static_cast<real>(1 - s.beta1), static_cast<real>(1 - s.beta2),
                  static_cast<real>(s.lr / (1 - std::pow(s.beta1, power))),
                  static_cast<real>(1 / std::sqrt(1 - std::pow(s.beta2, power))), static_cast<real>(s.epsilon)};
  const auto size = static_cast<int64_t>(w.size());
  pool.run(static_cast<int>((size + kChunk - 1) / kChunk), [&](int chunk, int) {
    const int64_t begin = chunk * kChunk;
    update(f, std::min(kChunk, size - begin), w.data() + begin, g.data() + begin, m.data() + begin, v.data() + begin);
  });
}

}  // namespace unpick
