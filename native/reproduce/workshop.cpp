// See workshop.h.
#include "native/reproduce/workshop.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace unpick::reproduce {
namespace {

constexpr int64_t kAtOnce = 20;  // steps between two looks at the clock and the keyboard

Config configured(const std::string& settings) {
  Config config;
  std::istringstream words(settings);
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    set(config, word.substr(0, equals), word.substr(equals + 1));
  }
  return config;
}

}  // namespace

Workshop::Workshop(int seeds, bool quick, int threads, Report report, std::function<bool()> stop)
    : seeds_(seeds),
      quick_(quick),
      pool_(threads),
      backend_(make_cpu_backend(pool_)),
      report_(std::move(report)),
      stop_(std::move(stop)) {}

void Workshop::begin(int64_t expected_steps) {
  done_ = 0;
  expected_ = expected_steps;
}

void Workshop::tick(int64_t steps, const std::string& what) {
  done_ += steps;
  report_(done_, std::max(done_, expected_), what);
  if (stop_()) throw Interrupted{};
}

std::unique_ptr<Session> Workshop::train(const Recipe& recipe, std::unique_ptr<Dataset> data, const std::string& what,
                                         const std::function<void(Session&)>& look) {
  Config config = configured(recipe.settings);
  config.seed = recipe.seed;
  auto session = std::make_unique<Session>(config, std::move(data), pool_);
  auto mark = recipe.marks.begin();
  int64_t end = 0;
  for (const Phase& phase : recipe.phases) {
    end += phase.steps;
    session->post({"lr", std::to_string(phase.lr)});
    while (session->step() < end) {
      const int64_t next = mark == recipe.marks.end() ? end : std::min(end, *mark);
      const int64_t steps = std::min(next - session->step(), kAtOnce);
      session->advance(steps);
      tick(steps, what);
      if (mark == recipe.marks.end() || session->step() != *mark) continue;
      look(*session);
      ++mark;
    }
  }
  return session;
}

std::vector<int64_t> log_marks(int64_t first, int64_t last, int count) {
  std::vector<int64_t> marks;
  const double ratio = std::pow(static_cast<double>(last) / static_cast<double>(first), 1.0 / (count - 1));
  for (int i = 0; i < count; ++i) {
    const int64_t mark = std::min(last, static_cast<int64_t>(std::llround(static_cast<double>(first) * std::pow(ratio, i))));
    if (marks.empty() || mark > marks.back()) marks.push_back(mark);
  }
  return marks;
}

}  // namespace unpick::reproduce
