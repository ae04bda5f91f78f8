// The table of all metrics. See metrics.h.
#include "core/metrics/rows.h"

namespace unpick {

std::span<const Metric> metrics() {
  using namespace metric_rows;
  static constexpr Metric kAll[] = {kBetaVae, kFactorVae, kMig,          kModularity, kExplicitness, kDci,
                                    kSap,     kIrs,       kUnsupervised, kHoyer,      kDownstream};
  return kAll;
}

}  // namespace unpick
