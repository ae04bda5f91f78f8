// Sleeping until a number changes, and waking who sleeps. What std::atomic::wait is, where the library does it well; a platform
// chooses the file when it is linked (parking_std.cpp | web/parking_futex.cpp).
#pragma once

#include <atomic>
#include <cstdint>

namespace unpick {

void park(const std::atomic<uint32_t>& word, uint32_t seen);  // returns once it was not `seen`, or earlier
void unpark(std::atomic<uint32_t>& word);                     // all who sleep on it

}  // namespace unpick
