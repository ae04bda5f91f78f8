// Two public models that we did not train, imported and compared number by number, and ten training steps of the larger
// one. The references were computed in float64; the tolerances are ten times what float32 PyTorch reaches.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/data/image_array.h"
#include "core/session/session.h"
#include "native/io/files.h"
#include "native/io/model_file.h"
#include "native/io/npy.h"
#include "tests/io_support.h"

namespace unpick::io {
namespace {

std::string oracle(const std::string& name) { return reference("oracles/pretrained/" + name); }

std::vector<float> floats(const std::string& name) { return read_npy(oracle(name)).floats(); }

double max_error(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double most = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    most = std::max(most, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return most;
}

void expect_within(const std::string& what, double reached, double limit) {
  std::printf("  %-44s %.2e  (limit %.1e)\n", what.c_str(), reached, limit);
  EXPECT_LE(reached, limit) << what;
}

class Pretrained : public ::testing::TestWithParam<const char*> {};

TEST_P(Pretrained, EncodesAndDecodesAsPublished) {
  const std::string name = GetParam(), file = oracle(name + "/" + name + ".safetensors");
  SKIP_WITHOUT(file);
  StoredModel stored = import_torch(file, "conv-burgess");
  Model& model = stored.model;
  ASSERT_EQ(model.spec.latent, 10);
  EXPECT_EQ(model.table.count(), 502'005);
  Pool pool;
  const auto backend = make_cpu_backend(pool);
  std::vector<float> mu(320), logvar(320), logits(32 * 4096);
  Encoder(model.spec, model.table, model.weights.span(), *backend).run(floats("inputs32.npy"), mu, logvar);
  Decoder(model.spec, model.table, model.weights.span(), *backend).run(floats(name + "/mean.npy"), logits, {});
  expect_within(name + " mean", max_error(mu, floats(name + "/mean.npy")), 1.1e-5);
  expect_within(name + " logvar", max_error(logvar, floats(name + "/logvar.npy")), 2.8e-5);
  expect_within(name + " logits", max_error(logits, floats(name + "/logits.npy")), 7e-4);
}

INSTANTIATE_TEST_SUITE_P(Oracle, Pretrained, ::testing::Values("VAE_dsprites", "betaH_dsprites"));

// ---- ten steps of Adam -----------------------------------------------------------------------------------------------

// One tensor of several files side by side: what the session has, and what it should have.
struct Comparison {
  double square_error = 0, square = 0, worst_tensor = 0;
  std::vector<double> errors;
  void add(const std::vector<float>& ours, const std::vector<float>& theirs, const std::vector<float>& start) {
    double tensor_error = 0, tensor = 0;
    for (size_t i = 0; i < ours.size(); ++i) {
      const double error = static_cast<double>(ours[i]) - static_cast<double>(theirs[i]);
      const double size = static_cast<double>(theirs[i]) - (start.empty() ? 0 : static_cast<double>(start[i]));
      tensor_error += error * error;
      tensor += size * size;
      errors.push_back(std::abs(error));
    }
    square_error += tensor_error;
    square += tensor;
    if (tensor > 0) worst_tensor = std::max(worst_tensor, std::sqrt(tensor_error / tensor));
  }
  double relative() const { return std::sqrt(square_error / square); }
  double quantile(double q) {
    std::sort(errors.begin(), errors.end());
    return errors[static_cast<size_t>(q * static_cast<double>(errors.size() - 1))];
  }
};

// A region of a session against a file; `start`: compare the changes since then.
Comparison compare(const Model& model, std::span<const real> region, const std::string& file, const Tensors* start) {
  const Tensors theirs = read_safetensors(oracle("train_oracle/" + file));
  Comparison c;
  for (const Parameter& p : model.table.rows())
    c.add(to_torch(p, region), theirs.find(p.name)->floats(), start ? start->find(p.name)->floats() : std::vector<float>{});
  EXPECT_EQ(c.errors.size(), 502'005u);
  return c;
}

std::vector<float> training_batch() {
  const Array frames = read_npy(oracle("gif_frames.npy"));
  std::vector<float> x;
  for (const int64_t frame : read_npy(oracle("train_oracle/batch_indices.npy")).integers())
    for (const uint8_t pixel : frames.view<uint8_t>().subspan(static_cast<size_t>(frame) * 4096, 4096)) x.push_back(pixel);
  return x;
}

// Of a session's next step, which keeps none itself.
Buffer gradients_of(Session& session, std::span<const real> x, std::span<const real> epsilon) {
  const Training& t = session.training();
  Buffer gradients(session.model().table.region());
  const auto program = session.backend().prepare(Plan(*t.graph, t.request()), {session.model().weights.span(), gradients.span()});
  write_constants(t.inputs, *program);
  write_step(t.inputs, *program, 1, 0, [&](const std::string& name) { return number(session.config(), name); });
  std::copy(x.begin(), x.end(), program->data(t.x).begin());
  std::copy(epsilon.begin(), epsilon.end(), program->data(t.epsilon).begin());
  program->run();
  return gradients;
}

TEST(Oracle, TenStepsOfTraining) {
  const std::string file = oracle("VAE_dsprites/VAE_dsprites.safetensors");
  SKIP_WITHOUT(file);
  Config config;
  for (const auto& [name, value] :
       {std::pair{"model", "conv-burgess"}, {"objective", "beta-vae"}, {"beta", "4"}, {"lr", "0.0005"}, {"batch", "16"}})
    set(config, name, value);
  const Array frames = read_npy(oracle("gif_frames.npy"));
  const auto pixels = frames.view<uint8_t>();
  Pool pool;
  Session session(config, std::make_unique<ImageArray>("gif", Shape{64, 64, 1}, std::vector<uint8_t>(pixels.begin(), pixels.end())),
                  pool);
  State state = session.state();
  const StoredModel imported = import_torch(file, "conv-burgess");
  ASSERT_EQ(static_cast<size_t>(imported.model.weights.size()), state.weights.size());
  std::copy_n(imported.model.weights.data(), state.weights.size(), state.weights.begin());
  session.restore(state, {});

  const Tensors start = read_safetensors(file), gradient = read_safetensors(oracle("train_oracle/grad_step1.safetensors"));
  const auto steps = nlohmann::json::parse(read_file(oracle("train_oracle/oracle.json")))["steps_float64"];
  const std::vector<float> x = training_batch(), epsilon = floats("train_oracle/eps.npy");
  const Buffer gradients = gradients_of(session, x, std::span(epsilon).first(160));
  double loss_error = 0;
  for (size_t step = 0; step < 10; ++step) {
    session.step_on(x, std::span(epsilon).subspan(step * 160, 160));
    loss_error = std::max(loss_error, std::abs(session.losses().loss / steps[step]["loss"].get<double>() - 1));
    if (step > 0) continue;
    const Comparison g = compare(session.model(), gradients.span(), "grad_step1.safetensors", nullptr);
    expect_within("gradient, relative L2", g.relative(), 8e-5);
    expect_within("gradient, worst tensor", g.worst_tensor, 2.2e-4);
    int64_t still = 0, moved = 0;
    for (const Parameter& p : session.model().table.rows()) {
      const std::vector<float> theirs = gradient.find(p.name)->floats(), before = start.find(p.name)->floats();
      const std::vector<float> after = to_torch(p, session.model().weights.span());
      for (size_t i = 0; i < theirs.size(); ++i) {
        still += theirs[i] == 0;
        moved += theirs[i] == 0 && after[i] != before[i];
      }
    }
    EXPECT_EQ(still, 258'715 + 1) << "one more is zero as a float";
    EXPECT_EQ(moved, 0) << "parameters without a gradient stay where they are";
    Comparison update = compare(session.model(), session.model().weights.span(), "params_after_1.safetensors", &start);
    expect_within("update after step 1, relative L2", update.relative(), 1.1e-2);
    expect_within("parameters after step 1, 99.9 % quantile", update.quantile(0.999), 4e-7);
  }
  expect_within("losses of ten steps, relative", loss_error, 2e-6);
  Comparison update = compare(session.model(), session.model().weights.span(), "params_after_10.safetensors", &start);
  expect_within("update after step 10, relative L2", update.relative(), 3.7e-3);
  expect_within("parameters after step 10, 99.9 % quantile", update.quantile(0.999), 1.5e-6);
}

}  // namespace
}  // namespace unpick::io
