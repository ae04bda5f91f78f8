// One model of a lab: its session, and all that is seen of it.
//
// Watching is cut into parts of a few milliseconds, done one at a time between two steps: pictures and look in turn, then the
// seams or scores, a piece at a time. What asks for it, and when, is the lab's to say.
//
// Invariant: watching never changes training.
// Read next: core/session/observer.h, core/session/lab.h
#pragma once

#include "core/session/curve_history.h"
#include "core/session/observer.h"
#include "core/session/score_watch.h"
#include "core/session/seam_watch.h"

namespace unpick {

double seconds_now();  // of a clock that never goes back

class Subject {
 public:
  // `from`: goes on with that run. Throws what Session throws.
  Subject(const Config& config, std::unique_ptr<Dataset> data, Pool& pool, const Kept* from = nullptr);

  Session& session() { return session_; }
  const Session& session() const { return session_; }
  void train_step();  // throws what Session::advance throws

  void look_at(uint32_t image);                                 // from its mean code
  void move(size_t latent, real value);                         // the code that is looked at; nothing if there is no such latent
  void ask() { look_asked_ = true; }                            // for a new look, at once
  bool asked() const { return look_asked() || score_watch_; }   // whatever else there is to do
  void score(std::vector<const Metric*> chosen, double scale);  // the model as it is now; throws what ScoreWatch throws
  void give_up();                                               // what was asked for and failed

  bool out_of_date() const;        // pictures or look are not of the present step
  bool seams_out_of_date() const;  // or still being traced
  // When the next part is to be watched, not before `rested`; infinity if all is of the present step.
  double due_at(bool playing, double rested) const;
  // Does one part. Every new picture gets the next `serial`. True if there is something new to see.
  bool watch(bool playing, int64_t& serial);

  const Seen& seen() const { return seen_; }
  Trained shown();

 private:
  bool look_asked() const { return look_asked_ && seen_.pictures; }
  void watch_model(int64_t& serial);
  bool watch_scores();
  bool watch_seams(int64_t& serial);
  std::vector<int> looked_at() const;

  Pool& pool_;
  Session session_;
  std::optional<Observer> observer_;  // made when first needed, so that a run can begin at once
  std::optional<SeamWatch> seam_watch_;
  std::unique_ptr<ScoreWatch> score_watch_;  // while it works
  std::shared_ptr<const Scores> scores_;
  CurveHistory curves_;
  std::shared_ptr<const std::vector<OutlineBox>> outline_;
  Seen seen_;
  uint32_t image_;
  std::vector<std::optional<real>> moved_;  // [Z]
  bool look_asked_ = false, seams_asked_ = false;
  double model_watched_ = 0, seams_watched_ = 0, scores_shown_ = 0;  // when last, in seconds
};

}  // namespace unpick
