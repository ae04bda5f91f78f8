// The words of a command: numbers and NAME=VALUE, or an error that says what to write instead.
//
// Read next: core/session/commands.def
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace unpick {

std::vector<std::string> words_of(const std::string& line);

// Error(usage).
[[noreturn]] void reject_command(const std::string& what, const std::string& why, const std::string& hint);

// `what` is what the error calls it. Error(usage) unless it is a number, or a whole one, from low to high.
double number_of(const std::string& word, const std::string& what, double low, double high);
int64_t count_of(const std::string& word, const std::string& what, int64_t low, int64_t high);

struct Assignment {
  std::string name, value;
};
Assignment assignment(const std::string& verb, const std::string& word);  // of NAME=VALUE. Error(usage)

}  // namespace unpick
