// `unpick seams` from outside: its arrays against the library's and against published ones, every score with its chance level,
// every architecture, and what it says about decoders and files for which an answer does not exist.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/seams/posterior_identity.h"
#include "core/seams/scores.h"
#include "native/io/files.h"
#include "native/io/model_file.h"
#include "native/io/npy.h"
#include "native/io/png.h"
#include "tests/io_support.h"
#include "tests/places.h"

namespace unpick::io {
namespace {

using Eigen::MatrixXd;
using Json = nlohmann::json;

class SeamsCli : public ::testing::Test {
 protected:
  // The exit code; what is printed goes to out.txt and err.txt.
  int run(const std::string& arguments) const {
    const std::string command =
        "cd '" + folder.path + "' && '" + test::kProgram + "' " + arguments + " >out.txt 2>err.txt </dev/null";
    return WEXITSTATUS(std::system(command.c_str()));
  }
  std::string text(const std::string& name) const {
    const Bytes bytes = read_file(folder / name);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  Json json(const std::string& arguments) const {
    EXPECT_EQ(run(arguments + " --json"), 0) << text("err.txt");
    return Json::parse(text("out.txt"), nullptr, false);
  }
  void expect_error(const std::string& arguments, int code, const std::string& part) const {
    EXPECT_EQ(run(arguments), code) << arguments;
    const std::string error = text("err.txt");
    EXPECT_EQ(error.rfind("unpick seams: ", 0), 0u) << error;
    EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 1) << error;
    EXPECT_NE(error.find(part), std::string::npos) << "expected '" << part << "' in: " << error;
    EXPECT_EQ(text("out.txt"), "");
  }
  template <class T>
  void save(const std::string& name, std::vector<int64_t> shape, const std::vector<T>& values) const {
    write_npy(folder / name, Array::of(std::move(shape), values));
  }
  MatrixXd page(const std::string& name, Eigen::Index p) const {
    const Array array = read_npy(folder / name);
    const std::vector<double> all = array.doubles();
    const Eigen::Index rows = array.shape[1], columns = array.shape.size() > 2 ? array.shape[2] : 1;
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<const RowMajor>(all.data() + p * rows * columns, rows, columns);
  }

  // A linear decoder of Gaussian pixels, 4x4, with this matrix W [16,Z]; the encoder's means are the first Z pixels times `gain`.
  void make_linear(const std::string& file, const MatrixXd& W, double gain = 1, const std::string& likelihood = "gaussian") const {
    const int latent = static_cast<int>(W.cols());
    ModelInfo info;
    info.config.model = "linear";
    info.config.latent = latent;
    info.config.likelihood = likelihood;
    info.config.beta = 2;
    info.config.sigma2 = 0.5;
    info.config.data = "pictures.npy";
    info.image = {4, 4, 1};
    info.step = 100;
    Model model(make_vae_spec("linear", "beta-vae", likelihood, info.image, latent));
    std::fill(model.weights.span().begin(), model.weights.span().end(), 0.0f);
    float* decoder = model.weights.data() + model.table.find("decoder.lin1.weight")->offset;  // [Z,16]
    for (Eigen::Index j = 0; j < latent; ++j)
      for (Eigen::Index i = 0; i < 16; ++i) decoder[j * 16 + i] = static_cast<float>(W(i, j));
    for (const Parameter& p : model.table.rows()) {
      if (p.name.rfind("encoder.", 0) != 0 || p.shape != Shape{16, 2 * latent}) continue;
      for (int j = 0; j < latent; ++j) model.weights.data()[p.offset + j * 2 * latent + j] = static_cast<float>(gain);
    }
    write_model(folder / file, info, model.table, model.weights.span());
  }

  void SetUp() override {
    std::vector<float> pictures(40 * 16);
    for (size_t i = 0; i < pictures.size(); ++i) pictures[i] = static_cast<float>((i * 37 + i / 16 * 11) % 100) / 100;
    save("pictures.npy", {40, 4, 4}, pictures);
  }

