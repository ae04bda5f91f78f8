// Whole files in and out of memory.
//
// Why `write_atomically`: a run's folder must be valid at any instant (a reader, a crash or a full disk may come at any
// time). Bytes go to a temporary in the same folder, are forced to the disk, and one rename makes them the file; then the
// folder itself is forced. Whatever fails, the old file stays and the temporary goes.
//
// Invariants: a symbolic link is followed, not replaced; a device or pipe (/dev/stdout) is written in place, since
// a rename would replace the device itself.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace unpick::io {

inline constexpr size_t kReadLimit = size_t{1} << 32;  // bytes: above all of dSprites, unpacked

// Throws Error(data) if the file is missing, unreadable or longer than `limit` bytes.
std::vector<std::byte> read_file(const std::string& path, size_t limit = kReadLimit);

// Throws Error(failed) with the system's reason and what to do about it.
void write_atomically(const std::string& path, std::span<const std::byte> bytes);
void write_atomically(const std::string& path, std::string_view text);

}  // namespace unpick::io
