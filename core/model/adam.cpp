// See adam.h.
#include "core/model/adam.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace unpick {

void adam_step(const AdamSettings& s, int64_t t, std::span<real> w, std::span<const real> g, std::span<real> m, std::span<real> v, Pool& pool) {
  using Array = Eigen::Array<real, Eigen::Dynamic, 1>;
  constexpr int64_t kChunk = 16384;
  const auto power = static_cast<double>(t);
  const auto b1 = static_cast<real>(s.beta1), b2 = static_cast<real>(s.beta2);
  const auto rate = static_cast<real>(s.lr / (1 - std::pow(s.beta1, power)));
  const auto correction = static_cast<real>(1 / std::sqrt(1 - std::pow(s.beta2, power)));
  const auto epsilon = static_cast<real>(s.epsilon);
  const auto size = static_cast<int64_t>(w.size());
  pool.run(static_cast<int>((size + kChunk - 1) / kChunk), [&](int chunk, int) {
    const int64_t begin = chunk * kChunk, n = std::min(kChunk, size - begin);
    Eigen::Map<Array> W(w.data() + begin, n), M(m.data() + begin, n), V(v.data() + begin, n);
    const Eigen::Map<const Array> G(g.data() + begin, n);
    // In sub-blocks of one L1 load, so that the three updates touch memory once.
    constexpr int64_t kBlock = 512;
    for (int64_t i = 0; i < n; i += kBlock) {
      const int64_t k = std::min(kBlock, n - i);
      auto mk = M.segment(i, k), vk = V.segment(i, k);
      const auto gk = G.segment(i, k);
      mk += (1 - b1) * (gk - mk);
      vk += (1 - b2) * (gk * gk - vk);
      W.segment(i, k) -= rate * mk / (vk.sqrt() * correction + epsilon);
    }
  });
}

}  // namespace unpick
