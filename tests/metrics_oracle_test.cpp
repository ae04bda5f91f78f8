// Eight codes whose scores were computed by the original programs (disentanglement_lib, scikit-learn 1.2.1): every metric on fixed
// arrays, and those that draw their own points over seeds. The tolerances are those that an independent implementation can
// honestly hold: solvers stop early, ties are broken at random, and float32 sums differ.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/metrics/beta_vae_score.h"
#include "core/metrics/dci.h"
#include "core/metrics/downstream.h"
#include "core/metrics/factor_vae_score.h"
#include "core/metrics/irs.h"
#include "core/metrics/mig.h"
#include "core/metrics/modularity.h"
#include "core/metrics/sap.h"
#include "core/metrics/unsupervised.h"
#include "native/io/files.h"
#include "native/io/npy.h"
#include "tests/io_support.h"

namespace unpick::io {
namespace {

using Eigen::Index;
using Json = nlohmann::json;

std::string file_of(const std::string& name) { return reference("oracles/metrics/" + name); }

Eigen::MatrixXf codes_from(const std::string& name) {
  const Array array = read_npy(file_of(name));
  const std::vector<float> values = array.floats();
  return Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(values.data(), array.shape[0],
                                                                                                 array.shape[1]);
}

Points points_from(const std::string& name) {
  const Array array = read_npy(file_of(name + "_factors.npy"));
  Eigen::MatrixXi factors(array.shape[0], array.shape[1]);
  const std::vector<int64_t> values = array.integers();
  for (size_t i = 0; i < values.size(); ++i)
    factors(static_cast<Index>(i) / factors.cols(), static_cast<Index>(i) % factors.cols()) = static_cast<int>(values[i]);
  return {codes_from(name + "_codes.npy"), factors};
}

// Numbers of any nesting in one row.
void flatten(const Json& json, std::vector<double>& out) {
  if (json.is_array())
    for (const Json& item : json) flatten(item, out);
  else
    out.push_back(json.is_null() ? std::nan("") : json.get<double>());
}

Eigen::VectorXd numbers(const Json& json) {
  std::vector<double> values;
  flatten(json, values);
  return Eigen::Map<Eigen::VectorXd>(values.data(), static_cast<Index>(values.size()));
}

Eigen::VectorXd by_rows(const Eigen::MatrixXd& value) { return value.transpose().reshaped(); }

// Learners take minutes under sanitizers, and tests/learners_test.cpp has run them there.
bool sanitized() {
  const char* stage = std::getenv("UNPICK_TEST_STAGE");
  return stage && std::string(stage) != "native";
}

class MetricsOracle : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    SKIP_WITHOUT(file_of("expected.json"));
    expected_ = Json::parse(read_file(file_of("expected.json")))["cases"][GetParam()];
    name_ = GetParam();
    sample_ = {points_from(name_ + "__train"), points_from(name_ + "__test")};
  }

  // Each key of `report` that is named, against the same key of `json`.
  void expect_keys(const Report& report, const Json& json, double tolerance, std::initializer_list<const char*> keys) const {
    for (const char* key : keys) {
      if (json[key].is_null()) continue;  // the original failed
      const Eigen::VectorXd ours = by_rows(report.value(key)), theirs = numbers(json[key]);
      ASSERT_EQ(ours.size(), theirs.size()) << key;
      const double error = (ours - theirs).cwiseAbs().maxCoeff();
      EXPECT_LE(error, tolerance) << key
                                  << (ours.size() == 1 ? ": " + std::to_string(ours(0)) + " instead of " + std::to_string(theirs(0))
                                                       : "");
    }
  }

  Sample without_constant_codes() const {
    const std::vector<Index> dims = varying(sample_.train.codes);
    return {{sample_.train.codes(Eigen::all, dims), sample_.train.factors},
            {sample_.test.codes(Eigen::all, dims), sample_.test.factors}};
  }

