// Any bytes give an answer or an Error, never a crash. Each input is tried twice, the second time with its checksums made
// right: otherwise nearly every mutation would end at a checksum. Read next: native/io/png.h
#include "native/io/png.h"

#include <algorithm>

#include "core/base/check.h"

namespace {

uint32_t crc(std::span<const uint8_t> bytes) {
  uint32_t c = ~0u;
  for (const uint8_t byte : bytes) {
    c ^= byte;
    for (int bit = 0; bit < 8; ++bit) c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
  }
  return ~c;
}

// A chunk is its length, its type, that many bytes, and the checksum of type and bytes, all big-endian.
void repair(std::span<uint8_t> chunks) {
  while (chunks.size() >= 12) {
    const size_t length = size_t{chunks[0]} << 24 | size_t{chunks[1]} << 16 | size_t{chunks[2]} << 8 | chunks[3];
    if (length > chunks.size() - 12) return;
    const uint32_t sum = crc(chunks.subspan(4, 4 + length));
    for (size_t i = 0; i < 4; ++i) chunks[8 + length + i] = static_cast<uint8_t>(sum >> (24 - 8 * i) & 255);
    chunks = chunks.subspan(12 + length);
  }
}

void parse(std::span<const uint8_t> bytes) {
  try {
    unpick::io::parse_png(std::as_bytes(bytes));
  } catch (const unpick::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  parse({data, size});
  std::vector<uint8_t> copy(data, data + size);
  repair(std::span(copy).subspan(std::min<size_t>(size, 8)));
  parse(copy);
  return 0;
}
