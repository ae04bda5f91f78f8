// The main job as a user meets it: the program is started, stopped, killed, resumed, and given nonsense.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>
#include <thread>

#include "core/session/latents.h"
#include "native/io/files.h"
#include "native/io/frame.h"
#include "native/io/model_file.h"
#include "native/io/run_directory.h"
#include "tests/io_support.h"
#include "tests/program.h"

namespace unpick::io {
namespace {

// A small run that takes about a second: a slice, a small linear model, 2 threads.
const std::vector<std::string> kSmall = {
    "--data", "dsprites:shape=ellipse,orientation=0,scale=5", "--model", "linear", "--latent", "3", "--batch", "16", "--threads",
    "2"};

std::vector<std::string> train(const std::string& directory, std::vector<std::string> more = {}, bool resume = false) {
  std::vector<std::string> a{"train", resume ? "--resume" : "--out", directory};
  if (!resume) a.insert(a.end(), kSmall.begin(), kSmall.end());
  a.insert(a.end(), more.begin(), more.end());
  return a;
}

std::string weights_of(const std::string& directory) {
  const StoredModel stored = read_model(directory);
  const auto bytes = std::as_bytes(stored.model.weights.span());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Waits until the run has saved something beyond its start, at most 20 s.
void wait_for_progress(const std::string& directory) {
  for (int i = 0; i < 2000; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::error_code missing;
    if (std::filesystem::exists(directory + "/checkpoint.safetensors", missing)) return;
  }
}

TEST(Train, LeavesACompleteRunDirectory) {
  const TemporaryFolder folder;
  const Program program(folder, train(folder / "run", {"--steps", "120", "--json"}));
  ASSERT_EQ(program.wait(), 0) << program.err();
  EXPECT_EQ(program.err(), "") << "no progress bar where there is no terminal";
  EXPECT_NE(program.out().find("\"steps\": 120"), std::string::npos) << program.out();
  for (const char* name : {"config.json", "metrics.csv", "commands.log", "model.safetensors", "checkpoint.safetensors",
                           "traversal.png", "reconstruction.png"})
    EXPECT_TRUE(std::filesystem::exists(folder / "run/" + name)) << name;
  std::ifstream csv(folder / "run/metrics.csv");
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line, "step,seconds,loss,reconstruction,kl,beta,lr,active,identity,gap,term,kl_0,kl_1,kl_2");
  std::vector<std::string> steps;
  while (std::getline(csv, line)) steps.push_back(line.substr(0, line.find(',')));
  EXPECT_EQ(steps, (std::vector<std::string>{"50", "100", "120"}));
}

// Whether the pixels of `tile` stand in the picture with their upper left corner at (x, y).
bool stands_at(const Image& picture, const Image& tile, int x, int y) {
  const auto line = [](const Image& image, int column, int row) {
    return image.pixels.begin() + 3 * (static_cast<std::ptrdiff_t>(row) * image.width + column);
  };
  for (int row = 0; row < tile.height; ++row)
    if (!std::equal(line(tile, 0, row), line(tile, 0, row) + 3 * tile.width, line(picture, x, y + row))) return false;
  return true;
}

// Rows of images [columns,64,64], one below the other, each image side by side with the next and right in every pixel. Where the
// first stands is the figure's choice.
void expect_tiles(const std::string& path, const std::vector<std::vector<real>>& rows) {
  const Image picture = read_png(path);
  const int side = 64 * kDensity, pitch = side + static_cast<int>(kGap) * kDensity;
  int left = -1, top = 0;
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto tile = [&](size_t column) {
      Canvas canvas(64, 64, kDensity, kPaper);
      canvas.tile(0, 0, std::span(rows[r]).subspan(column * 4096, 4096), 64, 64, 1, 1, kGround, kLight);
      return canvas.image();
    };
    const Image first = tile(0);
    const auto found = [&] {
      for (int x = std::max(left, 0); x <= (left < 0 ? picture.width - side : left); ++x)
        if (stands_at(picture, first, x, top)) return left = x, true;
      return false;
    };
    while (top + side <= picture.height && !found()) ++top;
    ASSERT_LE(top + side, picture.height) << path << ", row " << r << " is not there";
    const size_t columns = rows[r].size() / 4096;
    ASSERT_LE(left + static_cast<int>(columns - 1) * pitch + side, picture.width) << path;
    for (size_t c = 1; c < columns; ++c)
      EXPECT_TRUE(stands_at(picture, tile(c), left + static_cast<int>(c) * pitch, top))
          << path << ", row " << r << ", column " << c;
    top += side;
  }
}

TEST(Train, ThePicturesAreThoseOfTheSavedModelPixelForPixel) {
  const TemporaryFolder folder;
  ASSERT_EQ(Program(folder, train(folder / "run", {"--steps", "120"})).wait(), 0);
  StoredModel stored = read_model(folder / "run");
  Model& model = stored.model;
  const auto data = open_dataset(stored.info.config.data);
  Pool pool(1);
  const auto backend = make_cpu_backend(pool);
  Encoder encoder(model.spec, model.table, model.weights.span(), *backend);
  Decoder decoder(model.spec, model.table, model.weights.span(), *backend);
  const auto decoded = [&](const std::vector<real>& z) {
    std::vector<real> mean(z.size() / 3 * 4096);
    decoder.run(z, {}, mean);
    return mean;
  };

  // Each latent in use from -2 to 2, the others where the code nearest to the origin has them; of those not in use one is shown.
  const LatentSample sample = sample_latents(model, *data, *backend);
  std::span<const real> centre = std::span(sample.mu).first(3);
  const auto square = [](std::span<const real> z) { return std::inner_product(z.begin(), z.end(), z.begin(), 0.0); };
  for (size_t i = 3; i < sample.mu.size(); i += 3)
    if (const auto other = std::span(sample.mu).subspan(i, 3); square(other) < square(centre)) centre = other;
  std::vector<std::vector<real>> rows;
  for (const int latent : sample.by_kl()) {
    std::vector<real> z;
    for (int c = 0; c < 9; ++c) {
      z.insert(z.end(), centre.begin(), centre.end());
      z[z.size() - 3 + static_cast<size_t>(latent)] = static_cast<real>(-2 + 0.5 * c);
    }
    rows.push_back(decoded(z));
    if (!sample.in_use(latent)) break;
  }
  EXPECT_FALSE(std::equal(rows[0].begin(), rows[0].begin() + 4096, rows[0].end() - 4096)) << "the first row moves";
  expect_tiles(folder / "run/traversal.png", rows);

  // Twenty images spread evenly over the 1024, in two lines, each above its reconstruction from the posterior mean.
  rows.clear();
  for (uint32_t line = 0; line < 2; ++line) {
    std::vector<real> x(10 * 4096), mu(10 * 3);
    for (uint32_t i = 0; i < 10; ++i)
      data->render((2 * (10 * line + i) + 1) * 1024 / 40, std::span(x).subspan(i * size_t{4096}, 4096));
    encoder.run(x, mu, {});
    rows.push_back(x);
    rows.push_back(decoded(mu));
  }
  expect_tiles(folder / "run/reconstruction.png", rows);
}

TEST(Train, AnOpenedRunBringsItsCurvesAndGoesOnWithoutThemIfTheyAreDamaged) {
  const TemporaryFolder folder;
  ASSERT_EQ(Program(folder, train(folder / "run", {"--steps", "120"})).wait(), 0);
  const Kept run = read_run(folder / "run");
  ASSERT_TRUE(run.curves);
  EXPECT_EQ(run.curves->step, (std::vector<int64_t>{50, 100})) << "at equal distances";
  EXPECT_EQ(run.curves->kl_per_latent.size(), 3u);
  EXPECT_GT(run.curves->loss[0], run.curves->kl[0]);

  // A run that is written from its curves has them again; a file without the objective's term, as earlier ones were, is read too.
  const RunDirectory copy(folder / "copy");
  copy.create();
  copy.save(run);
  EXPECT_EQ(read_run(folder / "copy").curves->loss, run.curves->loss);
  EXPECT_EQ(read_run(folder / "copy").curves->kl_per_latent, run.curves->kl_per_latent);
  std::ofstream(folder / "copy/metrics.csv") << "step,seconds,loss,reconstruction,kl,beta,lr,active,identity,gap,kl_0,kl_1,kl_2\n"
                                             << "50,1,9,8,1,1,0.1,3,,,0.5,0.25,0.25\n";
  EXPECT_EQ(read_run(folder / "copy").curves->kl_per_latent[1], std::vector<float>{0.25f});
  std::ofstream(folder / "run/metrics.csv") << "step,loss\n1,2\n";
  EXPECT_EQ(read_run(folder / "run").state.step, 120);
  EXPECT_FALSE(read_run(folder / "run").curves);
}

TEST(Train, KilledAtAnyMomentAndResumedEndsWithTheSameWeights) {
  const TemporaryFolder folder;
  const char* stage = std::getenv("UNPICK_TEST_STAGE");
  const std::string steps = stage == nullptr || stage == std::string("native") ? "1000" : "150";  // sanitized steps are slow
  const Program whole(folder, train(folder / "whole", {"--steps", steps, "--save-every", "0.1"}));
  ASSERT_EQ(whole.wait(), 0) << whole.err();
  const std::string expected = weights_of(folder / "whole");
  int kills = 0;
  {
    const Program first(folder, train(folder / "run", {"--steps", steps, "--save-every", "0.1"}));
    wait_for_progress(folder / "run");
    first.signal(SIGKILL);
    kills += first.wait() == -SIGKILL;
  }
  for (int attempt = 0; attempt < 6; ++attempt) {
    const Program again(folder, train(folder / "run", {"--save-every", "0.1", "--threads", attempt % 2 ? "1" : "3"}, true));
    std::this_thread::sleep_for(std::chrono::milliseconds(37 + 61 * attempt));
    again.signal(SIGKILL);
    kills += again.wait() == -SIGKILL;
    const StoredModel readable = read_model(folder / "run");  // whole, whatever the moment
    EXPECT_LE(readable.info.step, 1000);
  }
  EXPECT_GT(kills, 0) << "the runs ended before they could be killed";
  const Program last(folder, train(folder / "run", {}, true));
  ASSERT_EQ(last.wait(), 0) << last.err();
  EXPECT_EQ(weights_of(folder / "run"), expected);
}

TEST(Train, CtrlCSavesAndExits130) {
  const TemporaryFolder folder;
  const Program program(folder, train(folder / "run", {"--steps", "100000000"}));
  wait_for_progress(folder / "run");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(), 130);
  EXPECT_NE(program.err().find("continue with: unpick train --resume"), std::string::npos) << program.err();
  EXPECT_GT(read_model(folder / "run").info.step, 0);
}

