// The aggregate posterior q(z) and the prior p(z) in the plane of two latents, as regions that hold given shares of their mass.
//
// q(z) is the mixture of the posteriors q(z|x) of the sample's images, by their exact marginals in the plane; p(z) has a marginal
// there for every prior but the hierarchical one across its two halves. Both stand on a grid, and a region is what lies above a
// level: the smallest that holds so much. For p = N(0, I) those of kShares are the discs of 1 and 2 standard deviations.
//
// Invariants: densities are per unit of area; a posterior that is narrower than the grid is drawn as wide as that.
// Read next: ui/views/plane.cpp, core/model/aggregate.h
#pragma once

#include <imgui.h>

#include <array>
#include <vector>

#include "core/session/snapshot.h"

namespace unpick::ui {

inline constexpr float kReach = 3;                           // the grid goes from -kReach to kReach
inline constexpr std::array kShares = {0.393469, 0.864665};  // 1 - exp(-r^2/2) at r = 1, 2

// In units of the latents.
struct Region {
  std::vector<ImVec2> corners;  // of convex pieces, one after another
  std::vector<int> pieces;      // how many corners each has
  std::vector<ImVec2> edge;     // from, to, from, to ...
};

struct Aggregate {
  int64_t serial = -1;  // of the pictures that it was computed from
  int a = -1, b = -1;   // latents across and up
  std::array<Region, 2> q, p;
  double kl = 0;  // KL(q(z) || p(z)) of the two latents' marginals, nats; NaN: p has no marginal here, or q reaches beyond the grid
};

Aggregate aggregate_in_plane(const Pictures& pictures, const Config& config, int a, int b);

}  // namespace unpick::ui
