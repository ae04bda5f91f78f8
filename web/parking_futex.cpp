// By the browser's futex: Emscripten's std::atomic::wait looks again after up to 8 ms instead of sleeping. See core/base/parking.h.
#include <emscripten/threading.h>

#include <climits>
#include <cmath>

#include "core/base/parking.h"

namespace unpick {

void park(const std::atomic<uint32_t>& word, uint32_t seen) {
  emscripten_futex_wait(const_cast<std::atomic<uint32_t>*>(&word), seen, INFINITY);
}

void unpark(std::atomic<uint32_t>& word) { emscripten_futex_wake(&word, INT_MAX); }

}  // namespace unpick
