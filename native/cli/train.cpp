// `unpick train`: the main job. Trains a model, keeps its run directory valid at any instant, and resumes bit for bit.
//
// Read next: core/session/session.cpp, native/io/run_directory.h
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/session/latents.h"
#include "core/session/probe.h"
#include "native/cli/cli.h"
#include "native/cli/interrupt.h"
#include "native/cli/progress.h"
#include "native/cli/support.h"
#include "native/io/reports.h"
#include "native/io/run_directory.h"

namespace unpick::cli {
namespace {

constexpr int64_t kLogEvery = 50;  // steps between lines of metrics.csv

struct TrainOptions {
  std::string out, resume, preset;
  Given given;
  double save_every = 10;  // seconds: a crash loses at most this much
  bool json = false;
};

Config configure(const TrainOptions& o) {
  Config config;
  if (!o.preset.empty()) apply_preset(config, o.preset);
  for (const auto& [name, value] : o.given) {
    set(config, name, value);
  }
  for (const auto& [name, value] : o.given) {
    std::string readers;
    for (const Objective& each : objectives())
      if (each.reads(name)) readers += std::string(readers.empty() ? "" : ", ") + each.name;
    if (!readers.empty() && !objective(config.objective).reads(name))
      throw Error(ErrorKind::usage, std::string("--") + setting(name).flag, "objective " + config.objective + " has no " + name,
                  "use --objective " + readers);
  }
  return config;
}

// One run: the session, where it is kept, and what it has logged.
class Trainer {
 public:
  explicit Trainer(const TrainOptions& options)
      : options_(options), directory_(options.resume.empty() ? options.out : options.resume) {
    options.resume.empty() ? start() : resume();
    if (!session_->note().empty()) std::fprintf(stderr, "note: %s\n", session_->note().c_str());
  }

  int train() {
    watch_interrupts();
    progress_ = std::make_unique<Progress>(session_->config().steps, session_->step());
    first_step_ = session_->step();
    try {
      run_steps();
    } catch (const Error&) {
      progress_.reset();
      if (session_->healthy()) save();  // the loss was not finite: the last good step is worth keeping
      throw;
    }
    seconds_ = progress_->seconds();
    show();
    progress_.reset();
    if (session_->step() > 0 && (metrics_.empty() || metrics_.back().losses.step != session_->step())) log();
    save();
    if (interrupted()) {
      std::fprintf(stderr, "interrupted at step %lld; saved, continue with: unpick train --resume %s\n",
                   static_cast<long long>(session_->step()), directory_.path().c_str());
      return kInterrupted;
    }
    if (!picture_problem_.empty()) std::fprintf(stderr, "note: no new pictures: %s\n", picture_problem_.c_str());
    options_.json ? report_json() : report();
    return 0;
  }

 private:
  void start() {
    if (directory_.holds_run())
      throw Error(ErrorKind::usage, directory_.path(), "already holds a run",
                  "continue it with --resume " + directory_.path() + ", or choose another --out");
    open(configure(options_));
    directory_.create();
    save();
  }

  void resume() {
    const std::string file = directory_.file("checkpoint.safetensors");
    if (!directory_.holds_run())
      throw Error(ErrorKind::data, directory_.path(), "has no checkpoint.safetensors",
                  "start a run with --out " + directory_.path());
    Config config = io::read_checkpoint_info(file).config;
    for (const auto& [name, value] : options_.given) {
      const Setting& s = setting(name);
      Config wanted = config;
      set(wanted, name, value);  // checks the range of every kind
      if (s.when == When::run) config = wanted;
      if (s.when == When::model && get(wanted, name) != get(config, name))
        throw Error(ErrorKind::usage, std::string("--") + s.flag + " " + value, "this run was started with " + get(config, name),
                    "start a new run with --out, or leave the flag out");
    }
    open(config);
    io::StoredCheckpoint stored = io::read_checkpoint(file, session_->model().table);
    session_->restore(stored.state, std::move(stored.log));
    for (const auto& [name, value] : options_.given)
      if (setting(name).when == When::live) session_->post({name, value});
    session_->apply_commands();
    metrics_ = directory_.read_metrics(session_->step());
    if (!metrics_.empty()) earlier_seconds_ = metrics_.back().seconds;
  }

  void open(const Config& config) {
    pool_ = std::make_unique<Pool>(static_cast<int>(config.threads));
    session_ = std::make_unique<Session>(config, open_data(config.data), *pool_);
    probe_ = std::make_unique<Probe>(*session_);
  }

  void run_steps() {
    double saved_at = 0;
    while (session_->step() < session_->config().steps && !interrupted()) {
      session_->advance(1);
      seconds_ = progress_->seconds();
      if (session_->step() % kLogEvery == 0) log();
      if (progress_->due()) show();
      if (seconds_ - saved_at > options_.save_every) {
        save();
        saved_at = progress_->seconds();
      }
    }
  }

  void log() {
    metrics_.push_back(
        {session_->losses(), session_->config().beta, session_->config().lr, earlier_seconds_ + seconds_, probe_->measure()});
  }

  void save() {
    if (!session_->healthy())
      throw Error(ErrorKind::failed, "weights", "not finite", "lower --lr; the last good checkpoint is kept");
    write_pictures();
    directory_.save(*session_, metrics_);
  }

