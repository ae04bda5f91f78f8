// What can be taken away from the page, as files that the command line reads: weights, curves, and the commands that train the
// same again. The page adds a picture of itself.
//
// Read next: native/io/model_file.h, which writes the same weights from a run directory
#include <emscripten/emscripten.h>

#include <cstring>

#include "core/model/model.h"
#include "core/session/script.h"
#include "web/lab.h"

namespace unpick::web {
namespace {

struct File {
  std::string name, what, bytes;
};
std::vector<File> files;
std::string files_list;

std::string config_json(const Config& config) {
  std::string text;
  for (const Setting& s : settings()) {
    if (s.when == When::run) continue;
    const std::string value = get(config, s.name);
    text += (text.empty() ? "{" : ",") + quoted(s.name) + ":" + (s.type == Setting::text ? quoted(value) : value);
  }
  return text + "}";
}

// A .safetensors file: the header's length, the header, the parameters in PyTorch's layouts.
std::string weights_file(const Kept& kept) {
  const Model model(vae_spec(kept.config, kept.image));
  const Shape& image = kept.image;
  std::string header = "{\"__metadata__\":{\"format\":\"pt\",\"unpick.config\":" + quoted(config_json(kept.config)) +
                       ",\"unpick.image\":\"" + std::to_string(image[0]) + " " + std::to_string(image[1]) + " " +
                       std::to_string(image[2]) + "\",\"unpick.step\":\"" + std::to_string(kept.state.step) + "\"}";
  std::string body;
  for (const Parameter& p : model.table.rows()) {
    const std::vector<float> values = to_torch(p, kept.state.weights);
    const size_t begin = body.size();
    body.resize(begin + values.size() * sizeof(float));
    std::memcpy(body.data() + begin, values.data(), values.size() * sizeof(float));
    std::string shape;
    for (const int64_t extent : p.torch_shape()) shape += (shape.empty() ? "" : ",") + std::to_string(extent);
    header += "," + quoted(p.name) + ":{\"dtype\":\"F32\",\"shape\":[" + shape + "],\"data_offsets\":[" + std::to_string(begin) +
              "," + std::to_string(body.size()) + "]}";
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const uint64_t length = header.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + header + body;
}

// With the names of a run directory's metrics.csv.
std::string curves_file(const Curves& curves) {
  std::string text = "step,loss,reconstruction,kl,term";
  for (size_t j = 0; j < curves.kl_per_latent.size(); ++j) text += ",kl_" + std::to_string(j);
  for (size_t i = 0; i < curves.step.size(); ++i) {
    text += "\n" + std::to_string(curves.step[i]);
    const auto add = [&](float x) {
      char number[40];
      std::snprintf(number, sizeof number, ",%.9g", static_cast<double>(x));
      text += number;
    };
    for (const auto* column : {&curves.loss, &curves.reconstruction, &curves.kl, &curves.term}) add((*column)[i]);
    for (const auto& kl : curves.kl_per_latent) add(kl[i]);
  }
  return text + "\n";
}

void add_model(const Kept& kept, const std::string& name, const std::string& whose) {
  files.push_back({name + ".safetensors",
                   "Weights" + whose + ", as PyTorch names and stores them: unpick app " + name + ".safetensors",
                   weights_file(kept)});
  if (kept.curves)
    files.push_back({name + ".csv", "Curves" + whose + ", in nats an image: loss, its parts, the KL of each latent",
                     curves_file(*kept.curves)});
}

const char* list_files(const Kept& kept) {
  const Snapshot& s = page->lab.latest();
  const std::string name = "unpick-" + std::to_string(kept.state.step);
  files.clear();
  add_model(kept, name, kept.partner ? " of the first model" : "");
  if (kept.partner) add_model(*kept.partner, name + "-second", " of the second model");
  if (!s.opening.empty() && s.log)
    files.push_back({name + ".txt", "Commands that train the same again: unpick replay " + name + ".txt --out DIR",
                     script_text(s.opening, *s.log, kept.state.step)});
  files_list.clear();
  for (const File& file : files)
    files_list += (files_list.empty() ? "[" : ",") + ("{\"name\":" + quoted(file.name)) + ",\"what\":" + quoted(file.what) +
                  ",\"at\":" + std::to_string(reinterpret_cast<uintptr_t>(file.bytes.data())) +
                  ",\"size\":" + std::to_string(file.bytes.size()) + "}";
  files_list += "]";
  return files_list.c_str();
}

}  // namespace
}  // namespace unpick::web

using namespace unpick;
using web::page;

extern "C" {

// The present run as a JSON list of files: name, what it is, address and size. Valid until the next call. "" if the trainer does
// not answer in time, which leaves the wish as it is, or if there is no memory for it.
EMSCRIPTEN_KEEPALIVE const char* unpick_export() {
  const auto kept = web::keep();
  if (!kept) return "";
  page->app.memory.asks_export = false;
  try {
    return web::list_files(*kept);
  } catch (const std::exception& error) {
    page->lab.complain(std::string("export: ") + error.what());
    return "";
  }
}

// For a picture: what was drawn before is gone from the canvas when the browser has shown it.
EMSCRIPTEN_KEEPALIVE void unpick_draw() { web::draw_again(); }
}
