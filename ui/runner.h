// Who gives the trainer its time: a thread of its own (runner_thread.cpp), or, in a page without threads, slices between what
// the browser has to do (web/runner_slices.cpp). A platform chooses the file when it is linked.
#pragma once

#include <functional>
#include <memory>

#include "core/session/lab.h"

namespace unpick::ui {

class Runner {
 public:
  // `lab` must outlive it. `after` is called on the trainer's thread when it has worked: there may be something new to see.
  explicit Runner(Lab& lab, std::function<void()> after = {}, bool resting = false);
  ~Runner();  // returns when the trainer has stopped
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void wake();              // something was posted
  void rest(bool resting);  // while it rests nothing is trained and nothing that is posted is done
  void yield();             // for a caller who waits for the trainer: lets it work for a moment

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace unpick::ui
