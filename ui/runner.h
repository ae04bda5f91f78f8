// Who gives the trainer its time: a thread of its own (runner_thread.cpp).
#pragma once

#include <memory>

#include "core/session/lab.h"

namespace unpick::ui {

class Runner {
 public:
  explicit Runner(Lab& lab);  // which must outlive it
  ~Runner();                  // returns when the trainer has stopped
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace unpick::ui
