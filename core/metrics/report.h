// What a metric answers: named numbers, lists and matrices, in the order in which they are to be read.
//
// Why not a struct for each metric: every front end shows them alike, and a mean over seeds is a mean over entries. The score
// comes first; the matrix that it was computed from is there as well, since a score alone cannot be checked.
//
// A name may have parts, "logistic_regression_cv:100/test", which nest in JSON. A value that is not defined is NaN.
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

namespace unpick {

struct Quantity {
  std::string name;
  int rank;               // 0 a number, 1 a list, 2 a matrix
  Eigen::MatrixXd value;  // [1,1], [n,1] or [rows,columns]
};

class Report {
 public:
  void add(const std::string& name, double value);
  void add(const std::string& name, const Eigen::VectorXd& value);
  void add(const std::string& name, const Eigen::MatrixXd& value);
  // Every quantity of `part`, as "name/...".
  void add(const std::string& name, const Report& part);

  const std::vector<Quantity>& quantities() const { return quantities_; }
  bool has(const std::string& name) const { return find(name) != nullptr; }
  const Eigen::MatrixXd& value(const std::string& name) const;  // ShapeError if there is none of this name
  double number(const std::string& name) const { return value(name)(0, 0); }

 private:
  const Quantity* find(const std::string& name) const;
  std::vector<Quantity> quantities_;
};

}  // namespace unpick