TEST(Train, AResumedRunMayChangeLiveSettingsAndLogsThem) {
  const TemporaryFolder folder;
  ASSERT_EQ(Program(folder, train(folder / "run", {"--steps", "20"})).wait(), 0);
  const Program more(folder, train(folder / "run", {"--steps", "30", "--beta", "9"}, true));
  ASSERT_EQ(more.wait(), 0) << more.err();
  const Bytes log = read_file(folder / "run/commands.log");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(log.data()), log.size()), "20 beta 9\n20 steps 30\n");
  EXPECT_EQ(read_model(folder / "run").info.step, 30);
}

// What an objective or a prior trains beside the model is in the files: a second network with its optimiser, a prior's weights.
TEST(Train, ASecondNetworkAndATrainedPriorResumeFromTheirFiles) {
  const TemporaryFolder folder;
  const std::vector<std::string> kinds = {"--objective",           "factor-vae", "--gamma-tc", "3",
                                          "--discriminator-width", "8",          "--prior",    "anisotropic-learned"};
  const auto with = [&](const char* steps) {
    std::vector<std::string> all = kinds;
    all.insert(all.end(), {"--steps", steps});
    return all;
  };
  ASSERT_EQ(Program(folder, train(folder / "whole", with("12"))).wait(), 0);
  ASSERT_EQ(Program(folder, train(folder / "parts", with("5"))).wait(), 0);
  ASSERT_EQ(Program(folder, train(folder / "parts", {"--steps", "12"}, true)).wait(), 0);
  EXPECT_EQ(weights_of(folder / "parts"), weights_of(folder / "whole"));
  const StoredModel stored = read_model(folder / "whole");
  EXPECT_NE(stored.model.table.find("discriminator.lin7.bias"), nullptr);
  EXPECT_NE(stored.model.table.find("prior.w"), nullptr);
}

