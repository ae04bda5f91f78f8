// SAP, the separated attribute predictability (Kumar, Sattigeri, Balakrishnan 2018), in both forms.
//
// S[d,k] says how well code d alone predicts factor k: in the study's form by the test accuracy of a linear support vector
// machine (C = .01, balanced classes), in the continuous form by the squared correlation. SAP is the mean over factors of the
// gap between the two best codes.
//
// Known quirks: a perfect code scores far below 1 in the study's form, since a linear machine on one feature tells only the outer
// classes apart; in the continuous form a perfect code scores 1. A constant code predicts one class.
#pragma once

#include "core/metrics/job.h"
#include "core/metrics/points.h"

namespace unpick {

// "SAP_score", "SAP_continuous" (of the train points); "score_matrix", "score_matrix_continuous" [D,K]. A piece is one pair of
// code and factor. Error(usage) for a single code.
Job sap(const Sample& sample);

}  // namespace unpick
