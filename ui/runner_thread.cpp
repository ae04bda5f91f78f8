// The trainer on a thread of its own. See runner.h.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "ui/runner.h"

namespace unpick::ui {

struct Runner::State {
  State(Lab& l, std::function<void()> a, bool r) : lab(l), after(std::move(a)), resting(r), thread([this] { work(); }) {}

  void work() {
    while (may_go_on()) {
      const double rest = lab.advance(kSlice);
      if (after) after();
      lab.wait(rest);
    }
  }

  // Waits while it rests; false if it is to stop.
  bool may_go_on() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return stop || !resting; });
    return !stop;
  }

  void change(bool& what, bool to) {
    const std::lock_guard lock(mutex);
    what = to;
    changed.notify_one();
  }

  static constexpr double kSlice = 0.03;  // seconds: commands are obeyed and snapshots published this often
  Lab& lab;
  std::function<void()> after;
  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false, resting;
  std::thread thread;  // last: it uses what stands above
};

Runner::Runner(Lab& lab, std::function<void()> after, bool resting)
    : state_(std::make_unique<State>(lab, std::move(after), resting)) {}

Runner::~Runner() {
  state_->change(state_->stop, true);
  state_->lab.interrupt();
  state_->thread.join();
}

void Runner::wake() {}
void Runner::rest(bool resting) { state_->change(state_->resting, resting); }
void Runner::yield() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

}  // namespace unpick::ui
