// See curve_history.h.
#include "core/session/curve_history.h"

#include <algorithm>

namespace unpick {

void Curves::push(const Losses& losses) {
  step.push_back(losses.step);
  loss.push_back(static_cast<float>(losses.loss));
  reconstruction.push_back(static_cast<float>(losses.reconstruction));
  kl.push_back(static_cast<float>(losses.kl));
  term.push_back(static_cast<float>(losses.term));
  for (size_t j = 0; j < losses.kl_per_latent.size(); ++j) kl_per_latent[j].push_back(static_cast<float>(losses.kl_per_latent[j]));
}

CurveHistory::CurveHistory(int64_t latent) { curves_.kl_per_latent.resize(static_cast<size_t>(latent)); }

void CurveHistory::resume(const Curves& past, int64_t step) {
  if (past.kl_per_latent.size() != curves_.kl_per_latent.size()) return;
  curves_ = past;
  const auto end = std::upper_bound(curves_.step.begin(), curves_.step.end(), step);
  const auto count = static_cast<size_t>(end - curves_.step.begin());
  curves_.step.resize(count);
  curves_.for_each([&](auto& values) { values.resize(count); });
  if (count > 1) stride_ = std::max<int64_t>(1, curves_.step[count - 1] - curves_.step[count - 2]);
  while (curves_.step.size() > kCurvePoints) thin();
  shown_.reset();
}

void CurveHistory::append(const Losses& losses) {
  if (losses.step % stride_ != 0) return;
  curves_.push(losses);
  if (curves_.step.size() > kCurvePoints) thin();
  shown_.reset();
}

void CurveHistory::thin() {
  stride_ *= 2;
  // The first point is step 1; points that stay are the multiples of the new distance.
  const size_t first = curves_.step[0] % stride_ == 0 ? 0 : 1;
  const auto halve = [&](auto& values) {
    values.erase(values.begin(), values.begin() + static_cast<long>(first));
    for (size_t i = 1; 2 * i < values.size(); ++i) values[i] = values[2 * i];
    values.resize((values.size() + 1) / 2);
  };
  halve(curves_.step);
  curves_.for_each(halve);
}

std::shared_ptr<const Curves> CurveHistory::shown() {
  if (!shown_) shown_ = std::make_shared<const Curves>(curves_);
  return shown_;
}

}  // namespace unpick
