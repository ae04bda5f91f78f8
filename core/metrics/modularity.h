// Modularity and explicitness (Ridgeway and Mozer 2018), as the study computes them (Locatello et al. 2019).
//
// Modularity asks of each code whether it knows about one factor only: 1 - (sum of m² - largest m²) / (largest m² (K-1)), with m
// its mutual informations; the mean over all codes. Explicitness asks whether each factor can be read off by a linear
// classifier: the area under its ROC curve, .5 for chance, the mean over factors.
//
// Known quirks: dead codes count; a code of pure noise scores about .6, since the plug-in information of noise grows with the
// number of classes. Explicitness standardises the codes, so a constant code makes it undefined.
#pragma once

#include "core/metrics/job.h"
#include "core/metrics/points.h"

namespace unpick {

// "modularity_score"; "per_code" [D], "mutual_information" [D,K]. Error(usage) for a single factor.
Report modularity(const Points& points);

// "explicitness_score_train", "explicitness_score_test"; "train_per_factor", "test_per_factor" [K]. A piece is one factor.
// Error(data) if a code is constant or the test points have other classes than the train points.
Job explicitness(const Sample& sample);

// The area under the ROC curve of `score` for telling the true from the others: the share of pairs in order, ties half.
// NaN if there are none of one kind.
double roc_auc(const Eigen::VectorXd& score, const Eigen::Array<bool, Eigen::Dynamic, 1>& truth);

}  // namespace unpick
