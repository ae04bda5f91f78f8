// See model_file.h.
#include "native/io/model_file.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

namespace unpick::io {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void bad(const std::string& path, const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::data, path, why, hint);
}

NamedArray tensor(const std::string& prefix, const Parameter& p, std::span<const real> region) {
  return {prefix + p.name, Array::of(p.torch_shape(), to_torch(p, region))};
}

void read_tensor(const std::string& path, const Tensors& file, const std::string& prefix, const Parameter& p,
                 std::span<real> region) {
  const Array* array = file.find(prefix + p.name);
  if (!array) bad(path, "has no tensor '" + prefix + p.name + "'", "the file belongs to another architecture or is not complete");
  if (array->shape != p.torch_shape()) {
    Array expected;
    expected.shape = p.torch_shape();
    bad(path, "tensor '" + prefix + p.name + "' is " + array->shape_str() + ", expected " + expected.shape_str(),
        "the file belongs to another architecture");
  }
  from_torch(p, array->floats(), region);
}

std::string log_to_text(const std::vector<LoggedCommand>& log) {
  std::string text;
  for (const LoggedCommand& c : log) text += std::to_string(c.step) + " " + c.command.setting + " " + c.command.value + "\n";
  return text;
}

std::vector<LoggedCommand> log_from_text(const std::string& text) {
  std::vector<LoggedCommand> log;
  std::istringstream lines(text);
  for (LoggedCommand c; lines >> c.step >> c.command.setting >> c.command.value;) log.push_back(c);
  return log;
}

std::map<std::string, std::string> metadata(const ModelInfo& info) {
  return {
      {"format", "pt"},
      {"unpick.config", config_to_json(info.config)},
      {"unpick.image", std::to_string(info.image[0]) + " " + std::to_string(info.image[1]) + " " + std::to_string(info.image[2])},
      {"unpick.step", std::to_string(info.step)}};
}

ModelInfo info_from(const std::string& path, const std::map<std::string, std::string>& meta) {
  const auto config = meta.find("unpick.config"), image = meta.find("unpick.image"), step = meta.find("unpick.step");
  if (config == meta.end() || image == meta.end() || step == meta.end())
    bad(path, "is not a model of Unpick", "PyTorch state dicts are read by 'unpick import FILE --arch NAME --out DIR'");
  ModelInfo info;
  info.config = config_from_json(config->second, path);
  std::istringstream extents(image->second);
  int64_t e[3] = {0, 0, 0};
  extents >> e[0] >> e[1] >> e[2];
  for (int i = 0; i < 3; ++i) {
    if (e[i] < 1 || e[i] > 1024) bad(path, "image shape '" + image->second + "'", "expected three extents from 1 to 1024");
    info.image[i] = static_cast<int>(e[i]);
  }
  if (info.image.size() > 1 << 20) bad(path, "image shape '" + image->second + "' is too large", "at most a million pixels");
  std::istringstream(step->second) >> info.step;
  return info;
}

}  // namespace

std::string config_to_json(const Config& config) {
  Json json;
  for (const Setting& s : settings()) {
    if (s.when == When::run) continue;
    const std::string value = get(config, s.name);
    if (s.type == Setting::text)
      json[s.name] = value;
    else
      json[s.name] = Json::parse(value);
  }
  return json.dump(2);
}

Config config_from_json(const std::string& text, const std::string& where) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) bad(where, "settings are not a JSON object", "write them as {\"beta\": 4, ...}");
  Config config;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string() && !value.is_number())
      bad(where, "setting '" + key + "' is neither text nor a number", "see unpick train --help");
    try {
      set(config, key, value.is_string() ? value.get<std::string>() : value.dump());
    } catch (const Error& e) {
      bad(where, e.what(), "");
    }
  }
  return config;
}

void write_model(const std::string& path, const ModelInfo& info, const Parameters& table, std::span<const real> weights) {
  Tensors file{metadata(info), {}};
  for (const Parameter& p : table.rows()) file.tensors.push_back(tensor("", p, weights));
  write_safetensors(path, file);
}

StoredModel read_model(const std::string& path) {
  const bool directory = std::filesystem::is_directory(path);
  const std::string file = directory ? path + "/model.safetensors" : path;
  const Tensors tensors = read_safetensors(file);
  const ModelInfo info = info_from(file, tensors.metadata);
  StoredModel stored{info, Model(vae_spec(info.config, info.image))};
  for (const Parameter& p : stored.model.table.rows()) read_tensor(file, tensors, "", p, stored.model.weights.span());
  return stored;
}

StoredModel import_torch(const std::string& path, const std::string& arch) {
  const Tensors file = read_safetensors(path);
  ModelInfo info;
  info.config.model = architecture(arch).name;
  info.config.objective = "vae";
  info.image = {64, 64, 1};
  // The decoder's first layer tells the number of latents.
  const Array* first = file.find("decoder.lin1.weight");
  if (!first || first->shape.size() != 2 || first->shape[1] < 1 || first->shape[1] > 1024)
    bad(path, "has no matrix 'decoder.lin1.weight'", "expected a state dict of '" + arch + "' with PyTorch names");
  info.config.latent = first->shape[1];
  StoredModel stored{info, Model(make_vae_spec(arch, info.config.objective, info.config.likelihood, info.image,
                                               static_cast<int>(info.config.latent)))};
  for (const Parameter& p : stored.model.table.rows()) read_tensor(path, file, "", p, stored.model.weights.span());
  for (const NamedArray& t : file.tensors)
    if (!stored.model.table.find(t.name)) bad(path, "tensor '" + t.name + "' is not part of " + arch, "choose another --arch");
  return stored;
}

void write_checkpoint(const std::string& path, const ModelInfo& info, const Parameters& table, const State& state,
                      const std::vector<LoggedCommand>& log) {
  Tensors file{metadata(info), {}};
  file.metadata["unpick.log"] = log_to_text(log);
  for (const auto& [prefix, region] : {std::pair{"", &state.weights}, {"adam.m.", &state.m}, {"adam.v.", &state.v}})
    for (const Parameter& p : table.rows()) file.tensors.push_back(tensor(prefix, p, *region));
  write_safetensors(path, file);
}

ModelInfo read_checkpoint_info(const std::string& path) { return info_from(path, read_safetensors(path).metadata); }

StoredCheckpoint read_checkpoint(const std::string& path, const Parameters& table) {
  const Tensors file = read_safetensors(path);
  StoredCheckpoint stored{info_from(path, file.metadata), {}, {}};
  stored.state.step = stored.info.step;
  for (const auto& [prefix, region] :
       {std::pair{"", &stored.state.weights}, {"adam.m.", &stored.state.m}, {"adam.v.", &stored.state.v}}) {
    region->resize(static_cast<size_t>(table.region()));
    for (const Parameter& p : table.rows()) read_tensor(path, file, prefix, p, *region);
  }
  const auto log = file.metadata.find("unpick.log");
  if (log != file.metadata.end()) stored.log = log_from_text(log->second);
  return stored;
}

}  // namespace unpick::io
