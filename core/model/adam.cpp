// See adam.h.
#include "core/model/adam.h"

#include <cmath>

namespace unpick {
namespace {

AdamFactors factors(const AdamSettings& s, int64_t t) {
  const auto power = static_cast<double>(t);
  return {static_cast<real>(1 - s.beta1), static_cast<real>(1 - s.beta2), static_cast<real>(s.lr / (1 - std::pow(s.beta1, power))),
          static_cast<real>(1 / std::sqrt(1 - std::pow(s.beta2, power))), static_cast<real>(s.epsilon)};
}

}  // namespace

Adam::Adam(std::span<real> weights, int64_t split) : weights_(weights), split_(split) {
  for (Buffer* moment : {&m, &v}) *moment = Buffer(static_cast<int64_t>(weights.size()));
}

void Adam::begin_step(int64_t t, const AdamSettings& settings, const AdamSettings& from_split) {
  factors_[0] = factors(settings, t);
  factors_[1] = factors(from_split, t);
}

void Adam::update(const Rectangle& where, const real* g, int64_t ldg) {
  for (int row = 0; row < where.rows; ++row) {
    const int64_t at = where.offset + row * where.pitch;
    kernels().adam(factors_[at < split_ ? 0 : 1], where.columns, weights_.data() + at, g + row * ldg, m.data() + at, v.data() + at,
                   where.pitch);
  }
}

}  // namespace unpick
