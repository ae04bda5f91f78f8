// What objectives ask for, on trained models: linear VAEs on Gaussian data, where every demand can be met.
#include <gtest/gtest.h>

#include <Eigen/Core>
#include <algorithm>

#include "core/data/batcher.h"
#include "core/session/session.h"

namespace unpick {
namespace {

struct ModelInTraining {
  ModelInTraining(const char* objective, std::initializer_list<std::pair<const char*, const char*>> settings)
      : session(config_of(objective, settings), open_dataset("gaussian:outputs=10,s=2|1.4|1,sigma2=0.1"), pool) {}

  static Config config_of(const char* objective, std::initializer_list<std::pair<const char*, const char*>> settings) {
    Config config;
    for (const auto& [name, value] : {std::pair{"model", "linear"}, {"likelihood", "gaussian"}, {"batch", "256"}, {"latent", "3"}})
      set(config, name, value);
    set(config, "objective", objective);
    for (const auto& [name, value] : settings) set(config, name, value);
    return config;
  }
  double mean_kl(int steps) {
    double sum = 0;
    for (int i = 0; i < steps; ++i) {
      session.advance(1);
      sum += session.losses().kl / steps;
    }
    return sum;
  }
  // Over 2048 data: the covariance of the means, and with `total` the mean variance of the posteriors added to it.
  Eigen::MatrixXd covariance(bool total) {
    constexpr int kData = 2048, kLatent = 3;
    std::vector<real> x(kData * 10), mu(kData * kLatent), logvar(kData * kLatent);
    Batcher(session.data(), 7, kData).fill(0, x, pool);
    Parameters table = session.model().table;
    Encoder(session.model().spec, table, session.model().weights.span(), session.backend(), kData).run(x, mu, logvar);
    using CodeRows = Eigen::Matrix<real, Eigen::Dynamic, kLatent, Eigen::RowMajor>;
    const Eigen::MatrixXd means = Eigen::Map<const CodeRows>(mu.data(), kData, kLatent).cast<double>();
    const Eigen::MatrixXd centred = means.rowwise() - means.colwise().mean();
    Eigen::MatrixXd c = centred.transpose() * centred / kData;
    if (total)
      c.diagonal() +=
          Eigen::Map<const CodeRows>(logvar.data(), kData, kLatent).cast<double>().array().exp().colwise().mean().matrix();
    return c;
  }

  Pool pool{1};
  Session session;
};

TEST(TrainedObjectives, TheKlOfAnAnnealedVaeFollowsItsCapacity) {
  ModelInTraining t("annealed-vae", {{"capacity", "5"}, {"capacity_steps", "2000"}, {"gamma", "100"}, {"lr", "1e-3"}});
  t.session.advance(950);
  EXPECT_NEAR(t.mean_kl(100), 2.5, 0.05 * 2.5);  // C grows through 2.5
  t.session.advance(1450);
  EXPECT_NEAR(t.mean_kl(200), 5, 0.05 * 5);
}

TEST(TrainedObjectives, DipVaesMakeTheCovarianceOfTheirCodesTheIdentity) {
  for (const bool total : {false, true}) {
    ModelInTraining t(total ? "dip-vae-ii" : "dip-vae-i", {{"lambda_od", "100"}, {"lambda_d", "100"}, {"lr", "3e-3"}});
    t.session.advance(3000);
    const Eigen::MatrixXd c = t.covariance(total);
    EXPECT_LT((c - Eigen::MatrixXd::Identity(3, 3)).cwiseAbs().maxCoeff(), 0.1) << c;
  }
}

}  // namespace
}  // namespace unpick
