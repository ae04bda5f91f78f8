// `unpick score`: the published scores of disentanglement, of codes in files or of a trained model by the study's protocol.
//
//   --codes C.npy --factors F.npy   metrics of these points; test points apart, or the train points again
//   --grid G.npy --factor-sizes ..  the codes of every combination of factors: the whole protocol, for any program's codes
//   --model DIR                     the whole protocol: every metric draws its own images, several seeds if asked
//
// Read next: core/metrics/metrics.h, docs/metrics.md
#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>

#include "core/base/nearest.h"
#include "core/metrics/evaluation.h"
#include "core/metrics/irs.h"
#include "core/metrics/metrics.h"
#include "core/metrics/modularity.h"
#include "core/metrics/seeds.h"
#include "core/metrics/unsupervised.h"
#include "core/seams/curves.h"
#include "core/seams/scores.h"
#include "core/session/encoded_data.h"
#include "core/session/evidence.h"
#include "native/cli/cli.h"
#include "native/cli/interrupt.h"
#include "native/cli/progress.h"
#include "native/cli/support.h"
#include "native/io/model_file.h"
#include "native/io/npy.h"

namespace unpick::cli {
namespace {

using Eigen::Index;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct ScoreOptions {
  std::string codes, factors, test_codes, test_factors, grid, factor_sizes, model, data, metrics = "all";
  uint64_t seed = 1;
  int seeds = 1, threads = 0;
  double scale = 1;
  bool json = false;
};

constexpr const char *kSix = "beta_vae,factor_vae,mig,dci,modularity,sap", *kMcc = "mcc", *kEvidence = "evidence",
                     *kGeometry = "geometry";
constexpr int kGeometryPoints = 32, kSpreadPoints = 1000, kMccPoints = 10000;
constexpr double kActive = 0.5;

// ---- what is asked ---------------------------------------------------------------------------------------------------

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

// Names in the order of the table; those that only models have come last.
std::vector<std::string> chosen(const ScoreOptions& o) {
  std::vector<std::string> known;
  for (const Metric& m : metrics()) known.emplace_back(m.name);
  known.emplace_back(kMcc);
  if (!o.model.empty()) known.insert(known.end(), {kEvidence, kGeometry});
  if (o.metrics == "all") return known;
  const std::vector<std::string> wanted = split(o.metrics == "six" ? kSix : o.metrics);
  std::string words = "all|six";
  for (const std::string& name : known) words += "|" + name;
  for (const std::string& name : wanted) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest(name, words);
    throw Error(ErrorKind::usage, "--metrics " + name, "there is no such metric here",
                near.empty() ? "choose from " + words : "did you mean '" + near + "'?");
  }
  std::vector<std::string> result;
  for (const std::string& name : known)
    if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) result.push_back(name);
  if (result.empty()) throw Error(ErrorKind::usage, "--metrics", "none given", "choose from " + words);
  return result;
}

const Metric* find_metric(const std::string& name) {
  for (const Metric& m : metrics())
    if (name == m.name) return &m;
  return nullptr;
}

bool tests(const std::string& name) { return find_metric(name) && find_metric(name)->test > 0; }

std::vector<uint64_t> seeds_of(const ScoreOptions& o, bool several) {
  std::vector<uint64_t> seeds;
  for (int i = 0; i < (several ? o.seeds : 1); ++i) seeds.push_back(o.seed + static_cast<uint64_t>(i));
  return seeds;
}

Eigen::MatrixXf read_codes(const std::string& path) {
  const io::Array array = io::read_npy(path);
  if (array.shape.size() != 2 || array.shape[0] < 1 || array.shape[1] < 1)
    throw Error(ErrorKind::data, path, "is " + array.shape_str() + ", expected codes [N,Z]", "save one row for each point");
  const std::vector<float> values = read_rows(path, static_cast<int>(array.shape[1]));
  return Eigen::Map<const RowMajor>(values.data(), array.shape[0], array.shape[1]);
}

