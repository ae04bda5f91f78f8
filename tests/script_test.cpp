// Commands of a lab as a file.
#include "core/session/script.h"

#include <gtest/gtest.h>

#include "core/base/check.h"

namespace unpick {
namespace {

TEST(Script, ReadsWhatItWrites) {
  const std::vector<LoggedLine> log{{0, "play"}, {12, "set beta 8"}, {30, "start seed=2"}, {0, "move 1 -0.25"}};
  const auto again = parse_script(script_text("start latent=3", log, 40), "here");
  ASSERT_EQ(again.size(), log.size() + 2);
  EXPECT_EQ(again[0].line, "start latent=3");
  for (size_t i = 0; i < log.size(); ++i) {
    EXPECT_EQ(again[i + 1].step, log[i].step);
    EXPECT_EQ(again[i + 1].line, log[i].line);
  }
  EXPECT_EQ(again.back().step, 40);
}

TEST(Script, NamesTheLineThatIsWrong) {
  for (const char* text : {"0 start\nplay", "0 start\n-1 play", "0 start\n12", "0 start\n12 ", "0 start\n1e3 play"}) {
    try {
      parse_script(text, "commands.txt");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("commands.txt, line 2"), std::string::npos) << error.what();
    }
  }
  EXPECT_TRUE(parse_script("\n# nothing\r\n  \n", "here").empty());
}

}  // namespace
}  // namespace unpick
