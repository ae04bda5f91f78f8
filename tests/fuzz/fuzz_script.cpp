// Any text is a script or an Error; what is read is written so that it reads the same. Read next: core/session/script.h
#include "core/session/script.h"

#include <cstdlib>

#include "core/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace unpick;
  try {
    const auto lines = parse_script(std::string(reinterpret_cast<const char*>(data), size), "input");
    const auto again = parse_script(script_text("", lines, 0), "output");
    if (again.size() != lines.size() + 1) std::abort();
    for (size_t i = 0; i < lines.size(); ++i)
      if (again[i].step != lines[i].step || again[i].line != lines[i].line) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
