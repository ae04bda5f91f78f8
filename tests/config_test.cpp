// Settings: text in, checked once, text out.
#include <gtest/gtest.h>

#include "core/session/config.h"
#include "native/io/model_file.h"

namespace unpick {
namespace {

std::string error_of(const std::string& name, const std::string& value) {
  Config config;
  try {
    set(config, name, value);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::usage);
    return e.what();
  }
  return "";
}

TEST(Config, DefaultsAreValidAndReadBack) {
  const Config initial;
  for (const Setting& s : settings()) {
    Config config;
    set(config, s.name, get(initial, s.name));
    EXPECT_EQ(get(config, s.name), get(initial, s.name)) << s.name;
    EXPECT_TRUE(s.type == Setting::text || (s.expert_low <= s.low && s.low <= s.high && s.high <= s.expert_high)) << s.name;
    EXPECT_NE(std::string(s.help), "") << s.name;
  }
}

TEST(Config, BadValuesAreExplained) {
  EXPECT_EQ(error_of("beta", "-1"), "--beta -1: out of range; give a number from 0 to 1e+06");
  EXPECT_EQ(error_of("beta", "nan"), "--beta nan: not a finite number; give a number from 0 to 1e+06");
  EXPECT_EQ(error_of("lr", "fast"), "--lr fast: not a number; give a number from 0 to 10");
  EXPECT_EQ(error_of("batch", "0"), "--batch 0: out of range; give a whole number from 1 to 65536");
  EXPECT_EQ(error_of("batch", "1.5"), "--batch 1.5: not a whole number; give a whole number from 1 to 65536");
  EXPECT_EQ(error_of("model", "mpl"),
            "--model mpl: unknown model; did you mean 'mlp'? (linear mlp mlp-tanh mlp-64-tanh conv mlp-1200 conv-burgess "
            "conv-locatello)");
  EXPECT_EQ(error_of("bta", "1"), "setting 'bta': unknown; did you mean 'beta'?");
}

TEST(Config, PresetsApply) {
  for (const Preset& p : presets()) {
    Config config;
    apply_preset(config, p.name);
  }
  Config config;
  EXPECT_THROW(apply_preset(config, "nothing"), Error);
}

TEST(Config, JsonReadsBackAndRejectsWhatItDoesNotKnow) {
  Config config;
  apply_preset(config, "live");
  set(config, "lr", "0.00012345678901234567");
  const Config back = io::config_from_json(io::config_to_json(config), "config.json");
  for (const Setting& s : settings()) {
    if (s.when == When::run) continue;
    EXPECT_EQ(get(back, s.name), get(config, s.name)) << s.name;
  }
  for (const char* bad : {"", "[]", "{", "{\"beta\": -1}", "{\"beta\": [1]}", "{\"bta\": 1}", "{\"batch\": 1e99}"})
    EXPECT_THROW(io::config_from_json(bad, "config.json"), Error) << bad;
}

}  // namespace
}  // namespace unpick
