// The losses of a run as curves that stay short, however long it gets.
//
// Invariants: points at equal distances in steps, at most kCurvePoints of them; when there are too many, every second one goes and
// the distance doubles.
//
// Read next: core/session/subject.h
#pragma once

#include "core/session/snapshot.h"

namespace unpick {

inline constexpr size_t kCurvePoints = 1024;  // at most, of a curve

class CurveHistory {
 public:
  explicit CurveHistory(int64_t latent);

  // Begins with what a file says, up to `step`. What it says of a model with other latents is left out.
  void resume(const Curves& past, int64_t step);
  void append(const Losses& losses);
  std::shared_ptr<const Curves> shown();  // the same object until a point is added

 private:
  void thin();

  Curves curves_;
  int64_t stride_ = 1;
  std::shared_ptr<const Curves> shown_;
};

}  // namespace unpick
