// Commands in, steps, snapshots out. See lab.h.
#include "core/session/lab.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <sstream>

namespace unpick {
namespace {

constexpr CommandRow kCommands[] = {
#define COMMAND(verb, words, help) {Verb::verb, #verb, words, help},
#include "core/session/commands.def"
#undef COMMAND
};

constexpr double kSnapshotEvery = 1.0 / 30;  // seconds
constexpr double kWatchEvery = 0.15;         // seconds, at least, from one look at the model to the next
constexpr double kSeamsEvery = 1.5;          // seconds, at least, from one picture of the seams to the beginning of the next
constexpr double kSeamSlice = 0.006;         // seconds, about, of tracing seams at a time
constexpr double kRestPerWatch = 3;          // times as long as a look took, at least, goes to training after it

double seconds_now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

[[noreturn]] void reject(const std::string& what, const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::usage, what, why, hint);
}

double number_of(const std::string& word, const std::string& what, double low, double high) {
  char* end = nullptr;
  const double value = std::strtod(word.c_str(), &end);
  if (word.empty() || *end || !(value >= low && value <= high)) {
    std::ostringstream range;
    range << "give a number from " << low << " to " << high;
    reject(what, "'" + word + "' does not fit", range.str());
  }
  return value;
}

int64_t count_of(const std::string& word, const std::string& what, int64_t low, int64_t high) {
  const double value = number_of(word, what, static_cast<double>(low), static_cast<double>(high));
  if (value != std::floor(value)) reject(what, "'" + word + "' is not a whole number", "leave the fraction out");
  return static_cast<int64_t>(value);
}

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }

Lab::Lab(OpenData open_data, const Config& config) : open_data_(std::move(open_data)) {
  begin(config, nullptr);
  opening_ = "start";
  for (const Setting& s : settings())
    if (s.when != When::run && get(config, s.name) != get(Config{}, s.name))
      opening_ += std::string(" ") + s.name + "=" + get(config, s.name);
  publish(seconds_now());
}

Lab::~Lab() = default;

// Everything that can fail is made before anything of the run at hand is given up.
void Lab::begin(const Config& config, const Kept* from) {
  auto pool = std::make_unique<Pool>(static_cast<int>(config.threads));
  auto session = std::make_unique<Session>(config, open_data_(config.data), *pool);
  if (from) session->restore(from->state, from->log);
  auto observer = std::make_unique<Observer>(*session);
  auto seam_watch = std::make_unique<SeamWatch>(*session);

  observer_ = std::move(observer);
  seam_watch_ = std::move(seam_watch);
  session_ = std::move(session);
  pool_ = std::move(pool);
  ++run_;
  playing_ = failed_ = false;
  message_ = session_->note();
  curves_ = {};
  curves_.kl_per_latent.resize(static_cast<size_t>(config.latent));
  curve_stride_ = 1;
  if (from) resume_curves(*from);
  measured_step_ = session_->step();
  measured_at_ = steps_per_second_ = 0;
  image_ = central_image(session_->data());
  moved_.assign(static_cast<size_t>(config.latent), std::nullopt);
  changed_ = curves_changed_ = true;
  look_asked_ = seams_asked_ = false;
  pictures_.reset();
  look_.reset();
  seams_.reset();
  moments_.clear();
  moment_stride_ = 10;
  shown_moments_.reset();
  kept_.reset();
}

void Lab::post(std::string line) {
  const std::lock_guard lock(mutex_);
  queue_.push_back({std::move(line), "", nullptr});
  posted_.notify_one();
}

void Lab::open(Kept run) {
  const std::lock_guard lock(mutex_);
  queue_.push_back({"", "", std::make_shared<Kept>(std::move(run))});
  posted_.notify_one();
}

void Lab::complain(std::string message) {
  const std::lock_guard lock(mutex_);
  queue_.push_back({"", std::move(message), nullptr});
  posted_.notify_one();
}

void Lab::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  posted_.notify_one();
}

void Lab::wait(double seconds) {
  std::unique_lock lock(mutex_);
  const auto due = [this] { return interrupted_ || !queue_.empty(); };
  if (std::isinf(seconds)) {
    posted_.wait(lock, due);
  } else {
    posted_.wait_for(lock, std::chrono::duration<double>(seconds), due);
  }
}

void Lab::obey() {
  std::deque<Posted> now;
  {
    const std::lock_guard lock(mutex_);
    now.swap(queue_);
  }
  for (const Posted& posted : now) obey(posted);
}

