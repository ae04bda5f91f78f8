// The lab: a session that is trained while it is watched. What a window, a page and a script share.
//
// Commands go in as lines of text (commands.def), from any thread; snapshots come out, to one reader. The host owns the loop:
// it calls `advance` on a thread of its own, or for a few milliseconds in each frame. Nothing here knows of windows.
//
//   Lab lab(open_dataset, config);
//   lab.post("play");
//   for (;;) { lab.advance(0.008); draw(lab.latest()); }
//
// A second model can be trained in step with the first, from the same data, seed and noise, with other settings (`pair`): what is
// then shown of both differs for no other reason.
//
// Invariants: commands take effect between two steps, in the order in which they were posted, and are logged with the number of
// steps done by then; replaying a log gives the same weights, bit for bit. Watching never changes training, and takes at most
// a quarter of the trainer's time but for what a command asks to see at once. A command that makes no sense changes nothing and
// leaves its error in the snapshot's `message`.
//
// Read next: core/session/subject.h, core/session/lab.cpp
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "core/base/triple_buffer.h"
#include "core/session/subject.h"

namespace unpick {

inline constexpr size_t kMoments = 24;  // at most, to look back at

enum class Verb : uint8_t {
#define COMMAND(verb, words, help) verb,
#include "core/session/commands.def"
#undef COMMAND
};
struct CommandRow {
  Verb verb;
  const char *name, *words, *help;
};
std::span<const CommandRow> commands();

class Lab {
 public:
  using OpenData = std::function<std::unique_ptr<Dataset>(const std::string& spec)>;

  // `metrics`: those that can be asked for, a table that outlives the lab. Throws what OpenData and Session throw. The run starts
  // paused.
  Lab(OpenData open_data, const Config& config, std::span<const Metric> metrics = {});
  ~Lab();

  // ---- from any thread -----------------------------------------------------------------------------------------------
  void post(std::string lines);        // of several, the first that fails takes the rest with it
  void open(Kept run);                 // a run from a file, instead of this one
  void complain(std::string message);  // shows what went wrong outside, such as a file that cannot be opened
  void interrupt();                    // ends this wait and all later ones

  // ---- on the reader's thread ------------------------------------------------------------------------------------------
  const Snapshot& latest() { return snapshots_.latest(); }

  // ---- on the trainer's thread -----------------------------------------------------------------------------------------
  // Works for about `seconds`: commands, steps, pictures, a snapshot where something changed. Returns how long it may rest, in
  // seconds: 0 if there is more to do, infinity if only a command can bring work.
  double advance(double seconds);
  void wait(double seconds);  // for a command, an interrupt, or that long
  const Session& session() const { return subject_->session(); }
  const Session* partner() const { return partner_ ? &partner_->session() : nullptr; }
  const std::vector<LoggedLine>& log() const { return log_; }
  const std::string& message() const { return message_; }  // as the next snapshot will have it

 private:
  struct Posted {
    std::string line, complaint;
    std::shared_ptr<Kept> run;
  };

  void obey();
  bool obey(const Posted& posted);  // false: it failed
  void execute(const CommandRow& row, const std::vector<std::string>& words);
  void begin(const Config& config, std::vector<std::string> difference, const Kept* from = nullptr);
  void record(const Posted& posted, const CommandRow& row, int64_t step);
  Subject* due(double& at);  // the model with the next part to be watched, and when; null: there is none
  bool may_step(double now);
  void train_step();
  void watch(double now);
  void remember();
  void remember_run();
  bool next_seed();
  void publish(double now);
  void require_words(const CommandRow& row, size_t given) const;

  std::vector<const Metric*> chosen_metrics(const std::string& names) const;

  OpenData open_data_;
  std::span<const Metric> metrics_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Subject> subject_, partner_;
  const Subject* served_ = nullptr;      // the one of them that was watched last
  std::vector<std::string> difference_;  // NAME=VALUE, the partner's settings that are its own
  TripleBuffer<Snapshot> snapshots_;

  std::mutex mutex_;  // of what is posted
  std::condition_variable posted_;
  std::deque<Posted> queue_;
  bool interrupted_ = false;

  bool playing_ = false, failed_ = false;
  int64_t run_ = 0, until_ = 0;  // it trains while step < until
  double speed_ = 0;             // steps a second at most; 0: no limit
  double last_step_ = 0, measured_at_ = 0, steps_per_second_ = 0;
  int64_t measured_step_ = 0;
  std::string message_, opening_;
  std::vector<LoggedLine> log_;

  bool changed_ = true, log_changed_ = true;
  double watched_until_ = 0, watching_took_ = 0, published_ = 0;
  int64_t serial_ = 0, watched_ = 0;
  std::vector<Moment> moments_;
  int64_t moment_stride_ = 1;
  std::shared_ptr<const std::vector<Moment>> shown_moments_;
  std::shared_ptr<const std::vector<LoggedLine>> shown_log_;
  int64_t seeds_left_ = 0;
  Standings earlier_, partner_earlier_;
  std::shared_ptr<const Kept> kept_;
};

// Does again what a log tells, to the last line: training goes on to the step of each line before it takes effect. Error(data) for
// a line whose step the run does not come to: it lies behind, or after the last.
void replay(Lab& lab, std::span<const LoggedLine> log);

}  // namespace unpick
