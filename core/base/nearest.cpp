// See nearest.h.
#include "core/base/nearest.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>
#include <vector>

#include "core/base/parts.h"

namespace unpick {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// How many letters must be changed, added or removed to make b of a (Levenshtein 1966).
size_t edits(const std::string& a, const std::string& b) {
  std::vector<size_t> cost(b.size() + 1);  // of making b's first j letters of a's first i
  std::iota(cost.begin(), cost.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(cost[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = std::exchange(cost[j], std::min({change, cost[j] + 1, cost[j - 1] + 1}));
    }
  }
  return cost.back();
}

}  // namespace

std::string nearest(const std::string& word, const std::string& words) {
  std::string best;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : parts_of(words, '|')) {
    const size_t distance = edits(lower(word), lower(candidate));
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

}  // namespace unpick
