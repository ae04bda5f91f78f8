// The program from outside: what scripts rely on. Exit codes 0, 1, 2 and 3, one line for each error, no file half written,
// and outputs that equal the library's.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/data/dsprites.h"
#include "native/io/files.h"
#include "native/io/model_file.h"
#include "native/io/npy.h"
#include "native/io/png.h"
#include "tests/io_support.h"
#include "tests/places.h"

namespace unpick::io {
namespace {

using Json = nlohmann::json;

std::string quoted(const std::string& word) { return "'" + word + "'"; }

struct Result {
  int code;
  std::string out, err;
};

// Runs the program in a folder of its own that holds small models and arrays.
class Cli : public ::testing::Test {
 protected:
  Result run(const std::string& arguments) const {
    const std::string log = logs_ / "log";
    const std::string command = "cd " + quoted(folder_.path) + " && " + quoted(test::kProgram) + " " + arguments + " >" +
                                quoted(log + ".out") + " 2>" + quoted(log + ".err") + " </dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(log + ".out"), text_of(log + ".err")};
  }

  // Fails with this code and one line that starts with "unpick <command>: " and says `part`; writes nothing.
  void expect_error(const std::string& arguments, int code, const std::string& part) const {
    const auto before = folder_.names();
    const Result r = run(arguments);
    EXPECT_EQ(r.code, code) << arguments << "\n" << r.err;
    EXPECT_EQ(r.out, "") << arguments;
    EXPECT_EQ(r.err.rfind("unpick", 0), 0u) << r.err;
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
    EXPECT_NE(r.err.find(part), std::string::npos) << "expected '" << part << "' in: " << r.err;
    EXPECT_NE(r.err.find("; "), std::string::npos) << "no hint: " << r.err;
    EXPECT_EQ(folder_.names(), before) << arguments;
  }

  void expect_ok(const std::string& arguments) const {
    const Result r = run(arguments);
    EXPECT_EQ(r.code, 0) << arguments << "\n" << r.err;
    EXPECT_EQ(r.err, "") << arguments;
  }

  template <class T>
  void save(const std::string& name, std::vector<int64_t> shape, const std::vector<T>& values) const {
    write_npy(folder_ / name, Array::of(std::move(shape), values));
  }

  // A model with random weights, as `file`, and the same one in memory.
  Model make_model(const std::string& file, const std::string& likelihood = "bernoulli") const {
    ModelInfo info;
    info.config.model = "linear";
    info.config.latent = 3;
    info.config.likelihood = likelihood;
    info.config.data = "dsprites:shape=ellipse,orientation=0";
    info.image = {64, 64, 1};
    Model model(make_vae_spec("linear", "vae", likelihood, info.image, 3));
    model.table.initialise(model.weights.span(), 5);
    write_model(folder_ / file, info, model.table, model.weights.span());
    return model;
  }

