// One step after another. See session.h.
#include "core/session/session.h"

#include <algorithm>
#include <cmath>

#include "core/base/hash.h"

namespace unpick {
namespace {

VaeSpec spec_of(const Config& c, const Dataset& data) {
  return make_vae_spec(c.model, c.objective, c.likelihood, data.image(), static_cast<int>(c.latent), c.posterior);
}

std::unique_ptr<Backend> backend_for(const Config& c, Pool& pool, std::string& note) {
  if (c.device == "cuda") {
    if (auto cuda = make_cuda_backend()) return cuda;
    note = "no CUDA device: training on the CPU";
  }
  return make_cpu_backend(pool);
}

bool finite(std::span<const real> values) {
  return std::all_of(values.begin(), values.end(), [](real x) { return std::isfinite(x); });
}

}  // namespace

Session::Session(Config config, std::unique_ptr<Dataset> data, Pool& pool)
    : config_(std::move(config)),
      data_(std::move(data)),
      model_(spec_of(config_, *data_)),
      pool_(pool),
      backend_(backend_for(config_, pool, note_)),
      training_(record_training(model_.spec, static_cast<int>(config_.batch), model_.table)),
      batcher_(*data_, static_cast<uint64_t>(config_.seed), static_cast<int>(config_.batch)),
      noise_(static_cast<uint64_t>(config_.seed), Stream::noise) {
  for (Buffer* region : {&gradients_, &m_, &v_}) *region = Buffer(model_.table.region());
  model_.table.initialise(model_.weights.span(), static_cast<uint64_t>(config_.seed));
  Plan plan(*training_.graph, training_.request());
  arena_bytes_ = plan.arena * static_cast<int64_t>(sizeof(real));
  program_ = backend_->prepare(std::move(plan), {model_.weights.span(), gradients_.span()});
}

Session::~Session() = default;

uint64_t Session::fingerprint() const { return fnv1a(std::as_bytes(model_.weights.span())); }

bool Session::healthy() const { return finite(model_.weights.span()) && finite(m_.span()) && finite(v_.span()); }

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
  program_->data(training_.beta)[0] = static_cast<real>(config_.beta);
  program_->data(training_.sigma2)[0] = static_cast<real>(config_.sigma2);
  program_->run();
  const auto scalar = [&](Var row) { return static_cast<double>(program_->data(row)[0]); };
  if (!std::isfinite(scalar(training_.loss))) report_non_finite();
  AdamSettings adam;
  adam.lr = config_.lr;
  adam_step(adam, step_ + 1, model_.weights.span(), gradients(), m_.span(), v_.span(), pool_);
  ++step_;
  losses_.step = step_;
  losses_.loss = scalar(training_.loss);
  losses_.reconstruction = scalar(training_.reconstruction);
  losses_.kl = scalar(training_.kl);
  const auto kl = program_->data(training_.kl_per_latent);
  losses_.kl_per_latent.assign(kl.begin(), kl.end());
}

// Replays the step with every row kept, in order, and names the first one that is not finite.
void Session::report_non_finite() {
  PlanRequest request = training_.request();
  request.every_row = true;
  const Plan plan(*training_.graph, request);
  const auto replay = backend_->prepare(plan, {model_.weights.span(), gradients_.span()});
  for (Var input : {training_.x, training_.epsilon, training_.beta, training_.sigma2}) {
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
  return {step_, copy(model_.weights), copy(m_), copy(v_)};
}

void Session::restore(const State& state, std::vector<LoggedCommand> log) {
  if (state.step < 0) throw Error(ErrorKind::data, "checkpoint", "negative step", "resume from another checkpoint");
  for (const auto& [from, to] : {std::pair{&state.weights, &model_.weights}, {&state.m, &m_}, {&state.v, &v_}}) {
    if (static_cast<int64_t>(from->size()) != to->size())
      throw Error(ErrorKind::data, "checkpoint", "does not fit this architecture", "resume with the settings of its config.json");
    std::copy(from->begin(), from->end(), to->data());
  }
  step_ = state.step;
  log_ = std::move(log);
}

}  // namespace unpick
