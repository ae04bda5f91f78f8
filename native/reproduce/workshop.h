// Where figures are made: how many seeds, how large, the machine to compute on, and training as a figure needs it.
//
// Long work reports every few steps through `tick`, which is also where a Ctrl-C takes effect: it throws Interrupted, and the
// figure in work is dropped while finished ones stay.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/session/session.h"

namespace unpick::reproduce {

struct Interrupted {};

// Steps with one learning rate.
struct Phase {
  int64_t steps;
  double lr;
};

struct Recipe {
  std::string settings;  // "model=linear posterior=full beta=4"
  int64_t seed = 1;
  std::vector<Phase> phases;
  std::vector<int64_t> marks{};  // steps after which to look
};

struct SpriteRun;    // sprites.h
struct TrialResult;  // trials.h

class Workshop {
 public:
  // `report(done, expected, what)` is called after every piece of work; `stop` says whether the user wants to end.
  using Report = std::function<void(int64_t done, int64_t expected, const std::string& what)>;
  Workshop(int seeds, bool quick, int threads, Report report, std::function<bool()> stop);

  int seeds() const { return seeds_; }
  bool quick() const { return quick_; }
  template <class T>
  T pick(T full, T quick) const {
    return quick_ ? quick : full;
  }
  Backend& backend() { return *backend_; }
  Pool& pool() { return pool_; }
  int threads() const { return pool_.threads(); }

  void begin(int64_t expected_steps);  // of the next figure
  int64_t steps() const { return done_; }
  void tick(int64_t steps, const std::string& what);

  // `what` names the run for the progress line; `look` is called at the marks.
  std::unique_ptr<Session> train(const Recipe& recipe, std::unique_ptr<Dataset> data, const std::string& what,
                                 const std::function<void(Session&)>& look = {});

  // Runs are shared between figures, by name.
  std::map<std::string, std::shared_ptr<const SpriteRun>> sprites;
  std::map<std::string, std::shared_ptr<const TrialResult>> trials;

 private:
  int seeds_;
  bool quick_;
  Pool pool_;
  std::unique_ptr<Backend> backend_;
  Report report_;
  std::function<bool()> stop_;
  int64_t done_ = 0, expected_ = 0;
};

std::vector<int64_t> log_marks(int64_t first, int64_t last, int count);  // about equally far apart on a logarithmic axis

}  // namespace unpick::reproduce
