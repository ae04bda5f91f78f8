// A session: one model being trained. The object that every front end shares.
//
// Commands go in (`post`), take effect at the start of the next step and are logged with its number, so that a run can be
// replayed from its log. The session owns no thread and no file: the host calls `advance`, and stores `state()`.
//
// Reproducible: step t draws its batch and noise from (seed, stream, t) alone, so a run is bit-identical for every number
// of threads, and a session restored from a state continues bit for bit.
//
// A loss that is not finite stops the session: `advance` throws Error(failed) naming the first bad row and its scope, and
// the parameters stay those of the last good step.
//
// Read next: core/session/session.cpp, native/cli/train.cpp
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/buffer.h"
#include "core/data/batcher.h"
#include "core/model/adam.h"
#include "core/model/model.h"
#include "core/session/config.h"

namespace unpick {

// A change of a live setting.
struct Command {
  std::string setting, value;
};
struct LoggedCommand {
  int64_t step;  // the number of steps done when it took effect
  Command command;
};

// The parts of the loss at one step, nats per image.
struct Losses {
  int64_t step = 0;
  double loss = 0, reconstruction = 0, kl = 0;
  std::vector<double> kl_per_latent;  // of the marginals: their sum is below kl if the posterior is full
  double term = 0;                    // the objective's own (objectives.h): total correlation, a penalty, a divergence
  double kl_error = 0;                // standard error of kl over the batch, where it comes from one sample for each image; else 0
};

// All that a run needs to go on, beside its Config.
struct State {
  int64_t step = 0;
  std::vector<real> weights, m, v;  // whole regions
};

// The model that these settings describe, for images [H,W,C]. Error(usage) if they do not fit together.
VaeSpec vae_spec(const Config& config, Shape image);

class Session {
 public:
  Session(Config config, std::unique_ptr<Dataset> data, Pool& pool);
  ~Session();

  const Config& config() const { return config_; }
  Model& model() { return model_; }  // its weights are the ones being trained
  const Model& model() const { return model_; }
  const Dataset& data() const { return *data_; }
  int64_t step() const { return step_; }
  const Losses& losses() const { return losses_; }  // of the last step
  const std::vector<LoggedCommand>& log() const { return log_; }
  const std::string& note() const { return note_; }  // what the user should know ("no CUDA device: using the CPU")

  uint64_t fingerprint() const;  // FNV-1a of the weights' bytes: equal runs have equal ones
  bool healthy() const;          // every weight and moment is finite
  void post(Command command);    // Error(usage) for a setting that is not live
  void apply_commands();         // now, instead of at the start of the next step
  void advance(int64_t steps);

  State state() const;
  void restore(const State& state, std::vector<LoggedCommand> log);  // Error(data) if it does not fit

  const Training& training() const { return training_; }  // the recording that is replayed
  Backend& backend() { return *backend_; }
  int64_t arena_bytes() const { return arena_bytes_; }

  // One step on a given batch and noise instead of drawn ones (for tests and oracles).
  void step_on(std::span<const real> x, std::span<const real> epsilon);

 private:
  void set_prior_weights();
  double hyper(const std::string& name) const;
  void train_step();
  [[noreturn]] void report_non_finite();

  Config config_;
  std::unique_ptr<Dataset> data_;
  Model model_;
  Pool& pool_;
  std::unique_ptr<Backend> backend_;
  std::string note_;
  Training training_;
  Adam adam_;
  std::unique_ptr<Executable> program_;
  Batcher batcher_;
  Rng noise_;
  int64_t step_ = 0, arena_bytes_ = 0;
  Losses losses_;
  std::vector<Command> pending_;
  std::vector<LoggedCommand> log_;
};

}  // namespace unpick
