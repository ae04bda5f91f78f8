// The table of metrics, and running any of them by the study's protocol.
//
// A row says what a metric is, where it comes from, how many points it draws, and in which version of ours: published values of one
// name differ by estimator, so every output carries these. A metric of points is a function of points alone; a metric that
// intervenes draws its own and needs a representation.
//
// To add a metric: a file of its own with a function from points to a Job, and a row in table.cpp.
// Read next: core/metrics/table.cpp, core/metrics/job.h, core/metrics/evaluation.h
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/metrics/job.h"
#include "core/metrics/points.h"
#include "core/metrics/representation.h"

namespace unpick {

struct Metric {
  const char* name;      // "factor_vae"
  const char* title;     // as the field writes it, "FactorVAE"
  const char* score;     // the quantity that is quoted, "discrete_mig"
  const char* source;    // the paper
  const char* protocol;  // estimator and constants, in a line
  const char* matrix;    // the quantity that the score was computed from, [D,K] or of "active_dims"; "" if there is none to show
  int version;           // changes whenever a value would
  int train, test;       // points that the protocol draws; 0: none of that kind
  bool needs_labels;
  bool random;      // on fixed points the seed still matters
  double duration;  // about seconds at the protocol's sizes, to weigh progress by
  // One of points, drawn by the protocol or given; null for a metric that intervenes. One that draws its own; null if not needed.
  Job (*of_points)(const Sample& sample, uint64_t seed);
  Job (*of_representation)(Representation& representation, uint64_t seed, int train, int test);
};

std::span<const Metric> metrics();

// The metric on given points; Error(usage) if it must choose its own.
Job start(const Metric& metric, const Sample& sample, uint64_t seed);
// The study's protocol: points drawn afresh for this metric, `scale` times as many as it says, at least 100 of each. Error(usage)
// if labels are needed and there are none. `representation` must outlive the job.
Job start(const Metric& metric, Representation& representation, uint64_t seed, double scale = 1);
// How many points that draws.
int scaled(int points, double scale);

// Where two scores that should tell the same story do not, in words: "BetaVAE 1.00 but MIG 0.09: ...".
struct NamedScore {
  std::string metric;
  double score;
};
std::vector<std::string> disagreements(std::span<const NamedScore> scores);

}  // namespace unpick
