// See latents.h.
#include "core/session/latents.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace unpick {
namespace {

constexpr size_t kAtOnce = 64;  // images in memory
constexpr double kActiveDeviation = 0.5;

std::vector<FactorColumn> factor_columns(const Dataset& data, const std::vector<uint32_t>& images) {
  std::vector<FactorColumn> columns;
  for (const Factor& factor : data.factors()) columns.push_back({factor.name, {}});
  for (const uint32_t image : images) {
    const std::vector<int> values = data.factor_values(image);
    for (size_t f = 0; f < columns.size(); ++f) columns[f].values.push_back(values[f]);
  }
  columns.erase(std::remove_if(columns.begin(), columns.end(), [](const FactorColumn& c) { return c.name == "shape"; }),
                columns.end());
  return columns;
}

}  // namespace

std::vector<uint32_t> fixed_sample(const Dataset& data, uint32_t most) {
  std::vector<uint32_t> images(std::min(data.size(), most));
  std::iota(images.begin(), images.end(), 0u);
  const Rng rng(0, Stream::probe);
  if (data.size() > most)
    for (uint32_t i = 0; i < most; ++i) images[i] = rng.below(data.size(), 0, i);
  return images;
}

std::vector<int> active_latents(std::span<const real> mu, int latent) {
  const Eigen::Map<const Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic>> means(mu.data(), latent,
                                                                                    static_cast<Eigen::Index>(mu.size()) / latent);
  const Eigen::MatrixXd centred = means.cast<double>().colwise() - means.cast<double>().rowwise().mean();
  std::vector<int> active;
  for (int j = 0; j < latent; ++j)
    if (centred.row(j).squaredNorm() > kActiveDeviation * kActiveDeviation * static_cast<double>(centred.cols()))
      active.push_back(j);
  return active;
}

std::vector<int> LatentSample::by_kl() const {
  std::vector<int> order(kl.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return kl[static_cast<size_t>(a)] > kl[static_cast<size_t>(b)]; });
  return order;
}

LatentSample sample_latents(const Model& model, const Dataset& data, Backend& backend, uint32_t most) {
  if (data.image() != model.spec.image)
    throw Error(ErrorKind::usage, "data '" + data.spec() + "'",
                "has images " + data.image().str() + ", the model takes " + model.spec.image.str(),
                "give the data it was trained on");
  LatentSample s;
  s.images = fixed_sample(data, most);
  const size_t n = s.images.size(), width = static_cast<size_t>(model.spec.latent),
               pixels = static_cast<size_t>(data.image().size());
  s.mu.resize(n * width);
  s.logvar.resize(n * width);
  Parameters table = model.table;
  const bool full = model.spec.posterior == PosteriorFamily::full && model.spec.latent <= kRooted;
  s.root.resize(full ? n * width * width : 0);
  Encoder encoder(model.spec, table, model.weights.span(), backend, static_cast<int>(kAtOnce), full);
  std::vector<real> x(kAtOnce * pixels);
  for (size_t begin = 0; begin < n; begin += kAtOnce) {
    const size_t count = std::min(kAtOnce, n - begin);
    for (size_t i = 0; i < count; ++i) data.render(s.images[begin + i], std::span(x).subspan(i * pixels, pixels));
    encoder.run(std::span(x).first(count * pixels), std::span(s.mu).subspan(begin * width, count * width),
                std::span(s.logvar).subspan(begin * width, count * width),
                full ? std::span(s.root).subspan(begin * width * width, count * width * width) : std::span<real>());
  }

  s.kl.resize(width);
  for (size_t i = 0; i < n * width; ++i) {
    const double mu = static_cast<double>(s.mu[i]), logvar = static_cast<double>(s.logvar[i]);
    s.kl[i % width] += 0.5 * (mu * mu + std::expm1(logvar) - logvar) / static_cast<double>(n);
  }
  if (!std::all_of(s.kl.begin(), s.kl.end(), [](double kl) { return std::isfinite(kl); }))
    throw Error(ErrorKind::data, "model", "its codes are not finite", "its training diverged, or its file is damaged");
  s.correlation = correlate(s.mu, model.spec.latent, factor_columns(data, s.images));
  for (size_t i = 0; i < s.correlation.r.size(); ++i)
    if (!s.in_use(static_cast<int>(i % width))) s.correlation.r[i] = 0;
  return s;
}

FactorCorrelation factor_correlation(const Model& model, const Dataset& data, Backend& backend, uint32_t most) {
  return sample_latents(model, data, backend, most).correlation;
}

}  // namespace unpick
