// `unpick doctor`: what this build is, and whether it computes the numbers that it computed when it was made.
//
// Three golden checks, each with its own tolerance: pixels and random numbers are bit-identical everywhere; ten training
// steps agree within float arithmetic, since compilers and vector widths sum in different orders.
#include <Eigen/Core>
#include <cmath>
#include <memory>

#include "core/backend/kernels.h"
#include "core/base/hash.h"
#include "core/data/dsprites.h"
#include "core/session/session.h"
#include "native/cli/cli.h"
#include "native/cli/support.h"

namespace unpick::cli {
namespace {

#if defined(__clang__)
const std::string kCompiler = format("clang %d.%d.%d", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
const std::string kCompiler = "g++ " __VERSION__;
#endif

// Over 64-bit words, byte by byte from the lowest.
class Hash {
 public:
  void add(uint64_t word) { hash_ = fnv1a(std::as_bytes(std::span(&word, 1)), hash_); }
  std::string str() const { return format("%016llx", static_cast<unsigned long long>(hash_)); }

 private:
  uint64_t hash_ = fnv1a({});
};

struct Check {
  const char* name;
  std::string found, expected;
  bool passed;
};

// The first thousand images, which published training logs prove pixel by pixel, and a comb through all the others.
Check check_pixels() {
  const Dsprites all;
  Hash hash;
  const auto add = [&](uint32_t index) {
    for (const uint64_t row : Dsprites::render_bits(all.values(index))) hash.add(row);
  };
  for (uint32_t i = 0; i < 1000; ++i) add(i);
  for (uint32_t i = 1000; i < Dsprites::kImages; i += 997) add(i);
  const std::string expected = "eb8aeb7b2dfd65c2";
  return {"pixels of dSprites", hash.str(), expected, hash.str() == expected};
}

Check check_random_numbers() {
  const Rng rng(20260, Stream::test);
  Hash hash;
  for (uint32_t i = 0; i < 1000; ++i) {
    hash.add(rng.bits(i, 3 * i));
    hash.add(static_cast<uint64_t>(std::llround(std::ldexp(rng.normal(i, i), 50))));
    hash.add(rng.below(737'280, i, i));
  }
  const std::string expected = "e53482de035a0c54";
  return {"random numbers", hash.str(), expected, hash.str() == expected};
}

Check check_training(Pool& pool) {
  Config config;
  apply_preset(config, "live");
  Session session(config, open_data(config.data), pool);
  session.advance(10);
  const double loss = session.losses().loss, expected = 1353.3353;
  return {"loss after ten steps", format("%.4f nats", loss), format("%.4f nats", expected), std::abs(loss / expected - 1) < 1e-4};
}

Json build_facts(const Pool& pool) {
  const bool cuda = make_cuda_backend() != nullptr;
  std::string choice;
  for (const Kernels* k : available_kernels()) choice += (choice.empty() ? "" : ", ") + std::string(k->isa);
  return {{"version", UNPICK_VERSION},
          {"compiler", kCompiler},
          {"eigen", format("%d.%d.%d", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION)},
          {"kernels", kernels().isa},
          {"choice", choice + " (UNPICK_ISA=NAME); a run repeats bit for bit within one of them"},
          {"float_bytes", sizeof(real)},
          {"threads", pool.threads()},
          {"cuda", cuda}};
}

int doctor(bool json) {
  Pool pool;
  Json report = build_facts(pool);
  const Check checks[] = {check_pixels(), check_random_numbers(), check_training(pool)};
  const bool passed = std::all_of(std::begin(checks), std::end(checks), [](const Check& c) { return c.passed; });
  std::string text;
  for (const auto& [key, value] : report.items())
    text += format("%-12s ", key.c_str()) + (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
  for (const Check& c : checks) {
    report["checks"].push_back({{"name", c.name}, {"found", c.found}, {"expected", c.expected}, {"passed", c.passed}});
    text += format("%s  %s: %s", c.passed ? "PASS" : "FAIL", c.name, c.found.c_str());
    text += c.passed ? "\n" : ", expected " + c.expected + "; please report this with the lines above\n";
  }
  report["passed"] = passed;
  json ? print(report) : print(text);
  return passed ? 0 : 1;
}

}  // namespace

void add_doctor(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("doctor", "what this build is, and whether it computes the right numbers");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "print the report as JSON");
  command->callback([json, &run] { run = [json] { return doctor(*json); }; });
}

}  // namespace unpick::cli