Eigen::MatrixXi read_factors(const std::string& path) {
  const io::Array array = io::read_npy(path);
  if (array.shape.size() != 2 || array.shape[0] < 1 || array.shape[1] < 1)
    throw Error(ErrorKind::data, path, "is " + array.shape_str() + ", expected factors [N,K]", "save one row for each point");
  Eigen::MatrixXi factors(array.shape[0], array.shape[1]);
  const std::vector<int64_t> values = array.integers();
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] != static_cast<int>(values[i]))
      throw Error(ErrorKind::data, path, std::to_string(values[i]) + " is too large for a class", "number classes from 0");
    factors(static_cast<Index>(i) / factors.cols(), static_cast<Index>(i) % factors.cols()) = static_cast<int>(values[i]);
  }
  return factors;
}

Sample read_sample(const ScoreOptions& o) {
  Sample sample{{read_codes(o.codes), read_factors(o.factors)}, {}};
  check_points(sample.train, o.codes);
  sample.test = o.test_codes.empty() ? sample.train : Points{read_codes(o.test_codes), read_factors(o.test_factors)};
  check_sample(sample);
  return sample;
}

// ---- what is answered ------------------------------------------------------------------------------------------------

Json json_of(const Quantity& q) {
  if (q.rank == 0) return q.value(0, 0);
  Json rows = Json::array();
  for (Index r = 0; r < q.value.rows(); ++r) {
    if (q.rank == 1) {
      rows.push_back(q.value(r, 0));
      continue;
    }
    Json row = Json::array();
    for (Index c = 0; c < q.value.cols(); ++c) row.push_back(q.value(r, c));
    rows.push_back(std::move(row));
  }
  return rows;
}

// Parts of a name nest. NaN and infinity become null, as JSON has neither.
Json json_of(const Report& report) {
  Json json = Json::object();
  for (const Quantity& q : report.quantities()) {
    Json* at = &json;
    std::istringstream parts(q.name);
    for (std::string part; std::getline(parts, part, '/');) at = &(*at)[part];
    *at = json_of(q);
  }
  return json;
}

// Runs the tasks with a bar; seconds by name.
struct Results {
  std::vector<Outcome> outcomes;
  std::map<std::string, double> seconds;
  bool interrupted = false;
};
Results run_all(std::vector<Task> tasks, Pool& pool) {
  watch_interrupts();
  Evaluation evaluation(std::move(tasks));
  Progress progress(100);
  Results run;
  for (double before = 0; !(run.interrupted = interrupted()) && evaluation.step(pool);) {
    const double now = progress.seconds();
    run.seconds[evaluation.current()] += now - before;
    before = now;
    if (progress.due()) progress.update(static_cast<int64_t>(100 * evaluation.done()), "%", evaluation.current());
  }
  run.outcomes = evaluation.outcomes();
  return run;
}

// What published numbers of one name differ by.
Json about(const std::string& name, int train, int test, double seconds) {
  const Metric* m = find_metric(name);
  Json json = Json::object();
  if (m) json = {{"source", m->source}, {"protocol", m->protocol}, {"version", m->version}};
  if (train > 0) json["num_train"] = train;
  if (test > 0) json["num_test"] = test;
  json["seconds"] = seconds;
  return json;
}

std::vector<std::string> warnings(const std::vector<Outcome>& outcomes) {
  std::vector<NamedScore> scores;
  for (const Outcome& outcome : outcomes) {
    const Metric* m = find_metric(outcome.name);
    if (!m || outcome.reports.empty()) continue;
    double mean = 0;
    for (const Report& r : outcome.reports)
      mean += r.has(m->score) ? r.number(m->score) / static_cast<double>(outcome.reports.size()) : 0;
    scores.push_back({outcome.name, mean});
  }
  return disagreements(scores);
}

// One line for each metric: the quoted score with its spread, or the error.
std::string table(const Results& run) {
  std::string text;
  for (const Outcome& outcome : run.outcomes) {
    if (outcome.error) {
      text += format("%-14s %s\n", outcome.name.c_str(), outcome.error->what());
      continue;
    }
    const Report summary = over_seeds(outcome.reports);
    bool first = true;
    for (const Quantity& q : outcome.reports.front().quantities()) {
      if (q.rank != 0) continue;
      const double mean = summary.number(q.name + "/mean"), sd = summary.number(q.name + "/sd");
      text += format("%-14s %-44s %9.4f", first ? outcome.name.c_str() : "", q.name.c_str(), mean);
      if (outcome.reports.size() > 1) text += format(" ± %.4f over %zu seeds", sd, outcome.reports.size());
      if (first) text += format("  (%.1f s)", run.seconds.at(outcome.name));
      text += "\n";
      first = false;
    }
  }
  return text;
}

