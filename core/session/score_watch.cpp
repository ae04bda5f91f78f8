// See score_watch.h.
#include "core/session/score_watch.h"

#include <algorithm>

namespace unpick {
namespace {

constexpr uint64_t kSeed = 1;              // as the command line's
constexpr uint32_t kMostAhead = 1u << 16;  // images of a data set that are encoded ahead; of a larger one none
constexpr uint32_t kAhead = 64;            // at a time

Model copy_of(const Model& model) {
  Model copy(model.spec);
  const std::span<const real> weights = model.weights.span();
  std::copy(weights.begin(), weights.end(), copy.weights.data());
  return copy;
}

std::vector<Task> tasks_of(std::span<const Metric* const> chosen, Representation& codes, double scale) {
  std::vector<Task> tasks;
  for (const Metric* metric : chosen)
    tasks.push_back({metric->name,
                     metric->duration,
                     [metric, &codes, scale](uint64_t seed) { return start(*metric, codes, seed, scale); },
                     {kSeed}});
  return tasks;
}

}  // namespace

ScoreWatch::ScoreWatch(Session& session, Pool& pool, std::vector<const Metric*> chosen, double scale)
    : pool_(pool),
      model_(copy_of(session.model())),
      codes_(model_, session.data(), session.backend(), pool),
      chosen_(std::move(chosen)),
      step_(session.step()),
      scale_(scale),
      evaluation_(tasks_of(chosen_, codes_, scale)),
      ahead_(session.data().size() <= kMostAhead ? session.data().size() : 0) {}

void ScoreWatch::advance() {
  if (next_ == ahead_) {
    busy_ = evaluation_.step(pool_);
    return;
  }
  const uint32_t end = std::min(next_ + kAhead, ahead_);
  codes_.encode_ahead(next_, end);
  next_ = end;
}

std::shared_ptr<const Scores> ScoreWatch::scores() const {
  auto scores = std::make_shared<Scores>();
  scores->step = step_;
  scores->scale = scale_;
  scores->done = busy_ ? evaluation_.done() : 1;
  if (busy_) scores->working = next_ < ahead_ ? "the codes" : evaluation_.current();
  std::vector<NamedScore> named;
  for (size_t i = 0; i < evaluation_.outcomes().size(); ++i) {
    const Outcome& outcome = evaluation_.outcomes()[i];
    if (outcome.reports.empty() && !outcome.error) continue;
    Scored scored{chosen_[i], {}, outcome.error ? outcome.error->what() : ""};
    if (!outcome.error) {
      scored.report = outcome.reports[0];
      named.push_back({outcome.name, scored.score()});
    }
    scores->metrics.push_back(std::move(scored));
  }
  scores->disagreements = disagreements(named);
  return scores;
}

}  // namespace unpick
