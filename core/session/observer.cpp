// See observer.h.
#include "core/session/observer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace unpick {
namespace {

constexpr uint32_t kSample = 256;  // images whose codes are shown
constexpr size_t kShown = 24;      // images shown as pictures
constexpr int kWatched = 32;
constexpr int kValues = 9;        // of a traversal
constexpr real kReach = real{2};  // it goes from -kReach to kReach, standard deviations of the prior

// omega = Z softmax(w) of an anisotropic prior
Eigen::VectorXd prior_variances(const Model& model) {
  const Parameter* w = model.table.find(kPriorWeights);
  if (!w) return {};
  const Eigen::Map<const Eigen::Matrix<real, Eigen::Dynamic, 1>> weights(model.weights.data() + w->offset, w->shape[1]);
  const Eigen::VectorXd omega = weights.cast<double>().array().exp();
  return omega * (static_cast<double>(omega.size()) / omega.sum());
}

}  // namespace

uint32_t central_image(const Dataset& data) {
  constexpr uint32_t kMost = 4096;
  const uint32_t stride = (data.size() + kMost - 1) / kMost;
  std::vector<int> low = data.factor_values(0), high = low;
  const auto each = [&](auto use) {
    for (uint32_t i = 0; i < data.size(); i += stride) use(i, data.factor_values(i));
  };
  each([&](uint32_t, const std::vector<int>& values) {
    for (size_t f = 0; f < values.size(); ++f) {
      low[f] = std::min(low[f], values[f]);
      high[f] = std::max(high[f], values[f]);
    }
  });
  uint32_t best = data.size() / 2;
  double least = low.empty() ? 0 : std::numeric_limits<double>::infinity();
  each([&](uint32_t i, const std::vector<int>& values) {
    double distance = 0;
    for (size_t f = 0; f < values.size(); ++f)
      if (high[f] > low[f]) distance += std::abs(2.0 * values[f] - low[f] - high[f]) / (high[f] - low[f]);
    if (distance < least) best = i;
    least = std::min(least, distance);
  });
  return best;
}

Observer::Observer(Session& session)
    : session_(session),
      encoder_(session.model().spec, session.model().table, session.model().weights.span(), session.backend(), kWatched, true),
      decoder_(session.model().spec, session.model().table, session.model().weights.span(), session.backend(), kWatched),
      geometry_(mean_map(session.model()), session.backend()) {
  const VaeSpec& spec = session.model().spec;
  if (identity_obstacle(spec).empty()) identity_.emplace(logit_map(session.model()), spec.likelihood, 1, session.backend());
}

std::unique_ptr<Pictures> Observer::pictures() {
  auto p = std::make_unique<Pictures>();
  p->step = session_.step();
  p->sample = sample_latents(session_.model(), session_.data(), session_.backend(), kSample);
  p->prior_variances = prior_variances(session_.model());
  const size_t n = std::min(kShown, p->sample.images.size()), width = static_cast<size_t>(p->sample.latents());
  const auto pixels = static_cast<size_t>(session_.data().image().size());
  p->originals.resize(n * pixels);
  p->reconstructions.resize(n * pixels);
  for (size_t i = 0; i < n; ++i) {
    p->images.push_back(p->sample.images[i * p->sample.images.size() / n]);
    session_.data().render(p->images[i], std::span(p->originals).subspan(i * pixels, pixels));
  }
  p->mu.resize(n * width);
  p->root.resize(n * width * width);
  encoder_.run(p->originals, p->mu, {}, p->root);
  decoder_.run(p->mu, {}, p->reconstructions);
  return p;
}

std::unique_ptr<Look> Observer::look(uint32_t image, const std::vector<std::optional<real>>& moved,
                                     const std::vector<int>& in_use) {
  auto look = std::make_unique<Look>();
  look->step = session_.step();
  look->image = image;
  std::vector<real> x(static_cast<size_t>(session_.data().image().size()));
  session_.data().render(image, x);
  look->code.resize(moved.size());
  encoder_.run(x, look->code, {});
  for (size_t j = 0; j < moved.size(); ++j) {
    look->moved.push_back(moved[j].has_value());
    if (moved[j]) look->code[j] = *moved[j];
  }
  traverse(*look);
  measure(*look, x, in_use);
  return look;
}

void Observer::traverse(Look& look) {
  const size_t width = look.code.size(), pixels = static_cast<size_t>(session_.data().image().size());
  std::vector<real> codes;  // [Z*K + 1, Z]
  for (int k = 0; k < kValues; ++k) look.values.push_back(kReach * static_cast<real>(2 * k - kValues + 1) / (kValues - 1));
  for (size_t j = 0; j < width; ++j)
    for (const real value : look.values) {
      codes.insert(codes.end(), look.code.begin(), look.code.end());
      codes[codes.size() - width + j] = value;
    }
  codes.insert(codes.end(), look.code.begin(), look.code.end());
  look.traversal.resize(codes.size() / width * pixels);
  decoder_.run(codes, {}, look.traversal);
  look.decoded.assign(look.traversal.end() - static_cast<long>(pixels), look.traversal.end());
  look.traversal.resize(look.traversal.size() - pixels);
}

void Observer::measure(Look& look, std::span<const real> x, const std::vector<int>& in_use) {
  look.geometry = geometry_.at(look.code, in_use).front();
  const Geometry& g = look.geometry;
  const auto size = static_cast<int>(g.G.rows());
  const Rng rng(0, Stream::probe);
  constexpr int kRotations = 16;
  const auto off = [&](const Eigen::MatrixXd& M) {
    return against_chance(
        size, [&](const Eigen::MatrixXd& Q) { return off_share(Q * M * Q.transpose()); }, rng, 0, kRotations);
  };
  look.off = off(g.G);
  look.residual = geometry_.residual_hessian(g, to_double(x) - g.value);
  look.residual_off = off(look.residual);
  look.to_axes = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  if (g.determined())
    look.to_axes = against_chance(
        size, [&](const Eigen::MatrixXd& Q) { return distance_to_axes(Q * g.V); }, rng, 0, kRotations);

  if (!identity_) return;
  const auto width = static_cast<long>(look.code.size());
  GaussianPosterior q{Eigen::VectorXd(width), Eigen::MatrixXd::Identity(width, width)};
  for (long k = 0; k < width; ++k) q.mean[k] = static_cast<double>(look.code[static_cast<size_t>(k)]);
  const Config& config = session_.config();
  const VaeSpec& spec = session_.model().spec;
  const double scale =
      (spec.objective->reads("beta") ? config.beta : 1) * (spec.likelihood == Likelihood::gaussian ? config.sigma2 : 1);
  const Eigen::MatrixXd A = identity_->gauss_newton(q, {}, rng);
  look.precision = Eigen::MatrixXd::Identity(size, size);
  for (int i = 0; i < size && scale > 0; ++i)
    for (int j = 0; j < size; ++j)
      look.precision(i, j) += A(g.dims[static_cast<size_t>(i)], g.dims[static_cast<size_t>(j)]) / scale;
}

}  // namespace unpick
