// Work that pauses: a function with `co_await Pause()` in it, run from one pause to the next whenever its owner has time.
//
//   Stepwise solve(Problem problem, Vector& x) {
//     while (!solved(problem, x)) {
//       improve(problem, x);
//       co_await Pause();
//     }
//   }
//   Stepwise both(Problem a, Problem b, Vector& x) { co_await solve(a, x); co_await solve(b, x); }
//
// Why a coroutine: the state of an optimiser is its loops. Written out as a state machine, nobody would recognise Newton's method;
// and what runs in a page, which has to draw and listen meanwhile, must not run to its end at once.
//
// Invariants: nothing runs before the first advance(); what is given by reference must outlive the work, what is given by value
// lives with it; what is thrown comes out of the advance() or the co_await it happens in; to drop the work is to cancel it.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace unpick {

using Pause = std::suspend_always;

class Stepwise {
 public:
  struct promise_type;

  Stepwise() = default;  // done
  Stepwise(Stepwise&& other) noexcept : work_(std::exchange(other.work_, nullptr)) {}
  Stepwise& operator=(Stepwise&& other) noexcept {
    std::swap(work_, other.work_);
    return *this;
  }
  ~Stepwise() {
    if (work_) work_.destroy();
  }

  bool advance();  // to the next pause; false at the end
  bool done() const { return !work_ || work_.done(); }
  void finish() {
    while (advance()) {
    }
  }

 private:
  explicit Stepwise(std::coroutine_handle<promise_type> work) : work_(work) {}
  bool step();     // as advance(), but keeps what is thrown
  void rethrow();  // that

  std::coroutine_handle<promise_type> work_;
};

struct Stepwise::promise_type {
  Stepwise part;  // what has to be done before it goes on
  std::exception_ptr thrown;

  struct Part {
    Stepwise& part;
    bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) noexcept {}
    void await_resume() { part.rethrow(); }
  };

  Stepwise get_return_object() { return Stepwise(std::coroutine_handle<promise_type>::from_promise(*this)); }
  std::suspend_always initial_suspend() noexcept { return {}; }
  std::suspend_always final_suspend() noexcept { return {}; }
  std::suspend_always await_transform(Pause) noexcept { return {}; }
  Part await_transform(Stepwise next) noexcept {
    part = std::move(next);
    return {part};
  }
  void return_void() {}
  void unhandled_exception() { thrown = std::current_exception(); }
};

inline bool Stepwise::step() {
  if (done()) return false;
  Stepwise& part = work_.promise().part;
  do {
    if (part.step()) return true;
    work_.resume();
  } while (!part.done());
  return !work_.done();
}

inline void Stepwise::rethrow() {
  if (work_ && work_.promise().thrown) std::rethrow_exception(std::exchange(work_.promise().thrown, nullptr));
}

inline bool Stepwise::advance() {
  const bool more = step();
  rethrow();
  return more;
}

}  // namespace unpick
