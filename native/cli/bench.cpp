// `unpick bench`: the workloads by which Unpick is measured. bench/README.md says what they are and gives the figures.
//
//   W1 mlp, W2 conv, W3 mlp-1200   one training step: take the batch, forward, backward, Adam, read the loss
//   A1, A2     decode 1 and 100 codes           on the decoders of W1 (:mlp) and W2 (:conv)
//   A3, A3b    full Jacobian at 1 and 64 codes
//   A4         residual Hessian at one code
//   tiny       one step of each of 1000 small models that train side by side, each on one thread
//   peak       multiply-adds per second, the ceiling of all of them
//
// A figure is the median over five rounds of the mean time of a call; the rounds' minimum and maximum stand beside it,
// and the most memory that the program held meanwhile.
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <vector>

#include "core/backend/kernels.h"
#include "core/data/image_array.h"
#include "core/seams/jacobian.h"
#include "core/session/session.h"
#include "native/cli/cli.h"
#include "native/cli/support.h"

namespace unpick::cli {
namespace {

struct BenchOptions {
  std::string workloads = "W1,W2,W3,A1,A2,A3,A3b,A4";
  Given given;
  double seconds = 2;
  int pixels = 64;  // of a side of an image
  bool json = false;
};

struct Timing {
  double median, least, most;  // ms per call
};

double now() { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

Timing measure(double seconds, const std::function<void()>& call) {
  for (int warm = 0; warm < 3; ++warm) call();
  std::vector<double> rounds;
  for (int round = 0; round < 5; ++round) {
    const double begin = now(), end = begin + 1000 * seconds / 5;
    int calls = 0;
    do {
      call();
      ++calls;
    } while (now() < end);
    rounds.push_back((now() - begin) / calls);
  }
  std::sort(rounds.begin(), rounds.end());
  return {rounds[2], rounds.front(), rounds.back()};
}

// Images of dsprites with fewer pixels, each the mean of a square.
std::unique_ptr<Dataset> shrunk(const Dataset& whole, int pixels) {
  const int side = static_cast<int>(whole.image()[0]), square = side / pixels;
  const uint32_t images = std::min<uint32_t>(whole.size(), 4096), stride = whole.size() / images;
  std::vector<real> image(static_cast<size_t>(side * side));
  std::vector<float> all;
  for (uint32_t i = 0; i < images; ++i) {
    whole.render(i * stride, image);
    for (int y = 0; y < pixels; ++y)
      for (int x = 0; x < pixels; ++x) {
        real sum = 0;
        for (int k = 0; k < square * square; ++k)
          sum += image[static_cast<size_t>((y * square + k / square) * side + x * square + k % square)];
        all.push_back(static_cast<float>(sum) / static_cast<float>(square * square));
      }
  }
  return std::make_unique<ImageArray>("smaller pictures", Shape{pixels, pixels, 1}, std::move(all));
}

// One data set for many sessions.
class Shared : public Dataset {
 public:
  explicit Shared(const Dataset& data) : data_(data) {}
  std::string spec() const override { return data_.spec(); }
  uint32_t size() const override { return data_.size(); }
  Shape image() const override { return data_.image(); }
  void render(uint32_t index, std::span<real> out) const override { data_.render(index, out); }

 private:
  const Dataset& data_;
};

// The most memory, in MB, that the process held since the last call with `restart`; 0 where the system does not tell.
double peak_memory(bool restart) {
  if (restart) std::ofstream("/proc/self/clear_refs") << 5;
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key; status.ignore(1000, '\n')) {
    double kilobytes = 0;
    if (key == "VmHWM:" && status >> kilobytes) return kilobytes / 1024;
  }
  return 0;
}

class Bench {
 public:
  explicit Bench(const BenchOptions& o) : options_(o) {
    for (const auto& [name, value] : o.given) set(config_, name, value);
    pool_ = std::make_unique<Pool>(static_cast<int>(config_.threads));
    backend_ = make_cpu_backend(*pool_);
  }

  int run() {
    std::vector<std::string> names;
    std::stringstream list(options_.workloads);
    for (std::string name; std::getline(list, name, ',');) names.push_back(known(name));
    if (!options_.json) std::printf("%-9s %8s %12s %12s %12s\n", "workload", "threads", "ms", "ms_min", "ms_max");
    for (const std::string& name : names) workload(name);
    return 0;
  }

 private:
  static std::string known(const std::string& name) {
    static const std::regex kKnown("W[123]|A(1|2|3|3b|4)(:mlp|:conv)?|tiny|peak");
    if (std::regex_match(name, kKnown)) return name;
    throw Error(ErrorKind::usage, "--workload " + name, "unknown",
                "choose from W1 W2 W3 A1 A2 A3 A3b A4 (or A1:mlp, A1:conv), tiny and peak");
  }

  void workload(const std::string& name) {
    peak_memory(true);
    if (name == "W1") return training(name, "mlp");
    if (name == "W2") return training(name, "conv");
    if (name == "W3") return training(name, "mlp-1200");
    if (name == "peak") return peak();
    if (name == "tiny") return tiny("linear", "gaussian"), tiny("mlp-64-tanh", "dsprites");
    const std::string kind = name.substr(0, name.find(':')),
                      decoder = name.find(':') == std::string::npos ? "" : name.substr(name.find(':') + 1);
    for (const char* model : {"mlp", "conv"})
      if (decoder.empty() || decoder == model) analysis(kind, model);
  }

