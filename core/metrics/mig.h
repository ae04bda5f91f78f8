// MIG, the mutual information gap (Chen, Li, Grosse, Duvenaud 2018), with the study's estimator (Locatello et al. 2019).
//
//   MIG = mean over k of (I(z_(1); v_k) - I(z_(2); v_k)) / H(v_k)
//
// where z_(1), z_(2) are the two codes that know most about factor k: 1 if one code tells all and no other anything, 0 if two
// codes know equally much. Chen et al. estimate I from q(z|x) instead of bins; their values are not comparable.
#pragma once

#include "core/metrics/points.h"
#include "core/metrics/report.h"

namespace unpick {

// "discrete_mig"; "mutual_information" [D,K], nats; "factor_entropy", "gap_per_factor" [K]; "bin_counts" [D,20].
// Error(data) as check_points, Error(usage) for a single code.
Report mig(const Points& points);

}  // namespace unpick
