// See representation.h.
#include "core/metrics/representation.h"

#include "core/base/check.h"

namespace unpick {

using Eigen::Index;

Eigen::MatrixXi draw_factors(const std::vector<int>& sizes, Index n, const Rng& rng, uint32_t step) {
  Eigen::MatrixXi factors(n, static_cast<Index>(sizes.size()));
  uint32_t number = 0;
  for (Index i = 0; i < n; ++i)
    for (Index k = 0; k < factors.cols(); ++k)
      factors(i, k) = static_cast<int>(rng.below(static_cast<uint32_t>(sizes[static_cast<size_t>(k)]), step, number++));
  return factors;
}

Points draw_points(Representation& representation, Index n, const Rng& rng, uint32_t step) {
  Points points{{}, draw_factors(representation.sizes(), n, rng, step)};
  points.codes = representation.encode(points.factors);
  return points;
}

Index grid_row(const std::vector<int>& sizes, const Eigen::MatrixXi& factors, Index i) {
  Index row = 0;
  for (Index k = 0; k < factors.cols(); ++k) row = row * sizes[static_cast<size_t>(k)] + factors(i, k);
  return row;
}

GridCodes::GridCodes(Eigen::MatrixXf table, std::vector<int> sizes) : table_(std::move(table)), sizes_(std::move(sizes)) {
  Index rows = sizes_.empty() ? 0 : 1;
  for (const int size : sizes_) {
    if (size < 2)
      throw Error(ErrorKind::data, "factor sizes", std::to_string(size) + " is not 2 or more", "leave constant factors out");
    rows = rows > table_.rows() ? rows : rows * size;
  }
  if (rows != table_.rows() || rows == 0)
    throw Error(ErrorKind::data, "grid of codes", std::to_string(table_.rows()) + " rows are not the product of the factor sizes",
                "give one row for each combination, the last factor fastest");
  if (!table_.allFinite()) throw Error(ErrorKind::data, "grid of codes", "a code is not finite", "mend it");
}

Eigen::MatrixXf GridCodes::encode(const Eigen::MatrixXi& factors) {
  Eigen::MatrixXf codes(factors.rows(), table_.cols());
  for (Index i = 0; i < factors.rows(); ++i) codes.row(i) = table_.row(grid_row(sizes_, factors, i));
  return codes;
}

}  // namespace unpick
