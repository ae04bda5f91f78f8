// The trainer where there are no threads: a slice of time, then the browser's turn, then the next. See ui/runner.h.
//
// Why not a slice per frame: a browser draws sixty times a second at most, and what it does not need of the time between is ours.
#include <emscripten/html5.h>

#include <cmath>

#include "ui/runner.h"

namespace unpick::ui {
namespace {

constexpr double kSlice = 0.010;  // seconds: what a hand may have to wait

}  // namespace

struct Runner::State {
  void work() {
    soon = false;
    later = 0;
    if (resting) return;
    const double rest = lab.advance(kSlice);
    after();
    again(rest);
  }

  void again(double rest) {
    if (soon) return;
    if (later) emscripten_clear_timeout(later);
    later = 0;
    const auto call = [](void* self) { static_cast<State*>(self)->work(); };
    if (rest <= 0) {
      soon = true;
      immediate = emscripten_set_immediate(call, this);
    } else if (!std::isinf(rest)) {
      later = emscripten_set_timeout(call, std::ceil(1000 * rest), this);
    }
  }

  Lab& lab;
  std::function<void()> after;
  bool resting, soon = false;     // soon: `immediate` was asked of the browser
  long immediate = 0, later = 0;  // later: a timer, or 0
};

Runner::Runner(Lab& lab, std::function<void()> after, bool resting) : state_(new State{lab, std::move(after), resting}) { wake(); }

Runner::~Runner() {
  emscripten_clear_timeout(state_->later);
  if (state_->soon) emscripten_clear_immediate(state_->immediate);
}

void Runner::wake() { state_->again(0); }

void Runner::rest(bool resting) {
  state_->resting = resting;
  wake();
}

void Runner::yield() { state_->lab.advance(0); }

}  // namespace unpick::ui
