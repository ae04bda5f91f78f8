// NumPy's .npy: one array in one file.
//
// Read: format 1.0, 2.0 and 3.0, C and Fortran order (an Array is in C order), the types of native/io/array.h.
// Refused with one line: everything else, pickled objects and structured types above all, and a file whose length is not
// what its header promises. Written: format 1.0, byte for byte what NumPy writes.
//
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "native/io/array.h"

namespace unpick::io {

// All throw Error(data); `name` is what the error calls the bytes.
Array read_npy(const std::string& path);
Array parse_npy(std::span<const std::byte> bytes, const std::string& name = "npy");

std::vector<std::byte> encode_npy(const Array& array);
void write_npy(const std::string& path, const Array& array);

}  // namespace unpick::io
