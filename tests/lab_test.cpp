// The lab: watching and commands never change what a run computes, and what is shown is what the model gives.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>
#include <utility>

#include "core/data/image_array.h"
#include "core/session/lab.h"
#include "tests/fake_metrics.h"

namespace unpick {
namespace {

// Sixteen images of 6x6 pixels: a soft spot in each of sixteen places. "missing" cannot be opened.
std::unique_ptr<Dataset> open_spots(const std::string& spec) {
  if (spec == "missing") throw Error(ErrorKind::data, "data 'missing'", "is not there", "name another");
  std::vector<float> pixels;
  for (int place = 0; place < 16; ++place)
    for (int y = 0; y < 6; ++y)
      for (int x = 0; x < 6; ++x) {
        const double dx = x - 1 - place % 4, dy = y - 1 - place / 4;
        pixels.push_back(static_cast<float>(std::exp(-0.5 * (dx * dx + 0.25 * dy * dy))));
      }
  return std::make_unique<ImageArray>(spec, Shape{6, 6, 1}, std::move(pixels));
}

Config small() {
  Config config;
  for (const auto& [name, value] : {std::pair{"data", "spots"},
                                    {"model", "linear"},
                                    {"latent", "3"},
                                    {"batch", "4"},
                                    {"beta", "0.1"},
                                    {"threads", "1"},
                                    {"likelihood", "gaussian"}})
    set(config, name, value);
  return config;
}

// Until only a command can bring work; returns the last snapshot.
const Snapshot& settle(Lab& lab) {
  while (true) {
    const double rest = lab.advance(0.01);
    if (std::isinf(rest)) return lab.latest();
    lab.wait(rest);
  }
}

const Snapshot& ask(Lab& lab, const std::string& line) {
  lab.post(line);
  return settle(lab);
}

TEST(Lab, WatchingDoesNotChangeTraining) {
  Pool pool(1);
  Session alone(small(), open_spots("spots"), pool);
  alone.advance(40);
  Lab lab(open_spots, small());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ask(lab, "step 10").step, 10 * (i + 1));
  EXPECT_EQ(lab.session().fingerprint(), alone.fingerprint());
  EXPECT_EQ(lab.latest().losses.loss, alone.losses().loss);
  EXPECT_FALSE(lab.latest().playing);
}

TEST(Lab, PlayEndsAtTheLastStep) {
  Lab lab(open_spots, small());
  ask(lab, "set steps 25");
  EXPECT_EQ(ask(lab, "play").step, 25);
  EXPECT_NE(ask(lab, "play").message.find("the last step is done"), std::string::npos);
}

TEST(Lab, ALogOfCommandsGivesTheSameRunAgain) {
  Lab lab(open_spots, small());
  for (const char* line : {"step 7", "set beta 2", "image 3", "step 5", "start seed=9 latent=2", "step 3", "set lr 0.01", "step 4"})
    ask(lab, line);
  ASSERT_EQ(lab.log().size(), 8u);
  EXPECT_EQ(lab.log()[1].step, 7);
  EXPECT_EQ(lab.log()[4].step, 12);
  Lab again(open_spots, small());
  replay(again, lab.log());
  ask(again, "step 4");
  EXPECT_EQ(again.session().fingerprint(), lab.session().fingerprint());
  EXPECT_EQ(again.session().config().seed, 9);
}

TEST(Lab, MomentsToLookBackAtAreFewAndFarApart) {
  Lab lab(open_spots, small());
  ask(lab, "set steps 1000");
  for (int i = 0; i < 30; ++i) ask(lab, "step 12");
  const auto& moments = *lab.latest().moments;
  EXPECT_LE(moments.size(), kMoments);
  EXPECT_GT(moments.size(), kMoments / 3);
  EXPECT_EQ(moments.front().step, 0);
  for (size_t i = 0; i < moments.size(); ++i) {
    EXPECT_EQ(moments[i].look->step, moments[i].step);
    if (i > 0) {
      EXPECT_GE(moments[i].step, moments[i - 1].step + 10);
    }
  }
}

TEST(Lab, OfADragOnlyTheLastPlaceIsLogged) {
  Lab lab(open_spots, small());
  for (const char* line : {"move 1 0.1", "move 1 0.2", "move 2 0.2", "move 1 0.3"}) ask(lab, line);
  ASSERT_EQ(lab.log().size(), 3u);
  EXPECT_EQ(lab.log()[0].line, "move 1 0.2");
}

TEST(Lab, ACommandThatMakesNoSenseSaysSoAndChangesNothing) {
  Lab lab(open_spots, small());
  ask(lab, "step 3");
  const uint64_t before = lab.session().fingerprint();
  const std::pair<const char*, const char*> cases[] = {{"pley", "did you mean 'play'?"},
                                                       {"set latent 4", "cannot change during a run"},
                                                       {"set beta -1", "beta"},
                                                       {"set beta", "write set NAME VALUE"},
                                                       {"step 0", "from 1"},
                                                       {"image 16", "from 0 to 15"},
                                                       {"move 3 0", "from 0 to 2"},
                                                       {"move 0 nan", "does not fit"},
                                                       {"start data=missing", "is not there"},
                                                       {"start posterior=fool", "full"},
                                                       {"start seed", "NAME=VALUE"},
                                                       {"", "is unknown"}};
  for (const auto& [line, part] : cases) {
    const std::string message = ask(lab, line).message;
    EXPECT_NE(message.find(part), std::string::npos) << line << ": " << message;
  }
  EXPECT_EQ(lab.session().fingerprint(), before);
  EXPECT_EQ(lab.session().step(), 3);
  EXPECT_EQ(lab.log().size(), 1u) << "only what took effect is logged";
  EXPECT_EQ(ask(lab, "set beta 3").message, "") << "the next command clears the error";
}

TEST(Lab, WhatIsShownIsWhatTheModelGives) {
  Lab lab(open_spots, small());
  ask(lab, "set lr 0.01");
  const Snapshot before = ask(lab, "step 200");
  ASSERT_TRUE(before.pictures && before.look);
  EXPECT_EQ(before.pictures->step, 200);
  EXPECT_EQ(before.look->step, 200);
  EXPECT_EQ(before.look->traversal.size(), 3 * before.look->values.size() * 36);
  EXPECT_EQ(before.pictures->reconstructions.size(), before.pictures->images.size() * 36);
  EXPECT_EQ(before.look->off.measured, off_share(before.look->geometry.G));

  // A tile of the grid is what the code shows once its latent is there.
  const real value = before.look->values[6];
  const Snapshot after = ask(lab, "move 2 " + std::to_string(value));
  EXPECT_TRUE(after.look->moved[2]);
  EXPECT_FALSE(after.look->moved[0]);
  EXPECT_NEAR(after.look->code[2], value, 1e-6);
  EXPECT_EQ(after.look->code[0], before.look->code[0]);
  const real* tile = before.look->traversal.data() + (2 * before.look->values.size() + 6) * 36;
  for (size_t i = 0; i < 36; ++i) EXPECT_NEAR(after.look->decoded[i], tile[i], 1e-5);
}

// For the linear Gaussian model the best posterior is known: I + W'W / (beta sigma2), at every code.
TEST(Lab, TheBestPosteriorOfALinearModelIsTheClosedForm) {
  Lab lab(open_spots, small());
  ask(lab, "set sigma2 0.5");
  const Snapshot s = ask(lab, "step 5");
  const Geometry& g = s.look->geometry;
  const auto n = static_cast<Eigen::Index>(g.dims.size());
  const Eigen::MatrixXd expected = Eigen::MatrixXd::Identity(n, n) + g.G / (0.1 * 0.5);
  EXPECT_LT((s.look->precision - expected).norm(), 1e-5 * expected.norm());
}

TEST(Lab, TheFirstImageIsInTheMiddleOfTheData) {
  const auto slice = open_dataset("dsprites:shape=ellipse,orientation=0,posY=8..23");
  const std::vector<int> values = slice->factor_values(central_image(*slice));  // shape, scale, orientation, posX, posY
  EXPECT_TRUE(values[1] == 2 || values[1] == 3) << values[1];
  EXPECT_TRUE(values[3] == 15 || values[3] == 16) << values[3];
  EXPECT_TRUE(values[4] == 15 || values[4] == 16) << values[4];
  EXPECT_EQ(central_image(*open_spots("spots")), 8u) << "no factors are known";
}

TEST(Lab, CurvesStayShortAndEven) {
  Lab lab(open_spots, small());
  const Snapshot s = ask(lab, "step 2500");
  const auto& steps = s.curves->step;
  EXPECT_GT(steps.size(), kCurvePoints / 2);
  EXPECT_LE(steps.size(), kCurvePoints);
  for (size_t i = 1; i < steps.size(); ++i) ASSERT_EQ(steps[i] - steps[i - 1], steps[1] - steps[0]);
  EXPECT_EQ(s.curves->loss.size(), steps.size());
  EXPECT_EQ(s.curves->kl_per_latent[2].size(), steps.size());
}

TEST(Lab, AKeptRunGoesOnBitForBit) {
  Lab lab(open_spots, small());
  ask(lab, "step 6");
  const Snapshot kept = ask(lab, "keep");
  ASSERT_TRUE(kept.kept);
  ask(lab, "step 5");
  Config other = small();
  set(other, "latent", "2");
  Lab second(open_spots, other);
  second.open(*kept.kept);
  EXPECT_EQ(settle(second).step, 6);
  ask(second, "step 5");
  EXPECT_EQ(second.session().fingerprint(), lab.session().fingerprint());
}

TEST(Lab, ADivergedRunSaysSoAndANewOneStarts) {
  Lab lab(open_spots, small(), fake_metrics());
  ask(lab, "start model=mlp lr=10 sigma2=1e-6");
  const Snapshot s = ask(lab, "step 200");
  EXPECT_TRUE(s.failed);
  // Whoever sees it first: the loss, or between two steps the codes.
  EXPECT_NE(s.message.find("not finite"), std::string::npos) << s.message;
  EXPECT_NE(s.message.find("step "), std::string::npos) << s.message;
  ask(lab, "score mean 1");  // comes to an end, whatever its codes are
  EXPECT_NE(ask(lab, "play").message.find("cannot go on"), std::string::npos);
  EXPECT_FALSE(ask(lab, "start model=linear lr=0.001 sigma2=0.1").failed);
  EXPECT_EQ(ask(lab, "step 2").step, 2);
}

// ---- two models in step ------------------------------------------------------------------------------------------------

uint64_t fingerprint_alone(const std::string& name, const std::string& value, int64_t steps) {
  Config config = small();
  set(config, name, value);
  Pool pool(1);
  Session alone(config, open_spots("spots"), pool);
  alone.advance(steps);
  return alone.fingerprint();
}

TEST(Lab, EachModelOfAPairIsTheRunThatItWouldBeAlone) {
  Lab lab(open_spots, small());
  ask(lab, "step 5");
  const Snapshot begun = ask(lab, "pair posterior=full");
  EXPECT_EQ(begun.step, 0) << "both begin together";
  const Snapshot s = ask(lab, "step 30");
  ASSERT_TRUE(s.partner && lab.partner());
  EXPECT_EQ(s.difference, std::vector<std::string>{"posterior"});
  EXPECT_EQ(s.config.posterior, "diagonal");
  EXPECT_EQ(s.partner->config.posterior, "full");
  EXPECT_EQ(lab.session().fingerprint(), fingerprint_alone("posterior", "diagonal", 30));
  EXPECT_EQ(lab.partner()->fingerprint(), fingerprint_alone("posterior", "full", 30));
  for (const Trained* model : {static_cast<const Trained*>(&s), &*s.partner}) {
    EXPECT_EQ(model->losses.step, 30);
    EXPECT_EQ(model->curves->step.size(), 30u);
    EXPECT_EQ(model->pictures->step, 30);
    EXPECT_EQ(model->look->step, 30);
    EXPECT_EQ(model->seams->step, 30);
  }
  EXPECT_NE(s.look->serial, s.partner->look->serial);
  EXPECT_TRUE(s.moments->back().partner.begun());
}

TEST(Lab, WhatIsAskedOfOneModelOfAPairIsAskedOfBoth) {
  Lab lab(open_spots, small());
  ask(lab, "pair beta=2");
  ask(lab, "move 1 0.5");
  const Snapshot s = ask(lab, "set lr 0.002");
  EXPECT_EQ(s.look->code[1], real{0.5});
  EXPECT_EQ(s.partner->look->code[1], real{0.5});
  EXPECT_EQ(s.config.lr, 0.002);
  EXPECT_EQ(s.partner->config.lr, 0.002);
  const Snapshot t = ask(lab, "set beta 1");
  EXPECT_EQ(t.config.beta, 1);
  EXPECT_EQ(t.partner->config.beta, 2) << "that is what differs";
}

TEST(Lab, APairStaysOneInANewRunAndIsReplayed) {
  Lab lab(open_spots, small());
  for (const char* line : {"pair posterior=full", "step 4", "start seed=3", "step 6", "set lr 0.01", "step 5"}) ask(lab, line);
  ASSERT_TRUE(lab.partner());
  EXPECT_EQ(lab.partner()->config().seed, 3);
  Lab again(open_spots, small());
  replay(again, lab.log());
  ask(again, "step 5");
  ASSERT_TRUE(again.partner());
  EXPECT_EQ(again.session().fingerprint(), lab.session().fingerprint());
  EXPECT_EQ(again.partner()->fingerprint(), lab.partner()->fingerprint());

  const uint64_t before = lab.session().fingerprint();
  EXPECT_FALSE(ask(lab, "single").partner);
  EXPECT_EQ(lab.session().fingerprint(), before) << "the first goes on";
}

TEST(Lab, NoModelOfAPairKeepsTheOtherWaiting) {
  Lab lab(open_spots, small());
  ask(lab, "set steps 1000000000");
  ask(lab, "pair posterior=full");
  lab.post("play");
  int64_t shown[2] = {0, 0};  // new pictures of each
  const Snapshot* s = nullptr;
  for (int64_t last[2] = {-1, -1}; shown[0] + shown[1] < 12;) {
    lab.advance(0.002);
    s = &lab.latest();
    const Seen* models[] = {s, &*s->partner};
    for (int i = 0; i < 2; ++i)
      if (models[i]->pictures && models[i]->pictures->serial != std::exchange(last[i], models[i]->pictures->serial)) ++shown[i];
  }
  EXPECT_GE(shown[0], 4);
  EXPECT_GE(shown[1], 4);
}

TEST(Lab, OnlyACurvedDecoderHasAResidualHessian) {
  Lab lab(open_spots, small());
  const Snapshot& flat = ask(lab, "step 5");
  EXPECT_EQ(flat.look->residual.rows(), flat.look->geometry.G.rows());
  EXPECT_EQ(flat.look->residual.norm(), 0) << "a linear one";
  ask(lab, "start model=mlp-tanh");
  const Snapshot& curved = ask(lab, "step 5");
  EXPECT_GT(curved.look->residual.norm(), 0);
  EXPECT_GE(curved.look->residual_off.rotated, 0);
}

TEST(Lab, ScoresAreOfTheStepWhereTheyWereAskedFor) {
  Lab lab(open_spots, small(), fake_metrics()), unscored(open_spots, small());
  ask(lab, "step 3");
  ask(unscored, "step 3");
  Pool pool(1);
  const auto backend = make_cpu_backend(pool);
  EncodedData codes(unscored.session().model(), unscored.session().data(), *backend, pool);
  const double expected = finish(start(fake_metrics()[0], codes, 1, 0.5), pool).number("mean");

  lab.post("score mean,fails 0.5");
  const Snapshot& s = ask(lab, "step 20");
  EXPECT_EQ(s.step, 23);
  ASSERT_TRUE(s.scores);
  EXPECT_EQ(s.scores->step, 3);
  EXPECT_EQ(s.scores->done, 1);
  EXPECT_EQ(s.scores->working, "");
  ASSERT_EQ(s.scores->metrics.size(), 2u);
  EXPECT_EQ(s.scores->metrics[0].score(), expected);
  EXPECT_NE(s.scores->metrics[1].error.find("made to fail"), std::string::npos);
  ask(unscored, "step 20");
  EXPECT_EQ(lab.session().fingerprint(), unscored.session().fingerprint()) << "scoring changes no training";
}

TEST(Lab, OnlyMetricsThatAreThereCanBeAskedFor) {
  Lab lab(open_spots, small(), fake_metrics());
  EXPECT_NE(ask(lab, "score meen 1").message.find("did you mean 'mean'?"), std::string::npos);
  EXPECT_NE(ask(lab, "score mean 2").message.find("from 0.001 to 1"), std::string::npos);
  EXPECT_NE(ask(lab, "score mean").message.find("NAMES SCALE"), std::string::npos);
  EXPECT_FALSE(lab.latest().scores);
  ask(lab, "pair posterior=full");
  ask(lab, "step 2");
  const Snapshot& s = ask(lab, "score mean 1");
  ASSERT_TRUE(s.scores && s.partner->scores);
  EXPECT_NE(s.scores->metrics[0].score(), s.partner->scores->metrics[0].score()) << "each model has its own";
  EXPECT_FALSE(ask(lab, "start").scores) << "a new run has none";
}

TEST(Lab, AKeptPairGoesOnBitForBit) {
  Lab lab(open_spots, small());
  for (const char* line : {"pair posterior=full", "step 6", "keep"}) ask(lab, line);
  const Kept kept = *lab.latest().kept;
  ask(lab, "step 5");
  Lab second(open_spots, small());
  second.open(kept);
  EXPECT_EQ(settle(second).partner->curves->step.size(), 6u);
  ask(second, "step 5");
  EXPECT_EQ(second.session().fingerprint(), lab.session().fingerprint());
  EXPECT_EQ(second.partner()->fingerprint(), lab.partner()->fingerprint());

  Kept torn = kept;
  torn.partner.reset();
  second.open(torn);
  EXPECT_NE(settle(second).message.find("not at the step of the first"), std::string::npos);
  EXPECT_EQ(second.session().step(), 11) << "nothing is lost";
}

TEST(Lab, APairThatMakesNoSenseSaysSo) {
  Lab lab(open_spots, small());
  ask(lab, "step 3");
  const std::pair<const char*, const char*> cases[] = {{"pair", "would be the same"},
                                                       {"pair posterior=diagonal", "would be the same"},
                                                       {"pair data=spots", "same for both"},
                                                       {"pair threads=2", "same for both"},
                                                       {"pair posterior", "NAME=VALUE"},
                                                       {"pair colour=red", "unknown"},
                                                       {"pair beta=-1", "beta"}};
  for (const auto& [line, part] : cases) {
    const std::string message = ask(lab, line).message;
    EXPECT_NE(message.find(part), std::string::npos) << line << ": " << message;
    EXPECT_FALSE(lab.partner());
  }
  EXPECT_EQ(lab.session().step(), 3);
  ask(lab, "pair posterior=full");
  EXPECT_NE(ask(lab, "start posterior=full").message.find("one of them is left"), std::string::npos);
  EXPECT_FALSE(lab.partner());
}

// Every seed is the run that it would be alone, and the log trains all of them again.
TEST(Lab, SeveralSeedsFollowOneAnother) {
  Config config = small();
  set(config, "steps", "12");
  set(config, "seed", "4");
  Lab lab(open_spots, config);
  ask(lab, "pair posterior=full");
  const Snapshot s = ask(lab, "seeds 3");
  EXPECT_EQ(std::pair(s.config.seed, s.step), std::pair(int64_t{6}, int64_t{12}));
  EXPECT_EQ(s.seeds_left, 0);
  ASSERT_TRUE(s.earlier && s.partner->earlier);
  ASSERT_EQ(s.earlier->size(), 2u);
  EXPECT_EQ(s.partner->earlier->size(), 2u);

  set(config, "seed", "5");
  Lab alone(open_spots, config);
  const Standing second = ask(alone, "play").standing();
  EXPECT_EQ((*s.earlier)[1], second);
  EXPECT_EQ(second.settings, s.standing().settings);
  EXPECT_NE(second.settings, s.partner->standing().settings);
  EXPECT_GT(second.in_use, 0);

  set(config, "seed", "4");
  Lab again(open_spots, config);
  replay(again, lab.log());
  ask(again, "play");
  EXPECT_EQ(again.session().fingerprint(), lab.session().fingerprint());
  EXPECT_EQ(again.partner()->fingerprint(), lab.partner()->fingerprint());

  lab.post("seeds 9");
  EXPECT_EQ(ask(lab, "start").seeds_left, 0) << "another run is what is wanted now";
}

TEST(Lab, AThreadTrainsWhileAnotherWatchesAndCommands) {
  Lab lab(open_spots, small());
  std::atomic<bool> stop{false};
  std::thread trainer([&] {
    while (!stop) lab.wait(lab.advance(0.002));
  });
  lab.post("play");
  int64_t serial = 0, drags = 0;
  for (int64_t step = 0; step < 300 || drags < 3;) {
    const Snapshot& s = lab.latest();
    ASSERT_GE(s.serial, serial) << "snapshots never go back";
    if (s.serial != serial && s.look) lab.post("move 0 " + std::to_string(0.01 * static_cast<double>(++drags)));
    serial = s.serial;
    step = s.step;
    std::this_thread::yield();
  }
  stop = true;
  lab.interrupt();
  trainer.join();
}

}  // namespace
}  // namespace unpick
