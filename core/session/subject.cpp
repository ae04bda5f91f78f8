// See subject.h.
#include "core/session/subject.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace unpick {
namespace {

constexpr double kWatchEvery = 0.15;  // seconds, at least, from one look at the model to the next
constexpr double kSeamsEvery = 1.5;   // seconds, at least, from one picture of the seams to the beginning of the next
constexpr double kSeamSlice = 0.006;  // seconds, about, of tracing seams at a time
constexpr double kScoreSlice = 0.03;  // of scoring, which somebody waits for
constexpr double kScoresEvery = 0.2;  // seconds between two pictures of how far it is

std::shared_ptr<const std::vector<OutlineBox>> outline_of(const Training& t) {
  return std::make_shared<const std::vector<OutlineBox>>(outline(*t.graph, t.loss, t.parameters));
}

}  // namespace

double seconds_now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

Subject::Subject(const Config& config, std::unique_ptr<Dataset> data, Pool& pool, const Kept* from)
    : pool_(pool),
      session_(config, std::move(data), pool),
      curves_(config.latent),
      outline_(outline_of(session_.training())),
      image_(central_image(session_.data())),
      moved_(static_cast<size_t>(config.latent)) {
  if (!from) return;
  session_.restore(from->state, from->log);
  if (from->curves) curves_.resume(*from->curves, from->state.step);
}

void Subject::train_step() {
  session_.advance(1);
  curves_.append(session_.losses());
}

void Subject::look_at(uint32_t image) {
  image_ = image;
  moved_.assign(moved_.size(), std::nullopt);
  look_asked_ = seams_asked_ = true;
}

void Subject::move(size_t latent, real value) {
  if (latent >= moved_.size()) return;
  moved_[latent] = value;
  look_asked_ = seams_asked_ = true;
}

void Subject::score(std::vector<const Metric*> chosen, double scale) {
  score_watch_ = std::make_unique<ScoreWatch>(session_, pool_, std::move(chosen), scale);
  scores_ = score_watch_->scores();
}

void Subject::give_up() {
  look_asked_ = seams_asked_ = false;
  if (score_watch_) scores_.reset();
  score_watch_.reset();
}

bool Subject::out_of_date() const {
  return !seen_.begun() || seen_.pictures->step != session_.step() || seen_.look->step != session_.step();
}

bool Subject::seams_out_of_date() const {
  if (!seen_.look) return false;
  return seams_asked_ || (seam_watch_ && seam_watch_->busy()) || !seen_.seams || seen_.seams->step != session_.step();
}

double Subject::due_at(bool playing, double rested) const {
  if (asked()) return 0;
  double due = std::numeric_limits<double>::infinity();
  if (out_of_date()) due = std::max(rested, playing ? model_watched_ + kWatchEvery : 0);
  const bool tracing = seam_watch_ && seam_watch_->busy();
  if (seams_out_of_date()) due = std::min(due, std::max(rested, playing && !tracing ? seams_watched_ + kSeamsEvery : 0));
  return due;
}

bool Subject::watch(bool playing, int64_t& serial) {
  if (score_watch_ && !look_asked()) {
    return watch_scores();
  }
  const bool model_due = out_of_date() && (!playing || seconds_now() >= model_watched_ + kWatchEvery);
  if (!look_asked() && !model_due) return watch_seams(serial);
  watch_model(serial);
  return true;
}

void Subject::watch_model(int64_t& serial) {
  if (!observer_) observer_.emplace(session_);
  const bool pictures_first =
      !seen_.pictures || (seen_.look && seen_.pictures->step != session_.step() && seen_.look->step >= seen_.pictures->step);
  if (!look_asked() && pictures_first) {
    auto pictures = observer_->pictures();
    pictures->serial = ++serial;
    seen_.pictures = std::move(pictures);
  } else {
    auto look = observer_->look(image_, moved_, looked_at());
    look->serial = ++serial;
    seen_.look = std::move(look);
    look_asked_ = false;
  }
  model_watched_ = seconds_now();
}

bool Subject::watch_scores() {
  double now = seconds_now();
  for (const double end = now + kScoreSlice; score_watch_->busy() && now < end; now = seconds_now()) score_watch_->advance();
  if (score_watch_->busy() && now < scores_shown_ + kScoresEvery) return false;
  scores_shown_ = now;
  scores_ = score_watch_->scores();
  if (!score_watch_->busy()) score_watch_.reset();
  return true;
}

bool Subject::watch_seams(int64_t& serial) {
  if (!seam_watch_) seam_watch_.emplace(session_);
  if (seams_asked_ || !seam_watch_->busy()) {
    seam_watch_->begin(*seen_.look, seen_.pictures->sample.mu);
    seams_asked_ = false;
  }
  for (const double end = seconds_now() + kSeamSlice; seam_watch_->busy() && seconds_now() < end;) {
    auto seams = seam_watch_->advance();
    if (!seams) continue;
    seams->serial = ++serial;
    seen_.seams = std::move(seams);
    seams_watched_ = seconds_now();
    return true;
  }
  return false;
}

// Those in use, or the two that carry most if there are fewer.
std::vector<int> Subject::looked_at() const {
  std::vector<int> latents = seen_.pictures->sample.by_kl();
  const auto carry = std::count_if(latents.begin(), latents.end(), [&](int j) { return seen_.pictures->sample.in_use(j); });
  latents.resize(std::min(latents.size(), std::max<size_t>(static_cast<size_t>(carry), 2)));
  std::sort(latents.begin(), latents.end());
  return latents;
}

Trained Subject::shown() {
  Trained t;
  static_cast<Seen&>(t) = seen_;
  t.config = session_.config();
  t.losses = session_.losses();
  t.curves = curves_.shown();
  t.outline = outline_;
  t.scores = scores_;
  return t;
}

}  // namespace unpick
