// Parsing, checking and printing settings. See config.h.
#include "core/session/config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <vector>

#include "core/base/nearest.h"
#include "core/base/parts.h"

namespace unpick {
namespace {

#define UNPICK_STRING(x) #x
constexpr Setting kSettings[] = {
#define TEXT(name, flag, value, choices, when, help) {Setting::text, #name, flag, value, choices, 0, 0, 0, 0, When::when, help},
#define COUNT(name, flag, value, low, high, expert_low, expert_high, when, help)                                   \
  {Setting::count, #name, flag, UNPICK_STRING(value), "", low, high, expert_low, static_cast<double>(expert_high), \
   When::when,     help},
#define NUMBER(name, flag, value, low, high, expert_low, expert_high, when, help) \
  {Setting::number, #name, flag, UNPICK_STRING(value), "", low, high, expert_low, expert_high, When::when, help},
#include "core/session/config.def"
#undef TEXT
#undef COUNT
#undef NUMBER
};

constexpr Preset kPresets[] = {
    {"live",
     "data=dsprites:shape=ellipse,orientation=0,posY=8..23 model=mlp objective=beta-vae latent=10 beta=30 lr=0.001 batch=64 "
     "steps=5000",
     "a slice of dSprites with unequal ranges and a large beta: x, y and scale come apart within a minute"},
    {"equal-ranges",
     "data=dsprites:shape=ellipse,orientation=0 model=mlp objective=beta-vae latent=10 beta=4 lr=0.001 batch=64 steps=5000",
     "x and y with equal ranges and beta 4: no lock, as the theory says"},
    {"all", "data=dsprites model=mlp objective=beta-vae latent=10 beta=30 lr=0.001 batch=64 steps=20000",
     "all of dSprites: x and y have equal ranges here, and position comes out rotated"},
};

std::string number_text(double x) {
  char text[32];
  for (int digits = 6; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, x);
    if (std::strtod(text, nullptr) == x) break;
  }
  return text;
}

// Calls visit(name, field) for every setting.
template <class C, class Visit>
void for_fields(C& config, Visit visit) {
#define TEXT(name, ...) visit(#name, config.name);
#define COUNT(name, ...) visit(#name, config.name);
#define NUMBER(name, ...) visit(#name, config.name);
#include "core/session/config.def"
#undef TEXT
#undef COUNT
#undef NUMBER
}

[[noreturn]] void reject(const Setting& s, const std::string& value, const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::usage, std::string("--") + s.flag + " " + (value.empty() ? "''" : value), why, hint);
}

double parse_number(const Setting& s, const std::string& value) {
  char* end = nullptr;
  const double x = std::strtod(value.c_str(), &end);
  const std::string range = number_text(s.expert_low) + " to " + number_text(s.expert_high);
  const std::string hint = std::string("give a ") + (s.type == Setting::count ? "whole number" : "number") + " from " + range;
  if (value.empty() || *end != 0) reject(s, value, "not a number", hint);
  if (!std::isfinite(x)) reject(s, value, "not a finite number", hint);
  if (s.type == Setting::count && x != std::floor(x)) reject(s, value, "not a whole number", hint);
  if (x < s.expert_low || x > s.expert_high) reject(s, value, "out of range", hint);
  return x;
}

void assign(const Setting& s, std::string& field, const std::string& value) {
  const auto choices = parts_of(s.choices, '|');
  if (!choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end()) {
    const std::string near = nearest(value, s.choices);
    std::string list = s.choices;
    std::replace(list.begin(), list.end(), '|', ' ');
    reject(s, value, "unknown " + std::string(s.name),
           near.empty() ? "choose one of: " + list : "did you mean '" + near + "'? (" + list + ")");
  }
  if (value.empty()) reject(s, value, "empty", std::string(s.help));
  field = value;
}
void assign(const Setting& s, int64_t& field, const std::string& value) { field = static_cast<int64_t>(parse_number(s, value)); }
void assign(const Setting& s, double& field, const std::string& value) { field = parse_number(s, value); }

void read_number(const std::string&, double&) {}
template <class Number>
void read_number(Number field, double& value) {
  value = static_cast<double>(field);
}

std::string to_text(const std::string& x) { return x; }
std::string to_text(int64_t x) { return std::to_string(x); }
std::string to_text(double x) { return number_text(x); }

}  // namespace

std::span<const Setting> settings() { return kSettings; }
std::span<const Preset> presets() { return kPresets; }

const Setting& setting(const std::string& name) {
  std::string names;
  for (const Setting& s : kSettings) {
    if (name == s.name) return s;
    names += std::string(names.empty() ? "" : "|") + s.name;
  }
  const std::string near = nearest(name, names);
  throw Error(ErrorKind::usage, "setting '" + name + "'", "unknown",
              near.empty() ? "see unpick train --help" : "did you mean '" + near + "'?");
}

void set(Config& config, const std::string& name, const std::string& value) {
  const Setting& s = setting(name);
  for_fields(config, [&](const char* field_name, auto& field) {
    if (name == field_name) assign(s, field, value);
  });
}

std::string get(const Config& config, const std::string& name) {
  std::string text;
  for_fields(config, [&](const char* field_name, const auto& field) {
    if (name == field_name) text = to_text(field);
  });
  return text;
}

double number(const Config& config, const std::string& name) {
  double value = std::numeric_limits<double>::quiet_NaN();
  for_fields(config, [&](const char* field_name, const auto& field) {
    if (name == field_name) read_number(field, value);
  });
  return value;
}

void apply_preset(Config& config, const std::string& name) {
  std::string names;
  for (const Preset& p : kPresets) {
    names += std::string(names.empty() ? "" : ", ") + p.name;
    if (name != p.name) continue;
    for (const std::string& pair : parts_of(p.settings, ' ')) {
      const size_t equals = pair.find('=');
      set(config, pair.substr(0, equals), pair.substr(equals + 1));
    }
    return;
  }
  throw Error(ErrorKind::usage, "preset '" + name + "'", "unknown", "choose one of " + names);
}

}  // namespace unpick
