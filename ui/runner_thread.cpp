// The trainer on a thread of its own. See runner.h.
#include <atomic>
#include <thread>

#include "ui/runner.h"

namespace unpick::ui {

struct Runner::State {
  explicit State(Lab& l)
      : lab(l), thread([this] {
          while (!stop) lab.wait(lab.advance(kSlice));
        }) {}

  static constexpr double kSlice = 0.03;  // seconds: commands are obeyed and snapshots published this often
  Lab& lab;
  std::atomic<bool> stop{false};
  std::thread thread;
};

Runner::Runner(Lab& lab) : state_(std::make_unique<State>(lab)) {}

Runner::~Runner() {
  state_->stop = true;
  state_->lab.interrupt();
  state_->thread.join();
}

}  // namespace unpick::ui
