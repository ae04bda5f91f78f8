// The two types that every file shares: `real`, the number, and `Shape`, up to four extents.
//
// Why a fixed rank of four: every tensor of a small VAE fits (images are [N,H,W,C], matrices [M,N], and the pairwise
// densities of the TC estimators [B,B,Z]); a fixed rank keeps nodes small, kernels plain and errors printable.
// Missing extents are 1, so [B,Z] and [B,Z,1,1] are the same shape.
//
// Read next: core/graph/ops.def
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace unpick {

// The library is compiled twice: in float for use, in double for the derivative tests.
#ifdef UNPICK_DOUBLE
using real = double;
#else
using real = float;
#endif

struct Shape {
  std::array<int, 4> extent{1, 1, 1, 1};

  constexpr Shape() = default;
  constexpr Shape(int a, int b = 1, int c = 1, int d = 1) : extent{a, b, c, d} {}

  constexpr int operator[](int axis) const { return extent[static_cast<size_t>(axis)]; }
  constexpr int& operator[](int axis) { return extent[static_cast<size_t>(axis)]; }
  constexpr bool operator==(const Shape&) const = default;

  constexpr int64_t size() const { return int64_t{extent[0]} * extent[1] * extent[2] * extent[3]; }

  // "[64,10]": trailing ones are left out.
  std::string str() const {
    int rank = 4;
    while (rank > 1 && (*this)[rank - 1] == 1) --rank;
    std::string s = "[";
    for (int axis = 0; axis < rank; ++axis) s += (axis ? "," : "") + std::to_string((*this)[axis]);
    return s + "]";
  }
};

}  // namespace unpick
