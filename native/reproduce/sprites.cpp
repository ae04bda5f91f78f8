// See sprites.h.
#include "native/reproduce/sprites.h"

#include <algorithm>
#include <cmath>

#include "core/metrics/mig.h"
#include "core/seams/posterior_identity.h"
#include "core/seams/scores.h"
#include "core/session/latents.h"
#include "native/io/reports.h"
#include "native/reproduce/figure.h"

namespace unpick::reproduce {
namespace {

using Eigen::MatrixXd;

constexpr double kActive = 0.5;  // sd of mu

class Shrunk : public Dataset {
 public:
  Shrunk(std::unique_ptr<Dataset> whole, int by) : whole_(std::move(whole)), by_(by) {}
  std::string spec() const override { return whole_->spec() + ", 1/" + std::to_string(by_) + " as wide and high"; }
  uint32_t size() const override { return whole_->size(); }
  Shape image() const override { return {whole_->image()[0] / by_, whole_->image()[1] / by_, whole_->image()[2]}; }
  void render(uint32_t index, std::span<real> out) const override {
    const Shape large = whole_->image();
    const auto by = static_cast<size_t>(by_), width = static_cast<size_t>(large[1]), channels = static_cast<size_t>(large[2]);
    std::vector<real> x(static_cast<size_t>(large.size()));
    whole_->render(index, x);
    std::fill(out.begin(), out.end(), real(0));
    for (size_t i = 0; i < x.size(); ++i) {
      const size_t pixel = i / channels, row = pixel / width / by, column = pixel % width / by;
      out[(row * (width / by) + column) * channels + i % channels] += x[i] / static_cast<real>(by * by);
    }
  }
  std::vector<Factor> factors() const override { return whole_->factors(); }
  std::vector<int> factor_values(uint32_t index) const override { return whole_->factor_values(index); }

