// By the standard library. See parking.h.
#include "core/base/parking.h"

namespace unpick {

void park(const std::atomic<uint32_t>& word, uint32_t seen) { word.wait(seen, std::memory_order_acquire); }
void unpark(std::atomic<uint32_t>& word) { word.notify_all(); }

}  // namespace unpick