  void training(const std::string& name, const std::string& model) {
    Config config = config_;
    set(config, "model", model);
    std::unique_ptr<Dataset> data = open_data(config.data);
    if (options_.pixels != 64) data = shrunk(*data, options_.pixels);
    Session session(config, std::move(data), *pool_);
    double loss = 0;
    const Timing t = measure(options_.seconds, [&] {
      session.advance(1);
      loss = session.losses().loss;
    });
    emit(name, t, {{"loss", loss}, {"arena_mb", static_cast<double>(session.arena_bytes()) / 1e6}});
  }

  void tiny(const std::string& model, const std::string& data_spec) {
    constexpr int kModels = 1000;
    Config config = config_;
    set(config, "model", model);
    set(config, "data", data_spec);
    if (model == "linear") set(config, "likelihood", "gaussian");
    std::unique_ptr<Dataset> data = open_data(config.data);
    if (data->image().size() == 4096) data = shrunk(*data, 16);
    std::vector<std::unique_ptr<Pool>> alone;
    std::vector<std::unique_ptr<Session>> sessions;
    for (int seed = 1; seed <= kModels; ++seed) {
      config.seed = static_cast<decltype(config.seed)>(seed);
      alone.push_back(std::make_unique<Pool>(1));
      sessions.push_back(std::make_unique<Session>(config, std::make_unique<Shared>(*data), *alone.back()));
    }
    const Timing t = measure(
        options_.seconds, [&] { pool_->run(kModels, [&](int chunk, int) { sessions[static_cast<size_t>(chunk)]->advance(1); }); });
    emit("tiny:" + model, t, {{"steps_per_s", 1000 * kModels / t.median}});
  }

  void analysis(const std::string& kind, const std::string& model_name) {
    Model model(make_vae_spec(model_name, "beta-vae", "bernoulli", {64, 64, 1}, static_cast<int>(config_.latent)));
    model.table.initialise(model.weights.span(), 1);
    const std::string name = kind + ":" + model_name;
    const auto codes = [&](int points) {
      std::vector<real> z(static_cast<size_t>(points * model.spec.latent));
      Rng(1, Stream::probe).fill_normal(z, 0);
      return z;
    };
    const auto decode = [&](int points) {
      Decoder decoder(model.spec, model.table, model.weights.span(), *backend_, points);
      const std::vector<real> z = codes(points);
      std::vector<real> mean(static_cast<size_t>(points) * 4096);
      emit(name, measure(options_.seconds, [&] { decoder.run(z, {}, mean); }));
    };
    const auto jacobian = [&](int points) {
      JacobianProgram program(mean_map(model), points, *backend_);
      const std::vector<real> z = codes(points);
      emit(name, measure(options_.seconds, [&] { program.run(z); }));
    };
    if (kind == "A1") return decode(1);
    if (kind == "A2") return decode(100);
    if (kind == "A3") return jacobian(1);
    if (kind == "A3b") return jacobian(64);
    ResidualHessianProgram hessian(mean_map(model), *backend_);
    Decoder decoder(model.spec, model.table, model.weights.span(), *backend_, 1);
    const std::vector<real> z = codes(1), x(4096, 0);
    std::vector<real> residual(4096);
    emit(name, measure(options_.seconds, [&] {
           decoder.run(z, {}, residual);
           for (size_t i = 0; i < residual.size(); ++i) residual[i] = x[i] - residual[i];
           hessian.run(z, residual);
         }));
  }

  void peak() {
    constexpr int64_t kTimes = 1000000;
    const int threads = pool_->threads();
    int64_t operations = 0;
    const Timing t = measure(options_.seconds, [&] {
      pool_->run(threads, [&](int chunk, int) {
        std::array<real, 3> numbers{0, 0.5f, 0.25f};
        const int64_t done = kernels().multiply_adds(kTimes, numbers.data());
        if (chunk == 0) operations = done * threads;
      });
    });
    emit("peak", t, {{"gflops", static_cast<double>(operations) / t.least * 1e-6}});
  }

  void emit(const std::string& workload, const Timing& t, nlohmann::ordered_json more = nlohmann::ordered_json::object()) {
    more["peak_mb"] = peak_memory(false);
    if (options_.json) {
      nlohmann::ordered_json line{{"peer", "unpick"}, {"workload", workload}, {"threads", pool_->threads()},
                                  {"ms", t.median},   {"ms_min", t.least},    {"ms_max", t.most}};
      line.update(more);
      std::printf("%s\n", line.dump().c_str());
    } else {
      std::printf("%-9s %8d %12.4f %12.4f %12.4f", workload.c_str(), pool_->threads(), t.median, t.least, t.most);
      for (const auto& [key, value] : more.items()) std::printf("   %s %.6g", key.c_str(), value.get<double>());
      std::printf("\n");
    }
    std::fflush(stdout);
  }

  const BenchOptions& options_;
  Config config_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Backend> backend_;
};

}  // namespace

void add_bench(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("bench", "time training steps and decoder analyses");
  const auto options = std::make_shared<BenchOptions>();
  command->add_option("--workload", options->workloads, "comma-separated: W1 W2 W3 A1 A2 A3 A3b A4 tiny peak")
      ->capture_default_str();
  command->add_option("--image", options->pixels, "pixels of a side in W1 and W3: means over squares of dsprites")
      ->check(CLI::IsMember({16, 32, 64}))
      ->capture_default_str();
  command->add_option("--seconds", options->seconds, "time for each workload")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  command->add_flag("--json", options->json, "one JSON line per workload");
  add_settings(*command, options->given, {When::model, When::run});
  command->callback([options, &run] { run = [options] { return Bench(*options).run(); }; });
}

}  // namespace unpick::cli
