// Two metrics for tests of those who show some: the mean of the codes, in three pieces, and one that always fails.
#pragma once

#include <memory>

#include "core/base/check.h"
#include "core/metrics/metrics.h"

namespace unpick {

inline Job mean_of_codes(const Sample& sample, uint64_t) {
  const auto sum = std::make_shared<double>(0);
  const Eigen::MatrixXd codes = sample.train.codes.cast<double>();
  const auto piece = [sum, codes](int number, Pool&) {
    for (Eigen::Index i = number; i < codes.rows(); i += 3) *sum += codes.row(i).mean();
    return true;
  };
  return {3, piece, [sum, codes] {
            Report report;
            report.add("mean", *sum / static_cast<double>(codes.rows()));
            report.add("scatter", Eigen::MatrixXd(codes.transpose() * codes));
            return report;
          }};
}

inline Job fails(const Sample&, uint64_t) { throw Error(ErrorKind::usage, "fails", "is made to fail", "ask for the other"); }

inline std::span<const Metric> fake_metrics() {
  static constexpr Metric kRows[] = {
      {"mean", "Mean", "mean", "nobody", "the mean of all codes", "scatter", 1, 200, 0, false, false, 1, mean_of_codes, nullptr},
      {"fails", "Fails", "nothing", "nobody", "an error", "", 1, 200, 0, false, false, 1, fails, nullptr}};
  return kRows;
}

}  // namespace unpick
