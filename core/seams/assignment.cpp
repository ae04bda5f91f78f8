// See assignment.h.
#include "core/seams/assignment.h"

#include <limits>
#include <string>
#include <utility>

#include "core/base/check.h"

namespace unpick {
namespace {

// Costs are -value; `rows_price` and `column_price` keep every reduced cost >= 0. Row R is the root of each search.
struct Search {
  const Eigen::MatrixXd& value;
  Eigen::Index rows = value.rows();
  Eigen::VectorXd row_price = Eigen::VectorXd::Zero(rows + 1), column_price = Eigen::VectorXd::Zero(value.cols());
  std::vector<Eigen::Index> column_of = std::vector<Eigen::Index>(static_cast<size_t>(rows) + 1, -1);  // of each row; -1: free

  Eigen::Index& column_at(Eigen::Index row) { return column_of[static_cast<size_t>(row)]; }

  // Gives `column` a row along the cheapest chain of rows that change hands.
  void add(Eigen::Index column) {
    std::vector<Eigen::Index> before(static_cast<size_t>(rows) + 1, rows);
    std::vector<bool> done(static_cast<size_t>(rows) + 1);
    Eigen::VectorXd distance = Eigen::VectorXd::Constant(rows + 1, std::numeric_limits<double>::infinity());
    Eigen::Index row = rows;
    column_at(rows) = column;
    while (column_at(row) >= 0) {
      done[static_cast<size_t>(row)] = true;
      const Eigen::Index from = column_at(row);
      Eigen::Index next = -1;
      for (Eigen::Index r = 0; r < rows; ++r) {
        if (done[static_cast<size_t>(r)]) continue;
        const double reduced = -value(r, from) - column_price(from) - row_price(r);
        if (reduced < distance(r)) {
          distance(r) = reduced;
          before[static_cast<size_t>(r)] = row;
        }
        if (next < 0 || distance(r) < distance(next)) next = r;
      }
      const double step = distance(next);
      for (Eigen::Index r = 0; r <= rows; ++r) {
        if (done[static_cast<size_t>(r)]) {
          column_price(column_at(r)) += step;
          row_price(r) -= step;
        } else {
          distance(r) -= step;
        }
      }
      row = next;
    }
    for (; row != rows; row = before[static_cast<size_t>(row)]) column_at(row) = column_at(before[static_cast<size_t>(row)]);
  }
};

}  // namespace

std::vector<int> best_assignment(const Eigen::MatrixXd& value) {
  if (value.rows() < value.cols())
    throw ShapeError("best_assignment: " + std::to_string(value.rows()) + " rows for " + std::to_string(value.cols()) + " columns");
  if (!value.allFinite()) throw Error(ErrorKind::failed, "assignment", "a value is not finite", "look for the first bad number");
  Search search{value};
  for (Eigen::Index column = 0; column < value.cols(); ++column) search.add(column);
  std::vector<int> row_of(static_cast<size_t>(value.cols()));
  for (Eigen::Index row = 0; row < value.rows(); ++row)
    if (search.column_at(row) >= 0) row_of[static_cast<size_t>(search.column_at(row))] = static_cast<int>(row);
  return row_of;
}

double best_total(const Eigen::MatrixXd& value) {
  const std::vector<int> row_of = best_assignment(value);
  double sum = 0;
  for (Eigen::Index column = 0; column < value.cols(); ++column) sum += value(row_of[static_cast<size_t>(column)], column);
  return sum;
}

}  // namespace unpick
