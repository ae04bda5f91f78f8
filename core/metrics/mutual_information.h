// Mutual information between codes and factors, from counts: codes are put into bins of equal width, and the plug-in estimate
// is taken, in nats, without correction for its bias of about (bins-1)(classes-1)/(2N).
//
// Why so exactly: the number of bins, the edges' rounding and the estimator move every score that is built on them (MIG,
// Modularity), so they are those of the study (Locatello et al. 2019): 20 bins between the least and the largest code, edges
// rounded to float32 as NumPy does. A code that lies on a lattice changes bins if they are not.
//
// Read next: core/metrics/mig.h, core/metrics/modularity.h
#pragma once

#include <Eigen/Core>

namespace unpick {

inline constexpr int kBins = 20;

// The bin 1..bins of every code [N,D], each dimension alone. Bins are [e_k, e_k+1), the last one closed; a dimension that is
// constant is in the middle of [x-1/2, x+1/2].
Eigen::MatrixXi discretise(const Eigen::MatrixXf& codes, int bins = kBins);
// The same of whole numbers, with edges in double: factors with many classes, as IRS takes them.
Eigen::MatrixXi discretise(const Eigen::MatrixXi& factors, int bins = kBins);
// How many points are in each bin, [D,bins].
Eigen::MatrixXd bin_counts(const Eigen::MatrixXi& binned, int bins = kBins);

// I(a;b) >= 0 of two columns of labels, nats; exactly 0 if either has a single value.
double mutual_information(const Eigen::VectorXi& a, const Eigen::VectorXi& b);
// [A,B] of every column of a [N,A] with every column of b [N,B].
Eigen::MatrixXd mutual_information(const Eigen::MatrixXi& a, const Eigen::MatrixXi& b);
// H of every column [N,K], nats: of the sample, which is not the logarithm of the number of classes.
Eigen::VectorXd entropies(const Eigen::MatrixXi& factors);

// The largest entry of each column of M [D,K] minus the second largest; D >= 2, or Error(usage) naming `metric`.
Eigen::VectorXd top_gaps(const Eigen::MatrixXd& M, const char* metric);

}  // namespace unpick
