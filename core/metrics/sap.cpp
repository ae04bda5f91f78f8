// See sap.h.
#include "core/metrics/sap.h"

#include <memory>

#include "core/metrics/linear_svm.h"
#include "core/metrics/mutual_information.h"

namespace unpick {
namespace {

using Eigen::Index;

constexpr double kPenalty = 0.01, kConstant = 1e-12;  // a code of smaller variance predicts nothing

// Squared correlation of code and factor; 0 for a code that hardly moves.
double squared_correlation(const Eigen::VectorXf& code, const Eigen::VectorXi& factor) {
  const Eigen::ArrayXd z = code.cast<double>().array(), v = factor.cast<double>().array();
  const Eigen::ArrayXd dz = z - z.mean(), dv = v - v.mean();
  const double variance = dz.square().sum() / static_cast<double>(z.size() - 1);
  if (variance <= kConstant) return 0;
  const double product = (dz * dv).sum();
  return product * product / (dz.square().sum() * dv.square().sum());
}

struct SapState {
  Sample sample;
  Eigen::MatrixXd accuracy, correlation;  // [D,K]
};

}  // namespace

Job sap(const Sample& sample) {
  check_sample(sample);
  const Index dims = sample.train.codes.cols(), factors = sample.train.factors.cols();
  const Eigen::MatrixXd empty = Eigen::MatrixXd::Zero(dims, factors);
  top_gaps(empty, "sap");  // refuse a single code now
  const auto s = std::make_shared<SapState>(SapState{sample, empty, empty});
  const auto piece = [s, factors](int number, Pool&) {
    const Index d = number / factors, k = number % factors;
    const Points &train = s->sample.train, &test = s->sample.test;
    s->correlation(d, k) = squared_correlation(train.codes.col(d), train.factors.col(k));
    const LinearSvm svm(train.codes.col(d), train.factors.col(k), kPenalty);
    s->accuracy(d, k) = accuracy(svm.predict(test.codes.col(d)), test.factors.col(k));
    return true;
  };
  const auto report = [s] {
    Report r;
    r.add("SAP_score", top_gaps(s->accuracy, "sap").mean());
    r.add("SAP_continuous", top_gaps(s->correlation, "sap").mean());
    r.add("score_matrix", s->accuracy);
    r.add("score_matrix_continuous", s->correlation);
    return r;
  };
  return {static_cast<int>(dims * factors), piece, report};
}

}  // namespace unpick
