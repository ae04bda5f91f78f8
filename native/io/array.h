// An array as files hold it: a type, a shape and bytes. The one thing that .npy and .safetensors readers return.
//
// Why bytes and not a template: the type is known only when the file is read. Code that computes asks for `floats()`,
// `doubles()` or `integers()` and does not care what was stored; code that must not copy asks for `view<T>()`.
//
// Invariants: bytes are little-endian and in C order; bytes.size() == count() * item_size(dtype); the product of the
// extents that are not zero fits in 63 bits, so no product of extents that a caller forms can overflow.
// Read next: native/io/npy.h, native/io/safetensors.h
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/check.h"

namespace unpick::io {

static_assert(std::endian::native == std::endian::little, "files are little-endian and are not swapped");

enum class DType { u8, i8, i32, i64, f32, f64, boolean, f16, bf16 };

// The names that files use. An Array never holds the last three: readers turn boolean into u8, f16 and bf16 into f32.
struct DTypeRow {
  DType dtype;
  size_t size;
  const char* npy;
  const char* safetensors;
};
inline constexpr DTypeRow kDTypes[] = {
    {DType::u8, 1, "|u1", "U8"},        {DType::i8, 1, "|i1", "I8"},   {DType::i32, 4, "<i4", "I32"},
    {DType::i64, 8, "<i8", "I64"},      {DType::f32, 4, "<f4", "F32"}, {DType::f64, 8, "<f8", "F64"},
    {DType::boolean, 1, "|b1", "BOOL"}, {DType::f16, 2, "<f2", "F16"}, {DType::bf16, 2, "", "BF16"},
};
constexpr const DTypeRow& row(DType dtype) { return kDTypes[static_cast<size_t>(dtype)]; }
constexpr size_t item_size(DType dtype) { return row(dtype).size; }

template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, uint8_t>)
    return DType::u8;
  else if constexpr (std::is_same_v<T, int8_t>)
    return DType::i8;
  else if constexpr (std::is_same_v<T, int32_t>)
    return DType::i32;
  else if constexpr (std::is_same_v<T, int64_t>)
    return DType::i64;
  else if constexpr (std::is_same_v<T, float>)
    return DType::f32;
  else {
    static_assert(std::is_same_v<T, double>, "no file type for this C++ type");
    return DType::f64;
  }
}

// Bytes that an array of this shape takes; none if an extent is negative or the size is beyond 63 bits.
inline std::optional<size_t> byte_size(const std::vector<int64_t>& shape, DType dtype) {
  uint64_t bound = item_size(dtype);  // an empty array must have harmless extents, too
  bool empty = false;
  for (const int64_t extent : shape) {
    if (extent < 0) return {};
    empty |= extent == 0;
    if (extent == 0) continue;
    if (bound > uint64_t{std::numeric_limits<int64_t>::max()} / static_cast<uint64_t>(extent)) return {};
    bound *= static_cast<uint64_t>(extent);
  }
  return empty ? 0 : static_cast<size_t>(bound);
}

struct Array {
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
  std::vector<std::byte> bytes;

  template <class T>
  static Array of(std::vector<int64_t> shape, std::span<const T> values) {
    if (byte_size(shape, dtype_of<T>()) != values.size_bytes()) {
      throw ShapeError("Array::of: " + std::to_string(values.size()) + " values do not fill the shape");
    }
    const auto raw = std::as_bytes(values);
    return {dtype_of<T>(), std::move(shape), {raw.begin(), raw.end()}};
  }
  template <class T>
  static Array of(std::vector<int64_t> shape, const std::vector<T>& values) {
    return of(std::move(shape), std::span<const T>(values));
  }

  size_t count() const { return bytes.size() / item_size(dtype); }

  // "[32,10]"; "[]" for a single number.
  std::string shape_str() const {
    std::string s = "[";
    for (const int64_t extent : shape) s += std::to_string(extent) + ",";
    if (!shape.empty()) s.pop_back();
    return s + "]";
  }

  // The values where they lie; the stored type must be T.
  template <class T>
  std::span<const T> view() const {
    if (dtype != dtype_of<T>()) {
      const auto name = [](DType d) { return std::string(row(d).safetensors); };
      throw Error(ErrorKind::data, "array " + shape_str(), "holds " + name(dtype) + ", not " + name(dtype_of<T>()),
                  "save it in that type");
    }
    return {reinterpret_cast<const T*>(bytes.data()), count()};
  }

  std::vector<float> floats() const { return converted<float>(); }
  std::vector<double> doubles() const { return converted<double>(); }

  // Whole numbers only, of any stored type: factors and labels are often saved as floats.
  std::vector<int64_t> integers() const {
    if (dtype != DType::f32 && dtype != DType::f64) return converted<int64_t>();
    std::vector<int64_t> out;
    out.reserve(count());
    for (const double x : doubles()) {
      if (!(std::abs(x) <= 0x1p53) || x != std::floor(x)) {
        throw Error(ErrorKind::data, "array " + shape_str(), std::to_string(x) + " is not a whole number",
                    "save integers, such as factor levels 0, 1, 2");
      }
      out.push_back(static_cast<int64_t>(x));
    }
    return out;
  }

 private:
  template <class To>
  std::vector<To> converted() const {
    switch (dtype) {
      case DType::u8: return converted<uint8_t, To>();
      case DType::i8: return converted<int8_t, To>();
      case DType::i32: return converted<int32_t, To>();
      case DType::i64: return converted<int64_t, To>();
      case DType::f32: return converted<float, To>();
      default: return converted<double, To>();
    }
  }
  template <class From, class To>
  std::vector<To> converted() const {
    const auto values = view<From>();
    return std::vector<To>(values.begin(), values.end());
  }
};

// IEEE half precision as float, exactly.
inline float from_f16(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float sign = bits & 0x8000 ? -1.0f : 1.0f;
  if (exponent == 31) return sign * (fraction ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity());
  return sign * std::ldexp(static_cast<float>(exponent ? fraction + 1024 : fraction), (exponent ? exponent : 1) - 25);
}

inline float from_bf16(uint16_t bits) {
  const uint32_t wide = uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

// The last step of every reader: `raw` holds exactly byte_size(shape, stored) bytes in C order.
inline Array from_file(DType stored, std::vector<int64_t> shape, std::span<const std::byte> raw) {
  if (stored == DType::boolean) stored = DType::u8;
  if (stored != DType::f16 && stored != DType::bf16) return {stored, std::move(shape), {raw.begin(), raw.end()}};
  std::vector<float> wide(raw.size() / 2);
  for (size_t i = 0; i < wide.size(); ++i) {
    uint16_t bits;
    std::memcpy(&bits, raw.data() + 2 * i, sizeof bits);
    wide[i] = stored == DType::f16 ? from_f16(bits) : from_bf16(bits);
  }
  return Array::of(std::move(shape), wide);
}

}  // namespace unpick::io
