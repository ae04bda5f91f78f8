// Seeds of the parts of a metric: unrelated numbers made of one seed, a name and a number.
//
// Why: two metrics with one seed must not draw the same points, and the stages of one classifier must not share ties with another.
#pragma once

#include <string_view>

#include "core/base/hash.h"

namespace unpick {

inline uint64_t sub_seed(uint64_t seed, std::string_view use, uint32_t number = 0) {
  const auto hash = [](const auto& values, uint64_t from) { return fnv1a(std::as_bytes(std::span(values)), from); };
  return hash(std::span(&number, 1), hash(use, hash(std::span(&seed, 1), fnv1a({}))));
}

}  // namespace unpick
