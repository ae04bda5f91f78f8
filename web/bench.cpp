// Training steps, timed in the page: the figures of bench/RESULTS.md. See native/cli/bench.cpp for the workloads.
#include <emscripten/emscripten.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/data/dsprites.h"
#include "core/session/session.h"

using namespace unpick;

extern "C" {

// The median over five rounds of the mean time of a step, in ms: batch 64 and 10 latents of dSprites, as in `unpick bench`.
EMSCRIPTEN_KEEPALIVE double unpick_bench(const char* model, int threads, double seconds) {
  Config config;
  set(config, "model", model);
  Pool pool(threads);
  Session session(config, open_dataset(config.data), pool);
  session.advance(5);
  std::vector<double> rounds;
  for (int round = 0; round < 5; ++round) {
    const double begin = emscripten_get_now(), end = begin + 1000 * seconds / 5;
    int steps = 0;
    for (; steps == 0 || emscripten_get_now() < end; ++steps) session.advance(1);
    rounds.push_back((emscripten_get_now() - begin) / steps);
  }
  std::sort(rounds.begin(), rounds.end());
  return rounds[2];
}
}
