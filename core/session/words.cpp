// See words.h.
#include "core/session/words.h"

#include <cmath>
#include <cstdlib>
#include <sstream>

#include "core/base/check.h"

namespace unpick {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

void reject_command(const std::string& what, const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::usage, what, why, hint);
}

double number_of(const std::string& word, const std::string& what, double low, double high) {
  char* end = nullptr;
  const double value = std::strtod(word.c_str(), &end);
  if (word.empty() || *end || !(value >= low && value <= high)) {
    std::ostringstream range;
    range << "give a number from " << low << " to " << high;
    reject_command(what, "'" + word + "' does not fit", range.str());
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
