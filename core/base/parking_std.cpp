// By the standard library. See parking.h.
#include "core/base/parking.h"

namespace unpick {

void park(const std::atomic<uint32_t>& word, uint32_t seen) { word.wait(seen, std::memory_order_acquire); }

// libstdc++ 12 asks whether anybody waits before it wakes. Unless the change of the word is out by then, it may find nobody while a
// thread goes to sleep over the old value, for good.
void unpark(std::atomic<uint32_t>& word) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  word.notify_all();
}

}  // namespace unpick
