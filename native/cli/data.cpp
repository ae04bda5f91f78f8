// `unpick data render` draws images of a data set into an array; `unpick data info` says what is in a file or data set.
//
// Read next: core/data/dsprites.h, native/io/npy.h
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <memory>

#include "core/data/dsprites.h"
#include "native/cli/cli.h"
#include "native/cli/support.h"
#include "native/io/npy.h"
#include "native/io/png.h"
#include "native/io/safetensors.h"

namespace unpick::cli {
namespace {

constexpr uint32_t kSheetImages = 4096;  // more would be a picture that nobody looks at
constexpr uint32_t kSample = 4096;       // images from which `info` takes the mean pixel

// ---- render ----------------------------------------------------------------------------------------------------------

struct RenderOptions {
  std::string index, indices, factors, out, png;
  std::string data = "dsprites";
};

uint32_t parse_index(const std::string& flag, const std::string& given, const std::string& text, const Dataset& data) {
  uint32_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || value >= data.size())
    throw Error(ErrorKind::usage, flag + " " + given, "'" + text + "' is not an image of " + data.spec(),
                "its images are 0.." + std::to_string(data.size() - 1));
  return value;
}

std::vector<uint32_t> parse_range(const std::string& given, const Dataset& data) {
  const size_t dots = given.find("..");
  if (dots == std::string::npos) throw Error(ErrorKind::usage, "--indices " + given, "is not a range", "write for example 0..99");
  const uint32_t first = parse_index("--indices", given, given.substr(0, dots), data);
  const uint32_t last = parse_index("--indices", given, given.substr(dots + 2), data);
  if (first > last) throw Error(ErrorKind::usage, "--indices " + given, "runs backwards", "write the smaller index first");
  std::vector<uint32_t> indices(size_t{last - first} + 1);
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = first + static_cast<uint32_t>(i);
  return indices;
}

// Each row of [N,5] names one image of all of dSprites.
std::vector<uint32_t> read_factors(const std::string& path, const Dataset& data) {
  if (data.spec() != Dsprites().spec())
    throw Error(ErrorKind::usage, "--factors", "names images of all of dsprites, not of " + data.spec(), "leave --data out");
  const io::Array array = io::read_npy(path);
  if (array.shape.size() != 2 || array.shape[1] != Dsprites::kFactors || array.shape[0] < 1)
    throw Error(ErrorKind::data, path, "is " + array.shape_str() + ", expected [N,5] with N >= 1",
                "the columns are shape, scale, orientation, posX, posY");
  const std::vector<int64_t> values = array.integers();
  std::vector<uint32_t> indices(values.size() / Dsprites::kFactors);
  for (size_t i = 0; i < indices.size(); ++i) {
    Dsprites::Values row{};
    for (size_t f = 0; f < row.size(); ++f) {
      const int64_t value = values[i * row.size() + f];
      if (value < 0 || value >= Dsprites::kLevels[f])
        throw Error(ErrorKind::data, path, "row " + std::to_string(i) + " has " + Dsprites::kNames[f] + " " + std::to_string(value),
                    "its values are 0.." + std::to_string(Dsprites::kLevels[f] - 1));
      row[f] = static_cast<int>(value);
    }
    indices[i] = Dsprites::index_of(row);
  }
  return indices;
}

std::vector<uint32_t> chosen_images(const RenderOptions& o, const Dataset& data) {
  const int given = !o.index.empty() + !o.indices.empty() + !o.factors.empty();
  if (given != 1)
    throw Error(ErrorKind::usage, "images", given == 0 ? "none chosen" : "chosen in two ways",
                "give one of --index I, --indices A..B and --factors F.npy");
  if (!o.index.empty()) return {parse_index("--index", o.index, o.index, data)};
  return o.indices.empty() ? read_factors(o.factors, data) : parse_range(o.indices, data);
}

// [N,H,W,C]: 0 and 1 if every pixel is one of them, else 0..255: what read_images takes for the same picture.
std::vector<uint8_t> draw(const Dataset& data, const std::vector<uint32_t>& indices) {
  const auto pixels = static_cast<size_t>(data.image().size());
  require_writable_size("images", indices.size(), pixels);
  std::vector<uint8_t> bytes(indices.size() * pixels);
  std::vector<real> image(pixels);
  bool binary = true;
  for (size_t i = 0; i < indices.size(); ++i) {
    data.render(indices[i], image);
    for (size_t p = 0; p < pixels; ++p) {
      binary = binary && (image[p] == 0 || image[p] == 1);
      bytes[i * pixels + p] = static_cast<uint8_t>(std::lround(255 * image[p]));
    }
  }
  if (binary)
    for (uint8_t& byte : bytes) byte = byte != 0;
  return bytes;
}

// The images side by side, a point of grey between them.
io::Image contact_sheet(const std::vector<uint8_t>& bytes, Shape shape) {
  const auto height = static_cast<size_t>(shape[0]), row = static_cast<size_t>(shape[1]) * static_cast<size_t>(shape[2]);
  const auto gap = static_cast<size_t>(shape[2]), n = bytes.size() / (height * row);
  const bool binary = *std::max_element(bytes.begin(), bytes.end()) <= 1;
  const auto columns = static_cast<size_t>(std::ceil(std::sqrt(static_cast<double>(n))));
  const size_t rows = (n + columns - 1) / columns, stride = columns * (row + gap) - gap;
  io::Image sheet{static_cast<int>(stride / gap), static_cast<int>(rows * (height + 1) - 1), shape[2], {}};
  sheet.pixels.assign(stride * static_cast<size_t>(sheet.height), 96);
  for (size_t i = 0; i < n; ++i)
    for (size_t y = 0; y < height; ++y)
      for (size_t x = 0; x < row; ++x)
        sheet.pixels[(i / columns * (height + 1) + y) * stride + i % columns * (row + gap) + x] =
            static_cast<uint8_t>(bytes[(i * height + y) * row + x] * (binary ? 255 : 1));
  return sheet;
}

int render(const RenderOptions& o) {
  if (o.out.empty() && o.png.empty())
    throw Error(ErrorKind::usage, "--out", "missing", "give --out IMAGES.npy, --png SHEET.png or both");
  const auto data = open_data(o.data);
  const std::vector<uint32_t> indices = chosen_images(o, *data);
  const Shape image = data->image();
  if (!o.png.empty() && (indices.size() > kSheetImages || indices.size() * static_cast<uint64_t>(image.size()) > io::kMaxPixels))
    throw Error(ErrorKind::usage, "--png", std::to_string(indices.size()) + " images do not fit into one picture", "choose fewer");
  const std::vector<uint8_t> bytes = draw(*data, indices);
  std::vector<int64_t> shape{static_cast<int64_t>(indices.size()), image[0], image[1]};
  if (image[2] > 1) shape.push_back(image[2]);
  if (!o.out.empty()) io::write_npy(o.out, io::Array::of(std::move(shape), bytes));
  if (!o.png.empty()) io::write_png(o.png, contact_sheet(bytes, image));
  return 0;
}

// ---- info ------------------------------------------------------------------------------------------------------------

struct InfoOptions {
  std::string what;
  bool json = false;
};

const char* dtype_name(io::DType dtype) {
  switch (dtype) {
    case io::DType::u8: return "uint8";
    case io::DType::i8: return "int8";
    case io::DType::i32: return "int32";
    case io::DType::i64: return "int64";
    case io::DType::f64: return "float64";
    default: return "float32";
  }
}

Json array_info(const std::string& path) {
  const io::Array array = io::read_npy(path);
  double least = INFINITY, most = -INFINITY, sum = 0;
  int64_t finite = 0;
  const std::vector<double> values = array.doubles();
  for (const double x : values) {
    if (!std::isfinite(x)) continue;
    least = std::min(least, x), most = std::max(most, x), sum += x;
    ++finite;
  }
  Json json{{"file", path}, {"dtype", dtype_name(array.dtype)}, {"shape", array.shape}};
  const bool whole = array.dtype != io::DType::f32 && array.dtype != io::DType::f64;
  const auto number = [&](double x) { return whole ? Json(static_cast<int64_t>(x)) : Json(x); };
  if (finite > 0) json.update({{"min", number(least)}, {"max", number(most)}, {"mean", sum / static_cast<double>(finite)}});
  json["not_finite"] = static_cast<int64_t>(values.size()) - finite;
  return json;
}

Json tensors_info(const std::string& path) {
  const io::Tensors file = io::read_safetensors(path);
  Json json{{"file", path}, {"metadata", file.metadata}, {"tensors", Json::array()}};
  for (const io::NamedArray& t : file.tensors)
    json["tensors"].push_back({{"name", t.name}, {"dtype", dtype_name(t.array.dtype)}, {"shape", t.array.shape}});
  return json;
}

Json data_info(const std::string& spec) {
  const auto data = open_data(spec);
  const uint32_t n = std::min(data->size(), kSample);
  std::vector<real> image(static_cast<size_t>(data->image().size()));
  double sum = 0;
  for (uint32_t i = 0; i < n; ++i) {
    data->render(static_cast<uint32_t>((2 * uint64_t{i} + 1) * data->size() / (2 * n)), image);
    for (const real pixel : image) sum += static_cast<double>(pixel);
  }
  Json json{{"data", data->spec()}, {"images", data->size()}, {"image", {data->image()[0], data->image()[1], data->image()[2]}}};
  json["factors"] = Json::array();
  for (const Factor& f : data->factors()) json["factors"].push_back({{"name", f.name}, {"levels", f.levels}});
  json["mean_pixel"] = sum / (static_cast<double>(image.size()) * n);
  json["mean_pixel_of"] = n;
  return json;
}

// Text as it is, numbers with six digits, all else as JSON on one line, without control characters.
std::string as_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return format("%.6g", value.get<double>());
  return value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

// The same facts as lines: "name  value".
std::string as_lines(const Json& json) {
  std::string text;
  for (const auto& [key, value] : json.items()) {
    const bool table = value.is_array() && !value.empty() && value[0].is_object();
    text += table ? key + "\n" : format("%-14s ", key.c_str()) + as_text(value) + "\n";
    if (!table) continue;
    for (const Json& row : value) {
      text += format("  %-30s", as_text(row["name"]).c_str());
      for (const auto& [name, cell] : row.items())
        if (name != "name") text += " " + name + " " + as_text(cell);
      text += "\n";
    }
  }
  return text;
}

int info(const InfoOptions& o) {
  const std::filesystem::path path(o.what);
  const bool directory = std::filesystem::is_directory(path);
  const Json json = directory                            ? tensors_info(o.what + "/model.safetensors")
                    : path.extension() == ".npy"         ? array_info(o.what)
                    : path.extension() == ".safetensors" ? tensors_info(o.what)
                                                         : data_info(o.what);
  o.json ? print(json) : print(as_lines(json));
  return 0;
}

}  // namespace

