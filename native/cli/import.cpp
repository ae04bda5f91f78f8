// `unpick import`: a PyTorch state dict becomes a model directory, which every other command takes.
//
// Read next: native/io/model_file.h
#include <filesystem>
#include <memory>

#include "native/cli/cli.h"
#include "native/cli/support.h"
#include "native/io/files.h"
#include "native/io/run_directory.h"

namespace unpick::cli {
namespace {

struct ImportOptions {
  std::string file, arch, out;
  bool force = false, json = false;
};

std::string architecture_names() {
  std::string names;
  for (const Architecture& a : architectures()) names += (names.empty() ? "" : ", ") + std::string(a.name);
  return names;
}

// A training run is never overwritten: its checkpoint would no longer belong to its model.
void check_directory(const ImportOptions& o) {
  const auto holds = [&](const char* name) { return std::filesystem::exists(o.out + "/" + name); };
  if (holds("checkpoint.safetensors")) throw Error(ErrorKind::usage, o.out, "holds a training run", "choose another --out");
  if (!o.force && holds("model.safetensors"))
    throw Error(ErrorKind::usage, o.out, "already holds a model", "choose another --out, or add --force");
}

int import(const ImportOptions& o) {
  architecture(o.arch);  // a bad request is told before a bad file
  check_directory(o);
  const io::StoredModel stored = io::import_torch(o.file, o.arch);
  const io::RunDirectory directory(o.out);
  directory.create();
  io::write_atomically(directory.file("config.json"), io::config_to_json(stored.info.config) + "\n");
  io::write_model(directory.file("model.safetensors"), stored.info, stored.model.table, stored.model.weights.span());

  const auto parameters = stored.model.table.count();
  if (o.json)
    print(Json{{"out", o.out}, {"model", o.arch}, {"latent", stored.info.config.latent}, {"parameters", parameters}});
  else
    print(format("%s: %s with %lld latents, %lld parameters\n", o.out.c_str(), o.arch.c_str(),
                 static_cast<long long>(stored.info.config.latent), static_cast<long long>(parameters)));
  return 0;
}

}  // namespace

void add_import(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("import", "make a model directory of a PyTorch state dict (.safetensors)");
  const auto o = std::make_shared<ImportOptions>();
  command->add_option("file", o->file, "the state dict, with PyTorch's names")->required()->type_name("FILE.safetensors");
  command->add_option("--arch", o->arch, "its architecture: " + architecture_names())->required()->type_name("NAME");
  command->add_option("--out", o->out, "the directory to make")->required()->type_name("DIR");
  command->add_flag("--force", o->force, "replace the model that DIR holds");
  command->add_flag("--json", o->json, "print the result as JSON");
  command->callback([o, &run] { run = [o] { return import(*o); }; });
}

}  // namespace unpick::cli