  static std::vector<uint8_t> images(size_t n, uint8_t white = 1) {
    std::vector<uint8_t> pixels(n * 4096);
    std::vector<real> image(4096);
    for (size_t i = 0; i < n; ++i) {
      Dsprites().render(static_cast<uint32_t>(10'007 * i), image);
      for (size_t p = 0; p < 4096; ++p) pixels[i * 4096 + p] = image[p] > 0 ? white : uint8_t{0};
    }
    return pixels;
  }

  Array read(const std::string& name) const { return read_npy(folder_ / name); }

  TemporaryFolder folder_, logs_;
};

TEST_F(Cli, UsageErrors) {
  expect_error("", 2, "subcommand");
  expect_error("encoed", 2, "encode");
  expect_error("encode --images x.npy --mean m.npy", 2, "--model");
  expect_error("encode --model m --images x.npy", 2, "--mean");
  expect_error("encode --model m --images x.npy --mean a.npy --logvar a.npy", 2, "same file");
  expect_error("decode --model m --codes z.npy", 2, "--logits");
  expect_error("traverse --model m", 2, "--out");
  expect_error("traverse --model m --out t.png --range pior", 2, "did you mean 'prior'?");
  expect_error("traverse --model m --out t.png --count 1", 2, "--count");
  expect_error("traverse --model m --out t.png --image x", 2, "--image");
  expect_error("data", 2, "subcommand");
  expect_error("data render --out i.npy", 2, "--index");
  expect_error("data render --index 1", 2, "--out");
  expect_error("data render --index 737280 --out i.npy", 2, "0..737279");
  expect_error("data render --index -1 --out i.npy", 2, "0..737279");
  expect_error("data render --index 1x --out i.npy", 2, "'1x'");
  expect_error("data render --index 1 --indices 1..2 --out i.npy", 2, "two ways");
  expect_error("data render --indices 9..3 --out i.npy", 2, "backwards");
  expect_error("data render --indices 9 --out i.npy", 2, "not a range");
  expect_error("data render --indices 0..4096 --png s.png", 2, "4097 images");
  expect_error("data render --data dsprite --index 1 --out i.npy", 2, "dsprites");
  expect_error("import x.safetensors --arch conv --out d --frce", 2, "--force");
  expect_error("import x.safetensors --arch resnet --out d", 2, "conv-burgess");
  expect_error("doctor now", 2, "now");
}

TEST_F(Cli, HelpAndVersionAreNoErrors) {
  for (const char* arguments : {"--help", "--version", "encode --help", "decode --help", "traverse --help", "data render --help",
                                "data info --help", "import --help", "doctor --help"}) {
    const Result r = run(arguments);
    EXPECT_EQ(r.code, 0) << arguments;
    EXPECT_NE(r.out, "");
  }
}

TEST_F(Cli, EncodeAndDecodeAreTheLibrary) {
  Model model = make_model("m.safetensors");
  save("x.npy", {70, 64, 64}, images(70));
  expect_ok("encode --model m.safetensors --images x.npy --mean m.npy --logvar l.npy");
  expect_ok("decode --model m.safetensors --codes m.npy --logits y.npy --images p.npy");

  Pool pool;
  const auto backend = make_cpu_backend(pool);
  const auto bytes = images(70);
  const std::vector<float> x(bytes.begin(), bytes.end());
  std::vector<float> mu(210), logvar(210), logits(70 * 4096), mean(70 * 4096);
  Encoder(model.spec, model.table, model.weights.span(), *backend).run(x, mu, logvar);
  Decoder(model.spec, model.table, model.weights.span(), *backend).run(mu, logits, mean);
  EXPECT_EQ(read("m.npy").shape, (std::vector<int64_t>{70, 3}));
  EXPECT_EQ(read("m.npy").floats(), mu);
  EXPECT_EQ(read("l.npy").floats(), logvar);
  EXPECT_EQ(read("y.npy").shape, (std::vector<int64_t>{70, 1, 64, 64}));
  EXPECT_EQ(read("y.npy").floats(), logits);
  EXPECT_EQ(read("p.npy").floats(), mean);
}

TEST_F(Cli, ImagesComeInManyShapesAndTypes) {
  make_model("m.safetensors");
  const auto bytes = images(2), white = images(2, 255);
  const std::vector<float> floats(bytes.begin(), bytes.end());
  const std::vector<double> doubles(bytes.begin(), bytes.end());
  save("a.npy", {2, 64, 64}, bytes);
  save("b.npy", {2, 1, 64, 64}, white);
  save("c.npy", {2, 64, 64, 1}, floats);
  save("d.npy", {2, 4096}, doubles);
  std::vector<std::vector<float>> means;
  for (const char* name : {"a", "b", "c", "d"}) {
    expect_ok(std::string("encode --model m.safetensors --mean m.npy --images ") + name + ".npy");
    means.push_back(read("m.npy").floats());
    EXPECT_EQ(means.back(), means.front()) << name;
  }
  EXPECT_EQ(means[0].size(), 6u);
}

TEST_F(Cli, BadArraysAreBadData) {
  make_model("m.safetensors");
  make_model("g.safetensors", "gaussian");
  save("none.npy", {0, 64, 64}, std::vector<uint8_t>{});
  save("flat.npy", {4096}, images(1));
  save("small.npy", {1, 32, 32}, std::vector<uint8_t>(1024));
  save("loud.npy", {1, 64, 64}, std::vector<float>(4096, 1.5f));
  save("nan.npy", {1, 64, 64}, std::vector<float>(4096, NAN));
  save("ints.npy", {1, 64, 64}, std::vector<int32_t>(4096));
  save("odd.npy", {1, 4095}, std::vector<uint8_t>(4095));
  save("zero.npy", {3, 0, 64}, std::vector<uint8_t>{});
  save("wide.npy", {1, 2, 64, 64}, std::vector<uint8_t>(8192));
  write_atomically(folder_ / "short.npy", text_of(folder_ / "loud.npy").substr(0, 500));
  write_atomically(folder_ / "text.npy", "not an array");
  const auto header = [&](const std::string& shape) {
    std::string head = "{'descr': '|u1', 'fortran_order': False, 'shape': (" + shape + "), }";
    head.append(117 - head.size(), ' ');
    return std::string("\x93NUMPY\x01\x00", 8) + "\x76" + std::string(1, '\0') + head + "\n";
  };
  write_atomically(folder_ / "huge.npy", header("9223372036854775807, 64, 64"));
  write_atomically(folder_ / "vast.npy", header("0, 9223372036854775807"));
  for (const char* name :
       {"none", "flat", "small", "loud", "nan", "ints", "odd", "zero", "wide", "short", "text", "huge", "vast", "missing"}) {
    expect_error(std::string("encode --model m.safetensors --mean o.npy --images ") + name + ".npy", 3, std::string(name) + ".npy");
    if (std::string(name) != "ints")
      expect_error(std::string("decode --model m.safetensors --logits o.npy --codes ") + name + ".npy", 3,
                   std::string(name) + ".npy");
  }
  expect_error("encode --model m.safetensors --mean o.npy --images none.npy", 3, "no images");
  save("z.npy", {1, 3}, std::vector<float>{0, INFINITY, 0});
  expect_error("decode --model m.safetensors --logits o.npy --codes z.npy", 3, "not finite");
  save("z4.npy", {1, 4}, std::vector<float>(4));
  expect_error("decode --model m.safetensors --logits o.npy --codes z4.npy", 3, "[N,3]");
  expect_error("decode --model g.safetensors --logits o.npy --codes z4.npy", 2, "Gaussian");
  expect_error("encode --model none.npy --mean o.npy --images loud.npy", 3, "none.npy");
  expect_error("encode --model nowhere --mean o.npy --images loud.npy", 3, "nowhere");
  save("x.npy", {1, 64, 64}, images(1));
  expect_error("encode --model m.safetensors --images x.npy --mean no/such/m.npy", 1, "no/such/m.npy");
}

TEST_F(Cli, RendersImagesByIndexRangeAndFactors) {
  expect_ok("data render --index 400000 --out a.npy");
  EXPECT_EQ(read("a.npy").shape, (std::vector<int64_t>{1, 64, 64}));
  const auto pixels_of = [](std::vector<uint32_t> indices) {
    std::vector<float> all, image(4096);
    for (const uint32_t i : indices) {
      Dsprites().render(i, image);
      all.insert(all.end(), image.begin(), image.end());
    }
    return all;
  };
  EXPECT_EQ(read("a.npy").dtype, DType::u8);
  EXPECT_EQ(read("a.npy").floats(), pixels_of({400'000}));
  expect_ok("data render --indices 10..12 --out b.npy --png s.png");
  EXPECT_EQ(read("b.npy").floats(), pixels_of({10, 11, 12}));
  const Image sheet = read_png(folder_ / "s.png");
  EXPECT_EQ(sheet.width, 2 * 64 + 1);
  EXPECT_EQ(sheet.height, 2 * 64 + 1);
  for (size_t p = 0; p < 4096; ++p)
    ASSERT_EQ(sheet.pixels[(65 + p / 64) * 129 + p % 64] == 255, read("b.npy").view<uint8_t>()[2 * 4096 + p] == 1)
        << "the third image is below the first";
  save("f.npy", {2, 5}, std::vector<int64_t>{2, 5, 39, 31, 31, 0, 0, 0, 0, 1});
  expect_ok("data render --factors f.npy --out c.npy");
  EXPECT_EQ(read("c.npy").floats(), pixels_of({737'279, 1}));
  save("g.npy", {1, 5}, std::vector<float>{2, 5, 39, 31, 31});
  expect_ok("data render --factors g.npy --out c.npy");
  expect_ok("data render --data b.npy --index 2 --out d.npy");
  EXPECT_EQ(read("d.npy").floats(), pixels_of({12}));
  expect_ok("data render --data fashion --indices 0..9 --out e.npy");
  EXPECT_EQ(read("e.npy").shape, (std::vector<int64_t>{10, 32, 32}));

  save("bad.npy", {1, 5}, std::vector<int32_t>{0, 6, 0, 0, 0});
  expect_error("data render --factors bad.npy --out c.npy", 3, "scale 6");
  save("half.npy", {1, 5}, std::vector<float>{0, 0.5f, 0, 0, 0});
  expect_error("data render --factors half.npy --out c.npy", 3, "0.5");
  save("four.npy", {1, 4}, std::vector<int32_t>(4));
  expect_error("data render --factors four.npy --out c.npy", 3, "[N,5]");
  expect_error("data render --data dsprites:scale=1 --factors f.npy --out c.npy", 2, "leave --data out");
}

TEST_F(Cli, InfoTellsWhatThereIs) {
  make_model("m.safetensors");
  save("a.npy", {2, 3}, std::vector<float>{1, 2, 3, 4, NAN, 6});
  const auto info = [&](const std::string& what) { return Json::parse(run("data info --json " + what).out); };
  const Json a = info("a.npy");
  EXPECT_EQ(a["dtype"], "float32");
  EXPECT_EQ(a["shape"], Json({2, 3}));
  EXPECT_EQ(a["min"], 1);
  EXPECT_EQ(a["max"], 6);
  EXPECT_NEAR(a["mean"].get<double>(), 3.2, 1e-12);
  EXPECT_EQ(a["not_finite"], 1);
  const Json m = info("m.safetensors");
  EXPECT_EQ(m["tensors"].size(), 4u);
  EXPECT_EQ(m["metadata"]["format"], "pt");
  const Json d = info("dsprites:shape=ellipse,scale=5");
  EXPECT_EQ(d["images"], 40 * 32 * 32);
  EXPECT_EQ(d["factors"][1], Json({{"name", "scale"}, {"levels", 1}}));
  EXPECT_NEAR(d["mean_pixel"].get<double>(), 3.14159 * 9.6 * 9.6 / 4096, 2e-3) << "an ellipse of area pi 9.6^2";
  for (const auto& [what, part] : {std::pair{"a.npy", "float32"}, {"m.safetensors", "decoder.lin1.weight"}, {"dsprites", "737280"}})
    EXPECT_NE(run(std::string("data info ") + what).out.find(part), std::string::npos) << what;
  expect_error("data info nothing.npy", 3, "nothing.npy");
  expect_error("data info dspries", 2, "dsprites");
  EXPECT_EQ(info("fashion:split=test")["images"], 10000);
  EXPECT_EQ(info("fashion")["factors"][0]["name"], "class");
  expect_error("data info fashion:split=valid", 2, "train and test");
  expect_error("data info fashion-mnist:nowhere", 3, "neither train-images-idx3-ubyte");
  if (!std::filesystem::exists("/dev/full")) return;
  EXPECT_EQ(std::system((quoted(test::kProgram) + " data info dsprites >/dev/full 2>&1").c_str()), 256) << "exit code 1";
}

TEST_F(Cli, TraversesAndTellsTheTable) {
  make_model("m.safetensors");
  for (const char* range : {"prior", "posterior", "data"}) {
    const Result r = run(std::string("traverse --model m.safetensors --out t.png --count 5 --json --range ") + range);
    ASSERT_EQ(r.code, 0) << r.err;
    const Json json = Json::parse(r.out);
    ASSERT_EQ(json["latents"].size(), 3u);
    EXPECT_GE(json["latents"][0]["kl"], json["latents"][2]["kl"]) << "by falling KL";
    EXPECT_TRUE(json["latents"][0]["r"].contains("posX"));
    EXPECT_FALSE(json["latents"][0]["r"].contains("shape"));
    EXPECT_GT(read_png(folder_ / "t.png").width, 5 * 128);
  }
  EXPECT_EQ(folder_.names(), (std::vector<std::string>{"m.safetensors", "t.png"}));
  EXPECT_NE(run("traverse --model m.safetensors --out t.png").out.find("see t.png"), std::string::npos);
  std::filesystem::remove(folder_ / "t.png");
  expect_error("traverse --model m.safetensors --out t.png --image 6144", 2, "0..6143");
  save("small.npy", {1, 8, 8}, std::vector<uint8_t>(64));
  expect_error("traverse --model m.safetensors --out t.png --data small.npy", 2, "[8,8]");
  Model model = make_model("m.safetensors");
  std::fill(model.weights.span().begin(), model.weights.span().end(), NAN);
  write_model(folder_ / "nan.safetensors", read_model(folder_ / "m.safetensors").info, model.table, model.weights.span());
  expect_error("traverse --model nan.safetensors --out t.png", 3, "not finite");
  save("one.npy", {1, 64, 64}, images(1));
  expect_ok("traverse --model m.safetensors --out t.png --data one.npy --range data --json");
}

TEST_F(Cli, ImportsAStateDict) {
  const Model model = make_model("state.safetensors");  // named and laid out as PyTorch would
  expect_ok("import state.safetensors --arch linear --out d/e");
  const StoredModel stored = read_model(folder_ / "d/e");
  EXPECT_EQ(stored.info.config.model, "linear");
  EXPECT_TRUE(std::equal(model.weights.data(), model.weights.data() + model.weights.size(), stored.model.weights.data()));
  EXPECT_EQ(config_from_json(text_of(folder_ / "d/e/config.json"), "test").latent, 3);
  expect_error("import state.safetensors --arch linear --out d/e", 2, "--force");
  expect_ok("import state.safetensors --arch linear --out d/e --force --json");
  write_atomically(folder_ / "d/e/checkpoint.safetensors", "x");
  expect_error("import state.safetensors --arch linear --out d/e --force", 2, "training run");
  expect_error("import state.safetensors --arch mlp --out f", 3, "encoder");
  expect_error("import missing.safetensors --arch linear --out f", 3, "missing.safetensors");
  expect_error("import state.safetensors --arch linear --out state.safetensors/f", 1, "state.safetensors/f");
}

TEST_F(Cli, Scores) {
  std::vector<float> codes;
  std::vector<int32_t> factors;
  for (int i = 0; i < 60; ++i) {
    for (const int class_of : {i / 12, i / 3 % 4, i % 3}) {
      factors.push_back(class_of);
      codes.push_back(static_cast<float>(class_of));
    }
  }
  save("c.npy", {60, 3}, codes);
  save("f.npy", {60, 3}, factors);
  const Json arrays = Json::parse(run("score --codes c.npy --factors f.npy --metrics mig,dci,sap --json").out);
  EXPECT_NEAR(arrays["fixed_arrays"]["mig"]["discrete_mig"].get<double>(), 1, 1e-12);
  EXPECT_EQ(arrays["fixed_arrays"]["mig"]["mutual_information"].size(), 3u);
  EXPECT_NEAR(arrays["dci_fixed_arrays"]["disentanglement"]["mean"].get<double>(), 1, 1e-6);
  EXPECT_EQ(arrays["fixed_arrays"]["sap"]["about"]["num_train"], 60);
  expect_ok("score --codes c.npy --factors f.npy");
  const Json grid = Json::parse(run("score --grid c.npy --factor-sizes 5,4,3 --metrics six --scale 0.02 --seeds 2 --json").out);
  EXPECT_EQ(grid["protocol_over_seeds"]["factor_vae"]["eval_accuracy"]["mean"], 1.0);
  EXPECT_EQ(grid["protocol_over_seeds"]["mig"]["discrete_mig"]["n"], 2.0);
  EXPECT_EQ(grid["protocol_over_seeds"]["mig"]["about"]["num_train"], 200);

  make_model("m.safetensors");
  const Json model =
      Json::parse(run("score --model m.safetensors --scale 0.001 --metrics mig,unsupervised,evidence,geometry --json").out);
  EXPECT_EQ(model["factor_sizes"], (std::vector<int>{6, 32, 32})) << "constant factors are left out";
  const Json& of_model = model["protocol_over_seeds"];
  EXPECT_TRUE(of_model["unsupervised"]["sampled"].contains("gaussian_total_correlation"));
  EXPECT_NEAR(
      of_model["evidence"]["elbo"]["mean"].get<double>(),
      -of_model["evidence"]["reconstruction_loss"]["mean"].get<double>() - of_model["evidence"]["kl_loss"]["mean"].get<double>(),
      1e-9);

  expect_error("score", 2, "--model");
  expect_error("score --codes c.npy", 2, "--factors");
  expect_error("score --codes c.npy --model m.safetensors", 2, "two ways");
  expect_error("score --codes c.npy --factors f.npy --metrics migg", 2, "did you mean 'mig'?");
  expect_error("score --codes c.npy --factors f.npy --metrics beta_vae", 2, "one factor at a time");
  expect_error("score --grid c.npy --factor-sizes 5,4,2", 3, "product");
  save("short.npy", {20, 3}, std::vector<int32_t>(60));
  expect_error("score --codes c.npy --factors short.npy", 3, "60 codes");
  codes[7] = std::nanf("");
  save("nan.npy", {60, 3}, codes);
  expect_error("score --codes nan.npy --factors f.npy", 3, "not finite");
  save("images.npy", {4, 64, 64}, images(4));
  expect_error("score --model m.safetensors --data images.npy --metrics mig", 2, "have none");
  EXPECT_FALSE(Json::parse(run("score --model m.safetensors --data images.npy --scale 0.001 --json").out)["labelled"].get<bool>());
}

TEST_F(Cli, DoctorPasses) {
  const Result text = run("doctor");
  EXPECT_EQ(text.code, 0) << text.out;
  EXPECT_EQ(text.out.find("FAIL"), std::string::npos) << text.out;
  const Json json = Json::parse(run("doctor --json").out);
  EXPECT_TRUE(json["passed"].get<bool>());
  EXPECT_EQ(json["checks"].size(), 3u);
}

}  // namespace
}  // namespace unpick::io
