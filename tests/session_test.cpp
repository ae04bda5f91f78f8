// Sessions: the same numbers whatever the threads, the machine's mood or the moment of a stop.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/session/session.h"

namespace unpick {
namespace {

Config live(std::initializer_list<std::pair<const char*, const char*>> changes = {}) {
  Config config;
  apply_preset(config, "live");
  for (const auto& [name, value] : changes) set(config, name, value);
  return config;
}

std::unique_ptr<Session> session(const Config& config, Pool& pool) {
  return std::make_unique<Session>(config, open_dataset(config.data), pool);
}

TEST(Session, WeightsAreBitIdenticalForEveryNumberOfThreads) {
  for (const char* model : {"mlp", "conv"}) {
    uint64_t first = 0;
    for (int threads : {1, 2, 3, 5, 16}) {
      Pool pool(threads);
      const auto s = session(live({{"model", model}, {"batch", "17"}}), pool);
      s->advance(3);
      if (threads == 1) first = s->fingerprint();
      EXPECT_EQ(s->fingerprint(), first) << model << ", " << threads << " threads";
    }
  }
}

TEST(Session, ResumingContinuesBitForBit) {
  Pool pool(2);
  const auto whole = session(live(), pool), first = session(live(), pool), second = session(live(), pool);
  whole->advance(7);
  whole->post({"beta", "8"});
  whole->advance(6);
  first->advance(7);
  first->post({"beta", "8"});
  first->advance(2);
  Config resumed = first->config();
  const auto s = session(resumed, pool);
  s->restore(first->state(), first->log());
  s->advance(4);
  EXPECT_EQ(s->fingerprint(), whole->fingerprint());
  EXPECT_EQ(s->log().size(), 1u);
}

TEST(Session, ALiveSettingChangesAtTheNextStepAndIsLogged) {
  Pool pool(1);
  const auto s = session(live(), pool);
  s->advance(3);
  s->post({"lr", "0"});
  const uint64_t before = s->fingerprint();
  s->advance(2);
  EXPECT_EQ(s->fingerprint(), before) << "a learning rate of 0 moves nothing";
  ASSERT_EQ(s->log().size(), 1u);
  EXPECT_EQ(s->log()[0].step, 3);
  EXPECT_THROW(s->post({"latent", "3"}), Error);
  EXPECT_THROW(s->post({"beta", "-1"}), Error);
}

TEST(Session, ANonFiniteLossNamesTheScopeAndKeepsTheWeights) {
  Pool pool(1);
  const auto s = session(live({{"likelihood", "gaussian"}, {"sigma2", "1e-6"}, {"beta", "0"}}), pool);
  s->advance(1);
  std::vector<real> x(64 * 4096, 0), epsilon(640, 0);
  epsilon[3] = std::numeric_limits<real>::infinity();
  const uint64_t before = s->fingerprint();
  try {
    s->step_on(x, epsilon);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::failed);
    EXPECT_NE(std::string(e.what()).find("step 2, first in scope 'sample'"), std::string::npos) << e.what();
  }
  EXPECT_EQ(s->fingerprint(), before);
  EXPECT_EQ(s->step(), 1);
  EXPECT_TRUE(s->healthy());
}

// A model small enough for every objective and prior: one shape, two sizes, all positions.
Config tiny(std::initializer_list<std::pair<const char*, const char*>> changes = {}) {
  Config config = live({{"data", "dsprites:shape=ellipse,orientation=0,scale=3|5"},
                        {"model", "linear"},
                        {"latent", "4"},
                        {"batch", "8"},
                        {"discriminator_width", "16"},
                        {"discriminator_depth", "2"}});
  for (const auto& [name, value] : changes) set(config, name, value);
  return config;
}

Config tiny_with(const Objective& o) {
  return tiny({{"objective", o.name}, {"likelihood", o.gaussian_only ? "gaussian" : "bernoulli"}});
}

TEST(Session, EveryObjectiveLearns) {
  Pool pool(2);
  for (const Objective& o : objectives()) {
    Config config = tiny_with(o);
    for (const auto& [name, value] : {std::pair{"lr", "0.01"},
                                      {"beta", "1"},
                                      {"gamma", "1"},
                                      {"gamma_tc", "1"},
                                      {"lambda_od", "1"},
                                      {"lambda_d", "1"},
                                      {"sigma2", "0.01"}})
      set(config, name, value);
    const auto s = session(config, pool);
    s->advance(1);
    const double start = s->losses().loss;
    s->advance(60);
    EXPECT_LT(s->losses().loss, start / 2) << o.name;
  }
}

// One of every kind: what an objective or a prior keeps between steps is its own.
std::vector<Config> every_kind() {
  std::vector<Config> configs;
  for (const Objective& o : objectives()) configs.push_back(tiny_with(o));
  for (const char* prior : {"anisotropic", "anisotropic-learned", "student-t", "mixture", "sparse", "subspaces", "hierarchical"})
    configs.push_back(tiny({{"prior", prior}, {"objective", "decomposition"}}));
  configs.push_back(tiny({{"likelihood", "gaussian"}, {"noise", "learned-each"}}));
  return configs;
}

std::string name_of(const Config& config) { return config.objective + ", " + config.prior + ", " + config.noise; }

// Whatever an objective or a prior keeps between steps, its second network and optimiser, its trained prior, is in the state; and
// whatever it draws is a function of the step.
TEST(Session, EveryObjectiveAndPriorResumesBitForBit) {
  Pool pool(2);
  for (const Config& config : every_kind()) {
    const auto whole = session(config, pool), first = session(config, pool), second = session(config, pool);
    whole->advance(5);
    first->advance(2);
    second->restore(first->state(), first->log());
    second->advance(3);
    EXPECT_EQ(second->fingerprint(), whole->fingerprint()) << name_of(config);
    EXPECT_EQ(second->losses().loss, whole->losses().loss);
  }
}

// Weights and moments, those of a discriminator and its own Adam among them; it is wide enough here to be cut into pieces.
TEST(Session, EveryObjectiveAndPriorIsBitIdenticalForEveryNumberOfThreads) {
  Pool one(1), five(5);
  for (Config config : every_kind()) {
    set(config, "batch", "17");
    set(config, "discriminator_width", "256");
    const auto alone = session(config, one), shared = session(config, five);
    alone->advance(3);
    shared->advance(3);
    const State a = alone->state(), b = shared->state();
    EXPECT_EQ(a.weights, b.weights) << name_of(config);
    EXPECT_EQ(a.m, b.m) << name_of(config);
    EXPECT_EQ(a.v, b.v) << name_of(config);
    EXPECT_EQ(alone->losses().loss, shared->losses().loss) << name_of(config);
  }
}

// After some steps the special case has the weights of the general one, in every bit of a float.
TEST(Session, LimitingCasesTrainToTheSameWeights) {
  struct Limit {
    const char *special, *general;
    std::vector<Command> settings;  // of the general one
  };
  const Limit limits[] = {{"vae", "beta-vae", {{"beta", "1"}}},
                          {"vae", "beta-tcvae", {{"beta", "1"}}},
                          {"vae", "factor-vae", {{"gamma_tc", "0"}}},
                          {"vae", "dip-vae-i", {{"lambda_od", "0"}, {"lambda_d", "0"}}},
                          {"vae", "dip-vae-ii", {{"lambda_od", "0"}, {"lambda_d", "0"}}},
                          {"vae", "decomposition", {{"alpha", "0"}, {"beta", "1"}}},
                          {"beta-vae", "decomposition", {{"alpha", "0"}}}};
  Pool pool(2);
  for (const Limit& limit : limits)
    for (const char* model : {"linear", "mlp-64-tanh"}) {
      const Config special = tiny({{"objective", limit.special}, {"model", model}});
      Config general = tiny({{"objective", limit.general}, {"model", model}});
      for (const Command& c : limit.settings) set(general, c.setting, c.value);
      const auto a = session(special, pool), b = session(general, pool);
      a->advance(5);
      b->advance(5);
      const auto n = static_cast<size_t>(a->training().main_region);  // without a discriminator
      ASSERT_EQ(b->training().main_region, a->training().main_region);
      const auto left = a->model().weights.span().first(n), right = b->model().weights.span().first(n);
      EXPECT_TRUE(std::equal(left.begin(), left.end(), right.begin()))
          << limit.special << " is not " << limit.general << ", " << model;
    }
}

// The entries of L below its diagonal held at 0, the full posterior trains as the diagonal one.
TEST(Session, AFullPosteriorThatIsHeldDiagonalTrainsAsADiagonalOne) {
  Pool pool(2);
  for (const char* model : {"linear", "mlp-64-tanh"}) {
    const auto diagonal = session(tiny({{"model", model}}), pool),
               full = session(tiny({{"model", model}, {"posterior", "full"}}), pool);
    const auto values = [](Session& s, const Parameter& p) {
      return s.model().weights.span().subspan(static_cast<size_t>(p.offset), static_cast<size_t>(p.shape.size()));
    };
    int held = 0;
    for (int step = 0; step < 5; ++step) {
      diagonal->advance(1);
      full->advance(1);
      for (const Parameter& p : full->model().table.rows()) {
        if (diagonal->model().table.find(p.name)) continue;
        const auto below = values(*full, p);
        held += std::any_of(below.begin(), below.end(), [](real w) { return w != 0; });
        std::fill(below.begin(), below.end(), real{0});
      }
    }
    EXPECT_GT(held, 0) << "they would have moved";
    for (const Parameter& p : diagonal->model().table.rows()) {
      const auto a = values(*diagonal, p), b = values(*full, *full->model().table.find(p.name));
      EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin())) << model << ", " << p.name;
    }
  }
}

