// See idx.h.
#include "native/io/idx.h"

#include <zlib.h>

#include <algorithm>
#include <vector>

#include "native/io/files.h"

namespace unpick::io {
namespace {

constexpr size_t kUnsignedByte = 0x08, kIdxAxes = 4;

[[noreturn]] void refuse_idx(const std::string& name, const std::string& why, const std::string& hint = "download it again") {
  throw Error(ErrorKind::data, name, why, hint);
}

bool packed(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

struct Inflater {
  z_stream stream{};
  Inflater() {
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();  // 16: with the header and checksum of gzip
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

std::vector<std::byte> unpacked(std::span<const std::byte> bytes, const std::string& name, size_t limit) {
  Inflater inflater;
  z_stream& s = inflater.stream;
  s.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));  // zlib does not write there
  s.avail_in = static_cast<uInt>(bytes.size());
  std::vector<std::byte> out;
  int code = Z_OK;
  while (code == Z_OK) {
    const size_t used = out.size();
    if (used == limit)
      refuse_idx(name, "it unpacks to more than " + std::to_string(limit) + " bytes", "check that it is the right file");
    out.resize(std::min(limit, 2 * used + 65536));
    s.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    s.avail_out = static_cast<uInt>(out.size() - used);
    code = inflate(&s, Z_NO_FLUSH);
    out.resize(out.size() - s.avail_out);
  }
  if (code == Z_BUF_ERROR) refuse_idx(name, "it was cut short");
  if (code != Z_STREAM_END) refuse_idx(name, std::string("it is not a sound gzip file") + (s.msg ? std::string(": ") + s.msg : ""));
  if (s.avail_in != 0) refuse_idx(name, "it has bytes after its end");
  return out;
}

size_t big_endian(std::span<const std::byte> four) {
  size_t value = 0;
  for (const std::byte b : four) value = value << 8 | std::to_integer<size_t>(b);
  return value;
}

}  // namespace

Array parse_idx(std::span<const std::byte> bytes, const std::string& name, size_t limit) {
  if (bytes.size() > limit)
    refuse_idx(name, "it is longer than " + std::to_string(limit) + " bytes", "check that it is the right file");
  std::vector<std::byte> plain;
  if (packed(bytes)) bytes = plain = unpacked(bytes, name, limit);
  if (bytes.size() < 4 || bytes[0] != std::byte{0} || bytes[1] != std::byte{0}) refuse_idx(name, "it is not an IDX file");
  if (std::to_integer<size_t>(bytes[2]) != kUnsignedByte)
    refuse_idx(name, "its items are not unsigned bytes", "give pictures or labels of bytes");
  const auto rank = std::to_integer<size_t>(bytes[3]);
  if (rank < 1 || rank > kIdxAxes) refuse_idx(name, "it has " + std::to_string(rank) + " axes", "give an array of 1 to 4 axes");
  if (bytes.size() < 4 + 4 * rank) refuse_idx(name, "it ends within its header");
  Array array{DType::u8, {}, {}};
  for (size_t axis = 0; axis < rank; ++axis)
    array.shape.push_back(static_cast<int64_t>(big_endian(bytes.subspan(4 + 4 * axis, 4))));
  const auto raw = bytes.subspan(4 + 4 * rank);
  const auto size = byte_size(array.shape, DType::u8);
  if (!size || *size != raw.size())
    refuse_idx(name, "its header promises " + array.shape_str() + " and it has " + std::to_string(raw.size()) + " bytes of data");
  array.bytes.assign(raw.begin(), raw.end());
  return array;
}

Array read_idx(const std::string& path) { return parse_idx(read_file(path, kIdxLimit), path); }

}  // namespace unpick::io
