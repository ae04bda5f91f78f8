// See points.h.
#include "core/metrics/points.h"

#include <algorithm>

#include "core/base/check.h"

namespace unpick {
namespace {

[[noreturn]] void reject(const std::string& what, const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::data, what, why, hint);
}

void check_rows(const Points& p, const std::string& what) {
  if (p.codes.rows() != p.factors.rows())
    reject(what, std::to_string(p.codes.rows()) + " codes, but factors of " + std::to_string(p.factors.rows()) + " points",
           "give one row of factors for each code");
  if (p.codes.cols() < 1 || p.factors.cols() < 1) reject(what, "without codes or without factors", "metrics need both");
  for (Eigen::Index i = 0; i < p.codes.rows(); ++i)
    if (!p.codes.row(i).allFinite()) reject(what, "the code of point " + std::to_string(i) + " is not finite", "mend it");
}

}  // namespace

void check_points(const Points& p, const std::string& what) {
  check_rows(p, what);
  if (p.size() < 2) reject(what, std::to_string(p.size()) + " points", "give at least two");
  for (Eigen::Index k = 0; k < p.factors.cols(); ++k)
    if (p.factors.col(k).minCoeff() == p.factors.col(k).maxCoeff())
      reject(what, "factor " + std::to_string(k) + " has a single class", "leave it out, or give more points");
}

void check_sample(const Sample& s) {
  check_points(s.train, "train points");
  check_rows(s.test, "test points");
  if (s.test.size() < 1) reject("test points", "there are none", "give at least one");
  if (s.test.codes.cols() != s.train.codes.cols() || s.test.factors.cols() != s.train.factors.cols())
    reject("test points", "have other columns than the train points", "give the same codes and factors for both");
}

Eigen::VectorXi Classes::find(const Eigen::VectorXi& others) const {
  return others.unaryExpr([this](int name) {
    const auto at = std::lower_bound(names.begin(), names.end(), name);
    return at != names.end() && *at == name ? static_cast<int>(at - names.begin()) : -1;
  });
}

Eigen::VectorXi Classes::decide(const Eigen::MatrixXd& scores) const {
  Eigen::VectorXi labels(scores.rows());
  for (Eigen::Index i = 0; i < scores.rows(); ++i) {
    Eigen::Index best = 0;
    if (scores.cols() == 1) best = scores(i, 0) > 0;
    if (scores.cols() > 1) scores.row(i).maxCoeff(&best);
    labels(i) = names[static_cast<size_t>(best)];
  }
  return labels;
}

Classes classes(const Eigen::VectorXi& labels) {
  Classes result;
  result.names.assign(labels.begin(), labels.end());
  std::sort(result.names.begin(), result.names.end());
  result.names.erase(std::unique(result.names.begin(), result.names.end()), result.names.end());
  result.of = result.find(labels);
  return result;
}

double accuracy(const Eigen::VectorXi& guess, const Eigen::VectorXi& truth) {
  return static_cast<double>((guess.array() == truth.array()).count()) / static_cast<double>(truth.size());
}

std::vector<Eigen::Index> varying(const Eigen::MatrixXf& codes) {
  std::vector<Eigen::Index> dims;
  for (Eigen::Index d = 0; d < codes.cols(); ++d)
    if (codes.rows() > 0 && codes.col(d).minCoeff() != codes.col(d).maxCoeff()) dims.push_back(d);
  return dims;
}

}  // namespace unpick
