// `unpick traverse`: a picture, and a table, of what each latent of a trained model does.
//
// Read next: native/io/reports.h
#include <memory>

#include "core/base/nearest.h"
#include "core/session/sentences.h"
#include "native/cli/cli.h"
#include "native/cli/support.h"
#include "native/io/model_file.h"
#include "native/io/reports.h"

namespace unpick::cli {
namespace {

struct TraverseOptions {
  std::string model, data, out, range = "prior";
  int64_t image = -1;
  int count = 9;
  bool json = false;
};

io::Range range_of(const std::string& name) {
  if (name == "prior") return io::Range::prior;
  if (name == "posterior") return io::Range::posterior;
  if (name == "data") return io::Range::data;
  const std::string near = nearest(name, "prior|posterior|data");
  throw Error(ErrorKind::usage, "--range " + name, "unknown",
              near.empty() ? "choose prior, posterior or data" : "did you mean '" + near + "'?");
}

std::string command_line(const TraverseOptions& o, const io::ModelInfo& info) {
  const std::string trained =
      info.step > 0 ? "seed " + std::to_string(info.config.seed) + ", step " + std::to_string(info.step) : "imported";
  std::string text = "unpick traverse --model " + o.model + " --range " + o.range;
  if (!o.data.empty()) text += " --data " + o.data;
  if (o.image >= 0) text += " --image " + std::to_string(o.image);
  return text + "   (" + info.config.model + ", " + trained + ")";
}

Json table_of(const LatentSample& sample) {
  Json table = Json::array();
  for (const int latent : sample.by_kl()) {
    Json r = Json::object();
    for (size_t f = 0; f < sample.correlation.factors.size(); ++f)
      r[sample.correlation.factors[f].name] = sample.in_use(latent) ? Json(sample.correlation.at(f, latent)) : Json();
    table.push_back({{"latent", latent},
                     {"kl", sample.kl[static_cast<size_t>(latent)]},
                     {"in_use", sample.in_use(latent)},
                     {"label", describe_latent(sample, latent)},
                     {"r", std::move(r)}});
  }
  return table;
}

int traverse(const TraverseOptions& o) {
  io::TraversalOptions options;
  options.range = range_of(o.range);
  options.columns = o.count;
  options.image = o.image;
  const io::StoredModel stored = io::read_model(o.model);
  const auto data = open_data(o.data.empty() ? stored.info.config.data : o.data);
  Pool pool;
  const auto backend = make_cpu_backend(pool);
  const LatentSample sample = sample_latents(stored.model, *data, *backend);
  options.footer = command_line(o, stored.info);
  io::write_png(o.out, traversal_figure(io::traversal_of(stored.model, *data, *backend, options, sample)));

  if (o.json) {
    print(Json{{"out", o.out},
               {"data", data->spec()},
               {"images", sample.images.size()},
               {"range", o.range},
               {"latents", table_of(sample)}});
    return 0;
  }
  std::string text;
  for (const int latent : sample.by_kl())
    text += format("KL %7.3f nats  %s\n", sample.kl[static_cast<size_t>(latent)], describe_latent(sample, latent).c_str());
  print(text + "see " + o.out + "\n");
  return 0;
}

}  // namespace

void add_traverse(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("traverse", "a picture of what each latent does");
  const auto o = std::make_shared<TraverseOptions>();
  command->add_option("--model", o->model, "a run directory, or its model.safetensors")->required()->type_name("DIR|FILE");
  command->add_option("--out", o->out, "the picture to write")->required()->type_name("T.png");
  command->add_option("--data", o->data, "data set; default: the one that the model was trained on")->type_name("SPEC");
  command->add_option("--image", o->image, "traverse from this image; default: the one whose code is nearest to 0")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 32))
      ->type_name("INDEX");
  command->add_option("--range", o->range, "prior: -2 to 2; posterior: mean +- 2 sigma; data: 2nd to 98th percentile")
      ->capture_default_str()
      ->type_name("RULE");
  command->add_option("--count", o->count, "pictures in a row")->capture_default_str()->check(CLI::Range(2, 33))->type_name("N");
  command->add_flag("--json", o->json, "print the table of latents as JSON");
  command->callback([o, &run] { run = [o] { return traverse(*o); }; });
}

}  // namespace unpick::cli
