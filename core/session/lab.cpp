// Commands in, steps, snapshots out. See lab.h.
#include "core/session/lab.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/nearest.h"
#include "core/base/parts.h"
#include "core/session/words.h"

namespace unpick {
namespace {

constexpr CommandRow kCommands[] = {
#define COMMAND(verb, words, help) {Verb::verb, #verb, words, help},
#include "core/session/commands.def"
#undef COMMAND
};

constexpr double kSnapshotEvery = 1.0 / 30;  // seconds
constexpr const char* kNoMemory = "memory: not enough for this model; choose fewer latents, a smaller batch or a smaller model";
constexpr double kRestPerWatch = 3;  // times as long as a look took, at least, goes to training after it

// The settings of the second model.
Config differing(Config config, const std::vector<std::string>& difference) {
  for (const std::string& word : difference) {
    const auto [name, value] = assignment("pair", word);
    set(config, name, value);
  }
  return config;
}

Kept kept_of(Subject& subject) {
  const Session& session = subject.session();
  return {session.config(), session.data().image(), session.state(), session.log(), subject.shown().curves};
}

bool equal_models(const Config& a, const Config& b) {
  return std::all_of(settings().begin(), settings().end(),
                     [&](const Setting& s) { return s.when == When::run || get(a, s.name) == get(b, s.name); });
}

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }

Lab::Lab(OpenData open_data, const Config& config, std::span<const Metric> metrics)
    : open_data_(std::move(open_data)), metrics_(metrics) {
  begin(config, {});
  opening_ = "start";
  for (const Setting& s : settings())
    if (s.when != When::run && get(config, s.name) != get(Config{}, s.name))
      opening_ += std::string(" ") + s.name + "=" + get(config, s.name);
  publish(seconds_now());
}

Lab::~Lab() = default;

// Everything that can fail is made before anything of the run at hand is given up.
void Lab::begin(const Config& config, std::vector<std::string> difference, const Kept* from) {
  auto pool = std::make_unique<Pool>(static_cast<int>(config.threads));
  auto subject = std::make_unique<Subject>(config, open_data_(config.data), *pool, from);
  std::unique_ptr<Subject> partner;
  if (!difference.empty()) {
    const Config other = differing(config, difference);
    partner = std::make_unique<Subject>(other, open_data_(other.data), *pool, from ? from->partner.get() : nullptr);
    if (partner->session().step() != subject->session().step())
      throw Error(ErrorKind::data, "the second model", "is not at the step of the first", "open one of them alone");
  }

  remember_run();
  subject_ = std::move(subject);
  partner_ = std::move(partner);
  pool_ = std::move(pool);
  difference_ = std::move(difference);
  served_ = nullptr;
  ++run_;
  playing_ = failed_ = false;
  seeds_left_ = 0;
  message_ = session().note();
  measured_step_ = session().step();
  measured_at_ = steps_per_second_ = 0;
  changed_ = true;
  moments_.clear();
  moment_stride_ = 10;
  shown_moments_.reset();
  kept_.reset();
}

void Lab::post(std::string lines) {
  const std::lock_guard lock(mutex_);
  queue_.push_back({std::move(lines), "", nullptr});
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

bool Lab::obey(const Posted& posted) {
  if (const size_t end = posted.line.find('\n'); end != std::string::npos)
    return obey({posted.line.substr(0, end), "", nullptr}) && obey({posted.line.substr(end + 1), "", nullptr});
  changed_ = true;
  if (!posted.complaint.empty()) {
    message_ = posted.complaint;
    return true;
  }
  try {
    if (posted.run) {
      begin(posted.run->config, posted.run->difference, posted.run.get());
      opening_.clear();
      log_.clear();
      log_changed_ = true;
      return true;
    }
    const std::vector<std::string> words = words_of(posted.line);
    const std::string verb = words.empty() ? "" : words[0];
    const auto row = std::find_if(std::begin(kCommands), std::end(kCommands), [&](const CommandRow& c) { return verb == c.name; });
    if (row == std::end(kCommands)) {
      std::string known;
      for (const CommandRow& c : kCommands) known += (known.empty() ? "" : "|") + std::string(c.name);
      const std::string near = nearest(verb, known);
      reject_command("command '" + verb + "'", "is unknown", near.empty() ? "use one of " + known : "did you mean '" + near + "'?");
    }
    const int64_t step = session().step();
    if (row->verb != Verb::keep) message_.clear();
    execute(*row, {words.begin() + 1, words.end()});
    if (row->verb != Verb::keep) record(posted, *row, step);  // a host may keep often, and it changes nothing
    return true;
  } catch (const Error& error) {
    message_ = error.what();
  } catch (const std::bad_alloc&) {
    message_ = kNoMemory;
  }
  return false;
}

// Of a drag only the last place matters.
void Lab::record(const Posted& posted, const CommandRow& row, int64_t step) {
  const bool drags = (row.verb == Verb::move || row.verb == Verb::set) && !log_.empty() && log_.back().step == step;
  if (drags) {
    const std::vector<std::string> before = words_of(log_.back().line), now = words_of(posted.line);
    if (before[0] == now[0] && before[1] == now[1]) log_.pop_back();
  }
  log_.push_back({step, posted.line});
  log_changed_ = true;
}

void Lab::require_words(const CommandRow& row, size_t given) const {
  if (words_of(row.words).size() != given)
    reject_command(std::string("command '") + row.name + "'", "needs other words than these",
                   "write " + std::string(row.name) + " " + row.words);
}

// In the order of the table.
std::vector<const Metric*> Lab::chosen_metrics(const std::string& names) const {
  std::string known;
  for (const Metric& m : metrics_) known += (known.empty() ? "" : "|") + std::string(m.name);
  std::vector<std::string> wanted;
  for (const std::string& name : parts_of(names, ',')) {
    if (std::none_of(metrics_.begin(), metrics_.end(), [&](const Metric& m) { return name == m.name; })) {
      const std::string near = nearest(name, known);
      reject_command("score '" + name + "'", "is no metric here",
                     near.empty() ? "use some of " + known : "did you mean '" + near + "'?");
    }
    wanted.push_back(name);
  }
  std::vector<const Metric*> chosen;
  for (const Metric& m : metrics_)
    if (std::find(wanted.begin(), wanted.end(), m.name) != wanted.end()) chosen.push_back(&m);
  return chosen;
}

void Lab::execute(const CommandRow& row, const std::vector<std::string>& words) {
  if (row.verb != Verb::start && row.verb != Verb::pair) require_words(row, words.size());
  Session& session = subject_->session();
  const int64_t last = session.config().steps;
  const auto both = [&](auto&& act) {
    act(*subject_);
    if (partner_) act(*partner_);
  };
  switch (row.verb) {
    case Verb::play:
      if (failed_) reject_command("play", "this run cannot go on", "start it again with other settings");
      if (session.step() >= last) reject_command("play", "the last step is done", "set steps to more than " + std::to_string(last));
      until_ = std::numeric_limits<int64_t>::max();
      playing_ = true;
      break;
    case Verb::pause: playing_ = false; break;
    case Verb::step:
      if (failed_) reject_command("step", "this run cannot go on", "start it again with other settings");
      until_ = session.step() + count_of(words[0], "step", 1, 1'000'000'000);
      playing_ = true;
      break;
    case Verb::speed: speed_ = number_of(words[0], "speed", 0, 1e6); break;
    case Verb::set:
      both([&](Subject& s) {
        const bool its_own = &s == partner_.get() && std::any_of(difference_.begin(), difference_.end(), [&](const auto& word) {
          return assignment("pair", word).name == words[0];
        });
        if (its_own) return;
        s.session().post({words[0], words[1]});
        s.session().apply_commands();
        s.ask();  // the best posterior depends on beta
      });
      break;
    case Verb::seeds:
      seeds_left_ = count_of(words[0], "seeds", 1, kEarlier) - 1;
      if (session.step() < last) obey({"play", "", nullptr});
      break;
    case Verb::start: {
      Config config = session.config();
      for (const std::string& word : words) {
        const auto [name, value] = assignment("start", word);
        name == "preset" ? apply_preset(config, value) : unpick::set(config, name, value);
      }
      const bool alike = !difference_.empty() && equal_models(config, differing(config, difference_));
      begin(config, alike ? std::vector<std::string>{} : difference_);
      if (alike) message_ = "The two models would be the same now: one of them is left.";
      break;
    }
    case Verb::pair: {
      for (const std::string& word : words)
        if (const std::string name = assignment("pair", word).name; name == "data" || setting(name).when == When::run)
          reject_command("pair " + word, "is the same for both models", "change what a model is, such as posterior=full or beta=1");
      const Config config = session.config();
      if (equal_models(config, differing(config, words)))
        reject_command("pair", "the two models would be the same", "write what is to differ, for example pair posterior=full");
      begin(config, words);
      break;
    }
    case Verb::single:
      partner_.reset();
      served_ = nullptr;
      difference_.clear();
      moments_.clear();
      shown_moments_.reset();
      break;
    case Verb::image: {
      const auto image = static_cast<uint32_t>(count_of(words[0], "image", 0, int64_t{session.data().size()} - 1));
      both([&](Subject& s) { s.look_at(image); });
      break;
    }
    case Verb::move: {
      const auto latent = static_cast<size_t>(count_of(words[0], "move", 0, session.config().latent - 1));
      const auto value = static_cast<real>(number_of(words[1], "move", -8, 8));
      both([&](Subject& s) { s.move(latent, value); });
      break;
    }
    case Verb::score: {
      const std::vector<const Metric*> chosen = chosen_metrics(words[0]);
      const double scale = number_of(words[1], "score", 0.001, 1);
      both([&](Subject& s) { s.score(chosen, scale); });
      break;
    }
    case Verb::keep: {
      Kept kept = kept_of(*subject_);
      if (partner_) {
        kept.difference = difference_;
        kept.partner = std::make_shared<const Kept>(kept_of(*partner_));
      }
      kept_ = std::make_shared<const Kept>(std::move(kept));
      break;
    }
  }
}

// How it ended, for the runs after it.
void Lab::remember_run() {
  if (!subject_ || session().step() == 0) return;
  earlier_ = longer(earlier_, subject_->shown().standing());
  if (partner_) partner_earlier_ = longer(partner_earlier_, partner_->shown().standing());
}

// Once the last step was looked at.
bool Lab::next_seed() {
  if (seeds_left_ == 0 || playing_ || failed_ || session().step() < session().config().steps) return false;
  for (const Subject* s : {subject_.get(), partner_.get()})
    if (s && !(s->seen().look && s->seen().look->step == session().step())) return false;
  const int64_t left = seeds_left_ - 1;
  obey({"start seed=" + std::to_string(session().config().seed + 1), "", nullptr});
  obey({"play", "", nullptr});
  seeds_left_ = left;
  return true;
}

bool Lab::may_step(double now) {
  if (!playing_) return false;
  if (session().step() >= std::min(until_, session().config().steps)) {
    playing_ = false;
    changed_ = true;
    return false;
  }
  return speed_ <= 0 || now >= last_step_ + 1 / speed_;
}

void Lab::train_step() {
  try {
    subject_->train_step();
    if (partner_) partner_->train_step();
  } catch (const Error& error) {
    playing_ = false;
    failed_ = true;
    message_ = error.what();
  }
  changed_ = true;
}

Subject* Lab::due(double& at) {
  const double rested = watched_until_ + kRestPerWatch * watching_took_;
  Subject* first = nullptr;
  at = std::numeric_limits<double>::infinity();
  // Of two that are due the one that was not watched last: a trace of seams must not keep the other waiting.
  Subject* const last = served_ == partner_.get() ? partner_.get() : subject_.get();
  for (Subject* s : {last == subject_.get() ? partner_.get() : subject_.get(), last}) {
    if (!s || (failed_ && !s->asked())) continue;
    const double then = s->due_at(playing_, rested);
    if (then >= at) continue;
    at = then;
    first = s;
  }
  return first;
}

// One part of one model at a time, so that a frame is never long.
void Lab::watch(double now) {
  double at = 0;
  Subject* subject = due(at);
  if (!subject || now < at) return;
  served_ = subject;
  try {
    changed_ |= subject->watch(playing_, watched_);
    remember();
  } catch (const std::exception& error) {
    subject->give_up();
    playing_ = false;
    failed_ = changed_ = true;
    const std::string where = "step " + std::to_string(session().step()) + ": ";
    message_ = dynamic_cast<const std::bad_alloc*>(&error) ? kNoMemory : where + error.what();
  }
  watched_until_ = seconds_now();
  watching_took_ = watched_until_ - now;
}

// As with curves: when there are too many, every second one goes and the distance doubles.
void Lab::remember() {
  const Seen& seen = subject_->seen();
  if (!seen.begun() || (partner_ && !partner_->seen().begun())) return;
  const int64_t step = seen.look->step;
  if (!moments_.empty() && step < moments_.back().step + moment_stride_) return;
  moments_.push_back({seen, step, partner_ ? partner_->seen() : Seen{}});
  if (moments_.size() > kMoments) {
    for (size_t i = 1; 2 * i < moments_.size(); ++i) moments_[i] = moments_[2 * i];
    moments_.resize((moments_.size() + 1) / 2);
    moment_stride_ *= 2;
  }
  shown_moments_.reset();
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
  if (next_seed()) return 0;
  if (changed_ && now >= published_ + kSnapshotEvery) publish(now);

  double rest = std::numeric_limits<double>::infinity();
  if (playing_) rest = speed_ > 0 ? last_step_ + 1 / speed_ - now : 0;
  double at = 0;
  if (due(at)) rest = std::min(rest, at - now);
  if (changed_) rest = std::min(rest, published_ + kSnapshotEvery - now);
  return std::max(rest, 0.0);
}

void Lab::publish(double now) {
  if (now >= measured_at_ + 0.5 || !playing_) {
    const bool whole = measured_at_ > 0 && now > measured_at_;
    steps_per_second_ = whole && playing_ ? static_cast<double>(session().step() - measured_step_) / (now - measured_at_) : 0;
    measured_at_ = now;
    measured_step_ = session().step();
  }
  if (log_changed_ || !shown_log_) shown_log_ = std::make_shared<const std::vector<LoggedLine>>(log_);
  if (!shown_moments_) shown_moments_ = std::make_shared<const std::vector<Moment>>(moments_);
  Snapshot& s = snapshots_.back();
  s = {};
  static_cast<Trained&>(s) = subject_->shown();
  if (partner_) s.partner = partner_->shown();
  for (const std::string& word : difference_) s.difference.push_back(assignment("pair", word).name);
  s.serial = ++serial_;
  s.image = session().data().image();
  s.images = session().data().size();
  s.factors = session().data().factors();
  s.step = session().step();
  s.metrics = metrics_;
  s.run = run_;
  s.earlier = earlier_;
  if (s.partner) s.partner->earlier = partner_earlier_;
  s.seeds_left = seeds_left_;
  s.playing = playing_;
  s.steps_per_second = steps_per_second_;
  s.speed = speed_;
  s.failed = failed_;
  s.message = message_;
  s.moments = shown_moments_;
  s.opening = opening_;
  s.log = shown_log_;
  s.kept = kept_;
  snapshots_.publish();
  published_ = now;
  changed_ = log_changed_ = false;
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
    // Where it stood still is in the steps, scores change nothing, and each seed has its "start".
    if (verb == "play" || verb == "pause" || verb == "step" || verb == "speed" || verb == "score" || verb == "seeds") continue;
    lab.post(logged.line);
    lab.advance(0);
  }
}

}  // namespace unpick
