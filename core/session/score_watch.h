// The published scores of a model as it was at one step, computed a piece at a time while it trains on.
//
// It keeps the weights of the moment when it began. Images are encoded once, in batches, before they are asked for in thousands,
// so that no piece keeps a window or a page waiting; of a large data set each is when it is first drawn.
//
// Invariant: the values are those that `unpick score` gives for these weights with its first seed and the same share of points.
// Read next: core/metrics/evaluation.h, core/session/subject.h
#pragma once

#include "core/metrics/evaluation.h"
#include "core/session/encoded_data.h"
#include "core/session/snapshot.h"

namespace unpick {

class ScoreWatch {
 public:
  // `chosen`: rows of the table, in its order. `scale`: the share of the study's points. Throws what EncodedData throws.
  ScoreWatch(Session& session, Pool& pool, std::vector<const Metric*> chosen, double scale);

  bool busy() const { return busy_; }
  void advance();                                // one piece of the work
  std::shared_ptr<const Scores> scores() const;  // as far as they are known

 private:
  Pool& pool_;
  Model model_;  // as it was at the beginning
  EncodedData codes_;
  std::vector<const Metric*> chosen_;
  int64_t step_;
  double scale_;
  Evaluation evaluation_;
  uint32_t next_ = 0, ahead_;  // images encoded ahead, and how many are to be
  bool busy_ = true;
};

}  // namespace unpick
