// IRS, the interventional robustness score (Suter, Miladinovic, Schölkopf, Bauer 2018).
//
// How far can a code stray while one factor is held? For each factor k and each of its values, q is the 99th percentile of
// |z_d - mean|, and IRS[d,k] = 1 - (mean of q over values) / (largest deviation of z_d at all). A code's score is its best
// factor's; codes weigh by their largest deviation.
//
// As in the study's library, factors with many classes are put into 20 bins first, and constant codes are left out.
#pragma once

#include "core/metrics/points.h"
#include "core/metrics/report.h"

namespace unpick {

// "IRS"; "active_dims" [A] the codes that are not constant; "irs_matrix" [A,K]; "per_code", "max_deviations", "parents" [A].
// Error(data) if all codes are constant.
Report irs(const Points& points);

}  // namespace unpick
