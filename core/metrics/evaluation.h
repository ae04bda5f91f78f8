// Several metrics with several seeds, one piece at a time: what the command line, the lab and the page run.
//
// A metric that cannot be computed is an outcome with an error, not the end of the others.
// Invariant: nothing here owns a thread or a file; dropping the object cancels it between two pieces.
//
// Read next: core/metrics/job.h, native/cli/score.cpp
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/metrics/job.h"

namespace unpick {

struct Task {
  std::string name;
  double duration;  // to weigh progress by
  std::function<Job(uint64_t seed)> start;
  std::vector<uint64_t> seeds;  // one or more
};

struct Outcome {
  std::string name;
  std::vector<uint64_t> seeds;
  std::vector<Report> reports;  // of each seed; fewer if there was an error
  std::optional<Error> error;   // why there are no more
};

class Evaluation {
 public:
  explicit Evaluation(std::vector<Task> tasks);

  bool step(Pool& pool);                                              // runs one piece; false if there was none left
  double done() const;                                                // 0..1
  const std::string& current() const { return current_; }             // the task of the last piece
  const std::vector<Outcome>& outcomes() const { return outcomes_; }  // of the tasks begun

 private:
  void finish_task();

  std::vector<Task> tasks_;
  std::vector<Outcome> outcomes_;
  std::string current_;
  size_t task_ = 0, seed_ = 0;
  std::optional<Job> job_;
  int piece_ = 0;
};

// Each quantity over seeds, as "NAME/mean" and "NAME/sd" (divided by n-1, 0 for one seed), numbers also as "NAME/values", and
// "NAME/n". Quantities whose shape differs between seeds are left out.
Report over_seeds(const std::vector<Report>& reports);

}  // namespace unpick
