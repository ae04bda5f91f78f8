// The settings in a hand: every entry of every list trains or says why not, numbers are slid over, and a control is there only
// where it matters. Controls are found as a hand finds them: by what lies under the pointer.
#include <imgui_internal.h>

#include <chrono>
#include <map>

#include "core/base/parts.h"
#include "tests/ui/lab1.h"

namespace unpick::ui {
namespace {

constexpr float kWidth = 390, kHeight = 1800;  // all of the column

struct Hand : Lab1 {
  explicit Hand(const std::string& changes = "") : Lab1(config_of(changes)) {
    app.tab = static_cast<int>(views().size());
    at({});
    at({});
  }
  static Config config_of(const std::string& changes) {
    Config config = tiny();
    for (const std::string& pair : parts_of("latent=4 steps=3 discriminator_width=16 " + changes, ' '))
      set(config, pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
    return config;
  }

  // What lies under the pointer there; 0: nothing.
  ImGuiID at(ImVec2 p, bool down = false) {
    frame(kWidth, kHeight, {p, down});
    return ImGui::GetCurrentContext()->HoveredId;
  }
  void click(ImVec2 p) {
    for (const bool down : {false, true, true, false}) at(p, down);
    at(p);
  }
  // Until it has trained and was looked at, or has said why not.
  const Snapshot& train() {
    const auto start = std::chrono::steady_clock::now();
    for (double passed = 0; passed < 60; passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()) {
      lab.wait(std::min(lab.advance(0.01), 0.01));
      const Snapshot& now = lab.latest();
      if (passed > 0.08 && !now.playing && (!now.message.empty() || (now.look && now.look->step == now.step))) break;
    }
    return lab.latest();
  }

  static ImGuiID id(const std::string& name, const char* within = nullptr) {
    ImGuiID column = 0;
    for (const ImGuiWindow* w : ImGui::GetCurrentContext()->Windows)
      if (std::string(w->Name).find("/knobs_") != std::string::npos) column = w->ID;
    const ImGuiID own = ImHashStr(name.c_str(), 0, column);
    return within ? ImHashStr(within, 0, own) : own;
  }
  // Where the controls are, by their ids: the middle of the height, at the left, the middle or the right.
  std::map<ImGuiID, ImVec2> column() {
    std::map<ImGuiID, std::pair<ImVec2, ImVec2>> ends;
    for (const float x : {40.0f, 200.0f, 355.0f})
      for (float y = 56; y < kHeight - 44; y += 9)
        if (const ImGuiID under = at({x, y})) ends.try_emplace(under, ImVec2(x, y), ImVec2(x, y)).first->second.second.y = y;
    std::map<ImGuiID, ImVec2> middles;
    for (const auto& [under, range] : ends) middles[under] = {range.first.x, (range.first.y + range.second.y) / 2};
    return middles;
  }
  bool offers(const std::string& name, const std::map<ImGuiID, ImVec2>& there) const {
    std::vector<ImGuiID> ids = {id(name), id(name, "open"), id(name, "more")};
    if (name != "pair" && name != "data")
      for (const std::string& word : parts_of(setting(name).choices, '|')) ids.push_back(id(name, word.c_str()));
    return std::any_of(ids.begin(), ids.end(), [&](ImGuiID wanted) { return there.count(wanted) > 0; });
  }
  // A point where this control is, if it is there.
  std::optional<ImVec2> find(ImGuiID wanted) {
    for (const float x : {200.0f, 40.0f, 355.0f})
      for (float y = 56; y < kHeight - 44; y += 14)
        if (at({x, y}) == wanted) return ImVec2(x, y);
    return {};
  }
  // Clicks entry `i` of a list, open or folded. False if there is none.
  bool choose(const std::string& name, size_t i) {
    const bool own = name == "data" || name == "pair";
    const std::vector<std::string> words = own ? std::vector<std::string>{} : parts_of(setting(name).choices, '|');
    if (!own && words.size() == 2) {
      const auto word = find(id(name, words[i].c_str()));
      if (word) click(*word);
      return word.has_value();
    }
    const auto list = find(id(name, "open"));
    if (!list) return false;
    click(*list);
    const auto& popups = ImGui::GetCurrentContext()->OpenPopupStack;
    if (popups.empty()) return false;
    at({});
    const ImGuiWindow* popup = popups[0].Window;
    const ImVec2 entry{popup->Pos.x + 30, popup->Pos.y + 10 + 28 * static_cast<float>(i) + 11};
    const bool exists = at(entry) != 0 && entry.y < popup->Pos.y + popup->Size.y;
    exists ? click(entry) : click({kWidth - 5, kHeight - 60});
    return exists;
  }
};

// Either the new run trains, or what there was goes on and the message says why. Returns the message.
std::string check_choice(Hand& hand, const std::string& name, size_t i) {
  const Snapshot before = hand.lab.latest();
  EXPECT_TRUE(hand.choose(name, i)) << name << ", entry " << i;
  const Snapshot& after = hand.train();
  const std::string what = name + " " + (name == "pair" ? std::to_string(i) : get(after.config, name));
  if (after.message.empty()) {
    const bool same = after.run == before.run;  // what was chosen already
    EXPECT_EQ(after.step, same ? before.step : 3) << what;
    EXPECT_TRUE(same || std::isfinite(after.losses.loss)) << what;
  } else {
    EXPECT_EQ(after.run, before.run) << after.message;
    EXPECT_EQ(get(after.config, "objective"), get(before.config, "objective"));
  }
  return after.message;
}

TEST(Settings, EveryEntryOfEveryListTrainsOrSaysWhyNot) {
  struct List {
    const char *name, *where, *refused;
  };
  for (const List& list :
       {List{"objective", "", "surrogate"}, List{"objective", "likelihood=gaussian", ""}, List{"prior", "", ""},
        List{"posterior", "", ""}, List{"divergence", "objective=decomposition", ""}, List{"tc", "objective=beta-tcvae", ""},
        List{"likelihood", "", ""}, List{"likelihood", "likelihood=gaussian noise=learned", ""},
        List{"noise", "likelihood=gaussian", ""}, List{"kl", "prior=student-t", ""}, List{"model", "", ""}}) {
    const std::vector<std::string> words = parts_of(setting(list.name).choices, '|');
    for (size_t i = 0; i < words.size(); ++i) {
      Hand hand(list.where);
      const std::string message = check_choice(hand, list.name, i);
      if (words[i] == list.refused) {
        EXPECT_NE(message.find("; "), std::string::npos) << "what, why, and what to do: " << message;
      } else {
        EXPECT_EQ(message, "") << list.name << " " << words[i];
        EXPECT_EQ(get(hand.lab.latest().config, list.name), words[i]);
      }
    }
  }
}

TEST(Settings, EveryDataSetTrainsAndPointsBringWhatTheyNeed) {
  std::vector<std::string> chosen;
  for (size_t i = 0; i < 10; ++i) {
    Hand hand("batch=4");
    EXPECT_EQ(check_choice(hand, "data", i), "") << "entry " << i;
    chosen.push_back(hand.lab.latest().config.data);
    if (hand.lab.latest().image[0] > 1) continue;
    EXPECT_EQ(hand.lab.latest().config.likelihood, "gaussian") << "points are any numbers";
    EXPECT_EQ(check_choice(hand, "data", 2), "") << "and back to images";
    EXPECT_EQ(hand.lab.latest().config.likelihood, "bernoulli");
  }
  std::sort(chosen.begin(), chosen.end());
  EXPECT_EQ(std::unique(chosen.begin(), chosen.end()), chosen.end());
  for (const char* name :
       {"dsprites", "color-dsprites", "noisy-dsprites", "scream-dsprites", "faces", "pinwheel", "gaussian", "waves"})
    EXPECT_TRUE(std::binary_search(chosen.begin(), chosen.end(), name)) << name;
}

TEST(Settings, AControlIsThereOnlyWhereItMatters) {
  Hand plain("prior=normal");
  const auto usual = plain.column();
  for (const char* name :
       {"beta", "lr", "posterior", "pair", "latent", "objective", "prior", "model", "data", "likelihood", "batch", "steps"})
    EXPECT_TRUE(plain.offers(name, usual)) << name;
  std::vector<std::string> others;
  for (const auto& [where, names] : {std::pair{"objective=decomposition", "alpha divergence"},
                                     {"objective=annealed-vae", "gamma capacity capacity_steps"},
                                     {"objective=factor-vae", "gamma_tc lr_discriminator discriminator_width discriminator_depth"},
                                     {"objective=beta-tcvae", "tc"},
                                     {"objective=dip-vae-ii", "lambda_od lambda_d"},
                                     {"prior=student-t", "nu kl"},
                                     {"prior=subspaces", "nu subspace"},
                                     {"prior=sparse", "sparsity kl"},
                                     {"likelihood=gaussian", "sigma2 noise"},
                                     {"likelihood=laplace", "scale"}}) {
    Hand hand(where);
    const auto there = hand.column();
    for (const std::string& name : parts_of(names, ' ')) {
      EXPECT_TRUE(hand.offers(name, there)) << name << " where " << where;
      EXPECT_FALSE(plain.offers(name, usual)) << name << " where it says nothing";
      others.push_back(name);
    }
  }
  plain.at({});
  for (const Setting& s : settings()) {  // none is out of reach; the seed has buttons of its own
    const bool shown = s.when != When::run && std::string(s.name) != "seed";
    const bool somewhere = std::find(others.begin(), others.end(), s.name) != others.end();
    EXPECT_TRUE(!shown || somewhere || plain.offers(s.name, usual)) << s.name;
  }
}

TEST(Settings, ANumberOfTheModelStartsARunWhenItIsLetGoAndALiveOneChangesThisRun) {
  Hand hand("prior=student-t");
  const auto there = hand.column();
  const int64_t run = hand.lab.latest().run;
  for (const std::string name : {"nu", "batch", "beta"}) {
    const Snapshot before = hand.lab.latest();
    ASSERT_TRUE(there.count(Hand::id(name))) << name;
    const float y = there.at(Hand::id(name)).y;
    hand.at({200, y});
    for (const float x : {200.0f, 230.0f, 260.0f, 300.0f}) {
      hand.at({x, y}, true);
      hand.lab.advance(0.01);
      EXPECT_EQ(hand.lab.latest().run, before.run) << name;
    }
    hand.at({300, y});
    hand.train();
    EXPECT_EQ(hand.lab.latest().message, "");
    EXPECT_GT(number(hand.lab.latest().config, name), number(before.config, name)) << name;
    EXPECT_EQ(hand.lab.latest().run, before.run + (name == "beta" ? 0 : 1)) << name;
  }
  EXPECT_EQ(hand.lab.latest().run, run + 2);
  EXPECT_EQ(hand.lab.latest().config.batch, std::round(hand.lab.latest().config.batch));
}

TEST(Settings, AFewAreCountedUpAndDown) {
  Hand hand("objective=factor-vae");
  const auto there = hand.column();
  hand.click(there.at(Hand::id("latent", "more")));
  EXPECT_EQ(hand.train().config.latent, 5);
  hand.click(there.at(Hand::id("discriminator_depth", "fewer")));
  EXPECT_EQ(hand.train().config.discriminator_depth, 5);
  EXPECT_EQ(hand.lab.latest().step, 3);
}

TEST(Settings, ARunThatCannotBeLosesNothingAndStaysAsItWas) {
  Hand hand("objective=beta-tcvae");
  hand.ask("step 2");
  const Snapshot before = hand.lab.latest();
  EXPECT_NE(check_choice(hand, "posterior", 1).find("density of each latent"), std::string::npos);
  const Snapshot& after = hand.lab.latest();
  EXPECT_EQ(after.step, 2);
  EXPECT_EQ(after.losses.loss, before.losses.loss);
  EXPECT_FALSE(after.playing) << "it was paused";
  EXPECT_EQ(after.log->size(), before.log->size()) << "a log replays what was done";
  hand.frame();
  EXPECT_EQ(hand.ask("step 1").step, 3);
  EXPECT_EQ(hand.lab.latest().message, "");
}

TEST(Settings, AListStaysOnTheSheet) {
  Hand hand;
  const ImVec2 list = hand.column().at(Hand::id("data", "open"));
  const float height = list.y + 80;
  for (const bool down : {false, true, true, false, false}) hand.frame(kWidth, height, {list, down});
  const auto& popups = ImGui::GetCurrentContext()->OpenPopupStack;
  ASSERT_EQ(popups.size(), 1);
  const ImGuiWindow& popup = *popups[0].Window;
  EXPECT_GE(popup.Pos.y, 0);
  EXPECT_LE(popup.Pos.y + popup.Size.y, height);
  EXPECT_LE(popup.Pos.x + popup.Size.x, kWidth);
}

TEST(Settings, WhatIsNoLongerShownHasItsUsualValue) {
  Hand prior("prior=student-t kl=sampled"), likelihood("likelihood=gaussian noise=learned");
  EXPECT_EQ(check_choice(prior, "prior", 0), "");
  EXPECT_EQ(prior.lab.latest().config.kl, "exact");
  EXPECT_EQ(check_choice(likelihood, "likelihood", 0), "");
  EXPECT_EQ(likelihood.lab.latest().config.noise, "fixed");
}

TEST(Settings, TheSecondModelIsChosenFromAList) {
  for (size_t i = 0; i < 4; ++i) {
    Hand hand;
    EXPECT_EQ(check_choice(hand, "pair", i), "");
    EXPECT_EQ(hand.lab.latest().partner.has_value(), i > 0);
  }
}

}  // namespace
}  // namespace unpick::ui