 private:
  std::unique_ptr<Dataset> whole_;
  int by_;
};

std::string key_of(const SpriteArm& arm, int seed) {
  char key[96];
  std::snprintf(key, sizeof key, "%s, \u03b2 = %g, seed %d", arm.name().c_str(), arm.beta, seed);
  return key;
}

// Images with their posteriors.
struct Codes {
  std::vector<real> x, mu, L, z;  // [N,D], [N,Z], [N,Z,Z], [N,Z] ~ q, or mu for an autoencoder
  double log_det = 0;             // mean
  size_t count = 0;
  static constexpr size_t width = kSpriteLatents;
};

Codes draw_codes(Session& session, const std::vector<uint32_t>& images, bool autoencoder) {
  Codes c;
  c.count = images.size();
  const auto pixels = static_cast<size_t>(session.data().image().size()), width = Codes::width;
  c.x.resize(c.count * pixels);
  c.mu.resize(c.count * width);
  c.L.resize(c.count * width * width);
  std::vector<real> logvar(c.mu.size());
  for (size_t i = 0; i < c.count; ++i) session.data().render(images[i], std::span(c.x).subspan(i * pixels, pixels));
  Model& model = session.model();
  Encoder(model.spec, model.table, model.weights.span(), session.backend(), 32, true).run(c.x, c.mu, logvar, c.L);
  c.z = c.mu;
  if (autoencoder) return c;
  std::vector<real> epsilon(c.mu.size());
  Rng(static_cast<uint64_t>(session.config().seed), Stream::probe).fill_normal(epsilon, 0);
  for (size_t i = 0; i < c.count; ++i) {
    for (size_t a = 0; a < width; ++a) {
      const real* row = &c.L[(i * width + a) * width];
      for (size_t b = 0; b <= a; ++b) c.z[i * width + a] += row[b] * epsilon[i * width + b];
      c.log_det += 2 * std::log(static_cast<double>(row[a])) / static_cast<double>(c.count);
    }
  }
  return c;
}

std::vector<bool> active_latents(const LatentSample& sample) {
  const auto width = static_cast<size_t>(sample.latents()), count = sample.images.size();
  std::vector<bool> active(width);
  for (size_t j = 0; j < width; ++j) {
    double sum = 0, square = 0;
    for (size_t i = 0; i < count; ++i) {
      const auto mu = static_cast<double>(sample.mu[i * width + j]);
      sum += mu;
      square += mu * mu;
    }
    const auto n = static_cast<double>(count);
    active[j] = square / n - sum * sum / n / n > kActive * kActive;
  }
  return active;
}

std::vector<int> indices(const std::vector<bool>& chosen) {
  std::vector<int> at;
  for (size_t j = 0; j < chosen.size(); ++j)
    if (chosen[j]) at.push_back(static_cast<int>(j));
  return at;
}

// The two parts of the precision, P = I + (A - C) / beta, of each x.
struct Parts {
  MatrixXd mean_A = MatrixXd::Zero(kSpriteLatents, kSpriteLatents), mean_C = mean_A;  // of |.|, scaled
  double off_A = 0, off_C = 0;
};

Parts precision_parts(Session& session, const Codes& codes, size_t count, const std::vector<int>& active) {
  PosteriorIdentity identity(logit_map(session.model()), Likelihood::bernoulli, 0, session.backend());
  const Rng rng(static_cast<uint64_t>(session.config().seed), Stream::probe);
  const Expectation at_z{Expectation::at_mean};
  Parts parts;
  const auto n = static_cast<double>(count);
  const size_t width = Codes::width, pixels = codes.x.size() / codes.count;
  for (size_t i = 0; i < count; ++i) {
    GaussianPosterior q{Eigen::VectorXd(kSpriteLatents), MatrixXd::Identity(kSpriteLatents, kSpriteLatents)};
    for (size_t j = 0; j < width; ++j) q.mean(static_cast<Eigen::Index>(j)) = static_cast<double>(codes.z[i * width + j]);
    const MatrixXd A = identity.gauss_newton(q, at_z, rng);
    const MatrixXd C = A - identity.moments(std::span(codes.x).subspan(i * pixels, pixels), q, at_z, rng).hessian;
    if (active.size() > 1) {
      parts.off_A += off_share(A(active, active)) / n;
      parts.off_C += off_share(C(active, active)) / n;
    }
    const Eigen::VectorXd scale = A.diagonal().cwiseSqrt().cwiseInverse();
    parts.mean_A += (scale.asDiagonal() * A * scale.asDiagonal()).cwiseAbs() / n;
    parts.mean_C += (scale.asDiagonal() * C * scale.asDiagonal()).cwiseAbs() / n;
  }
  if (active.size() < 2) parts.off_A = parts.off_C = NAN;  // one latent has nothing off its diagonal
  return parts;
}

SpriteMark measure(Workshop& shop, Session& session, const std::vector<bool>& in_use, const Codes& codes, const Parts& parts) {
  const std::vector<int> active = indices(in_use);
  SpriteMark mark{session.step(), static_cast<int>(active.size()), NAN, NAN, NAN, NAN, parts.off_A, parts.off_C};
  if (active.size() < 2) return mark;
  GeometryProgram program(mean_map(session.model()), shop.backend());
  const auto points = program.at(codes.z, active);
  for (const MeanScore& score : mean_scores(points, Rng(1, Stream::probe))) {
    const std::string name = score.score->name;
    if (name == "dto") mark.dto = score.mean.measured, mark.rotated = score.mean.rotated;
    if (name == "aas") mark.aas = score.mean.measured;
    if (name == "cosine") mark.cosine = score.mean.measured;
  }
  return mark;
}

// MIG and mutual information of the means with the factors that vary, over the sample.
void measure_information(SpriteRun& run, const LatentSample& sample) {
  const auto& columns = sample.correlation.factors;
  const auto count = static_cast<Eigen::Index>(sample.images.size()), width = static_cast<Eigen::Index>(sample.latents());
  using Rows = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Points points{Eigen::Map<const Rows>(sample.mu.data(), count, width).cast<float>(),
                Eigen::MatrixXi(count, static_cast<Eigen::Index>(columns.size()))};
  for (size_t f = 0; f < columns.size(); ++f) {
    points.factors.col(static_cast<Eigen::Index>(f)) = Eigen::Map<const Eigen::VectorXi>(columns[f].values.data(), count);
    run.factors.push_back(columns[f].name);
    run.follows.push_back(sample.correlation.best(f).first);
  }
  const Report report = mig(points);
  run.mig = report.number("discrete_mig");
  run.information = report.value("mutual_information");
}

double mean_reconstruction(Session& session, const Codes& codes) {
  std::vector<real> eta(codes.x.size());
  Model& model = session.model();
  Decoder(model.spec, model.table, model.weights.span(), session.backend(), 32).run(codes.z, eta, {});
  return reconstruction_error(Likelihood::bernoulli, eta, codes.x) / static_cast<double>(codes.count);
}

}  // namespace

std::unique_ptr<Dataset> shrunk(std::unique_ptr<Dataset> data, int by) { return std::make_unique<Shrunk>(std::move(data), by); }

std::string SpriteArm::name() const { return objective == "autoencoder" ? objective : posterior; }

int64_t sprite_steps(const Workshop& shop) { return shop.pick<int64_t>(2000, 40); }

const SpriteMark& last(const SpriteRun& run) { return run.marks.back(); }

std::shared_ptr<const SpriteRun> sprite_run(Workshop& shop, const SpriteArm& arm, int seed) {
  const std::string key = key_of(arm, seed);
  auto& slot = shop.sprites[key];
  if (slot) return slot;
  const bool autoencoder = arm.objective == "autoencoder";
  const int64_t steps = sprite_steps(shop);
  char settings[160];
  std::snprintf(settings, sizeof settings, "model=mlp-tanh objective=%s posterior=%s beta=%g latent=%d batch=64",
                arm.objective.c_str(), arm.posterior.c_str(), arm.beta, kSpriteLatents);
  const Recipe recipe{settings, seed, {{steps * 4 / 5, 3e-3}, {steps - steps * 4 / 5, 6e-4}}, log_marks(steps / 20, steps, 8)};

  SpriteRun run;
  run.arm = arm;
  run.seed = seed;
  const auto few = shop.pick<uint32_t>(256, 64);
  const size_t parts_at_mark = shop.pick<size_t>(12, 2), parts_at_end = shop.pick<size_t>(128, 4);
  const auto session = shop.train(recipe, shrunk(open_dataset(kSlice), 2), key, [&](Session& s) {
    const bool end = s.step() == steps;
    LatentSample sample = sample_latents(s.model(), s.data(), s.backend(), end ? s.data().size() : few);
    run.active = active_latents(sample);
    std::vector<uint32_t> images = sample.images;
    images.resize(shop.pick<size_t>(end ? 128 : 32, 8));
    const Codes codes = draw_codes(s, images, autoencoder);
    Parts parts;
    parts.off_A = parts.off_C = NAN;
    if (!autoencoder) parts = precision_parts(s, codes, end ? parts_at_end : parts_at_mark, indices(run.active));
    run.marks.push_back(measure(shop, s, run.active, codes, parts));
    if (!end) return;
    run.A = parts.mean_A;
    run.C = parts.mean_C;
    run.order = sample.by_kl();
    run.kl = s.losses().kl;
    run.log_det = codes.log_det;
    run.reconstruction = mean_reconstruction(s, codes);
    io::TraversalOptions options;
    options.range = io::Range::data;
    run.traversal = io::traversal_of(s.model(), s.data(), s.backend(), options, sample);
    measure_information(run, sample);
  });
  slot = std::make_shared<const SpriteRun>(std::move(run));
  return slot;
}

int64_t missing_steps(const Workshop& shop, const std::vector<SpriteArm>& arms) {
  int64_t runs = 0;
  for (const SpriteArm& arm : arms)
    for (int seed = 1; seed <= shop.seeds(); ++seed) {
      runs += !shop.sprites.count(key_of(arm, seed));
    }
  return runs * sprite_steps(shop);
}

}  // namespace unpick::reproduce
