// One step after another. See session.h.
#include "core/session/session.h"

#include <algorithm>
#include <cmath>

#include "core/base/hash.h"
#include "core/base/numbers.h"
#include "core/data/pca.h"

namespace unpick {
namespace {

std::unique_ptr<Backend> backend_for(const Config& c, Pool& pool, std::string& note) {
  if (c.device == "cuda") {
    if (auto cuda = make_cuda_backend()) return cuda;
    note = "no CUDA device: training on the CPU";
  }
  return make_cpu_backend(pool);
}

// mean and standard error of a batch
double standard_error(std::span<const real> samples) {
  double mean = 0, squares = 0;
  const auto n = static_cast<double>(samples.size());
  for (const real x : samples) mean += x / n;
  for (const real x : samples) squares += (x - mean) * (x - mean);
  return std::sqrt(squares / (n - 1) / n);
}

}  // namespace

VaeSpec vae_spec(const Config& c, Shape image) {
  const int latent = static_cast<int>(c.latent);
  VaeSpec spec = make_vae_spec(c.model, c.objective, c.likelihood, image, latent, c.posterior);
  spec.noise = noise(c.noise);
  spec.prior = make_prior({c.prior, c.nu, c.sparsity, static_cast<int>(c.subspace)}, latent);
  spec.sampled_kl = c.kl == "sampled";
  spec.settings = {tc_estimator(c.tc),
                   divergence(c.divergence),
                   {static_cast<int>(c.discriminator_width), static_cast<int>(c.discriminator_depth)}};
  require_compatible(spec);
  return spec;
}

Session::Session(Config config, std::unique_ptr<Dataset> data, Pool& pool)
    : config_(std::move(config)),
      data_(std::move(data)),
      model_(vae_spec(config_, data_->image())),
      pool_(pool),
      backend_(backend_for(config_, pool, note_)),
      training_(record_training(model_.spec, static_cast<int>(config_.batch), model_.table)),
      adam_(model_.weights.span(), training_.main_region),
      batcher_(*data_, static_cast<uint64_t>(config_.seed), static_cast<int>(config_.batch)),
      noise_(static_cast<uint64_t>(config_.seed), Stream::noise) {
  model_.table.initialise(model_.weights.span(), static_cast<uint64_t>(config_.seed));
  PlanRequest request = training_.request();
  request.gate = training_.loss;
  Plan plan(*training_.graph, request);
  arena_bytes_ = plan.arena * static_cast<int64_t>(sizeof(real));
  program_ = backend_->prepare(std::move(plan), {model_.weights.span(), {}, &adam_});
  write_constants(training_.inputs, *program_);
  set_prior_weights();
}

// An anisotropic prior starts from the variances of the data's principal components.
void Session::set_prior_weights() {
  const Parameter* w = model_.table.find(kPriorWeights);
  if (!w) return;
  const std::vector<double> variances = principal_variances(*data_, w->shape[1]);
  for (size_t j = 0; j < variances.size(); ++j)
    model_.weights.span()[static_cast<size_t>(w->offset) + j] = static_cast<real>(std::log(variances[j]));
}

// What a recording may ask for by name.
double Session::hyper(const std::string& name) const {
  if (name == "step") return static_cast<double>(step_);
  if (name == "images") return data_->size();
  return number(config_, name);
}

Session::~Session() = default;

uint64_t Session::fingerprint() const { return fnv1a(std::as_bytes(model_.weights.span())); }

bool Session::healthy() const { return finite(model_.weights.span()) && finite(adam_.m.span()) && finite(adam_.v.span()); }

void Session::post(Command command) {
  if (setting(command.setting).when != When::live)
    throw Error(ErrorKind::usage, "setting '" + command.setting + "'", "cannot change during a run",
                "start a new run, or change beta, sigma2 or lr");
  Config trial = config_;
  set(trial, command.setting, command.value);  // throws before anything is queued
  pending_.push_back(std::move(command));
}

void Session::apply_commands() {
  for (Command& command : pending_) {
    set(config_, command.setting, command.value);
    log_.push_back({step_, std::move(command)});
  }
  pending_.clear();
}

void Session::advance(int64_t steps) {
  for (int64_t i = 0; i < steps; ++i) {
    apply_commands();
    const auto t = static_cast<uint32_t>(step_);
    batcher_.fill(t, program_->data(training_.x), pool_);
    noise_.fill_normal(program_->data(training_.epsilon), t);
    train_step();
  }
}

void Session::step_on(std::span<const real> x, std::span<const real> epsilon) {
  apply_commands();
  std::copy(x.begin(), x.end(), program_->data(training_.x).begin());
  std::copy(epsilon.begin(), epsilon.end(), program_->data(training_.epsilon).begin());
  train_step();
}

void Session::train_step() {
  write_step(training_.inputs, *program_, static_cast<uint64_t>(config_.seed), static_cast<uint32_t>(step_),
             [this](const std::string& name) { return hyper(name); });
  adam_.begin_step(step_ + 1, {config_.lr}, {config_.lr_discriminator, 0.5, 0.9});
  program_->run();
  const auto scalar = [&](Var row) { return row.ok() ? static_cast<double>(program_->data(row)[0]) : 0; };
  if (!std::isfinite(scalar(training_.loss))) report_non_finite();
  ++step_;
  losses_.step = step_;
  losses_.loss = scalar(training_.loss);
  losses_.reconstruction = scalar(training_.reconstruction);
  losses_.kl = scalar(training_.kl);
  losses_.term = scalar(training_.term);
  losses_.kl_error = training_.kl_samples.ok() ? standard_error(program_->data(training_.kl_samples)) : 0;
  const auto kl = program_->data(training_.kl_per_latent);
  losses_.kl_per_latent.assign(kl.begin(), kl.end());
}

// Replays the step with every row kept, in order, and names the first one that is not finite.
void Session::report_non_finite() {
  PlanRequest request = training_.request();
  request.every_row = true;
  const Plan plan(*training_.graph, request);
  Buffer gradients(model_.table.region());
  const auto replay = backend_->prepare(plan, {model_.weights.span(), gradients.span()});
  for (const Var input : training_.every_input()) {
    const auto from = program_->data(input);
    std::copy(from.begin(), from.end(), replay->data(input).begin());
  }
  replay->run();
  const std::string step = "not finite at step " + std::to_string(step_ + 1);
  const std::string hint = "lower --lr; the last good state is kept";
  for (const Parameter& p : model_.table.rows())
    if (!finite(model_.weights.span().subspan(static_cast<size_t>(p.offset), static_cast<size_t>(p.shape.size()))))
      throw Error(ErrorKind::failed, "loss", step + ", the weights of '" + p.name + "' are not finite", hint);
  for (const Instruction& instruction : plan.program) {
    const int id = instruction.rows[0];
    if (finite(replay->data({training_.graph.get(), id}))) continue;
    const Node& node = training_.graph->nodes()[static_cast<size_t>(id)];
    throw Error(ErrorKind::failed, "loss",
                step + ", first in scope '" + training_.graph->scopes()[static_cast<size_t>(node.scope)] + "' (%" +
                    std::to_string(id) + " " + info(node.op).name + " " + node.shape.str() + ")",
                hint);
  }
  throw Error(ErrorKind::failed, "loss", step, hint);
}

State Session::state() const {
  const auto copy = [](const Buffer& b) { return std::vector<real>(b.data(), b.data() + b.size()); };
  return {step_, copy(model_.weights), copy(adam_.m), copy(adam_.v)};
}

void Session::restore(const State& state, std::vector<LoggedCommand> log) {
  if (state.step < 0) throw Error(ErrorKind::data, "checkpoint", "negative step", "resume from another checkpoint");
  for (const auto& [from, to] : {std::pair{&state.weights, &model_.weights}, {&state.m, &adam_.m}, {&state.v, &adam_.v}}) {
    if (static_cast<int64_t>(from->size()) != to->size())
      throw Error(ErrorKind::data, "checkpoint", "does not fit this architecture", "resume with the settings of its config.json");
    std::copy(from->begin(), from->end(), to->data());
  }
  step_ = state.step;
  log_ = std::move(log);
}

}  // namespace unpick