  std::string name_;
  Json expected_;
  Sample sample_;
  Pool pool_;
};

TEST_P(MetricsOracle, InformationOfFixedArrays) {
  const Json& fixed = expected_["fixed_arrays"];
  expect_keys(mig(sample_.train), fixed["mig"], 1e-9,
              {"discrete_mig", "mutual_information", "factor_entropy", "gap_per_factor", "bin_counts"});
  expect_keys(modularity(sample_.train), fixed["modularity"], 1e-9, {"modularity_score", "per_code"});
  const Report scores = unsupervised(sample_.train.codes);
  expect_keys(scores, fixed["unsupervised"], 1e-7, {"gaussian_wasserstein_correlation", "gaussian_wasserstein_correlation_norm"});
  expect_keys(scores, fixed["unsupervised"], 1e-9, {"mutual_info_score", "covariance"});
  const Json& total = fixed["unsupervised"]["gaussian_total_correlation"];
  const double ours = scores.number("gaussian_total_correlation");
  if (total.is_null()) {
    EXPECT_TRUE(!std::isfinite(ours) || ours > 15) << "the covariance is singular; " << ours;
  } else {
    EXPECT_NEAR(ours, total.get<double>(), 1e-6 * std::max(1.0, std::abs(total.get<double>())));
  }
}

TEST_P(MetricsOracle, LearnersOnFixedArrays) {
  if (sanitized()) GTEST_SKIP() << "too slow with sanitizers";
  const Json& fixed = expected_["fixed_arrays"];
  const Report gaps = finish(sap(sample_), pool_);
  const bool full_grid = sample_.train.size() == 10000;
  expect_keys(gaps, fixed["sap"], (full_grid ? 5e-4 : 1.0 / static_cast<double>(sample_.test.size())) + 1e-12, {"score_matrix"});
  expect_keys(gaps, fixed["sap"], full_grid ? 5e-4 : 1e-3, {"SAP_score"});
  expect_keys(gaps, fixed["sap"], 1e-6, {"SAP_continuous", "score_matrix_continuous"});
  const bool constant = fixed["explicitness"].contains("error");
  if (constant) {
    EXPECT_THROW(explicitness(sample_), Error);
  }
  const Json& block = constant ? fixed["on_nonconstant_dims"]["explicitness"] : fixed["explicitness"];
  expect_keys(finish(explicitness(without_constant_codes()), pool_), block, 1e-4,
              {"train_per_factor", "test_per_factor", "explicitness_score_train", "explicitness_score_test"});
}

TEST_P(MetricsOracle, InterventionsOnFixedArrays) {
  const Json& fixed = expected_["fixed_arrays"];
  const bool constant = fixed.contains("on_nonconstant_dims");
  const Json& block = constant ? fixed["on_nonconstant_dims"] : fixed["irs"];
  expect_keys(irs(sample_.train), block, 1e-4, {"IRS", "irs_matrix"});
  if (!constant) expect_keys(irs(sample_.train), block, 1e-4, {"per_code", "max_deviations", "active_dims"});
}

// Codes that separate the same points share their importance at random, so only the sum is compared.
void add_copies(Eigen::MatrixXd& R, const std::string& name) {
  if (name != "v5_duplicated") return;
  for (const auto& [code, copy] : {std::pair<Index, Index>{0, 5}, {1, 6}, {2, 7}, {4, 9}}) {
    R.row(code) += R.row(copy);
    R.row(copy).setZero();
  }
}

