// Codes and the factors that made them: what every metric takes, and what none of them can use.
//
// Why float codes and whole factors: the published scores are of float32 codes, whose rounding decides which bin a point is
// in, and of class indices. Which numbers name the classes does not matter, only which points share one.
//
// Read next: core/metrics/report.h, core/metrics/metrics.h
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

namespace unpick {

// N observations; row i of the codes belongs to row i of the factors.
struct Points {
  Eigen::MatrixXf codes;    // [N,D]
  Eigen::MatrixXi factors;  // [N,K] class of each factor

  Eigen::Index size() const { return codes.rows(); }
  Points head(Eigen::Index n) const { return {codes.topRows(n), factors.topRows(n)}; }
};

struct Sample {
  Points train, test;
};

// Throws Error(data), naming `what`, unless there are N >= 2 rows of D >= 1 codes and K >= 1 factors, as many of one as of the
// other, all codes finite and every factor with two classes or more.
void check_points(const Points& points, const std::string& what);
// Both parts, and that they have the same columns. Test points may lack a class.
void check_sample(const Sample& sample);

// Classes as 0..count-1, in the order of the numbers that named them.
struct Classes {
  std::vector<int> names;  // [count], ascending
  Eigen::VectorXi of;      // [N] which class each point has

  int count() const { return static_cast<int>(names.size()); }
  // The classes of other points, -1 for a name that is not known.
  Eigen::VectorXi find(const Eigen::VectorXi& others) const;
  // The name of each row's largest score, the first of equals [N]. One column is the log-odds of the second of two classes.
  Eigen::VectorXi decide(const Eigen::MatrixXd& scores) const;
};
Classes classes(const Eigen::VectorXi& labels);

// The share of points whose guess is right.
double accuracy(const Eigen::VectorXi& guess, const Eigen::VectorXi& truth);

// Dimensions whose codes are not all the same number.
std::vector<Eigen::Index> varying(const Eigen::MatrixXf& codes);

}  // namespace unpick