int answer(const ScoreOptions& o, const Results& run, Json document) {
  if (run.interrupted) return kInterrupted;
  const auto failed = [](const Outcome& outcome) { return outcome.error.has_value(); };
  if (!run.outcomes.empty() && std::all_of(run.outcomes.begin(), run.outcomes.end(), failed)) throw *run.outcomes.front().error;
  const std::vector<std::string> found = warnings(run.outcomes);
  document["warnings"] = found;
  if (o.json) {
    print(document);
    return 0;
  }
  std::string text = table(run);
  for (const std::string& warning : found) text += "warning: " + warning + "\n";
  print(text);
  return 0;
}

// Mean correlation of each factor with the code matched to it one to one (Theorem 6.2 of the seams).
Report mcc(const Points& points) {
  if (points.codes.cols() < points.factors.cols())
    throw Error(ErrorKind::usage, kMcc, "matches each factor with a code of its own, and there are fewer codes",
                "use more latents");
  Report report;
  report.add(kMcc, mean_correlation(points.codes.cast<double>(), points.factors.cast<double>()));
  return report;
}

// ---- arrays ----------------------------------------------------------------------------------------------------------

// The three scores that a constant code spoils, without such codes.
Report without_constant_codes(const Sample& sample, Pool& pool) {
  const std::vector<Index> dims = varying(sample.train.codes);
  const Sample rest{{sample.train.codes(Eigen::all, dims), sample.train.factors},
                    {sample.test.codes(Eigen::all, dims), sample.test.factors}};
  Report report;
  Eigen::VectorXd list(static_cast<Index>(dims.size()));
  for (size_t d = 0; d < dims.size(); ++d) list(static_cast<Index>(d)) = static_cast<double>(dims[d]);
  report.add("dims", list);
  report.add("explicitness", finish(explicitness(rest), pool));
  const Report robustness = irs(rest.train);
  report.add("IRS", robustness.number("IRS"));
  report.add("irs_matrix", robustness.value("irs_matrix"));
  report.add("gaussian_total_correlation", gaussian_total_correlation(covariance(rest.train.codes)));
  return report;
}

int score_arrays(const ScoreOptions& o) {
  const auto sample = std::make_shared<const Sample>(read_sample(o));
  std::vector<Task> tasks;
  Json left_out = Json::object();
  for (const std::string& name : chosen(o)) {
    const Metric* m = find_metric(name);
    if (!m) {
      tasks.push_back({name, 0.1, [sample](uint64_t) { return at_once([sample] { return mcc(sample->train); }); }, {o.seed}});
      continue;
    }
    if (!m->of_points) {
      if (o.metrics != "all") unpick::start(*m, *sample, o.seed);  // says why not
      left_out[name] = "changes one factor at a time: give --model, or --grid";
      continue;
    }
    tasks.push_back({name, m->duration, [m, sample](uint64_t seed) { return unpick::start(*m, *sample, seed); },
                     seeds_of(o, m->random && name == "dci")});
  }
  Pool pool(o.threads);
  const Results run = run_all(std::move(tasks), pool);
  Json fixed = Json::object(), document = {{"codes", o.codes}, {"num_codes", sample->train.codes.cols()}};
  const auto train = static_cast<int>(sample->train.size()), test = static_cast<int>(sample->test.size());
  for (const Outcome& outcome : run.outcomes) {
    Json block = !outcome.error ? json_of(outcome.reports.front()) : Json{{"error", outcome.error->what()}};
    const Json stamp = about(outcome.name, train, tests(outcome.name) ? test : 0, run.seconds.at(outcome.name));
    if (outcome.name == "dci" && !outcome.error) {
      document["dci_fixed_arrays"] = json_of(over_seeds(outcome.reports));
      document["dci_fixed_arrays"]["num_train_used"] = train;
      document["dci_fixed_arrays"]["num_seeds"] = outcome.reports.size();
      document["dci_fixed_arrays"]["about"] = stamp;
    }
    block["about"] = stamp;
    fixed[outcome.name] = std::move(block);
  }
  const auto varies = static_cast<Index>(varying(sample->train.codes).size());
  if (varies > 0 && varies < sample->train.codes.cols())
    fixed["on_nonconstant_dims"] = json_of(without_constant_codes(*sample, pool));
  document["fixed_arrays"] = std::move(fixed);
  if (!left_out.empty()) document["left_out"] = std::move(left_out);
  return answer(o, run, std::move(document));
}

