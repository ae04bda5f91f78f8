// See report.h.
#include "core/metrics/report.h"

#include <algorithm>

#include "core/base/check.h"

namespace unpick {

void Report::add(const std::string& name, double value) {
  quantities_.push_back({name, 0, Eigen::MatrixXd::Constant(1, 1, value)});
}
void Report::add(const std::string& name, const Eigen::VectorXd& value) { quantities_.push_back({name, 1, value}); }
void Report::add(const std::string& name, const Eigen::MatrixXd& value) { quantities_.push_back({name, 2, value}); }
void Report::add(const std::string& name, const Report& part) {
  for (const Quantity& q : part.quantities()) quantities_.push_back({name + "/" + q.name, q.rank, q.value});
}

const Quantity* Report::find(const std::string& name) const {
  const auto at = std::find_if(quantities_.begin(), quantities_.end(), [&](const Quantity& q) { return q.name == name; });
  return at == quantities_.end() ? nullptr : &*at;
}

const Eigen::MatrixXd& Report::value(const std::string& name) const {
  const Quantity* q = find(name);
  if (!q) throw ShapeError("report: no quantity '" + name + "'");
  return q->value;
}

}  // namespace unpick
