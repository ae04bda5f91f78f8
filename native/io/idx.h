// IDX: one array of bytes in one file, as MNIST and its relatives are published, plain or packed by gzip.
//
// Read: unsigned bytes of up to 4 axes. Refused with one line: other types, a file whose length is not what its header promises,
// damaged or endless gzip. Bytes are unpacked only up to the limit of a file's length, so that a small file cannot fill the memory.
//
// Source: http://yann.lecun.com/exdb/mnist (0, 0, type, rank, then each extent as four bytes, big-endian); RFC 1952 (gzip).
// Read next: native/data/fashion_mnist.h
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "native/io/array.h"

namespace unpick::io {

inline constexpr size_t kIdxLimit = size_t{1} << 28;  // bytes, packed and unpacked: five times the largest file of MNIST

// Both throw Error(data); `name` is what the error calls the bytes, of which there may be `limit`, packed and unpacked.
Array read_idx(const std::string& path);
Array parse_idx(std::span<const std::byte> bytes, const std::string& name = "idx", size_t limit = kIdxLimit);

}  // namespace unpick::io