TEST(Session, TheDiscriminatorLearnsAtItsOwnRate) {
  Pool pool(1);
  const auto s = session(tiny({{"objective", "factor-vae"}, {"lr", "0"}}), pool);
  const Parameter &model = s->model().table.rows().front(), &own = s->model().table.rows().back();
  EXPECT_EQ(own.name.substr(0, 13), "discriminator");
  const auto values = [&](const Parameter& p) {
    const auto part = s->model().weights.span().subspan(static_cast<size_t>(p.offset), static_cast<size_t>(p.shape.size()));
    return std::vector<real>(part.begin(), part.end());
  };
  const auto model_before = values(model), own_before = values(own);
  s->advance(2);
  EXPECT_EQ(values(model), model_before);
  EXPECT_NE(values(own), own_before);
}

TEST(Session, AHyperParameterChangesWithoutANewRecording) {
  Pool pool(1);
  const auto s = session(tiny({{"objective", "decomposition"}, {"alpha", "0"}}), pool);
  s->advance(2);
  s->post({"alpha", "100"});
  s->advance(1);
  const Losses& l = s->losses();
  EXPECT_NEAR(l.loss, l.reconstruction + s->config().beta * l.kl + 100 * l.term, 1e-4 * l.loss);
  EXPECT_NE(l.term, 0);
}

