// A representation as metrics that choose their own points see it: a function from factors to codes.
//
// The study draws fresh observations for every metric; interventions, such as two batches that share one factor, cannot be read
// off fixed arrays. A trained model over a data set is one implementation (core/session/encoded_data.h), a table another.
//
// Read next: core/metrics/metrics.h
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/metrics/points.h"

namespace unpick {

class Representation {
 public:
  virtual ~Representation() = default;

  // Classes of each factor, each 2 or more; without labels a single factor that numbers the observations.
  virtual const std::vector<int>& sizes() const = 0;
  virtual bool labelled() const { return true; }
  // [n,D] codes of factors [n,K], entry k in 0..sizes[k]-1: the means, where an encoder gives distributions.
  virtual Eigen::MatrixXf encode(const Eigen::MatrixXi& factors) = 0;
  // [n,D] logarithms of the variances; empty if codes are certain.
  virtual Eigen::MatrixXf log_variances(const Eigen::MatrixXi&) { return {}; }
};

// n rows of factors [n,K], independent and uniform, with replacement; a function of the generator and the step.
Eigen::MatrixXi draw_factors(const std::vector<int>& sizes, Eigen::Index n, const Rng& rng, uint32_t step);
Points draw_points(Representation& representation, Eigen::Index n, const Rng& rng, uint32_t step);

// Codes by look-up: row ((f0*s1+f1)*s2+f2)*... of a table [prod(sizes),D], the last factor fastest.
class GridCodes : public Representation {
 public:
  // Error(data) unless the table has that many rows, all finite, and every size is 2 or more.
  GridCodes(Eigen::MatrixXf table, std::vector<int> sizes);

  const std::vector<int>& sizes() const override { return sizes_; }
  Eigen::MatrixXf encode(const Eigen::MatrixXi& factors) override;

 private:
  Eigen::MatrixXf table_;
  std::vector<int> sizes_;
};

// The row of a grid that has the classes of factors [n,K] at i.
Eigen::Index grid_row(const std::vector<int>& sizes, const Eigen::MatrixXi& factors, Eigen::Index i);

}  // namespace unpick
