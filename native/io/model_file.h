// Models and checkpoints as .safetensors: PyTorch's names and layouts, the settings in __metadata__.
//
//   model.safetensors       the parameters
//   checkpoint.safetensors  the parameters, Adam's moments as "adam.m.NAME" and "adam.v.NAME", the step and the log
//
// Every number is a float and is stored as it is, so that a resumed run continues bit for bit.
#pragma once

#include <string>

#include "core/model/model.h"
#include "core/session/session.h"
#include "native/io/safetensors.h"

namespace unpick::io {

// Settings with When::model or When::live, as a JSON object; numbers as numbers.
std::string config_to_json(const Config& config);
// Unknown keys and bad values throw Error(data) naming `where`.
Config config_from_json(const std::string& text, const std::string& where);

struct ModelInfo {
  Config config;
  Shape image;  // [H,W,C]
  int64_t step = 0;
};

void write_model(const std::string& path, const ModelInfo& info, const Parameters& table, std::span<const real> weights);

struct StoredModel {
  ModelInfo info;
  Model model;
};
// `path` is a run directory or a file that write_model wrote. Error(data) for anything else.
StoredModel read_model(const std::string& path);

// Reads a PyTorch state dict (names as in `arch`) into a model. Tensors that the architecture lacks, and parameters that
// the file lacks, throw Error(data) naming the first one. The number of latents comes from the file.
StoredModel import_torch(const std::string& path, const std::string& arch);

void write_checkpoint(const std::string& path, const ModelInfo& info, const Parameters& table, const State& state,
                      const std::vector<LoggedCommand>& log);
struct StoredCheckpoint {
  ModelInfo info;  // of the moment: live settings have their current values
  State state;
  std::vector<LoggedCommand> log;
};
// The state fits `table`, or Error(data).
ModelInfo read_checkpoint_info(const std::string& path);
StoredCheckpoint read_checkpoint(const std::string& path, const Parameters& table);

}  // namespace unpick::io
