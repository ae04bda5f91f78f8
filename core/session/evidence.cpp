// See evidence.h.
#include "core/session/evidence.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "core/data/batcher.h"
#include "core/metrics/seeds.h"

namespace unpick {
namespace {

constexpr int kImages = 64;

struct Estimator {
  Estimator(const Model& m, const Dataset& data, Backend& backend, uint64_t seed)
      : model(m),
        batcher(data, sub_seed(seed, "evidence"), kImages),
        noise(sub_seed(seed, "evidence"), Stream::noise),
        table(m.table),
        encoder(m.spec, table, m.weights.span(), backend, kImages),
        decoder(m.spec, table, m.weights.span(), backend, kImages) {
    const auto codes = static_cast<size_t>(kImages * m.spec.latent), pixels = static_cast<size_t>(kImages * m.spec.image.size());
    for (std::vector<real>* v : {&mu, &logvar, &z}) v->resize(codes);
    for (std::vector<real>* v : {&x, &eta}) v->resize(pixels);
  }

  const Model& model;
  Batcher batcher;
  Rng noise;
  Parameters table;
  Encoder encoder;
  Decoder decoder;
  std::vector<real> mu, logvar, z;  // [B,Z]
  std::vector<real> x, eta;         // [B,D]
  double reconstruction = 0, kl = 0;
};

void run_batch(Estimator& s, uint32_t number, int batches, Pool& pool) {
  s.batcher.fill(number, s.x, pool);
  s.encoder.run(s.x, s.mu, s.logvar);
  s.noise.fill_normal(s.z, number);
  const double share = 1 / (static_cast<double>(kImages) * batches);
  for (size_t i = 0; i < s.z.size(); ++i) {
    const double mu = static_cast<double>(s.mu[i]), logvar = static_cast<double>(s.logvar[i]);
    s.kl += 0.5 * (mu * mu + std::expm1(logvar) - logvar) * share;
    s.z[i] = s.mu[i] + std::exp(s.logvar[i] / 2) * s.z[i];
  }
  s.decoder.run(s.z, s.eta, {});
  s.reconstruction += reconstruction_error(s.model.spec.likelihood, s.eta, s.x) * share;
}

}  // namespace

Job evidence(const Model& model, const Dataset& data, Backend& backend, uint64_t seed, int batches) {
  if (data.image() != model.spec.image)
    throw Error(ErrorKind::usage, "data '" + data.spec() + "'", "has other images than the model takes",
                "give the data it was trained on");
  const auto s = std::make_shared<Estimator>(model, data, backend, seed);
  const auto piece = [s, batches](int number, Pool& pool) {
    run_batch(*s, static_cast<uint32_t>(number), batches, pool);
    return true;
  };
  const auto report = [s] {
    Report r;
    const bool nats = s->model.spec.likelihood == Likelihood::bernoulli;
    r.add(nats ? "reconstruction_loss" : "squared_error", s->reconstruction);
    r.add("kl_loss", s->kl);
    if (nats) r.add("elbo", -(s->reconstruction + s->kl));
    return r;
  };
  return {batches, piece, report};
}

}  // namespace unpick
