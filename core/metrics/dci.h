// DCI: disentanglement, completeness, informativeness (Eastwood and Williams 2018), with the study's boosted trees.
//
// R[d,k], the importance of code d for factor k, comes from one classifier per factor. A code is disentangled if its row of R
// has one entry, a factor is complete if its column has one: each is 1 minus an entropy, in base K over a row and in base D
// over a column, averaged with the weights that R gives. Informativeness is the classifiers' accuracy.
//
// Known quirks: dead codes count in the base of completeness; equal importances are split at random between copies of a code,
// so the score has a spread over seeds.
#pragma once

#include <cstdint>

#include "core/metrics/job.h"
#include "core/metrics/points.h"

namespace unpick {

// "disentanglement", "completeness", "informativeness_train", "informativeness_test"; "importance" [D,K];
// "disentanglement_per_code" [D], "completeness_per_factor" [K], "train_accuracy_per_factor", "test_accuracy_per_factor" [K].
// A piece is one stage of one classifier. Error(usage) for a single code or factor, which has no entropy.
Job dci(const Sample& sample, uint64_t seed);

// The scores of a given R.
struct DciScores {
  double disentanglement, completeness;
  Eigen::VectorXd per_code, per_factor;  // [D], [K]
};
DciScores dci_scores(const Eigen::MatrixXd& importance);

}  // namespace unpick
