// A run as the page keeps it between visits: settings and log as text, weights and moments as they lie in memory.
//
// The page stores what unpick_keep returns and gives it back to unpick_open; numbers stay as they are, so a run goes on bit for
// bit.
#include <emscripten/emscripten.h>

#include <cstdlib>

#include "core/base/parts.h"
#include "core/session/words.h"
#include "web/lab.h"

namespace unpick::web {
namespace {

constexpr double kPatience = 500;  // ms: the trainer looks for commands between two steps
std::string record;
std::vector<float> first_past,
    partner_past;                     // the curves: of each point step, loss, reconstruction, KL, term, and each latent's KL
std::shared_ptr<const Kept> partner;  // to open with the next run

void write_past(const Curves& curves, std::vector<float>& past) {
  past.clear();
  for (size_t i = 0; i < curves.step.size(); ++i) {
    for (float x : {static_cast<float>(curves.step[i]), curves.loss[i], curves.reconstruction[i], curves.kl[i], curves.term[i]})
      past.push_back(x);
    for (const auto& kl : curves.kl_per_latent) past.push_back(kl[i]);
  }
}

std::shared_ptr<const Curves> read_past(std::span<const float> from, int64_t latent) {
  auto curves = std::make_shared<Curves>();
  curves->kl_per_latent.resize(static_cast<size_t>(latent));
  const size_t width = 5 + curves->kl_per_latent.size();
  for (; from.size() >= width; from = from.subspan(width)) {
    curves->push({static_cast<int64_t>(from[0]),
                  from[1],
                  from[2],
                  from[3],
                  {from.begin() + 5, from.begin() + static_cast<long>(width)},
                  from[4]});
  }
  return curves;
}

std::string list(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : ",") + quoted(line);
  return "[" + text + "]";
}

std::string json_of(const Kept& kept, std::vector<float>& past) {
  write_past(*kept.curves, past);
  const auto address = [](const auto& region) { return std::to_string(reinterpret_cast<uintptr_t>(region.data())); };
  std::vector<std::string> log;
  for (const LoggedCommand& line : kept.log)
    log.push_back(std::to_string(line.step) + " " + line.command.setting + " " + line.command.value);
  return "{\"words\":" + words_of(kept.config) + ",\"log\":" + list(log) + ",\"step\":" + std::to_string(kept.state.step) +
         ",\"count\":" + std::to_string(kept.state.weights.size()) + ",\"regions\":[" + address(kept.state.weights) + "," +
         address(kept.state.m) + "," + address(kept.state.v) + "],\"past\":[" + address(past) + "," + std::to_string(past.size()) +
         "],\"difference\":" + list(kept.difference) +
         ",\"partner\":" + (kept.partner ? json_of(*kept.partner, partner_past) : "null") + "}";
}

// `words` and `log` have one entry to a line; `floats` are weights and both moments, `count` each, and the `past`, the curves, as
// json_of told.
Kept run_from(const char* words, const char* log, double step, const float* floats, int count, int past) {
  Kept run;
  run.config = config_from(parts_of(words, '\n'));
  run.config.threads = page->lab.latest().config.threads;
  run.image = page->lab.latest().image;
  run.state.step = static_cast<int64_t>(step);
  for (std::vector<real>* region : {&run.state.weights, &run.state.m, &run.state.v}) {
    region->assign(floats, floats + count);
    floats += count;
  }
  run.curves = read_past({floats, static_cast<size_t>(past)}, run.config.latent);
  for (const std::string& line : parts_of(log, '\n')) {
    const std::vector<std::string> parts = unpick::words_of(line);
    if (parts.size() == 3) run.log.push_back({std::strtoll(parts[0].c_str(), nullptr, 10), {parts[1], parts[2]}});
  }
  return run;
}

}  // namespace

std::shared_ptr<const Kept> keep() {
  const auto before = page->lab.latest().kept;
  page->lab.post("keep");
  for (const double end = emscripten_get_now() + kPatience; page->lab.latest().kept == before;) {
    if (emscripten_get_now() > end) return nullptr;
    page->runner.yield();
  }
  return page->lab.latest().kept;
}

}  // namespace unpick::web

using namespace unpick;
using web::page;

extern "C" {

// The present run as JSON, with the addresses of its floats: valid until the next call. "" if the trainer does not answer in time.
EMSCRIPTEN_KEEPALIVE const char* unpick_keep() {
  const auto kept = web::keep();
  web::record = kept ? web::json_of(*kept, web::first_past) : "";
  return web::record.c_str();
}

// The second model of the run that is opened next.
EMSCRIPTEN_KEEPALIVE void unpick_open_partner(const char* words, const char* log, double step, const float* floats, int count,
                                              int past) {
  try {
    web::partner = std::make_shared<const Kept>(web::run_from(words, log, step, floats, count, past));
  } catch (const Error& error) {
    page->lab.complain(error.what());
  }
}

// Goes on with a run. `difference`: the partner's own settings, one to a line.
EMSCRIPTEN_KEEPALIVE void unpick_open(const char* words, const char* log, double step, const float* floats, int count, int past,
                                      const char* difference) {
  try {
    Kept run = web::run_from(words, log, step, floats, count, past);
    run.difference = parts_of(difference, '\n');
    run.partner = std::move(web::partner);
    page->lab.open(std::move(run));
  } catch (const Error& error) {
    page->lab.complain(error.what());
  }
  page->runner.wake();
}
}