void Lab::obey(const Posted& posted) {
  changed_ = true;
  if (!posted.complaint.empty()) {
    message_ = posted.complaint;
    return;
  }
  try {
    if (posted.run) {
      begin(posted.run->config, posted.run.get());
      opening_.clear();
      log_.clear();
      log_changed_ = true;
      return;
    }
    const std::vector<std::string> words = words_of(posted.line);
    const std::string verb = words.empty() ? "" : words[0];
    const auto row = std::find_if(std::begin(kCommands), std::end(kCommands), [&](const CommandRow& c) { return verb == c.name; });
    if (row == std::end(kCommands)) {
      std::string known;
      for (const CommandRow& c : kCommands) known += (known.empty() ? "" : "|") + std::string(c.name);
      const std::string near = nearest(verb, known);
      reject("command '" + verb + "'", "is unknown", near.empty() ? "use one of " + known : "did you mean '" + near + "'?");
    }
    const int64_t step = session_->step();
    if (row->verb != Verb::keep) message_.clear();
    execute(*row, {words.begin() + 1, words.end()});
    if (row->verb == Verb::keep) return;  // a host may ask often, and it changes nothing
    // Of a drag only the last place matters.
    const bool replaces = (row->verb == Verb::move || row->verb == Verb::set) && !log_.empty() && log_.back().step == step &&
                          words_of(log_.back().line)[0] == verb && words_of(log_.back().line)[1] == words[1];
    if (replaces) log_.pop_back();
    log_.push_back({step, posted.line});
    log_changed_ = true;
  } catch (const Error& error) {
    message_ = error.what();
  } catch (const std::bad_alloc&) {
    message_ = "memory: not enough for this model; choose fewer latents, a smaller batch or a smaller model";
  }
}

void Lab::require_words(const CommandRow& row, size_t given) const {
  if (words_of(row.words).size() != given)
    reject(std::string("command '") + row.name + "'", "needs other words than these",
           "write " + std::string(row.name) + " " + row.words);
}

