// The newest of a stream of values, handed from one writer thread to one reader thread without a lock.
//
// Why three places: the writer fills one, the reader reads another, and the third holds the newest finished one; each side only
// ever swaps its own for that. Neither waits, and values that the reader is too slow for are dropped.
//
// Invariants: exactly one writer and one reader; what `latest` returns stays as it is until the reader calls it again.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace unpick {

template <class T>
class TripleBuffer {
 public:
  // The writer's place. It holds an old value: set every field.
  T& back() { return places_[back_]; }
  void publish() { back_ = middle_.exchange(back_ | kFresh, std::memory_order_acq_rel) & kIndex; }

  const T& latest() {
    if (middle_.load(std::memory_order_relaxed) & kFresh) front_ = middle_.exchange(front_, std::memory_order_acq_rel) & kIndex;
    return places_[front_];
  }

 private:
  static constexpr uint32_t kFresh = 4, kIndex = 3;
  std::array<T, 3> places_{};
  uint32_t back_ = 0, front_ = 1;
  std::atomic<uint32_t> middle_{2};
};

}  // namespace unpick
