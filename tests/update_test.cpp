// A training step that keeps no gradients: the same weights bit for bit, and nothing changes too early or after a bad loss.
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <stdexcept>

#include "core/backend/backend.h"
#include "core/base/rng.h"
#include "core/data/dsprites.h"
#include "core/model/adam.h"
#include "core/model/vae.h"
#include "core/session/session.h"

namespace unpick {
namespace {

constexpr int kImages = 6;

Config config_of(const std::string& model, const std::string& objective) {
  Config config;
  set(config, "model", model);
  set(config, "objective", objective);
  set(config, "batch", std::to_string(kImages));
  return config;
}

// Some steps of one model, with gradients kept in a region or handed over.
struct Steps {
  Steps(const Config& config, bool keep, int threads)
      : pool(threads),
        model(vae_spec(config, {64, 64, 1})),
        training(record_training(model.spec, kImages, model.table)),
        gradients(model.table.region()),
        adam(model.weights.span(), training.main_region) {
    model.table.initialise(model.weights.span(), 1);
    PlanRequest request = training.request();
    if (!keep) request.gate = training.loss;
    const Regions regions = keep ? Regions{model.weights.span(), gradients.span()} : Regions{model.weights.span(), {}, &adam};
    const auto program = make_cpu_backend(pool)->prepare(Plan(*training.graph, request), regions);
    write_constants(training.inputs, *program);
    for (uint32_t step = 0; step < 3; ++step) {
      write_step(training.inputs, *program, 1, step, [&](const std::string& name) {
        return name == "step" ? step : name == "images" ? 1000 : number(config, name);
      });
      Rng(2, Stream::test).fill_uniform(program->data(training.x), step, 0, 1);
      Rng(2, Stream::noise).fill_normal(program->data(training.epsilon), step);
      adam.begin_step(step + 1, {}, {1e-4, 0.5, 0.9});
      program->run();
      const int64_t split = training.main_region;
      if (keep) adam.update({0, 1, split, 0}, gradients.data(), 0);
      if (keep) adam.update({split, 1, model.table.region() - split, 0}, gradients.data() + split, 0);
    }
  }

  Pool pool;
  Model model;
  Training training;
  Buffer gradients;
  Adam adam;
};

TEST(Update, GradientsHandedOverGiveTheSameWeightsBitForBit) {
  for (const auto& [model, objective] :
       {std::pair{"mlp", "beta-vae"}, {"conv", "beta-vae"}, {"mlp", "factor-vae"}, {"linear", "dip-vae-ii"}})
    for (const int threads : {1, 3}) {
      const Config config = config_of(model, objective);
      const Steps kept(config, true, threads), handed(config, false, threads);
      for (int64_t i = 0; i < kept.model.weights.size(); ++i) {
        ASSERT_EQ(handed.model.weights.data()[i], kept.model.weights.data()[i]) << model << ", " << objective << " at " << i;
        ASSERT_EQ(handed.adam.v.data()[i], kept.adam.v.data()[i]) << model << ", " << objective << " at " << i;
      }
    }
}

// Each gradient once, after the gate and after the last reader of its parameter.
TEST(Update, NoParameterChangesWhileItIsStillRead) {
  for (const char* objective : {"beta-vae", "factor-vae", "beta-tcvae", "dip-vae-i"}) {
    Parameters table;
    const Training t = record_training(vae_spec(config_of("conv", objective), {64, 64, 1}), kImages, table);
    PlanRequest request = t.request();
    request.gate = t.loss;
    const Plan plan(*t.graph, request);
    std::map<int, int64_t> offset_of;  // by row of the parameter
    for (const Binding& b : request.parameters) offset_of[b.row.id] = b.offset;
    std::map<int64_t, int> updates;
    bool gate_known = false;
    for (const Instruction& instruction : plan.program) {
      for (const int row : instruction.rows) {
        gate_known |= row == plan.gate;
        for (const int operand : t.graph->nodes()[static_cast<size_t>(row)].in) {
          const auto p = operand < 0 ? offset_of.end() : offset_of.find(plan.root(operand));
          if (p == offset_of.end()) continue;
          EXPECT_EQ(updates.count(p->second), 0u) << objective << ": parameters@" << p->second << " read by %" << row;
        }
      }
      for (const Update& u : instruction.updates) {
        EXPECT_TRUE(gate_known) << objective;
        ++updates[u.offset];
      }
    }
    EXPECT_EQ(updates.size(), request.gradients.size()) << objective;
    for (const auto& [offset, times] : updates) EXPECT_EQ(times, 1) << objective << ": parameters@" << offset;
  }
}

TEST(Update, WeightsOfDenseLayersHaveNoGradientInMemory) {
  Parameters table;
  const Training t = record_training(vae_spec(config_of("mlp", "beta-vae"), {64, 64, 1}), kImages, table);
  PlanRequest request = t.request();
  request.gate = t.loss;
  int in_pieces = 0;
  for (const Place& place : Plan(*t.graph, request).places) in_pieces += place.region == Region::pieces;
  EXPECT_EQ(in_pieces, 6) << "encoder 4096-256-256-20, decoder 10-256-256-4096";
}

TEST(Update, AGateWithoutAnOptimiserIsRefusedWhenPrepared) {
  Pool pool(1);
  Model model(vae_spec(config_of("mlp", "beta-vae"), {64, 64, 1}));
  const Training t = record_training(model.spec, kImages, model.table);
  Buffer gradients(model.table.region());
  PlanRequest request = t.request();
  request.gate = t.loss;
  const Plan plan(*t.graph, request);
  for (const Regions& regions : {Regions{model.weights.span()}, Regions{model.weights.span(), gradients.span()}})
    EXPECT_THROW(make_cpu_backend(pool)->prepare(plan, regions), std::logic_error);
  Adam adam(model.weights.span());
  EXPECT_NO_THROW(make_cpu_backend(pool)->prepare(plan, {model.weights.span(), {}, &adam}));
}

TEST(Update, ALossThatIsNotFiniteChangesNothing) {
  Pool pool(2);
  const Config config = config_of("mlp", "beta-vae");
  Session session(config, std::make_unique<Dsprites>(), pool);
  session.advance(2);
  const State before = session.state();
  std::vector<real> x(kImages * 4096, 0), epsilon(kImages * static_cast<size_t>(config.latent), 0);
  x[7] = std::numeric_limits<real>::quiet_NaN();
  EXPECT_THROW(session.step_on(x, epsilon), Error);
  const State after = session.state();
  EXPECT_EQ(after.weights, before.weights);
  EXPECT_EQ(after.m, before.m);
  EXPECT_EQ(after.v, before.v);
  EXPECT_EQ(after.step, 2);
}

}  // namespace
}  // namespace unpick