void add_data(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("data", "draw images of a data set, or say what is in a file");
  command->require_subcommand(1);
  CLI::App* drawing = command->add_subcommand("render", "draw images: uint8 0 and 1, [N,64,64]");
  const auto r = std::make_shared<RenderOptions>();
  drawing->add_option("--index", r->index, "the number of one image")->type_name("I");
  drawing->add_option("--indices", r->indices, "images A to B, both included")->type_name("A..B");
  drawing->add_option("--factors", r->factors, "rows shape, scale, orientation, posX, posY, [N,5]")->type_name("F.npy");
  drawing->add_option("--data", r->data, "data set")->capture_default_str()->type_name("SPEC");
  drawing->add_option("--out", r->out, "write the images as an array")->type_name("IMAGES.npy");
  drawing->add_option("--png", r->png, "write the images as one picture")->type_name("SHEET.png");
  drawing->callback([r, &run] { run = [r] { return render(*r); }; });

  CLI::App* telling = command->add_subcommand("info", "what is in an .npy or .safetensors file, a run directory or a data set");
  const auto i = std::make_shared<InfoOptions>();
  telling->add_option("what", i->what, "the file, directory or data set")->required()->type_name("FILE|SPEC");
  telling->add_flag("--json", i->json, "print it as JSON");
  telling->callback([i, &run] { run = [i] { return info(*i); }; });
}

}  // namespace unpick::cli