// Anisotropic priors start from the principal components; the learned one moves, the fixed one stays.
TEST(Session, AnisotropicPriorsStartFromTheDataAndOnlyTheLearnedOneMoves) {
  Pool pool(1);
  for (const bool learned : {false, true}) {
    const auto s = session(tiny({{"prior", learned ? "anisotropic-learned" : "anisotropic"}}), pool);
    const Parameter& w = *s->model().table.find("prior.w");
    const auto weights = s->model().weights.span().subspan(static_cast<size_t>(w.offset), 4);
    const std::vector<real> before(weights.begin(), weights.end());
    for (size_t j = 1; j < 4; ++j) EXPECT_LE(before[j], before[j - 1]) << "largest first";
    EXPECT_GT(before[0], before[3]);
    s->advance(2);
    EXPECT_EQ(std::vector<real>(weights.begin(), weights.end()) != before, learned);
  }
}

TEST(Session, ASampledKlTellsItsStandardError) {
  Pool pool(1);
  const auto exact = session(tiny(), pool), sampled = session(tiny({{"kl", "sampled"}}), pool);
  exact->advance(1);
  sampled->advance(1);
  EXPECT_EQ(exact->losses().kl_error, 0);
  EXPECT_GT(sampled->losses().kl_error, 0);
  EXPECT_NEAR(sampled->losses().kl, exact->losses().kl, 4 * sampled->losses().kl_error);
}

TEST(Session, ALearnedSigmaStartsAtTheSettingAndMoves) {
  Pool pool(1);
  const auto fixed = session(tiny({{"likelihood", "gaussian"}}), pool),
             learned = session(tiny({{"likelihood", "gaussian"}, {"noise", "learned"}}), pool);
  fixed->advance(1);
  learned->advance(1);
  EXPECT_NEAR(learned->losses().loss / fixed->losses().loss, 1, 0.01) << "0.1 and 0.1 + 1e-4";
  learned->advance(50);
  const Parameter& rho = *learned->model().table.find("likelihood.rho");
  EXPECT_GT(std::abs(learned->model().weights.span()[static_cast<size_t>(rho.offset)]), 0.01);
}

}  // namespace
}  // namespace unpick
