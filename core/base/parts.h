// A text's parts between separators. Not by streams: they would bring all of the library's locales into the page.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace unpick {

// "a,,b" has an empty part; a separator at the end begins none.
inline std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (size_t from = 0; from < text.size();) {
    const size_t to = std::min(text.find(separator, from), text.size());
    parts.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

}  // namespace unpick