  // A model that cannot be drawn (its codes overflow, say) is still worth saving.
  void write_pictures() {
    io::TraversalOptions traversal;
    traversal.footer = command();
    try {
      io::write_traversal(directory_.file("traversal.png"), session_->model(), session_->data(), session_->backend(), traversal);
      io::write_reconstructions(directory_.file("reconstruction.png"), session_->model(), session_->data(), session_->backend(),
                                command());
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::failed) throw;  // the disk, not the model
      picture_problem_ = e.what();
    }
  }

  // The settings that differ from the defaults, as the command that repeats this run.
  std::string command() const {
    const Config initial;
    std::string text = "unpick train";
    for (const Setting& s : settings())
      if (s.when != When::run && (get(session_->config(), s.name) != get(initial, s.name) || std::string(s.name) == "seed"))
        text += std::string(" --") + s.flag + " " + get(session_->config(), s.name);
    return text + "   (step " + std::to_string(session_->step()) + ")";
  }

  void show() {
    const Losses& l = session_->losses();
    char detail[96];
    std::snprintf(detail, sizeof detail, "loss %.1f: reconstruction %.1f, KL %.2f nats", l.loss, l.reconstruction, l.kl);
    progress_->update(session_->step(), "steps", detail);
  }

  double rate() const { return static_cast<double>(session_->step() - first_step_) / std::max(seconds_, 1e-9); }
  FactorCorrelation correlation() { return factor_correlation(session_->model(), session_->data(), session_->backend()); }

  void report() {
    const Losses& l = session_->losses();
    const Config& c = session_->config();
    std::printf("%s on %s, seed %lld: %lld steps in %.1f s (%.0f/s, %d threads)\n", c.model.c_str(),
                session_->data().spec().c_str(), static_cast<long long>(c.seed), static_cast<long long>(session_->step()), seconds_,
                rate(), pool_->threads());
    std::printf("loss %.3f: reconstruction %.3f and KL %.3f nats, last batch; weights %s\n", l.loss, l.reconstruction, l.kl,
                fingerprint().c_str());
    if (l.term != 0) std::printf("the term of %s: %.4f\n", c.objective.c_str(), l.term);
    if (l.kl_error != 0) std::printf("the KL is sampled: standard error %.3f nats over the batch\n", l.kl_error);
    const FactorCorrelation r = correlation();
    for (size_t f = 0; f < r.factors.size(); ++f) {
      const auto [latent, value] = r.best(f);
      std::printf("  %-12s |r| %.2f with z%d\n", r.factors[f].name.c_str(), std::abs(value), latent);
    }
    std::printf("see %s\n", directory_.file("traversal.png").c_str());
  }

  void report_json() {
    const Losses& l = session_->losses();
    nlohmann::ordered_json json{{"out", directory_.path()},
                                {"steps", session_->step()},
                                {"seconds", seconds_},
                                {"steps_per_s", rate()},
                                {"loss", l.loss},
                                {"reconstruction", l.reconstruction},
                                {"kl", l.kl},
                                {"term", l.term},
                                {"kl_error", l.kl_error},
                                {"kl_per_latent", l.kl_per_latent},
                                {"weights", fingerprint()}};
    const FactorCorrelation r = correlation();
    for (size_t f = 0; f < r.factors.size(); ++f) {
      const auto [latent, value] = r.best(f);
      json["correlation"][r.factors[f].name] = {{"latent", latent}, {"r", value}};
    }
    std::printf("%s\n", json.dump(2).c_str());
  }

  std::string fingerprint() const {
    char text[24];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(session_->fingerprint()));
    return text;
  }

  const TrainOptions& options_;
  io::RunDirectory directory_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Probe> probe_;
  std::unique_ptr<Progress> progress_;
  std::vector<io::MetricsRow> metrics_;
  double seconds_ = 0, earlier_seconds_ = 0;
  int64_t first_step_ = 0;
  std::string picture_problem_;
};

std::string preset_help() {
  std::string help = "start from named settings:";
  for (const Preset& p : presets()) help += std::string("\n  ") + p.name + ": " + p.comment;
  return help;
}

}  // namespace

void add_train(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("train", "train a model; leaves weights, curves and pictures in a run directory");
  const auto options = std::make_shared<TrainOptions>();
  command->add_option("--out", options->out, "the run directory to make")->type_name("DIR");
  command->add_option("--resume", options->resume, "continue the run in this directory, bit for bit")->type_name("DIR");
  command->add_option("--preset", options->preset, preset_help())->type_name("NAME");
  command->add_option("--save-every", options->save_every, "seconds between checkpoints")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str();
  command->add_flag("--json", options->json, "print the result as JSON");
  add_settings(*command, options->given, {When::model, When::live, When::run});
  command->callback([options, &run] {
    run = [options] {
      if (options->out.empty() == options->resume.empty())
        throw Error(ErrorKind::usage, "--out", options->out.empty() ? "missing" : "given together with --resume",
                    "give --out DIR for a new run, or --resume DIR");
      if (!options->resume.empty() && !options->preset.empty())
        throw Error(ErrorKind::usage, "--preset", "given together with --resume", "a resumed run keeps its settings");
      return Trainer(*options).train();
    };
  });
}

}  // namespace unpick::cli