// ---- a whole representation ------------------------------------------------------------------------------------------

std::vector<Task> protocol_tasks(const ScoreOptions& o, Representation& representation) {
  std::vector<Task> tasks;
  for (const std::string& name : chosen(o)) {
    const Metric* m = find_metric(name);
    if (name == kMcc && representation.labelled())
      tasks.push_back({name, 0.1,
                       [&representation, n = scaled(kMccPoints, o.scale)](uint64_t seed) {
                         const Rng rng(sub_seed(seed, kMcc), Stream::probe);
                         return at_once([points = draw_points(representation, n, rng, 0)] { return mcc(points); });
                       },
                       seeds_of(o, true)});
    if (!m || (m->needs_labels && !representation.labelled() && o.metrics == "all")) continue;
    tasks.push_back(
        {name, m->duration * o.scale,
         [m, &representation, scale = o.scale](uint64_t seed) { return unpick::start(*m, representation, seed, scale); },
         seeds_of(o, true)});
  }
  return tasks;
}

int answer_protocol(const ScoreOptions& o, const Results& run, Json document) {
  Json block = Json::object();
  for (const Outcome& outcome : run.outcomes) {
    const Metric* m = find_metric(outcome.name);
    Json json = !outcome.error ? json_of(over_seeds(outcome.reports)) : Json{{"error", outcome.error->what()}};
    json["about"] =
        about(outcome.name, m ? scaled(m->train, o.scale) : 0, m ? scaled(m->test, o.scale) : 0, run.seconds.at(outcome.name));
    block[outcome.name] = std::move(json);
  }
  document["seeds"] = seeds_of(o, true);
  document["protocol_over_seeds"] = std::move(block);
  return answer(o, run, std::move(document));
}

int score_grid(const ScoreOptions& o) {
  std::vector<int> sizes;
  for (const std::string& part : split(o.factor_sizes)) sizes.push_back(std::atoi(part.c_str()));
  GridCodes grid(read_codes(o.grid), sizes);
  Pool pool(o.threads);
  const Results run = run_all(protocol_tasks(o, grid), pool);
  return answer_protocol(o, run, {{"grid", o.grid}, {"factor_sizes", sizes}});
}

// DtO, AAS and other scores of the decoder's Jacobian at the means of some images, each beside its value after a random rotation.
// Only latents whose means spread by more than .5: a decoder that ignores a latent has no direction for it (theory A6).
Job geometry(Model& model, EncodedData& codes, Backend& backend, uint64_t seed) {
  const auto report = [&model, &codes, &backend, seed] {
    const Rng rng(sub_seed(seed, kGeometry), Stream::probe);
    const Eigen::VectorXd spread = covariance(draw_points(codes, kSpreadPoints, rng, 0).codes).diagonal().cwiseSqrt();
    std::vector<int> active;
    for (Index d = 0; d < spread.size(); ++d)
      if (spread(d) > kActive) active.push_back(static_cast<int>(d));
    if (active.empty()) throw Error(ErrorKind::data, kGeometry, "no latent is active", "train with a smaller beta");
    const RowMajor mean = draw_points(codes, kGeometryPoints, rng, 1).codes;
    GeometryProgram program(mean_map(model), backend);
    Report r;
    const auto points = program.at({mean.data(), static_cast<size_t>(mean.size())}, active);
    for (const MeanScore& score : mean_scores(points, rng)) {
      r.add(score.score->name, score.mean.measured);
      r.add(std::string(score.score->name) + "_rotated", score.mean.rotated);
    }
    r.add("num_points", kGeometryPoints);
    r.add("active_dims",
          Eigen::VectorXd(Eigen::Map<const Eigen::VectorXi>(active.data(), static_cast<Index>(active.size())).cast<double>()));
    return r;
  };
  return at_once(report);
}