TEST_P(MetricsOracle, BoostedTreesOnFixedArrays) {
  if (sanitized()) GTEST_SKIP() << "too slow with sanitizers";
  const Json& expected = expected_["dci_fixed_arrays"];
  const Index n = expected["num_train_used"].get<Index>();
  const bool copies = name_ == "v5_duplicated", binary = name_ == "v8_binary";
  std::vector<Report> reports;
  for (uint64_t seed = 1; seed <= (copies || binary ? 3u : 1u); ++seed)
    reports.push_back(finish(dci({sample_.train.head(n), sample_.test}, seed), pool_));
  const auto mean = [&](const char* key) {
    Eigen::MatrixXd sum = reports[0].value(key) / static_cast<double>(reports.size());
    for (size_t i = 1; i < reports.size(); ++i) sum += reports[i].value(key) / static_cast<double>(reports.size());
    return sum;
  };
  const auto near = [&](const char* key, double tolerance) {
    EXPECT_LE((by_rows(mean(key)) - numbers(expected[key]["mean"])).cwiseAbs().maxCoeff(), tolerance)
        << key << " " << mean(key)(0, 0) << " instead of " << numbers(expected[key]["mean"])(0);
  };
  near("disentanglement", binary ? 0.01 : 0.005);
  near("completeness", binary || copies ? 0.01 : 0.005);
  near("informativeness_train", 0.01);
  near("informativeness_test", 0.01);
  near("train_accuracy_per_factor", 0.01);
  near("test_accuracy_per_factor", 0.02);
  Eigen::MatrixXd ours = mean("importance");
  Eigen::MatrixXd theirs = numbers(expected["importance"]["mean"]).reshaped(ours.cols(), ours.rows()).transpose();
  add_copies(ours, name_);
  add_copies(theirs, name_);
  EXPECT_LE((ours - theirs).cwiseAbs().maxCoeff(), copies ? 0.01 : 0.02) << "importance";
}

// With the labels of the first points; ten values of C, five folds.
TEST_P(MetricsOracle, FewLabels) {
  if (sanitized()) GTEST_SKIP() << "too slow with sanitizers";
  const Json& fixed = expected_["fixed_arrays"]["downstream"];
  std::vector<Points> train;
  for (const Index count : {100, 1000})
    if (count == 100 || sample_.train.size() <= 2000) train.push_back(sample_.train.head(count));
  const Report report = finish(downstream(train, sample_.test, 1), pool_);
  const auto near = [&](const std::string& name, const Json& block, double tolerance) {
    if (!block.contains(name) || !report.has(name + "/mean_test")) return;
    const double ours = report.number(name + "/mean_test");
    if (block[name].contains("error")) {
      EXPECT_TRUE(std::isnan(ours)) << name;
    } else {
      EXPECT_NEAR(ours, block[name]["mean_test"].get<double>(), tolerance) << name;
    }
  };
  near("logistic_regression_cv:100", fixed, 0.02);
  near("logistic_regression_cv:1000", fixed, 0.01);
  near("gradient_boosting:100", fixed, 0.03);
  near("gradient_boosting:1000", fixed, 0.03);
  if (expected_.contains("downstream_ovr_variant"))
    near("logistic_regression_cv_ovr:100", expected_["downstream_ovr_variant"], 0.02);
}

// ---- metrics that draw their own points: means over seeds --------------------------------------------------------------

// Codes of the full dSprites grid that no file could hold: tables, tanh, and noise hashed from the index.
class HashedCodes : public Representation {
 public:
  HashedCodes(const Array& table, std::vector<double> scale, std::vector<double> noise)
      : table_(table.doubles()), scale_(std::move(scale)), noise_(std::move(noise)) {}
  const std::vector<int>& sizes() const override { return sizes_; }
  Eigen::MatrixXf encode(const Eigen::MatrixXi& factors) override {
    constexpr Index kOffset[] = {0, 3, 9, 49, 81};
    Eigen::MatrixXf codes(factors.rows(), 10);
    for (Index i = 0; i < factors.rows(); ++i)
      for (Index d = 0; d < 10; ++d) {
        double a = 0;
        for (Index k = 0; k < 5; ++k) a += table_[static_cast<size_t>((kOffset[k] + factors(i, k)) * 10 + d)];
        uint64_t z = (static_cast<uint64_t>(grid_row(sizes_, factors, i) * 10 + d) + 1) * 0x9E3779B97F4A7C15u;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        const double u = static_cast<double>((z ^ (z >> 31)) >> 11) / 0x1p53;
        const auto at = static_cast<size_t>(d);
        codes(i, d) = static_cast<float>(scale_[at] * std::tanh(a) + noise_[at] * (u - 0.5) * 3.4641016151377544);
      }
    return codes;
  }