  TemporaryFolder folder;
};

MatrixXd columns(std::initializer_list<double> lengths) {
  MatrixXd W = MatrixXd::Zero(16, static_cast<Eigen::Index>(lengths.size()));
  Eigen::Index j = 0;
  for (const double length : lengths) {
    W(j, j) = length;
    ++j;
  }
  return W;
}

TEST_F(SeamsCli, WritesTheArraysOfALinearDecoder) {
  MatrixXd W = columns({3, 2, 1});
  W(5, 0) = 1, W(5, 2) = -1;  // not orthogonal
  make_linear("m.safetensors", W, 4);
  save("z.npy", {2, 3}, std::vector<float>{0, 1, -1, 2, 0, 0.5f});
  std::vector<float> x(32, 0.25f);
  save("x.npy", {2, 4, 4}, x);
  const Json report = json("seams --model m.safetensors --codes z.npy --images x.npy --data pictures.npy --out-dir out");
  for (Eigen::Index p = 0; p < 2; ++p) {
    EXPECT_LE((page("out/jacobian.npy", p) - W).norm(), 1e-6);
    EXPECT_LE((page("out/jtj.npy", p) - W.transpose() * W).norm(), 1e-5);
    const MatrixXd V = page("out/v.npy", p), s = page("out/sv.npy", p);
    EXPECT_LE((W * V * V.transpose() - W).norm(), 1e-5);
    for (Eigen::Index k = 0; k < 3; ++k) {
      EXPECT_NEAR((W * V.col(k)).norm(), s(k, 0), 1e-5);
      EXPECT_EQ(V.col(k).maxCoeff(), V.col(k).cwiseAbs().maxCoeff()) << "the largest entry is positive";
    }
    EXPECT_EQ(page("out/curvature.npy", p).norm(), 0);
    EXPECT_LE((page("out/hessian.npy", p) - W.transpose() * W / 0.5).norm(), 1e-4);
  }
  EXPECT_EQ(read_npy(folder / "out/jacobian.npy").shape, (std::vector<int64_t>{2, 16, 3}));
  EXPECT_GT(read_png(folder / "out/seams.png").width, 3 * 192);
  EXPECT_EQ(report["points"], 2);
  EXPECT_EQ(report["active"]["count"], 3) << report["active"];
  EXPECT_EQ(report["beta"], 2);
  const Json& scores = report["all"]["scores"];
  for (const GeometryScore& score : geometry_scores()) {
    EXPECT_TRUE(scores[score.name]["measured"].is_number()) << score.name;
    EXPECT_TRUE(scores[score.name]["rotated"].is_number()) << score.name;
  }
  EXPECT_NEAR(scores["c1"]["measured"].get<double>(), off_share(W.transpose() * W), 1e-6);
  EXPECT_TRUE(scores["c2"]["measured"].is_null()) << "0/0 for a linear decoder";
  EXPECT_EQ(scores["c2"]["undefined"], 2);
  EXPECT_EQ(scores["c2-raw"]["measured"], 0);
  // Sigma is I here and P = I + W'W / tau: the identity fails by a known number, in every way of taking E_q.
  const Eigen::VectorXd off = (W.transpose() * W).diagonal();  // |Sigma_jj P_jj - 1| = |w_j|² / tau, tau = 1
  for (const char* way : {"pointwise", "sampled"}) {
    EXPECT_NEAR(report["identity"][way]["exact"].get<double>(), median({off(0), off(1), off(2)}), 1e-4) << way;
    EXPECT_NEAR(report["identity"][way]["approximate"].get<double>(), median({off(0), off(1), off(2)}), 1e-4) << way;
  }
  EXPECT_EQ(report["well_trained"]["identity"], report["identity"]["sampled"]["exact"]);
  EXPECT_TRUE(report["well_trained"]["loss_drift"].is_null()) << "a file has no log";
  EXPECT_EQ(run("seams --model m.safetensors --codes z.npy"), 0) << text("err.txt");
  EXPECT_NE(text("out.txt").find("distance of V to the axes"), std::string::npos);
  EXPECT_NE(text("out.txt").find("no images"), std::string::npos);
}

TEST_F(SeamsCli, GivesTheGeometryOfLaplacePixelsWithoutAnIdentity) {
  const MatrixXd W = columns({3, 2, 1});
  make_linear("m.safetensors", W, 4, "laplace");
  for (const char* of : {"mean", "logits"}) {
    const Json report = json(std::string("seams --model m.safetensors --count 3 --out-dir out --of ") + of);
    EXPECT_LE((page("out/jacobian.npy", 0) - W).norm(), 1e-6) << of;
    EXPECT_EQ(page("out/curvature.npy", 0).norm(), 0) << of << ": linear, and the mean is the output itself";
    EXPECT_TRUE(report["all"]["scores"]["dto"]["measured"].is_number());
    EXPECT_TRUE(report["identity"].empty());
    EXPECT_TRUE(report["well_trained"]["identity"].is_null());
    EXPECT_NE(report["note"].get<std::string>().find("not defined for this model: the likelihood is laplace"), std::string::npos);
  }
  EXPECT_TRUE(std::filesystem::exists(folder / "out/jtj.npy"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out/hessian.npy")) << "log p has none";
}

TEST_F(SeamsCli, TakesEveryArchitectureAndBothPosteriors) {
  for (const char* name : {"linear", "mlp", "conv", "mlp-1200", "conv-burgess", "conv-locatello"}) {
    const bool full = std::string(name) == "mlp";
    ModelInfo info;
    info.config.model = name;
    info.config.latent = 3;
    info.config.posterior = full ? "full" : "diagonal";
    info.config.data = "dsprites:shape=ellipse,orientation=0,scale=5";
    info.image = {64, 64, 1};
    info.step = 1;
    Model model(make_vae_spec(name, "beta-vae", "bernoulli", info.image, 3, info.config.posterior));
    model.table.initialise(model.weights.span(), 5);
    write_model(folder / "m.safetensors", info, model.table, model.weights.span());
    const Json report = json("seams --model m.safetensors --count 2 --samples 2 --stein 0 --rotations 2 --out-dir out");
    EXPECT_EQ(report["points"], 2) << name;
    EXPECT_EQ(read_npy(folder / "out/jacobian.npy").shape, (std::vector<int64_t>{2, 4096, 3})) << name;
    EXPECT_TRUE(report["all"]["scores"]["dto"]["measured"].is_number()) << name;
    EXPECT_TRUE(report["identity"]["sampled"][full ? "exact_full" : "gap"].is_number()) << name;
  }
}

TEST_F(SeamsCli, AnswersForDecodersWithoutGeometry) {
  save("z.npy", {1, 3}, std::vector<float>{0, 1, -1});
  const auto all = [&](const std::string& model) { return json("seams --codes z.npy --model " + model)["all"]; };
  make_linear("constant.safetensors", MatrixXd::Zero(16, 3));
  Json report = all("constant.safetensors");
  EXPECT_EQ(report["rank"], 0);
  EXPECT_EQ(report["scores"]["dto"]["undefined"], 1);
  EXPECT_TRUE(report["scores"]["dto"]["measured"].is_null() && report["scores"]["c1"]["measured"].is_null());
  MatrixXd deficient = columns({3, 2, 0});
  deficient.col(2) = deficient.col(0) + deficient.col(1);
  make_linear("deficient.safetensors", deficient);
  report = all("deficient.safetensors");
  EXPECT_EQ(report["rank"], 2);
  EXPECT_GT(report["scores"]["c1"]["measured"], 0.1);
  make_linear("equal.safetensors", columns({2, 2, 1}));
  report = all("equal.safetensors");
  EXPECT_NEAR(report["least_gap"].get<double>(), 0, 1e-6);
  EXPECT_TRUE(report["scores"]["dto"]["measured"].is_null()) << "every V is right";
  EXPECT_NEAR(report["scores"]["c1"]["measured"].get<double>(), 0, 1e-12) << "J'J is diagonal in any case";
  // collapsed: no mean moves by more than .5, so nothing is active
  make_linear("collapsed.safetensors", columns({3, 2, 1}), 0.01);
  const Json collapsed = json("seams --codes z.npy --model collapsed.safetensors");
  EXPECT_EQ(collapsed["active"]["count"], 0);
  EXPECT_TRUE(collapsed["active_only"].is_null());
  const Json images = json("seams --model collapsed.safetensors --count 8 --out-dir out");
  EXPECT_TRUE(images["well_trained"]["identity"].is_null()) << "a median over no latent";
  EXPECT_EQ(run("seams --model collapsed.safetensors --count 8"), 0);
}

TEST_F(SeamsCli, RefusesWhatDoesNotFit) {
  make_linear("m.safetensors", columns({3, 2, 1}));
  save("z.npy", {2, 3}, std::vector<float>(6));
  save("wide.npy", {2, 4}, std::vector<float>(8));
  save("nan.npy", {1, 3}, std::vector<float>{0, NAN, 0});
  save("three.npy", {3, 4, 4}, std::vector<float>(48));
  save("large.npy", {2, 8, 8}, std::vector<float>(128));
  expect_error("seams --model m.safetensors --codes wide.npy", 3, "expected [N,3]");
  expect_error("seams --model m.safetensors --codes nan.npy", 3, "not finite");
  expect_error("seams --model m.safetensors --codes z.npy --images three.npy", 3, "one image for each of the 2 codes");
  expect_error("seams --model m.safetensors --codes z.npy --images large.npy", 3, "[8,8]");
  expect_error("seams --model m.safetensors --data large.npy", 2, "[8,8]");
  expect_error("seams --model nowhere --codes z.npy", 3, "nowhere");
  expect_error("seams --model m.safetensors --codes z.npy --of pixels", 2, "--of");
  expect_error("seams --model m.safetensors --stein 100", 2, "Stein");
  StoredModel stored = read_model(folder / "m.safetensors");
  stored.model.weights.data()[stored.model.table.find("decoder.lin1.weight")->offset] = NAN;
  write_model(folder / "broken.safetensors", stored.info, stored.model.table, stored.model.weights.span());
  expect_error("seams --model broken.safetensors --codes z.npy", 1, "not finite");
  // An imported model says nothing of its beta, so nothing is said about its posterior.
  stored = read_model(folder / "m.safetensors");
  stored.info.step = 0;
  write_model(folder / "imported.safetensors", stored.info, stored.model.table, stored.model.weights.span());
  EXPECT_TRUE(json("seams --model imported.safetensors --count 4")["identity"].empty());
  EXPECT_FALSE(json("seams --model imported.safetensors --count 4 --beta 1")["identity"].empty());
}

TEST_F(SeamsCli, ReproducesPublishedArrays) {
  for (const std::string name : {"VAE_dsprites", "betaH_dsprites"}) {
    const std::string from = "oracles/pretrained/" + name + "/";
    SKIP_WITHOUT(reference(from + name + ".safetensors"));
    std::vector<float> z, x;
    for (const size_t row : {3u, 9u, 17u, 27u}) {
      const std::vector<float> mean = read_npy(reference(from + "mean.npy")).floats(),
                               inputs = read_npy(reference("oracles/pretrained/inputs32.npy")).floats();
      z.insert(z.end(), mean.begin() + static_cast<long>(row * 10), mean.begin() + static_cast<long>(row * 10 + 10));
      x.insert(x.end(), inputs.begin() + static_cast<long>(row * 4096), inputs.begin() + static_cast<long>(row * 4096 + 4096));
    }
    save("z.npy", {4, 10}, z);
    save("x.npy", {4, 1, 64, 64}, x);
    ASSERT_EQ(run("import '" + reference(from + name + ".safetensors") + "' --arch conv-burgess --force --out theirs"), 0);
    const std::string options = "seams --model theirs --codes z.npy --images x.npy --samples 2 --stein 0 --rotations 2 --out-dir ";
    json(options + "mean");
    json(options + "logit --of logits");
    const std::pair<std::string, std::string> pairs[] = {
        {"mean/jacobian.npy", "jac_out.npy"},    {"mean/sv.npy", "sv_out.npy"},          {"mean/v.npy", "V_out.npy"},
        {"mean/jtj.npy", "JtJ_out.npy"},         {"mean/curvature.npy", "curv_out.npy"}, {"mean/hessian.npy", "nll_hess.npy"},
        {"logit/jacobian.npy", "jac_logit.npy"}, {"logit/sv.npy", "sv_logit.npy"},       {"logit/v.npy", "V_logit.npy"},
        {"logit/jtj.npy", "JtJ_logit.npy"}};
    for (const auto& [ours, theirs] : pairs) {
      const Array a = read_npy(folder / ours), b = read_npy(reference(from + theirs));
      ASSERT_EQ(a.shape, b.shape) << ours;
      const std::vector<double> p = a.doubles(), q = b.doubles();
      double error = 0, most = 0;
      for (size_t i = 0; i < p.size(); ++i) {
        error = std::max(error, std::abs(p[i] - q[i]));
        most = std::max(most, std::abs(q[i]));
      }
      std::printf("  %-14s %-20s %.1e of the largest (limit 1e-04)\n", name.c_str(), ours.c_str(), error / most);
      EXPECT_LE(error, 1e-4 * most) << ours;
    }
  }
}

}  // namespace
}  // namespace unpick::io