struct Mistake {
  std::vector<std::string> arguments;
  int code;
  std::string says;
};

TEST(Train, MistakesGetOneLineTheRightCodeAndLoseNothing) {
  const TemporaryFolder folder;
  ASSERT_EQ(Program(folder, train(folder / "run", {"--steps", "20"})).wait(), 0);
  const std::string before = weights_of(folder / "run");
  std::ofstream(folder / "file") << "in the way";
  const std::string run = folder / "run", elsewhere = folder / "new";
  const Mistake mistakes[] = {
      {{"train", "--out", elsewhere, "--bta", "4"}, 2, "did you mean '--beta'?"},
      {{"train", "--out", elsewhere, "--beta", "-1"}, 2, "--beta -1: out of range; give a number from 0 to 1e+06"},
      {{"train", "--out", elsewhere, "--lr", "nan"}, 2, "not a finite number"},
      {{"train", "--out", elsewhere, "--batch", "0"}, 2, "out of range"},
      {{"train", "--out", elsewhere, "--beta"}, 2, "--beta"},
      {{"train", "--out", elsewhere, "--objective", "vae", "--beta", "2"}, 2, "use --objective beta-vae"},
      {{"train", "--out", elsewhere, "--gamma-tc", "2"}, 2, "use --objective factor-vae"},
      {{"train", "--out", elsewhere, "--objective", "surrogate"}, 2, "needs the Gaussian likelihood"},
      {{"train", "--out", elsewhere, "--prior", "subspaces", "--latent", "3"}, 2, "choose --latent as a multiple of --subspace"},
      {{"train", "--out", elsewhere, "--data", "dsprites:shape=circle"}, 2, "square"},
      {{"train", "--out", elsewhere, "--preset", "lively"}, 2, "choose one of live"},
      {{"train"}, 2, "--out: missing"},
      {{"trian"}, 2, "did you mean 'train'?"},
      {{}, 2, "unpick --help"},
      {{"train", "--out", run}, 2, "already holds a run; continue it with --resume"},
      {{"train", "--resume", run, "--model", "mlp"}, 2, "this run was started with linear"},
      {{"train", "--resume", run, "--latent", "4"}, 2, "this run was started with 3"},
      {{"train", "--resume", elsewhere}, 3, "has no checkpoint.safetensors"},
      {{"train", "--out", folder / "file/run"}, 1, "choose another --out"},
      {{"train", "--out", "/proc/unpick"}, 1, "choose another --out"},
  };
  for (const Mistake& m : mistakes) {
    const Program program(folder, m.arguments);
    EXPECT_EQ(program.wait(), m.code) << program.err();
    const std::string err = program.err();
    EXPECT_NE(err.find(m.says), std::string::npos) << err;
    EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
    EXPECT_EQ(err.rfind("unpick", 0), 0u) << err;
    EXPECT_FALSE(std::filesystem::exists(elsewhere)) << err;
  }
  EXPECT_EQ(weights_of(run), before);
}