void Lab::execute(const CommandRow& row, const std::vector<std::string>& words) {
  if (row.verb != Verb::start) require_words(row, words.size());
  const int64_t last = session_->config().steps;
  switch (row.verb) {
    case Verb::play:
      if (failed_) reject("play", "this run cannot go on", "start it again with other settings");
      if (session_->step() >= last) reject("play", "the last step is done", "set steps to more than " + std::to_string(last));
      until_ = std::numeric_limits<int64_t>::max();
      playing_ = true;
      break;
    case Verb::pause: playing_ = false; break;
    case Verb::step:
      if (failed_) reject("step", "this run cannot go on", "start it again with other settings");
      until_ = session_->step() + count_of(words[0], "step", 1, 1'000'000'000);
      playing_ = true;
      break;
    case Verb::speed: speed_ = number_of(words[0], "speed", 0, 1e6); break;
    case Verb::set:
      session_->post({words[0], words[1]});
      session_->apply_commands();
      look_asked_ = true;  // the best posterior depends on beta
      break;
    case Verb::start: {
      Config config = session_->config();
      for (const std::string& word : words) {
        const size_t equals = word.find('=');
        if (equals == std::string::npos) reject("start", "'" + word + "' is not NAME=VALUE", "write, for example, start seed=2");
        const std::string name = word.substr(0, equals), value = word.substr(equals + 1);
        name == "preset" ? apply_preset(config, value) : unpick::set(config, name, value);
      }
      begin(config, nullptr);
      break;
    }
    case Verb::image:
      image_ = static_cast<uint32_t>(count_of(words[0], "image", 0, int64_t{session_->data().size()} - 1));
      moved_.assign(moved_.size(), std::nullopt);
      look_asked_ = seams_asked_ = true;
      break;
    case Verb::move: {
      const auto latent = static_cast<size_t>(count_of(words[0], "move", 0, static_cast<int64_t>(moved_.size()) - 1));
      moved_[latent] = static_cast<real>(number_of(words[1], "move", -8, 8));
      look_asked_ = seams_asked_ = true;
      break;
    }
    case Verb::keep: {
      const Shape image = session_->data().image();
      auto curves = std::make_shared<const Curves>(curves_);
      kept_ = std::make_shared<const Kept>(Kept{session_->config(), image, session_->state(), session_->log(), std::move(curves)});
      break;
    }
  }
}

bool Lab::may_step(double now) {
  if (!playing_) return false;
  if (session_->step() >= std::min(until_, session_->config().steps)) {
    playing_ = false;
    changed_ = true;
    return false;
  }
  return speed_ <= 0 || now >= last_step_ + 1 / speed_;
}

void Lab::train_step() {
  try {
    session_->advance(1);
  } catch (const Error& error) {
    playing_ = false;
    failed_ = true;
    message_ = error.what();
  }
  changed_ = true;
  append_curves();
}

// Points at equal distances in steps, all of this model: what a file said of another is left out.
void Lab::resume_curves(const Kept& run) {
  if (!run.curves || run.curves->kl_per_latent.size() != curves_.kl_per_latent.size()) return;
  curves_ = *run.curves;
  const auto end = std::upper_bound(curves_.step.begin(), curves_.step.end(), run.state.step);
  const auto count = static_cast<size_t>(end - curves_.step.begin());
  curves_.step.resize(count);
  for (auto* values : {&curves_.loss, &curves_.reconstruction, &curves_.kl}) values->resize(count);
  for (auto& values : curves_.kl_per_latent) values.resize(count);
  if (count > 1) curve_stride_ = std::max<int64_t>(1, curves_.step[count - 1] - curves_.step[count - 2]);
  while (curves_.step.size() > kCurvePoints) thin_curves();
}

void Lab::append_curves() {
  if (session_->step() % curve_stride_ != 0 || failed_) return;
  const Losses& losses = session_->losses();
  curves_.step.push_back(losses.step);
  curves_.loss.push_back(static_cast<float>(losses.loss));
  curves_.reconstruction.push_back(static_cast<float>(losses.reconstruction));
  curves_.kl.push_back(static_cast<float>(losses.kl));
  for (size_t j = 0; j < losses.kl_per_latent.size(); ++j)
    curves_.kl_per_latent[j].push_back(static_cast<float>(losses.kl_per_latent[j]));
  curves_changed_ = true;
  if (curves_.step.size() > kCurvePoints) thin_curves();
}

// When there are too many points, every second one goes and the distance doubles.
void Lab::thin_curves() {
  curve_stride_ *= 2;
  // The first point is step 1; points that stay are the multiples of the new distance.
  const size_t first = curves_.step[0] % curve_stride_ == 0 ? 0 : 1;
  const auto thin = [&](auto& values) {
    values.erase(values.begin(), values.begin() + static_cast<long>(first));
    for (size_t i = 1; 2 * i < values.size(); ++i) values[i] = values[2 * i];
    values.resize((values.size() + 1) / 2);
  };
  thin(curves_.step);
  for (auto* values : {&curves_.loss, &curves_.reconstruction, &curves_.kl}) thin(*values);
  for (auto& values : curves_.kl_per_latent) thin(values);
}

// Those in use, or the two that carry most if there are fewer.
std::vector<int> Lab::looked_at() const {
  std::vector<int> latents = pictures_->sample.by_kl();
  const auto carry = std::count_if(latents.begin(), latents.end(), [&](int j) { return pictures_->sample.in_use(j); });
  latents.resize(std::min(latents.size(), std::max<size_t>(static_cast<size_t>(carry), 2)));
  std::sort(latents.begin(), latents.end());
  return latents;
}

double Lab::rested_at() const { return watched_until_ + kRestPerWatch * watching_took_; }

bool Lab::out_of_date() const {
  return !failed_ && (!pictures_ || !look_ || pictures_->step != session_->step() || look_->step != session_->step());
}

bool Lab::seams_out_of_date() const {
  if (failed_ || !look_) return false;
  return seams_asked_ || seam_watch_->busy() || !seams_ || seams_->step != session_->step();
}

double Lab::due_at() const {
  double due = std::numeric_limits<double>::infinity();
  if (out_of_date()) due = std::max(rested_at(), playing_ ? model_watched_ + kWatchEvery : 0);
  if (seams_out_of_date())
    due = std::min(due, std::max(rested_at(), playing_ && !seam_watch_->busy() ? seams_watched_ + kSeamsEvery : 0));
  return due;
}

// One part at a time, so that a frame is never long. Seams take what the others leave.
void Lab::watch(double now) {
  const bool asked = look_asked_ && pictures_;
  if (!asked && now < due_at()) return;
  const bool model_due = out_of_date() && (!playing_ || now >= model_watched_ + kWatchEvery);
  try {
    asked || model_due ? watch_model(asked) : watch_seams();
  } catch (const Error& error) {
    playing_ = look_asked_ = false;
    failed_ = changed_ = true;
    message_ = error.what();
  }
  watched_until_ = seconds_now();
  watching_took_ = watched_until_ - now;
}

void Lab::watch_model(bool asked) {
  const bool pictures_first = !pictures_ || (look_ && pictures_->step != session_->step() && look_->step >= pictures_->step);
  changed_ = true;
  if (!asked && pictures_first) {
    auto pictures = observer_->pictures();
    pictures->serial = ++watched_;
    pictures_ = std::move(pictures);
  } else {
    auto look = observer_->look(image_, moved_, looked_at());
    look->serial = ++watched_;
    look_ = std::move(look);
    look_asked_ = false;
    remember();
  }
  model_watched_ = seconds_now();
}

// As with curves: when there are too many, every second one goes and the distance doubles.
void Lab::remember() {
  if (!moments_.empty() && look_->step < moments_.back().step + moment_stride_) return;
  moments_.push_back({look_->step, pictures_, look_, seams_});
  if (moments_.size() > kMoments) {
    for (size_t i = 1; 2 * i < moments_.size(); ++i) moments_[i] = moments_[2 * i];
    moments_.resize((moments_.size() + 1) / 2);
    moment_stride_ *= 2;
  }
  shown_moments_.reset();
}

void Lab::watch_seams() {
  if (seams_asked_ || !seam_watch_->busy()) {
    seam_watch_->begin(*look_, pictures_->sample.mu);
    seams_asked_ = false;
  }
  for (const double end = seconds_now() + kSeamSlice; seam_watch_->busy() && seconds_now() < end;) {
    auto seams = seam_watch_->advance();
    if (!seams) continue;
    seams->serial = ++watched_;
    seams_ = std::move(seams);
    seams_watched_ = seconds_now();
    changed_ = true;
  }
}

double Lab::advance(double seconds) {
  obey();
  double now = seconds_now();
  const double end = now + seconds;
  watch(now);
  for (now = seconds_now(); may_step(now); now = seconds_now()) {
    train_step();
    last_step_ = std::max(last_step_ + (speed_ > 0 ? 1 / speed_ : 0), now - 0.1);
    if (now >= end) break;
  }
  if (changed_ && now >= published_ + kSnapshotEvery) publish(now);

  double rest = std::numeric_limits<double>::infinity();
  if (playing_) rest = speed_ > 0 ? last_step_ + 1 / speed_ - now : 0;
  if (look_asked_) rest = 0;
  rest = std::min(rest, due_at() - now);
  if (changed_) rest = std::min(rest, published_ + kSnapshotEvery - now);
  return std::max(rest, 0.0);
}

void Lab::publish(double now) {
  if (now >= measured_at_ + 0.5 || !playing_) {
    const bool whole = measured_at_ > 0 && now > measured_at_;
    steps_per_second_ = whole && playing_ ? static_cast<double>(session_->step() - measured_step_) / (now - measured_at_) : 0;
    measured_at_ = now;
    measured_step_ = session_->step();
  }
  if (curves_changed_ || !shown_curves_) shown_curves_ = std::make_shared<const Curves>(curves_);
  if (log_changed_ || !shown_log_) shown_log_ = std::make_shared<const std::vector<LoggedLine>>(log_);
  if (!shown_moments_) shown_moments_ = std::make_shared<const std::vector<Moment>>(moments_);
  const Dataset& data = session_->data();
  snapshots_.back() = {++serial_,
                       session_->config(),
                       data.image(),
                       data.size(),
                       data.factors(),
                       session_->step(),
                       run_,
                       playing_,
                       steps_per_second_,
                       speed_,
                       failed_,
                       message_,
                       session_->losses(),
                       shown_curves_,
                       pictures_,
                       look_,
                       seams_,
                       shown_moments_,
                       opening_,
                       shown_log_,
                       kept_};
  snapshots_.publish();
  published_ = now;
  changed_ = curves_changed_ = log_changed_ = false;
}

void replay(Lab& lab, std::span<const LoggedLine> log) {
  for (const LoggedLine& logged : log) {
    if (logged.step > lab.session().step()) {
      lab.post("step " + std::to_string(logged.step - lab.session().step()));
      while (lab.session().step() < logged.step && std::isfinite(lab.advance(1))) continue;
    }
    if (lab.session().step() != logged.step)
      throw Error(ErrorKind::data, "step " + std::to_string(logged.step) + ", '" + logged.line + "'",
                  "the run stands at step " + std::to_string(lab.session().step()), "put the lines in order, or set steps to more");
    const std::string verb = words_of(logged.line)[0];
    if (verb == "play" || verb == "pause" || verb == "step" || verb == "speed") continue;  // where it stood still is in the steps
    lab.post(logged.line);
    lab.advance(0);
  }
}

}  // namespace unpick
