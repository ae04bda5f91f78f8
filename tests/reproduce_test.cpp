// Reproductions: the arithmetic of claims, and the command as a user meets it. Whether claims hold is not asked here: quick runs
// are too short for that. Asked is that every figure leaves its numbers, its picture and its place on the page.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "native/io/files.h"
#include "native/reproduce/figure.h"
#include "native/reproduce/sheet.h"
#include "native/reproduce/trials.h"
#include "tests/program.h"

namespace unpick::io {
namespace {

TEST(Claims, HoldOnlyForNumbersOnTheRightSide) {
  EXPECT_TRUE(reproduce::below("1", "", "", 0.04, 0.05).pass);
  EXPECT_FALSE(reproduce::below("1", "", "", 0.05, 0.05).pass);
  EXPECT_TRUE(reproduce::above("1", "", "", 0.06, 0.05).pass);
  EXPECT_TRUE(reproduce::within("1", "", "", 0.9, 1, 0.2).pass);
  EXPECT_FALSE(reproduce::within("1", "", "", 1.3, 1, 0.2).pass);
  EXPECT_EQ(reproduce::below("1", "", "", 0, 0.05).bound, "< 0.05");
  for (const auto claim : {reproduce::below, reproduce::above}) EXPECT_FALSE(claim("1", "", "", NAN, 0).pass);
  EXPECT_FALSE(reproduce::within("1", "", "", NAN, 0, 1).pass);
}

TEST(Claims, SpreadOverSeeds) {
  const std::vector<double> values{1, 2, 6};
  const reproduce::Spread s = reproduce::spread(values);
  EXPECT_DOUBLE_EQ(s.mean, 3);
  EXPECT_DOUBLE_EQ(s.sd, std::sqrt(7));
  EXPECT_DOUBLE_EQ(s.low, 1);
  EXPECT_DOUBLE_EQ(s.high, 6);
}

TEST(Claims, SpearmanIsTheCorrelationOfRanks) {
  using Values = std::vector<double>;
  EXPECT_DOUBLE_EQ(reproduce::spearman(Values{1, 2, 3, 4}, Values{1, 8, 27, 64}), 1);
  EXPECT_DOUBLE_EQ(reproduce::spearman(Values{1, 2, 3, 4}, Values{9, 5, 2, -1}), -1);
  EXPECT_NEAR(reproduce::spearman(Values{1, 2, 2, 3}, Values{1, 2, 3, 4}), 0.9486833, 1e-6) << "ties share their mean rank";
  EXPECT_TRUE(std::isnan(reproduce::spearman(Values{1, 1, 1}, Values{1, 2, 3})));
}

TEST(Claims, ConfidenceIsStudents) {
  EXPECT_NEAR(reproduce::confidence(std::vector<double>{1, 2, 3, 4, 5}), 2.776 * std::sqrt(2.5 / 5), 1e-12);
  EXPECT_TRUE(std::isnan(reproduce::confidence(std::vector<double>{1})));
}

TEST(Claims, PermutationTestCountsSplits) {
  EXPECT_DOUBLE_EQ(reproduce::permutation_p({1, 2, 3}, {4, 5, 6}), 1.0 / 20) << "the only split as low";
  EXPECT_DOUBLE_EQ(reproduce::permutation_p({4, 5, 6}, {1, 2, 3}), 1);
  EXPECT_DOUBLE_EQ(reproduce::permutation_p({1, 1}, {1, 1}), 1);
  EXPECT_NEAR(reproduce::permutation_p({1, 2, 3, 4, 5, 6, 7}, {11, 12, 13, 14, 15, 16, 17}), 1.0 / 3432, 5e-4) << "sampled";
  EXPECT_TRUE(std::isnan(reproduce::permutation_p({1, NAN}, {2, 3})));
}

// T_9(1.833) = .95 and T_3(3.182) = .975, from tables; with many degrees of freedom nothing moves.
TEST(Trials, StudentCodesMoveToNormalOnes) {
  EXPECT_NEAR(reproduce::normal_of_student(1.8331, 9), 1.64485, 1e-4);
  EXPECT_NEAR(reproduce::normal_of_student(-3.1824, 3), -1.95996, 1e-4);
  EXPECT_NEAR(reproduce::normal_of_student(2, 1e5), 2, 1e-4);
  EXPECT_EQ(reproduce::normal_of_student(0, 5), 0);
}

TEST(Bands, LeaveOutWhatIsNotANumber) {
  Canvas canvas(64, 64, 1, kPaper);
  reproduce::Plot plot(canvas, {8, 8, 48, 48}, {0, 2}, {0, 1});
  reproduce::draw_band(plot, {"", kInk, {0}, {{NAN, 0.5}}}, 2);
  EXPECT_EQ(canvas.image().pixels, Canvas(64, 64, 1, kPaper).image().pixels);
  reproduce::draw_band(plot, {"", kInk, {0, 1, 2}, {{NAN, 0.5}, {0.4, 0.5}, {0.2, 0.6}}}, 2);
  EXPECT_NE(canvas.image().pixels, Canvas(64, 64, 1, kPaper).image().pixels);
}

// What a figure must leave in the folder.
void expect_figure(const TemporaryFolder& folder, const std::string& name, int seeds) {
  const reproduce::Json json = reproduce::Json::parse(text_of(folder / (name + ".json")));
  EXPECT_EQ(json.at("figure"), name);
  EXPECT_EQ(json.at("seeds"), seeds);
  EXPECT_TRUE(json.at("quick").get<bool>());
  EXPECT_GE(json.at("steps").get<int>(), 1);
  EXPECT_FALSE(json.at("title").get<std::string>().empty());
  EXPECT_FALSE(json.at("choices").empty()) << "what the source does not say is ours and must be said";
  ASSERT_FALSE(json.at("claims").empty());
  int passed = 0;
  for (const reproduce::Json& claim : json.at("claims")) {
    for (const char* key : {"rows", "claim", "measure", "bound", "badge"})
      EXPECT_FALSE(claim.at(key).get<std::string>().empty()) << key;
    if (claim.at("pass").get<bool>()) {
      EXPECT_TRUE(claim.at("value").is_number());
    }
    if (claim.at("badge") == "theorem") {
      EXPECT_TRUE(claim.at("pass").get<bool>()) << "what is proved holds after any number of steps: " << claim.dump();
    }
    passed += claim.at("pass").get<bool>();
  }
  EXPECT_EQ(json.at("passed"), passed);
  EXPECT_FALSE(json.at("numbers").empty());
  const Image picture = read_png(folder / (name + ".png"));
  EXPECT_GT(picture.width, 1000);
  EXPECT_EQ(picture.channels, 3);
}

class QuickFigure : public ::testing::TestWithParam<const char*> {};

TEST_P(QuickFigure, LeavesNumbersPictureAndPage) {
  const char* stage = std::getenv("UNPICK_TEST_STAGE");
  if (stage && std::string(stage) != "native" && std::string(GetParam()) != "fig2") GTEST_SKIP() << "one figure is enough here";
  const TemporaryFolder folder;
  const Program program(folder, {"reproduce", GetParam(), "--quick", "--seeds", "1", "--out", folder / "out/new", "--json"});
  ASSERT_EQ(program.wait(), 0) << program.err();
  EXPECT_EQ(program.err(), "") << "no progress bar where there is no terminal";
  const reproduce::Json result = reproduce::Json::parse(program.out());
  ASSERT_EQ(result.at("figures").size(), 1u);
  EXPECT_EQ(result.at("figures")[0], reproduce::Json::parse(text_of(folder / (std::string("out/new/") + GetParam() + ".json"))));
  TemporaryFolder out;
  std::filesystem::copy(folder / "out/new", out.path, std::filesystem::copy_options::recursive);
  std::vector<std::string> expected{std::string(GetParam()) + ".json", std::string(GetParam()) + ".png", "report.html"};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(out.names(), expected);
  expect_figure(out, GetParam(), 1);
  const std::string page = text_of(out / "report.html");
  EXPECT_NE(page.find(std::string("<section id=") + GetParam()), std::string::npos);
  EXPECT_NE(page.find("data:image/png;base64,iVBORw0KGgo"), std::string::npos) << "the page needs no other file";
  EXPECT_EQ(page.find("://"), std::string::npos);
}

std::vector<const char*> names_of_figures() {
  std::vector<const char*> names;
  for (const reproduce::FigureRow& row : reproduce::figures()) names.push_back(row.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, QuickFigure, ::testing::ValuesIn(names_of_figures()),
                         [](const auto& test) { return std::string(test.param); });

TEST(Reproduce, RepeatsBitForBit) {
  const TemporaryFolder folder;
  std::string numbers[2];
  for (int run = 0; run < 2; ++run) {
    const std::string out = folder / std::to_string(run);
    const Program program(folder, {"reproduce", "fig2", "--quick", "--seeds", "1", "--threads", run ? "1" : "3", "--out", out});
    ASSERT_EQ(program.wait(), 0) << program.err();
    EXPECT_NE(program.out().find("claims hold"), std::string::npos);
    numbers[run] = reproduce::Json::parse(text_of(out + "/fig2.json")).at("numbers").dump();
  }
  EXPECT_EQ(numbers[0], numbers[1]);
}

TEST(Reproduce, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const auto expect = [&](std::vector<std::string> arguments, int code, const std::string& part) {
    arguments.insert(arguments.begin(), "reproduce");
    const Program program(folder, arguments);
    EXPECT_EQ(program.wait(), code) << program.err();
    const std::string err = program.err();
    EXPECT_EQ(program.out(), "");
    EXPECT_NE(err.find(part), std::string::npos) << err;
    EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
  };
  const std::string out = folder / "out";
  expect({"fgi2", "--out", out}, 2, "did you mean 'fig2'?");
  expect({"mona-lisa", "--out", out}, 2, "choose one of fig1|fig2");
  expect({"fig2", "--seeds", "0", "--out", out}, 2, "--seeds");
  expect({"--out", out}, 2, "figure");
  EXPECT_FALSE(std::filesystem::exists(out)) << "nothing is made before the request is understood";
  write_atomically(folder / "file", std::string_view("x"));
  expect({"fig2", "--quick", "--out", folder / "file/out"}, 1, "choose another --out");
  std::filesystem::create_directory(out);
  write_atomically(out + "/fig1.json", std::string_view("{}"));
  expect({"fig2", "--quick", "--out", out}, 3, "is not a figure of ours");
}

TEST(Reproduce, AnInterruptKeepsWhatIsFinished) {
  const TemporaryFolder folder;
  const std::string out = folder / "out";
  {
    const Program first(folder, {"reproduce", "fig2", "--quick", "--seeds", "1", "--out", out});
    ASSERT_EQ(first.wait(), 0) << first.err();
  }
  const std::string before = text_of(out + "/fig2.json"), page = text_of(out + "/report.html");
  // A full run of an hour, stopped once it has begun: the page is written anew at its start.
  std::filesystem::remove(out + "/report.html");
  const Program second(folder, {"reproduce", "fig1", "--seeds", "100", "--out", out});
  for (int i = 0; i < 3000 && !std::filesystem::exists(out + "/report.html"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  second.signal(SIGINT);
  EXPECT_EQ(second.wait(), 130);
  EXPECT_NE(second.err().find("interrupted in fig1; finished figures are in"), std::string::npos) << second.err();
  EXPECT_EQ(text_of(out + "/fig2.json"), before);
  EXPECT_EQ(text_of(out + "/report.html"), page);
  EXPECT_FALSE(std::filesystem::exists(out + "/fig1.json"));
}

}  // namespace
}  // namespace unpick::io
