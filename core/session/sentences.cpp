// See sentences.h.
#include "core/session/sentences.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <set>

namespace unpick {
namespace {

constexpr double kFollows = 0.9, kHints = 0.3;  // |r| from which a latent follows a factor, or has to do with it

std::string capital(std::string text) {
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string two_digits(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", x);
  return text;
}

// The factors of a latent, by falling |r|.
std::vector<size_t> ranked_factors(const FactorCorrelation& c, int latent) {
  std::vector<size_t> order(c.factors.size());
  for (size_t f = 0; f < order.size(); ++f) order[f] = f;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return std::abs(c.at(a, latent)) > std::abs(c.at(b, latent)); });
  return order;
}

}  // namespace

std::string number_word(size_t n) {
  constexpr std::array<const char*, 13> kWords{"none",  "one",   "two",  "three", "four",   "five",  "six",
                                               "seven", "eight", "nine", "ten",   "eleven", "twelve"};
  return n < kWords.size() ? kWords[n] : std::to_string(n);
}

std::string describe_latents(const LatentSample& s) {
  size_t used = 0, following = 0;
  std::set<size_t> followed;
  for (int z = 0; z < s.latents(); ++z) {
    used += s.in_use(z);
    const auto order = ranked_factors(s.correlation, z);
    if (!s.in_use(z) || order.empty() || std::abs(s.correlation.at(order[0], z)) < kFollows) continue;
    ++following;
    followed.insert(order[0]);
  }
  std::string title = capital(number_word(used)) + " of " + number_word(static_cast<size_t>(s.latents())) +
                      (s.latents() == 1 ? " latent" : " latents") + (used == 1 ? " is in use" : " are in use");
  if (used > 0 && following == used && followed.size() == used)
    title += used == 1 ? ", and follows one factor" : ", and each follows a factor of its own";
  return title;
}

std::string describe_latent(const LatentSample& s, int latent) {
  std::string name = "z" + std::to_string(latent);
  if (!s.in_use(latent)) return name + " is not in use";
  const FactorCorrelation& c = s.correlation;
  if (c.factors.empty()) return name;
  const auto order = ranked_factors(c, latent);
  const auto r = [&](size_t rank) { return rank < order.size() ? std::abs(c.at(order[rank], latent)) : 0; };
  const auto factor = [&](size_t rank) { return c.factors[order[rank]].name; };
  if (r(0) >= kFollows) return name + " follows " + factor(0) + ", |r| " + two_digits(r(0));
  if (r(1) >= kHints)
    return name + " mixes " + factor(0) + " and " + factor(1) + ", |r| " + two_digits(r(0)) + ", " + two_digits(r(1));
  if (r(0) >= kHints) return name + " partly follows " + factor(0) + ", |r| " + two_digits(r(0));
  return name + " follows no factor linearly";
}

}  // namespace unpick
