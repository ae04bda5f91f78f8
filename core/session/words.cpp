// See words.h.
#include "core/session/words.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/base/check.h"

namespace unpick {

std::vector<std::string> words_of(const std::string& line) {
  constexpr const char* kBlank = " \t\r\n";
  std::vector<std::string> words;
  for (size_t from = line.find_first_not_of(kBlank); from != std::string::npos;) {
    const size_t to = std::min(line.find_first_of(kBlank, from), line.size());
    words.push_back(line.substr(from, to - from));
    from = line.find_first_not_of(kBlank, to);
  }
  return words;
}

void reject_command(const std::string& what, const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::usage, what, why, hint);
}

double number_of(const std::string& word, const std::string& what, double low, double high) {
  char* end = nullptr;
  const double value = std::strtod(word.c_str(), &end);
  if (word.empty() || *end || !(value >= low && value <= high)) {
    char range[80];
    std::snprintf(range, sizeof range, "give a number from %g to %g", low, high);
    reject_command(what, "'" + word + "' does not fit", range);
  }
  return value;
}

int64_t count_of(const std::string& word, const std::string& what, int64_t low, int64_t high) {
  const double value = number_of(word, what, static_cast<double>(low), static_cast<double>(high));
  if (value != std::floor(value)) reject_command(what, "'" + word + "' is not a whole number", "leave the fraction out");
  return static_cast<int64_t>(value);
}

Assignment assignment(const std::string& verb, const std::string& word) {
  const size_t equals = word.find('=');
  if (equals == std::string::npos)
    reject_command(verb, "'" + word + "' is not NAME=VALUE", "write, for example, " + verb + " seed=2");
  return {word.substr(0, equals), word.substr(equals + 1)};
}

}  // namespace unpick
