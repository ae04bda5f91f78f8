// A metric at work, in numbered pieces of some milliseconds.
//
// Why pieces: a window or a page must draw and listen while a metric runs, and must be able to stop it; it owns neither a thread
// for us nor do we own one. A host runs a piece whenever it has time, and drops the job to cancel it.
//
// A piece that takes longer pauses (core/base/stepwise.h), and is called again until it is done.
//
// Invariants: pieces run in order, with one pool; their results do not depend on it; `report` is called after the last.
#pragma once

#include <functional>
#include <utility>

#include "core/base/pool.h"
#include "core/metrics/report.h"

namespace unpick {

struct Job {
  int pieces;
  std::function<bool(int piece, Pool& pool)> run;  // true once the piece is done
  std::function<Report()> report;
};

// A job of one piece.
inline Job at_once(std::function<Report()> compute) {
  return {1, [](int, Pool&) { return true; }, std::move(compute)};
}

// All of it at once.
inline Report finish(const Job& job, Pool& pool) {
  for (int piece = 0; piece < job.pieces;) piece += job.run(piece, pool);
  return job.report();
}

}  // namespace unpick
