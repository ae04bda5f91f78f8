// How a run stands. See snapshot.h.
#include <limits>

#include "core/session/snapshot.h"

namespace unpick {

Standing Trained::standing() const {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  Standing s{"", config.seed, losses.step, losses.step ? losses.loss : kUnknown, kUnknown, kUnknown, 0};
  for (const Setting& row : settings())
    if (row.when != When::run && std::string(row.name) != "seed") s.settings += get(config, row.name) + " ";
  if (look) {
    s.off = look->off.measured;
    s.to_axes = look->to_axes.measured;
    s.in_use = static_cast<int64_t>(look->geometry.dims.size());
  }
  return s;
}

Standings longer(const Standings& earlier, const Standing& standing) {
  auto runs = earlier ? std::make_shared<std::vector<Standing>>(*earlier) : std::make_shared<std::vector<Standing>>();
  if (runs->size() == kEarlier) runs->erase(runs->begin());
  runs->push_back(standing);
  return runs;
}

}  // namespace unpick