int score_model(const ScoreOptions& o) {
  io::StoredModel stored = io::read_model(o.model);
  const auto data = open_data(o.data.empty() ? stored.info.config.data : o.data);
  Pool pool(o.threads);
  const auto backend = make_cpu_backend(pool);
  EncodedData codes(stored.model, *data, *backend, pool);
  if (!codes.labelled() && o.metrics != "all")
    for (const std::string& name : chosen(o))
      if (const Metric* m = find_metric(name); m && m->needs_labels) unpick::start(*m, codes, o.seed);  // says why not
  std::vector<Task> tasks = protocol_tasks(o, codes);
  for (const std::string& name : chosen(o)) {
    if (name == kEvidence)
      tasks.push_back({name, 10 * o.scale,
                       [&](uint64_t seed) { return evidence(stored.model, *data, *backend, seed, scaled(1000, o.scale)); },
                       seeds_of(o, true)});
    if (name == kGeometry)
      tasks.push_back({name, 3, [&](uint64_t seed) { return geometry(stored.model, codes, *backend, seed); }, seeds_of(o, true)});
  }
  const Results run = run_all(std::move(tasks), pool);
  Json document = {{"model", o.model}, {"data", data->spec()}, {"labelled", codes.labelled()}, {"images_encoded", codes.encoded()}};
  if (codes.labelled()) document["factor_sizes"] = codes.sizes();
  return answer_protocol(o, run, std::move(document));
}

int score(const ScoreOptions& o) {
  const int ways = !o.codes.empty() + !o.grid.empty() + !o.model.empty();
  if (ways != 1)
    throw Error(ErrorKind::usage, "score", ways == 0 ? "nothing to score" : "asked in two ways", "give --codes, --grid or --model");
  if (o.seeds < 1) throw Error(ErrorKind::usage, "--seeds", std::to_string(o.seeds) + " is less than 1", "use 1 or more");
  if (!(o.scale > 0 && o.scale <= 1)) throw Error(ErrorKind::usage, "--scale", "is not in (0,1]", "use 1 for the study's sizes");
  if (!o.codes.empty() && o.factors.empty())
    throw Error(ErrorKind::usage, "--factors", "missing: these metrics need the factors of each code", "give --factors F.npy");
  if (o.test_codes.empty() != o.test_factors.empty())
    throw Error(ErrorKind::usage, "--test-codes", "test codes and test factors belong together", "give both, or neither");
  if (!o.grid.empty() && o.factor_sizes.empty())
    throw Error(ErrorKind::usage, "--factor-sizes", "missing", "give the number of classes of each factor, 3,6,40,32,32");
  if (!o.codes.empty()) return score_arrays(o);
  return o.grid.empty() ? score_model(o) : score_grid(o);
}

}  // namespace

void add_score(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("score", "the published metrics of disentanglement, of arrays or of a model");
  const auto o = std::make_shared<ScoreOptions>();
  command->add_option("--codes", o->codes, "codes of N points, [N,Z]")->type_name("C.npy");
  command->add_option("--factors", o->factors, "their factors, whole numbers [N,K]")->type_name("F.npy");
  command->add_option("--test-codes", o->test_codes, "points to test classifiers on; left out: the same points")
      ->type_name("C.npy");
  command->add_option("--test-factors", o->test_factors, "their factors")->type_name("F.npy");
  command->add_option("--grid", o->grid, "codes of every combination of factors, the last fastest: the study's whole protocol")
      ->type_name("G.npy");
  command->add_option("--factor-sizes", o->factor_sizes, "classes of each factor of the grid, 3,6,40,32,32")->type_name("N,N,...");
  command->add_option("--model", o->model, "a run directory or its model.safetensors: the study's whole protocol")
      ->type_name("DIR|FILE");
  command->add_option("--data", o->data, "the data to encode; left out: those the model was trained on")->type_name("SPEC");
  std::string names;
  for (const Metric& m : metrics()) names += std::string(m.name) + ", ";
  command->add_option("--metrics", o->metrics, "all, six (those of the study), or of " + names + "evidence, geometry")
      ->capture_default_str()
      ->type_name("LIST");
  command->add_option("--seed", o->seed, "the first seed")->capture_default_str()->type_name("N");
  command->add_option("--seeds", o->seeds, "how many seeds: their mean and spread are shown")
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--scale", o->scale, "share of the study's sample sizes, for a quick look")
      ->capture_default_str()
      ->type_name("X");
  command->add_option("--threads", o->threads, "0: all cores")->capture_default_str()->type_name("N");
  command->add_flag("--json", o->json, "print everything as JSON, with the matrices that the scores come from");
  command->callback([o, &run] { run = [o] { return score(*o); }; });
}

}  // namespace unpick::cli
