// "did you mean": the word that is most like a misspelt one.
#pragma once

#include <string>

namespace unpick {

// Of `words`, separated by '|', the one that fewest letters turn into `word`, capitals aside; "" if that takes more than a third of
// them, and more than two.
std::string nearest(const std::string& word, const std::string& words);

}  // namespace unpick
