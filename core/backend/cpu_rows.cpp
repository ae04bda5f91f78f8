// Strided reads, sums and index rows on the CPU. See cpu_rows.h.
#include "core/backend/cpu_rows.h"

#include <Eigen/Core>
#include <algorithm>
#include <stdexcept>

namespace unpick::cpu {
namespace {

using Array = Eigen::Array<real, Eigen::Dynamic, 1>;
using In = Eigen::Map<const Array>;
using Out = Eigen::Map<Array>;

int64_t row_size(Shape s) { return s.size() / s[0]; }

// An axis as [outer, extent, inner] of the flattened row.
struct AxisWalk {
  int64_t outer, inner;
  AxisWalk(Shape s, int axis) : outer(1), inner(1) {
    for (int i = 0; i < 4; ++i) (i < axis ? outer : inner) *= i == axis ? 1 : s[i];
  }
};

}  // namespace

void read_view(const View& view, const real* source, int64_t begin, int64_t n, real* y) {
  const int last = view.rank - 1;
  const auto inner = static_cast<size_t>(last);
  std::array<int64_t, 4> at{};
  int64_t rest = begin;
  for (int axis = last; axis >= 0; --axis) {
    at[static_cast<size_t>(axis)] = rest % view.extent[static_cast<size_t>(axis)];
    rest /= view.extent[static_cast<size_t>(axis)];
  }
  while (n > 0) {
    const real* from = source + view.offset;
    for (size_t axis = 0; axis <= inner; ++axis) from += at[axis] * view.stride[axis];
    const int64_t run = std::min(n, view.extent[inner] - at[inner]);
    if (view.stride[inner] == 1)
      std::copy_n(from, run, y);
    else if (view.stride[inner] == 0)
      std::fill_n(y, run, *from);
    else
      for (int64_t i = 0; i < run; ++i) y[i] = from[i * view.stride[inner]];
    y += run;
    n -= run;
    at[inner] = 0;
    for (int axis = last - 1; axis >= 0; --axis) {
      if (++at[static_cast<size_t>(axis)] < view.extent[static_cast<size_t>(axis)]) break;
      at[static_cast<size_t>(axis)] = 0;
    }
  }
}

bool sum_shape(Shape from, Shape to, SumShape& result) {
  enum { kOuter, kReduced, kInner } part = kOuter;
  result = {};
  for (int axis = 0; axis < 4; ++axis) {
    if (from[axis] == 1) continue;
    const bool summed = to[axis] == 1;
    if (part == kOuter && summed) part = kReduced;
    if (part == kReduced && !summed) part = kInner;
    if (part == kInner && summed) return false;
    (part == kOuter ? result.outer : part == kReduced ? result.reduced : result.inner) *= from[axis];
  }
  return true;
}

// Long sums are cut into up to 16 pieces, unless the outer axis already gives enough to share.
int SumShape::partials() const {
  const int64_t work = reduced * inner;
  return outer >= 16 ? 1 : static_cast<int>(std::clamp<int64_t>(std::min(work / 4096, reduced / 4), 1, 16));
}

void sum(const SumShape& s, const real* x, real* y, real* scratch, Pool& pool) {
  const int parts = s.partials();
  const int64_t groups = std::min<int64_t>(s.outer, 16);
  real* target = parts == 1 ? y : scratch;
  const auto piece = [&](int64_t o, int part, real* out) {
    const int64_t r0 = s.reduced * part / parts, r1 = s.reduced * (part + 1) / parts;
    const real* from = x + (o * s.reduced + r0) * s.inner;
    if (s.inner == 1) {
      *out = In(from, r1 - r0).sum();
      return;
    }
    Out line(out, s.inner);
    line.setZero();
    for (int64_t r = r0; r < r1; ++r, from += s.inner) line += In(from, s.inner);
  };
  pool.run(static_cast<int>(groups) * parts, [&](int chunk, int) {
    const int part = chunk % parts;
    const int64_t group = chunk / parts;
    for (int64_t o = s.outer * group / groups; o < s.outer * (group + 1) / groups; ++o)
      piece(o, part, target + (part * s.outer + o) * s.inner);
  });
  if (parts == 1) return;
  Out total(y, s.outer * s.inner);
  total.setZero();
  for (int part = 0; part < parts; ++part) total += In(scratch + part * s.outer * s.inner, s.outer * s.inner);
}

void sum_any(Shape from, Shape to, const real* x, real* y) {
  std::fill_n(y, to.size(), real{0});
  std::array<int64_t, 4> stride{};
  int64_t walk = 1;
  for (int axis = 3; axis >= 0; --axis) {
    stride[static_cast<size_t>(axis)] = to[axis] == 1 ? 0 : walk;
    walk *= to[axis];
  }
  for (int i = 0; i < from[0]; ++i)
    for (int j = 0; j < from[1]; ++j)
      for (int k = 0; k < from[2]; ++k)
        for (int l = 0; l < from[3]; ++l) y[i * stride[0] + j * stride[1] + k * stride[2] + l * stride[3]] += *x++;
}

void pad(const Node& node, Shape from, const real* x, real* y) {
  const AxisWalk walk(from, node.attr.axis);
  const int64_t extent = from[node.attr.axis], wide = node.shape[node.attr.axis];
  std::fill_n(y, node.shape.size(), real{0});
  for (int64_t o = 0; o < walk.outer; ++o)
    std::copy_n(x + o * extent * walk.inner, extent * walk.inner, y + (o * wide + node.attr.begin) * walk.inner);
}

void gather(const Node& node, const real* x, real* y) {
  const int64_t row = row_size(node.shape);
  for (size_t i = 0; i < node.attr.index->size(); ++i)
    std::copy_n(x + (*node.attr.index)[i] * row, row, y + static_cast<int64_t>(i) * row);
}

void scatter_add(const Node& node, const real* x, real* y) {
  const int64_t row = row_size(node.shape);
  std::fill_n(y, node.shape.size(), real{0});
  for (size_t i = 0; i < node.attr.index->size(); ++i)
    Out(y + (*node.attr.index)[i] * row, row) += In(x + static_cast<int64_t>(i) * row, row);
}

void max_axis(const Node& node, Shape from, const real* x, real* y) {
  const AxisWalk walk(from, node.attr.axis);
  const int64_t extent = from[node.attr.axis];
  for (int64_t o = 0; o < walk.outer; ++o) {
    Out most(y + o * walk.inner, walk.inner);
    most = In(x + o * extent * walk.inner, walk.inner);
    for (int64_t i = 1; i < extent; ++i) most = most.max(In(x + (o * extent + i) * walk.inner, walk.inner));
  }
}

}  // namespace unpick::cpu
