// The pool over std::thread. Workers spin briefly between jobs (a training step has dozens), then sleep. See pool.h.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "core/base/denormals.h"
#include "core/base/parking.h"
#include "core/base/pool.h"

namespace unpick {
namespace {

constexpr int kSpins = 2000;  // a few tens of microseconds: longer than the serial gaps inside a step

}  // namespace

// One job at a time. `ticket` packs the job's number and its next chunk, so that a worker that wakes late can never take
// a chunk of a job it has not seen.
struct Pool::State {
  std::vector<std::thread> workers;
  std::atomic<uint64_t> ticket{0};  // job << 32 | next chunk
  std::atomic<uint32_t> job{0};
  std::atomic<uint32_t> running{0};  // workers that have not yet left the current job
  std::atomic<bool> stop{false};
  int chunks = 0;
  Call call = nullptr;
  void* context = nullptr;

  void take_chunks(uint32_t mine, int worker) {
    for (;;) {
      uint64_t t = ticket.load(std::memory_order_acquire);
      const auto chunk = static_cast<int>(t & 0xffffffffu);
      if (static_cast<uint32_t>(t >> 32) != mine || chunk >= chunks) return;
      if (ticket.compare_exchange_weak(t, t + 1, std::memory_order_acq_rel)) call(context, chunk, worker);
    }
  }

  void work(int worker) {
    const FlushDenormals flush;
    uint32_t seen = 0;
    for (;;) {
      uint32_t now = job.load(std::memory_order_acquire);
      for (int spin = 0; now == seen && spin < kSpins; ++spin) {
        if (spin % 64 == 63) std::this_thread::yield();
        now = job.load(std::memory_order_acquire);
      }
      if (now == seen) {
        park(job, seen);
        continue;
      }
      seen = now;
      if (stop.load(std::memory_order_acquire)) return;
      take_chunks(seen, worker);
      if (running.fetch_sub(1, std::memory_order_acq_rel) == 1) unpark(running);
    }
  }
};

Pool::Pool(int threads) : state_(std::make_unique<State>()) {
  if (threads <= 0) threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  for (int worker = 1; worker < threads; ++worker) state_->workers.emplace_back([this, worker] { state_->work(worker); });
}

Pool::~Pool() {
  state_->stop.store(true, std::memory_order_release);
  state_->job.fetch_add(1, std::memory_order_acq_rel);
  unpark(state_->job);
  for (auto& worker : state_->workers) worker.join();
}

int Pool::threads() const { return static_cast<int>(state_->workers.size()) + 1; }

void Pool::run(int chunks, Call call, void* context) {
  const FlushDenormals flush;
  State& s = *state_;
  if (s.workers.empty() || chunks <= 1) {
    for (int chunk = 0; chunk < chunks; ++chunk) call(context, chunk, 0);
    return;
  }
  s.chunks = chunks;
  s.call = call;
  s.context = context;
  s.running.store(static_cast<uint32_t>(s.workers.size()), std::memory_order_relaxed);
  const uint32_t mine = s.job.load(std::memory_order_relaxed) + 1;
  s.ticket.store(uint64_t{mine} << 32, std::memory_order_release);
  s.job.store(mine, std::memory_order_release);
  unpark(s.job);
  s.take_chunks(mine, 0);
  for (uint32_t left = s.running.load(std::memory_order_acquire); left != 0; left = s.running.load(std::memory_order_acquire)) {
    for (int spin = 0; left != 0 && spin < kSpins; ++spin) {
      if (spin % 64 == 63) std::this_thread::yield();
      left = s.running.load(std::memory_order_acquire);
    }
    if (left != 0) park(s.running, left);
  }
}

}  // namespace unpick
