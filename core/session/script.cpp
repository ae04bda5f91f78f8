// See script.h.
#include "core/session/script.h"

#include <charconv>

#include "core/base/check.h"
#include "core/base/parts.h"

namespace unpick {

std::string script_text(const std::string& opening, const std::vector<LoggedLine>& log, int64_t step) {
  std::string text = "# Commands of a run of Unpick; the same again: unpick replay FILE --out DIR\n";
  text += opening.empty() ? "# This run was opened from a file: give it with --from.\n" : "0 " + opening + "\n";
  for (const LoggedLine& line : log) text += std::to_string(line.step) + " " + line.line + "\n";
  return text + std::to_string(step) + " pause\n";
}

std::vector<LoggedLine> parse_script(const std::string& text, const std::string& where) {
  std::vector<LoggedLine> script;
  int number = 0;
  for (std::string& line : parts_of(text, '\n')) {
    ++number;
    line.erase(line.find_last_not_of(" \t\r") + 1);
    const size_t from = line.find_first_not_of(" \t");
    if (from == std::string::npos || line[from] == '#') continue;
    LoggedLine logged{-1, ""};
    const char* end = line.data() + line.size();
    const auto [rest, failed] = std::from_chars(line.data() + from, end, logged.step);
    if (failed == std::errc() && rest != end && *rest == ' ') logged.line = std::string(rest + 1, end);
    if (logged.step < 0 || logged.line.empty())
      throw Error(ErrorKind::data, where + ", line " + std::to_string(number), "is not STEP COMMAND",
                  "write, for example, 250 set beta 8");
    script.push_back(std::move(logged));
  }
  return script;
}

}  // namespace unpick
