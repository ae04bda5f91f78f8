// A fixed set of threads that run numbered chunks.
//
// Why chunks and not ranges: the work is cut the same way whatever the number of threads, and each chunk writes its own
// place, so a run is bit-identical for 1..N threads. Which file implements it (pool_threads.cpp | pool_serial.cpp) is
// chosen when linking, never by an #ifdef.
//
// Invariants: chunks run with denormals flushed to zero (denormals.h), on every thread alike; `run` returns when every chunk is
// done; no allocation; not reentrant (a chunk must not call `run`).
#pragma once

#include <memory>
#include <type_traits>

namespace unpick {

class Pool {
 public:
  // threads >= 1, the calling thread included. 0: as many as the machine has.
  explicit Pool(int threads = 0);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const;

  // Calls body(chunk, worker) for every chunk in 0..chunks-1; worker in 0..threads()-1 names scratch memory.
  template <class Body>
  void run(int chunks, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run(
        chunks, [](void* context, int chunk, int worker) { (*static_cast<Plain*>(context))(chunk, worker); },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using Call = void (*)(void* context, int chunk, int worker);
  void run(int chunks, Call call, void* context);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace unpick