 private:
  std::vector<double> table_, scale_, noise_;
  std::vector<int> sizes_{3, 6, 40, 32, 32};
};

std::unique_ptr<Representation> representation_of(const std::string& name, const Json& expected) {
  if (name != "v7_dsprites_nl")
    return std::make_unique<GridCodes>(codes_from(name + "__grid_codes.npy"), expected["factor_sizes"].get<std::vector<int>>());
  const auto values = [&](const char* part) { return read_npy(file_of(name + "__table_" + part + ".npy")).doubles(); };
  return std::make_unique<HashedCodes>(read_npy(file_of(name + "__table_T.npy")), values("scale"), values("noise"));
}

TEST_P(MetricsOracle, DrawnPointsOverSeeds) {
  if (sanitized()) GTEST_SKIP() << "the arithmetic of other tests, many times over";
  const Json &expected = expected_["protocol_over_seeds"], &sizes = expected["protocol"];
  const auto codes = representation_of(name_, expected_);
  const auto near = [&](const char* metric, const char* key, const std::vector<double>& ours) {
    const Json& theirs = expected[metric][key];
    if (!theirs.is_object() || theirs["mean"].is_null()) return;
    const auto n = static_cast<double>(ours.size());
    double mean = 0, square = 0;
    for (const double x : ours) mean += x / n;
    for (const double x : ours) square += (x - mean) * (x - mean) / (n - 1);
    const double sd = theirs["sd"].get<double>(), spread = std::sqrt(sd * sd / theirs["n"].get<double>() + square / n);
    EXPECT_NEAR(mean, theirs["mean"].get<double>(), 3 * spread + 0.002) << metric << " " << key;
  };
  const int n = sizes["num_train"].get<int>(), m = sizes["num_eval"].get<int>();
  std::map<std::string, std::vector<double>> values;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    values["beta"].push_back(finish(beta_vae_score(*codes, seed, n, m), pool_).number("eval_accuracy"));
    const Points points = draw_points(*codes, sizes["mig_num_train"].get<int>(), Rng(seed, Stream::test), 0);
    values["mig"].push_back(mig(points).number("discrete_mig"));
    values["irs"].push_back(irs(points).number("IRS"));
  }
  for (uint64_t seed = 1; seed <= 8; ++seed)
    values["factor"].push_back(
        finish(factor_vae_score(*codes, seed, n, m, sizes["num_variance_estimate"].get<int>()), pool_).number("eval_accuracy"));
  near("beta_vae", "eval_accuracy", values["beta"]);
  near("factor_vae", "eval_accuracy", values["factor"]);
  near("mig", "discrete_mig", values["mig"]);
  near("irs", "IRS", values["irs"]);
}

INSTANTIATE_TEST_SUITE_P(Oracle, MetricsOracle,
                         ::testing::Values("v1_perfect", "v2_rot45", "v3_partial", "v4_noisy_dead", "v5_duplicated", "v6_noise",
                                           "v7_dsprites_nl", "v8_binary"),
                         [](const auto& which) { return std::string(which.param); });

// The table of the full grid is read as it was written: its codes are those of the arrays.
TEST(MetricsOracleCodes, HashedCodesAreTheArrays) {
  SKIP_WITHOUT(file_of("expected.json"));
  const Points train = points_from("v7_dsprites_nl__train");
  const auto codes = representation_of("v7_dsprites_nl", {});
  EXPECT_LE((codes->encode(train.factors) - train.codes).cwiseAbs().maxCoeff(), 2.4e-7f);
}

}  // namespace
}  // namespace unpick::io
