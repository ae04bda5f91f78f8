// A run directory: what `unpick train --out DIR` leaves, valid at any instant.
//
//   config.json             settings that fix the run, and the live ones as they are now
//   metrics.csv             one line per logged step
//   commands.log            changes of live settings: "step setting value"
//   model.safetensors       the parameters
//   checkpoint.safetensors  everything that a resumed run needs
//   traversal.png, reconstruction.png
//
// Every file is replaced atomically, and the checkpoint comes last: whatever moment the process dies, the checkpoint is
// whole and the other files are at least as new. A resume drops the metrics that are newer than its checkpoint.
#pragma once

#include <string>
#include <vector>

#include "core/session/probe.h"
#include "core/session/snapshot.h"
#include "native/io/model_file.h"

namespace unpick::io {

// One line of metrics.csv: losses in nats per image; seconds of training, summed over resumes; what the probe says.
struct MetricsRow {
  Losses losses;
  double beta, lr, seconds;
  Measures measures{};
};

class RunDirectory {
 public:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  bool holds_run() const;  // has a checkpoint

  // Makes the directory and shows that it can be written to, or throws Error(failed).
  void create() const;
  void save(const Session& session, const std::vector<MetricsRow>& metrics) const;
  void save(const Kept& run) const;  // of metrics.csv what its curves know; a second model into the folder "partner"
  std::vector<MetricsRow> read_metrics(int64_t up_to_step) const;

 private:
  std::string path_;
};

// A run directory goes on where it stood; a weights file starts with fresh moments. Error(data) for anything else.
Kept read_run(const std::string& path);

}  // namespace unpick::io
