// The lab without a window: every view and panel is drawn, and what a hand does becomes commands.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/ui/lab1.h"

namespace unpick::ui {
namespace {

TEST(App, EveryViewIsDrawnInBothThemesAndLayoutsAndMemoriesOfNothing) {
  Lab1 l;
  l.ask("step 3");
  for (int i = 0; i < 20; ++i) {
    l.app.memory.dark = i % 2;
    l.app.memory.logarithmic = i % 3;
    l.app.memory.all_latents = i % 5;
    l.app.memory.log = i % 2 == 0;
    l.app.memory.residual = i % 4 < 2;
    l.app.memory.stage = i % 5;
    l.app.memory.space = i % 3;
    l.frame(1000 + 40 * static_cast<float>(i % 7), 640 + 20 * static_cast<float>(i));
    EXPECT_GT(vertices(), 2000);
    l.app.tab = i % static_cast<int>(views().size() + 1);
    l.frame(390, 844);
    EXPECT_GT(vertices(), 300) << "compact, tab " << l.app.tab;
    l.frame(200, 150);  // too small for anything is still no crash
  }
}

TEST(App, APairIsDrawnSideBySideAndOneAboveTheOther) {
  Lab1 l;
  l.ask("pair posterior=full");
  l.frame();  // nothing is known of the second model's losses yet
  l.ask("step 14");
  for (int i = 0; i < 10; ++i) {
    l.app.memory.stage = i % 5;
    l.app.memory.below = i % 5;
    l.frame();
    EXPECT_GT(vertices(), 2000) << "views " << i % 5 << " and " << i % 5;
  }
  for (l.app.tab = 0; l.app.tab <= static_cast<int>(views().size()); ++l.app.tab)
    for (const auto& [width, height] : {std::pair{390.0f, 844.0f}, std::pair{844.0f, 390.0f}}) {
      l.frame(width, height);
      EXPECT_GT(vertices(), 300) << "compact, tab " << l.app.tab;
    }
  l.app.memory.past = 0;
  l.frame();
  EXPECT_EQ(l.app.memory.past, 0) << "both can be looked back at";
  const int before = l.textures.textures;
  l.ask("single");
  l.frame();
  EXPECT_FALSE(l.lab.latest().partner);
  EXPECT_GE(before, 4) << "each model has pictures of its own";
}

// What a machine without a graphics card draws sixty times a second, however long the run.
TEST(App, AFrameIsFewTrianglesAndLeavesThePaperToTheHost) {
  Lab1 l;
  l.ask("set steps 900");
  l.ask("step 900");
  l.frame(1280, 800);
  const ImDrawData& drawn = *ImGui::GetDrawData();
  EXPECT_LT(drawn.TotalIdxCount / 3, 20000);
  for (const ImDrawVert& corner : drawn.CmdLists[0]->VtxBuffer)
    if (corner.pos.x < 1 && corner.pos.y < 1) ADD_FAILURE() << "something is painted into the corner of the sheet";
}

TEST(App, NothingIsUploadedTwice) {
  Lab1 l;
  for (int i = 0; i < 3; ++i) l.frame();
  const int before = l.textures.uploads;
  EXPECT_GE(before, 3) << "traversal, images, directions";
  for (int i = 0; i < 5; ++i) l.frame();
  EXPECT_EQ(l.textures.uploads, before);
  l.ask("move 0 1");
  l.frame();
  EXPECT_EQ(l.textures.uploads, before + 2) << "the pictures of the data are as they were";
  ++l.textures.generation;
  l.frame();
  EXPECT_EQ(l.textures.uploads, before + 5) << "all textures were lost";
}

TEST(App, KeysAreCommands) {
  Lab1 l;
  l.app.key('s');
  l.settle();
  EXPECT_EQ(l.lab.latest().step, 1);
  l.ask("set steps 4");
  l.app.key(' ');
  l.settle();
  EXPECT_EQ(l.lab.latest().step, 4);
  l.app.key('d');
  l.settle();
  EXPECT_EQ(l.lab.latest().config.seed, 2);
  l.app.key('t');
  EXPECT_TRUE(l.app.memory.dark);
}

TEST(App, MetricsAreComputedAtAKeyAndOfferedWithTheirMatrices) {
  Lab1 l;
  l.ask("step 2");
  l.app.memory.stage = 2;
  l.frame();
  const int before = vertices();
  l.app.key('m');
  l.settle();
  ASSERT_TRUE(l.lab.latest().scores);
  EXPECT_EQ(l.lab.latest().scores->metrics.size(), 2u);
  l.app.memory.metric = "mean";
  l.frame();
  EXPECT_GT(vertices(), before) << "numbers and a matrix";
  l.app.memory.metric = "fails";
  l.frame();
  l.app.tab = 10;
  l.frame(390, 844);
  EXPECT_GT(vertices(), 300);
}

// The amber play button stands at the left of the header: its middle is at (136, 26).
TEST(App, TheButtonTrains) {
  Lab1 l;
  l.ask("set steps 6");
  l.frame();
  l.drag(136, 26, 0, 0);
  EXPECT_EQ(l.lab.latest().step, 6);
}

TEST(App, DraggingARowMovesItsLatent) {
  Lab1 l;
  l.app.memory.all_latents = true;
  l.ask("step 2");
  l.frame();
  const std::vector<bool> before = l.lab.latest().look->moved;
  EXPECT_EQ(std::count(before.begin(), before.end(), true), 0);
  l.drag(500, 198, 80, 0);
  const auto& moved = l.lab.latest().look->moved;
  ASSERT_EQ(std::count(moved.begin(), moved.end(), true), 1);
  const auto latent = std::find(moved.begin(), moved.end(), true) - moved.begin();
  EXPECT_EQ(latent, l.lab.latest().pictures->sample.by_kl()[0]) << "the first row is the latent with the largest KL";
  const real first = l.lab.latest().look->code[static_cast<size_t>(latent)];
  l.drag(580, 198, 60, 0);
  EXPECT_GT(l.lab.latest().look->code[static_cast<size_t>(latent)], first) << "to the right is up";
}

TEST(App, SeamsAreTracedThroughTheCodeAndTheManifoldTurns) {
  Lab1 l;
  l.ask("step 3");
  const std::shared_ptr<const Seams> seams = l.lab.latest().seams;
  ASSERT_TRUE(seams);
  EXPECT_EQ(seams->step, 3);
  EXPECT_EQ(seams->code, l.lab.latest().look->code);
  EXPECT_EQ(seams->seams.size(), l.lab.latest().look->geometry.dims.size());
  EXPECT_GT(seams->shown, 0.5);
  l.ask("move 0 0.5");
  EXPECT_EQ(l.lab.latest().seams->code[0], 0.5f) << "seams run through the code that is shown";
  l.app.memory.space = 1;
  l.frame();
  const float yaw = l.app.memory.yaw;
  l.drag(1000, 500, 50, 0);
  EXPECT_NE(l.app.memory.yaw, yaw);
}

TEST(App, DraggingAcrossTheCurvesLooksBack) {
  Lab1 l;
  for (int i = 0; i < 6; ++i) l.ask("step 12");
  const auto moments = l.lab.latest().moments;
  ASSERT_EQ(moments->size(), 7u);
  EXPECT_EQ(moments->front().step, 0);
  l.frame();
  l.drag(320, 730, 10, 0);
  ASSERT_TRUE(l.app.memory.past) << "the loss curves lie there";
  EXPECT_LT(*l.app.memory.past, 36);
  l.frame();
  l.ask("move 0 1");
  l.app.key('n');
  EXPECT_FALSE(l.app.memory.past);
}

TEST(App, TheLogShowsWhatWasAsked) {
  Lab1 l;
  l.ask("step 2");
  l.frame();
  EXPECT_FALSE(l.app.memory.log);
  l.drag(1280 - 20 - 32 - 8 - 42, 26, 0, 0);  // the word stands left of the button for the theme
  EXPECT_TRUE(l.app.memory.log);
  l.frame();
  const int before = vertices();
  l.ask("set lr 0.002");
  ASSERT_TRUE(l.lab.latest().log);
  EXPECT_EQ(l.lab.latest().log->back().line, "set lr 0.002");
  EXPECT_EQ(l.lab.latest().log->back().step, 2);
  l.frame();
  EXPECT_GT(vertices(), before) << "one line more";
}

// An opened run has a step but no losses yet: nothing may claim that it costs nothing. Drawn, and gone on with.
TEST(App, AnOpenedRunIsShownAndGoesOn) {
  Lab1 first;
  first.ask("step 3");
  first.ask("keep");
  ASSERT_TRUE(first.lab.latest().kept);
  const Kept kept = *first.lab.latest().kept;
  Lab1 second;
  second.lab.open(kept);
  second.settle();
  EXPECT_EQ(second.lab.latest().step, 3);
  EXPECT_EQ(second.lab.latest().losses.step, 0);
  EXPECT_EQ(second.lab.latest().curves->loss, first.lab.latest().curves->loss);
  second.frame();
  EXPECT_GT(vertices(), 2000);
  EXPECT_EQ(second.ask("step 1").losses.loss, first.ask("step 1").losses.loss);
  EXPECT_EQ(second.lab.latest().curves->step, (std::vector<int64_t>{1, 2, 3, 4}));
}

TEST(App, CurvesThatAreNewerThanTheRunOrOfAnotherModelAreLeftOut) {
  Lab1 first;
  first.ask("step 6");
  first.ask("keep");
  Kept kept = *first.lab.latest().kept;
  kept.state.step = 4;
  Lab1 second;
  second.lab.open(kept);
  second.settle();
  EXPECT_EQ(second.lab.latest().curves->step, (std::vector<int64_t>{1, 2, 3, 4}));
  auto other = *kept.curves;
  other.kl_per_latent.pop_back();
  kept.curves = std::make_shared<const Curves>(other);
  second.lab.open(kept);
  second.settle();
  EXPECT_TRUE(second.lab.latest().curves->step.empty());
}

TEST(App, ARunThatCannotStartSaysWhy) {
  Lab1 l;
  l.frame();
  const int quiet = vertices();
  l.ask("start data=dsprites:shape=circle");
  l.frame();
  EXPECT_FALSE(l.lab.latest().message.empty());
  EXPECT_GT(vertices(), quiet) << "the message is drawn";
}

TEST(Draw, NumbersAreShort) {
  EXPECT_EQ(number(0.04712), "0.0471");
  EXPECT_EQ(number(-1.5), "−1.5");
  EXPECT_EQ(number(1240.4), "1,240");
  EXPECT_EQ(number(-1234567), "−1,234,567");
  EXPECT_EQ(number(std::nan("")), "–");
  EXPECT_EQ(fixed(-0.125, 2), "−0.12");
  EXPECT_EQ(grouped(999), "999");
}

TEST(Draw, TicksAreRound) {
  EXPECT_EQ(ticks(0, 10, 4), (std::vector<double>{0, 5, 10}));
  EXPECT_EQ(ticks(-1, 1, 4), (std::vector<double>{-1, -0.5, 0, 0.5, 1}));
  EXPECT_TRUE(ticks(1, 1, 4).empty());
}

TEST(Draw, DivergingColoursMeetInTheMiddleAndViridisRises) {
  for (const bool dark : {false, true}) {
    EXPECT_EQ(diverging(0.0f, theme(dark)), diverging(-0.0f, theme(dark)));
    EXPECT_NE(diverging(1, theme(dark)), diverging(-1, theme(dark)));
  }
  const auto light = [](ImU32 c) { return 2 * (c & 255) + 7 * (c >> 8 & 255) + (c >> 16 & 255); };
  for (int i = 1; i <= 20; ++i)
    EXPECT_GT(light(viridis(0.05f * static_cast<float>(i))), light(viridis(0.05f * static_cast<float>(i - 1))));
}

}  // namespace
}  // namespace unpick::ui
