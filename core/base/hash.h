// FNV-1a, 64 bits: a fingerprint to compare results by, not a defence against anyone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace unpick {

// Of `bytes`, going on from an earlier hash.
inline uint64_t fnv1a(std::span<const std::byte> bytes, uint64_t hash = 0xcbf29ce484222325) {
  for (const std::byte b : bytes) hash = (hash ^ static_cast<uint64_t>(b)) * 0x100000001b3;
  return hash;
}

}  // namespace unpick
