// The settings of a run, generated from config.def.
//
// Why text in and out: every front end speaks text (flags, JSON, URL keys, log lines); parsing and range checks happen
// here once. A bad value throws Error(usage) with the range or the nearest name in its hint; nothing is clamped.
//
// Read next: core/session/session.h
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/base/check.h"

namespace unpick {

enum class When : uint8_t { model, live, run };

struct Setting {
  enum Type : uint8_t { text, count, number } type;
  const char* name;                // field and JSON key
  const char* flag;                // without the dashes
  const char* initial;             // the default, as text
  const char* choices;             // text: joined by '|', or empty
  double low, high;                // what a slider offers
  double expert_low, expert_high;  // what is accepted
  When when;
  const char* help;
};

struct Config {
#define TEXT(name, flag, value, choices, when, help) std::string name = value;
#define COUNT(name, flag, value, low, high, expert_low, expert_high, when, help) int64_t name = value;
#define NUMBER(name, flag, value, low, high, expert_low, expert_high, when, help) double name = value;
#include "core/session/config.def"
#undef TEXT
#undef COUNT
#undef NUMBER
};

std::span<const Setting> settings();
const Setting& setting(const std::string& name);  // Error(usage) naming the nearest one

void set(Config& config, const std::string& name, const std::string& value);
std::string get(const Config& config, const std::string& name);  // shortest text that reads back to the same value
double number(const Config& config, const std::string& name);    // of a count or number

// Named sets of settings: "live" is what comes apart within a minute.
struct Preset {
  const char* name;
  const char* settings;  // "beta=30 lr=0.001 ..."
  const char* comment;   // what to see in it
};
std::span<const Preset> presets();
void apply_preset(Config& config, const std::string& name);  // Error(usage) naming the known ones

}  // namespace unpick
