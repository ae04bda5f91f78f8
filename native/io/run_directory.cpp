// See run_directory.h.
#include "native/io/run_directory.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <sstream>

#include "native/io/files.h"

namespace unpick::io {
namespace {

constexpr const char* kColumns = "step,seconds,loss,reconstruction,kl,beta,lr,active,identity,gap";
constexpr const char* kTerm = ",term";  // which runs of 2026 may lack; then come kl_0, kl_1, ...
constexpr size_t kCells = 10;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// What is not known is left empty.
std::string number(double x) {
  if (std::isnan(x)) return "";
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", x);
  return text;
}

std::string metrics_text(const std::vector<MetricsRow>& rows, int64_t latent) {
  std::string text = std::string(kColumns) + kTerm;
  for (int64_t j = 0; j < latent; ++j) text += ",kl_" + std::to_string(j);
  text += "\n";
  for (const MetricsRow& row : rows) {
    text += std::to_string(row.losses.step);
    for (double x : {row.seconds, row.losses.loss, row.losses.reconstruction, row.losses.kl, row.beta, row.lr,
                     row.measures.active < 0 ? kUnknown : static_cast<double>(row.measures.active), row.measures.identity,
                     row.measures.gap, row.losses.term})
      text += "," + number(x);
    for (double x : row.losses.kl_per_latent) text += "," + number(x);
    text += "\n";
  }
  return text;
}

std::string log_text(const std::vector<LoggedCommand>& log) {
  std::string text;
  for (const LoggedCommand& c : log) text += std::to_string(c.step) + " " + c.command.setting + " " + c.command.value + "\n";
  return text;
}

// Lines that are not in order, or not at the distance of the first two, are left out, as are those of another model.
std::shared_ptr<const Curves> curves_of(const std::vector<MetricsRow>& rows, int64_t latent) {
  auto curves = std::make_shared<Curves>();
  curves->kl_per_latent.resize(static_cast<size_t>(latent));
  std::vector<int64_t>& step = curves->step;
  for (const MetricsRow& row : rows) {
    const Losses& losses = row.losses;
    if (losses.kl_per_latent.size() != curves->kl_per_latent.size() || losses.step <= (step.empty() ? 0 : step.back())) continue;
    if (step.size() > 1 && losses.step % (step[1] - step[0]) != 0) continue;
    curves->push(losses);
  }
  return curves;
}

std::vector<MetricsRow> rows_of(const Curves& curves) {
  std::vector<MetricsRow> rows;
  for (size_t i = 0; i < curves.step.size(); ++i) {
    Losses losses{curves.step[i], curves.loss[i], curves.reconstruction[i], curves.kl[i], {}, curves.term[i]};
    for (const auto& kl : curves.kl_per_latent) losses.kl_per_latent.push_back(kl[i]);
    rows.push_back({losses, kUnknown, kUnknown, kUnknown, {-1, kUnknown, kUnknown}});
  }
  return rows;
}

}  // namespace

bool RunDirectory::holds_run() const { return std::filesystem::exists(file("checkpoint.safetensors")); }

void RunDirectory::create() const {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) throw Error(ErrorKind::failed, path_, error.message(), "choose another --out");
  write_atomically(file(".probe"), std::string_view("x"));  // the error, if any, comes before the work
  std::filesystem::remove(file(".probe"), error);
}

void RunDirectory::save(const Session& session, const std::vector<MetricsRow>& metrics) const {
  write_atomically(file("metrics.csv"), metrics_text(metrics, session.config().latent));
  save({session.config(), session.model().spec.image, session.state(), session.log(), {}});
}

void RunDirectory::save(const Kept& run) const {
  if (run.curves) write_atomically(file("metrics.csv"), metrics_text(rows_of(*run.curves), run.config.latent));
  const ModelInfo info{run.config, run.image, run.state.step};
  const Model model(vae_spec(run.config, run.image));  // for the names of its parameters
  write_atomically(file("commands.log"), log_text(run.log));
  write_atomically(file("config.json"), config_to_json(run.config) + "\n");
  write_model(file("model.safetensors"), info, model.table, run.state.weights);
  write_checkpoint(file("checkpoint.safetensors"), info, model.table, run.state, run.log);
  if (!run.partner) return;
  const RunDirectory second(file("partner"));
  second.create();
  second.save(*run.partner);
}

std::vector<MetricsRow> RunDirectory::read_metrics(int64_t up_to_step) const {
  std::vector<MetricsRow> rows;
  if (!std::filesystem::exists(file("metrics.csv"))) return rows;
  const auto bytes = read_file(file("metrics.csv"));
  std::istringstream lines(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  std::string line;
  std::getline(lines, line);
  const size_t cells_before = kCells + (line.rfind(std::string(kColumns) + kTerm, 0) == 0);
  if (line.rfind(kColumns, 0) != 0)
    throw Error(ErrorKind::data, file("metrics.csv"), "its columns are not " + std::string(kColumns),
                "move it away to start a new log");
  while (std::getline(lines, line)) {
    std::vector<double> cells;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(std::strtod(cell.c_str(), nullptr));
    if (cells.size() < cells_before || static_cast<int64_t>(cells[0]) > up_to_step) continue;
    MetricsRow row{};
    row.losses = {static_cast<int64_t>(cells[0]),
                  cells[2],
                  cells[3],
                  cells[4],
                  {cells.begin() + static_cast<long>(cells_before), cells.end()}};
    if (cells_before > kCells) row.losses.term = cells[kCells];
    row.seconds = cells[1];
    row.beta = cells[5];
    row.lr = cells[6];
    row.measures = {static_cast<int>(cells[7]), cells[8], cells[9]};
    rows.push_back(row);
  }
  return rows;
}

Kept read_run(const std::string& path) {
  const std::string checkpoint = RunDirectory(path).file("checkpoint.safetensors");
  StoredModel model = read_model(path);
  Kept run{model.info.config, model.info.image, {}, {}, {}};
  if (std::filesystem::exists(checkpoint)) {
    StoredCheckpoint stored = read_checkpoint(checkpoint, model.model.table);
    run.config = stored.info.config;
    run.state = std::move(stored.state);
    run.log = std::move(stored.log);
    try {
      run.curves = curves_of(RunDirectory(path).read_metrics(run.state.step), run.config.latent);
    } catch (const Error&) {  // a run goes on without its past rather than not at all
    }
    return run;
  }
  const auto weights = model.model.weights.span();
  run.state.step = model.info.step;
  run.state.weights.assign(weights.begin(), weights.end());
  run.state.m.assign(weights.size(), 0);
  run.state.v.assign(weights.size(), 0);
  return run;
}

}  // namespace unpick::io
