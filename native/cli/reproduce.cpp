// `unpick reproduce`: trains, measures and draws the figures of the paper; leaves numbers, pictures and a page.
//
// Read next: native/reproduce/figure.h, native/reproduce/report.h
#include <chrono>
#include <cstdio>
#include <memory>

#include "native/cli/cli.h"
#include "native/cli/interrupt.h"
#include "native/cli/progress.h"
#include "native/cli/support.h"
#include "native/reproduce/report.h"

namespace unpick::cli {
namespace {

using namespace reproduce;

constexpr int kSeeds = 5, kQuickSeeds = 2;

struct ReproduceOptions {
  std::string what, out = "runs/reproduce";
  int seeds = 0, threads = 0;  // 0: the default, all cores
  bool quick = false, json = false;
};

class Reproduction {
 public:
  explicit Reproduction(const ReproduceOptions& o)
      : options_(o),
        seeds_(o.seeds > 0 ? o.seeds
               : o.quick   ? kQuickSeeds
                           : kSeeds),
        workshop_(
            seeds_, o.quick, o.threads,
            [this](int64_t done, int64_t expected, const std::string& what) { show(done, expected, what); }, interrupted) {
    for (const FigureRow& row : reproduce::figures())
      if (o.what == "all" || o.what == row.name) chosen_.push_back(&row);
    if (chosen_.empty()) reproduce::figure(o.what);  // throws, with a hint
  }

  int run() {
    prepare_folder(options_.out);
    watch_interrupts();
    Json results = Json::array();
    try {
      for (const FigureRow* row : chosen_) results.push_back(make(*row));
    } catch (const Interrupted&) {
      progress_.reset();
      std::fprintf(stderr, "interrupted in %s; finished figures are in %s\n", chosen_[results.size()]->name, options_.out.c_str());
      return kInterrupted;
    }
    if (options_.json)
      print(Json{{"out", options_.out}, {"figures", results}});
    else
      print("see " + options_.out + "/report.html\n");
    return 0;
  }

 private:
  Json make(const FigureRow& row) {
    const auto begin = std::chrono::steady_clock::now();
    name_ = row.name;
    const Figure figure = row.make(workshop_);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const Json json = to_json(row, figure, {command(row), seeds_, options_.quick, workshop_.threads(), workshop_.steps(), seconds});
    write_figure(options_.out, row, figure, json);
    write_report(options_.out);
    progress_.reset();
    if (!options_.json) summarise(row, figure, seconds);
    return json;
  }

  void show(int64_t done, int64_t expected, const std::string& what) {
    if (!progress_) progress_ = std::make_unique<Progress>(expected, 0);
    if (progress_->due()) progress_->update(done, "steps", name_ + ": " + what);
  }

  static void summarise(const FigureRow& row, const Figure& figure, double seconds) {
    size_t passed = 0;
    for (const Claim& c : figure.claims) passed += c.pass;
    std::string text =
        format("%s: %zu of %zu claims hold, %.0f s. %s\n", row.name, passed, figure.claims.size(), seconds, figure.title.c_str());
    for (const Claim& c : figure.claims)
      text += format("  %s  %-12s %s: %.4g (%s)\n", c.pass ? "holds" : "FAILS", c.rows.c_str(), c.measure.c_str(), c.value,
                     c.bound.c_str());
    print(text);
  }

  std::string command(const FigureRow& row) const {
    return std::string("unpick reproduce ") + row.name + (options_.quick ? " --quick" : "") + " --seeds " + std::to_string(seeds_);
  }

  const ReproduceOptions& options_;
  int seeds_;
  std::vector<const FigureRow*> chosen_;
  std::unique_ptr<Progress> progress_;
  std::string name_;
  Workshop workshop_;
};

std::string figure_help() {
  std::string help = "all, or one of:";
  for (const FigureRow& row : reproduce::figures()) help += std::string("\n  ") + row.name + ": " + row.summary;
  return help;
}

}  // namespace

void add_reproduce(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("reproduce", "train, measure and draw the figures of the paper");
  const auto o = std::make_shared<ReproduceOptions>();
  command->add_option("figure", o->what, figure_help())->required()->type_name("NAME");
  command->add_option("--out", o->out, "folder for figN.json, figN.png and report.html")->capture_default_str()->type_name("DIR");
  command->add_option("--seeds", o->seeds, "runs of each arm; default 5, quick 2")->check(CLI::Range(1, 100))->type_name("N");
  command->add_option("--threads", o->threads, "threads to use; 0: all cores")->check(CLI::Range(0, 256))->type_name("N");
  command->add_flag("--quick", o->quick, "seconds instead of minutes: shows that it works, not that the claims hold");
  command->add_flag("--json", o->json, "print the results as JSON");
  command->callback([o, &run] { run = [o] { return Reproduction(*o).run(); }; });
}

}  // namespace unpick::cli
