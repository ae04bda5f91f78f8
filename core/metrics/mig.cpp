// See mig.h.
#include "core/metrics/mig.h"

#include "core/metrics/mutual_information.h"

namespace unpick {

Report mig(const Points& points) {
  check_points(points, "mig");
  const Eigen::MatrixXi bins = discretise(points.codes);                            // [N,D]
  const Eigen::MatrixXd information = mutual_information(bins, points.factors);     // [D,K]
  const Eigen::VectorXd entropy = entropies(points.factors);                        // [K]
  const Eigen::VectorXd gap = top_gaps(information, "mig").cwiseQuotient(entropy);  // [K]
  Report report;
  report.add("discrete_mig", gap.mean());
  report.add("mutual_information", information);
  report.add("factor_entropy", entropy);
  report.add("gap_per_factor", gap);
  report.add("bin_counts", bin_counts(bins));
  return report;
}

}  // namespace unpick
