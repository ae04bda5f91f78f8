// Memory for numbers: zeroed, on a cache line, of a size set once. Moving keeps the address.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/base/types.h"

namespace unpick {

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t size) : storage_(new real[static_cast<size_t>(size) + kLine]()), size_(size) {
    void* start = storage_.get();
    size_t space = (static_cast<size_t>(size) + kLine) * sizeof(real);
    data_ = static_cast<real*>(std::align(64, static_cast<size_t>(size) * sizeof(real), start, space));
  }

  real* data() const { return data_; }
  int64_t size() const { return size_; }
  std::span<real> span() const { return {data_, static_cast<size_t>(size_)}; }

 private:
  static constexpr size_t kLine = 64 / sizeof(real);
  std::unique_ptr<real[]> storage_;
  real* data_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace unpick
