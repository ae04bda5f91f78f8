// .safetensors: named arrays and a little text, the format of PyTorch weights on the hub and of our own models.
//
// A file is a length (u64), a JSON header and a buffer. The reader is strict, as the format demands: the tensors tile the
// buffer without gap or overlap, no name comes twice, sizes match shapes. F16 and BF16 are widened to float.
//
// Invariants: tensors are returned in the order in which they lie in the file; equal Tensors encode to equal bytes.
// Source: https://huggingface.co/docs/safetensors
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/io/array.h"

namespace unpick::io {

struct NamedArray {
  std::string name;
  Array array;
};

struct Tensors {
  std::map<std::string, std::string> metadata;
  std::vector<NamedArray> tensors;

  const Array* find(std::string_view name) const {  // null if there is none
    for (const NamedArray& t : tensors) {
      if (t.name == name) return &t.array;
    }
    return nullptr;
  }
};

// All throw Error(data); `name` is what the error calls the bytes.
Tensors read_safetensors(const std::string& path);
Tensors parse_safetensors(std::span<const std::byte> bytes, const std::string& name = "safetensors");

// In the given order, save that wider types go first, so that every tensor is aligned to its type.
std::vector<std::byte> encode_safetensors(const Tensors& tensors);
void write_safetensors(const std::string& path, const Tensors& tensors);

}  // namespace unpick::io