TEST(Train, ADamagedCheckpointIsRefused) {
  const TemporaryFolder folder;
  ASSERT_EQ(Program(folder, train(folder / "run", {"--steps", "20"})).wait(), 0);
  Bytes bytes = read_file(folder / "run/checkpoint.safetensors");
  bytes.resize(bytes.size() / 2);
  std::ofstream(folder / "run/checkpoint.safetensors", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const Program program(folder, train(folder / "run", {}, true));
  EXPECT_EQ(program.wait(), 3) << program.err();
}

TEST(Train, ALossThatIsNotFiniteStopsAndKeepsTheLastGoodState) {
  const TemporaryFolder folder;
  const Program program(folder,
                        train(folder / "run", {"--lr", "10", "--likelihood", "gaussian", "--sigma2", "1e-6", "--steps", "2000"}));
  EXPECT_EQ(program.wait(), 1);
  EXPECT_NE(program.err().find("not finite at step"), std::string::npos) << program.err();
  EXPECT_NE(program.err().find("lower --lr"), std::string::npos) << program.err();
  const StoredModel kept = read_model(folder / "run");
  for (const real w : kept.model.weights.span()) ASSERT_TRUE(std::isfinite(w));
}

TEST(Train, AFullDiskKeepsTheLastGoodCheckpoint) {
  const TemporaryFolder folder;
  const std::string disk = folder / "disk";
  std::filesystem::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=3m") != 0) GTEST_SKIP() << "no small disk: mounting needs root";
  const Program first(folder, train(disk + "/run", {"--steps", "20"}));
  const int code = first.wait();
  const std::string kept = code == 0 ? weights_of(disk + "/run") : "";
  std::ofstream(disk + "/filler") << std::string(2500000, 'x');
  const Program more(folder, train(disk + "/run", {"--steps", "40"}, true));
  EXPECT_EQ(code, 0) << first.err();
  EXPECT_EQ(more.wait(), 1);
  EXPECT_NE(more.err().find("No space left"), std::string::npos) << more.err();
  EXPECT_EQ(weights_of(disk + "/run"), kept);
  umount(disk.c_str());
}

}  // namespace
}  // namespace unpick::io
