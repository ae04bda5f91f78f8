// The priors, one class each, and what they share. See priors.h.
#include "core/model/priors.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "core/base/decompositions.h"
#include "core/base/numbers.h"

namespace unpick {
namespace {

constexpr int kNodes = 32;  // Gauss-Hermite: error 2e-7 nats for t at nu = 2 (theory M3)

// sum_j of [B,Z] entries: [B,1]
Var over_latents(Var terms) { return sum(terms, {terms.shape()[0], 1}); }

// E over q_j = N(mu, sigma^2) of f(z_j), by Gauss-Hermite: [B,Z] -> [B,Z]
template <class F>
Var expectation(Recorder& r, Var mu, Var sigma, F f) {
  const Quadrature rule = gauss_hermite(kNodes);
  const Shape each{mu.shape()[0], mu.shape()[1], kNodes};
  const Var nodes = broadcast(r.constant({1, 1, kNodes}, rule.nodes), each);
  const Var weights = broadcast(r.constant({1, 1, kNodes}, rule.weights), each);
  const Var wide_sigma = broadcast(sigma, each);
  const Var wide_mu = broadcast(mu, each);
  const Var step = nodes * wide_sigma;
  const Var z = wide_mu + step;
  const Var value = f(z);
  const Var weighted = value * weights;
  return sum(weighted, mu.shape());
}

// KL in terms, given E_q[log p_j(z_j)] as [B,Z]: minus the entropy log L_jj + (1 + log 2 pi) / 2, minus the expectation.
Var kl_from_expectation(const Posterior& q, Var expected_log_p) {
  const Var minus_entropy = affine(q.logvar, -0.5, -0.5 * (1 + kLog2Pi));
  const Var terms = minus_entropy - expected_log_p;
  return sum(terms, {1, q.mu.shape()[1]});
}

Var marginal_sigma(const Posterior& q) {
  const Var variance = marginal_variance(q);
  return sqrt(variance);
}

// log N(z; 0, variance), per element
Var log_normal(Var z, double variance) {
  const Var z2 = z * z;
  return affine(z2, -0.5 / variance, -0.5 * (kLog2Pi + std::log(variance)));
}

class Normal final : public Prior {
 public:
  bool normal() const override { return true; }
  Var log_density(Recorder&, Var z) const override { return over_latents(log_normal(z, 1)); }
  Var kl_terms(Recorder&, const Posterior& q) const override { return unpick::kl_terms(q); }
};

class Anisotropic final : public Prior {
 public:
  explicit Anisotropic(bool learned) : learned_(learned) {}

  Var log_density(Recorder& r, Var z) const override {
    const Var of_latents = log_variances(r, z.shape()[1]);
    const Var log_omega = broadcast(of_latents, z.shape());
    const Var z2 = z * z;
    return over_latents(affine(terms(z2, log_omega), -0.5, -0.5 * kLog2Pi));
  }
  // (Sigma_jj + mu_j^2) / (2 omega_j) - 1/2 + (log omega_j - log L_jj^2) / 2
  Var kl_terms(Recorder& r, const Posterior& q) const override {
    const Scope scope(r.graph, "kl");
    const Var of_latents = log_variances(r, q.mu.shape()[1]);
    const Var log_omega = broadcast(of_latents, q.mu.shape());
    const Var variance = marginal_variance(q);
    const Var mu2 = q.mu * q.mu;
    const Var second = variance + mu2;
    const Var grown = terms(second, log_omega);
    const Var twice = grown - q.logvar;
    return sum(affine(twice, 0.5, -0.5), {1, q.mu.shape()[1]});
  }
  Var place(Recorder& r, Var noise) const override {
    const Var sigma = exp(affine(log_variances(r, noise.shape()[1]), 0.5));
    const Var scale = broadcast(sigma, noise.shape());
    return noise * scale;
  }

 private:
  // log omega = w - logsumexp w + log Z, [1,Z]
  Var log_variances(Recorder& r, int latent) const {
    Parameter row{kPriorWeights, {1, latent}};
    row.trained = learned_;
    const Init usual = std::exchange(r.init, Init::zero);
    const Var w = r.parameter(std::move(row));
    r.init = usual;
    const Var log_sum = logsumexp(w, 1);
    const Var all = broadcast(log_sum, w.shape());
    return affine(w - all, 1, std::log(latent));
  }
  // z^2 / omega + log omega
  static Var terms(Var z2, Var log_omega) {
    const Var precision = exp(affine(log_omega, -1));
    const Var scaled = z2 * precision;
    return scaled + log_omega;
  }

  bool learned_;
};

// A sample of the chi-square distribution with nu >= 2 degrees of freedom, over nu (Marsaglia & Tsang 2000). `index` counts draws.
double chi_square_ratio(const Rng& rng, uint32_t step, uint32_t& index, double nu) {
  const double d = nu / 2 - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = rng.normal(step, index++), u = rng.uniform(step, index++), v = (1 + c * x) * (1 + c * x) * (1 + c * x);
    if (v > 0 && std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return 2 * d * v / nu;
  }
}

// Groups of `size` latents, each multivariate t_nu with scale 1; a size of 1 is the product of Student-t.
class StudentT final : public Prior {
 public:
  StudentT(double nu, int size) : nu_(nu), size_(size) {}

  Var log_density(Recorder&, Var z) const override {
    const int batch = z.shape()[0], groups = z.shape()[1] / size_;
    const Var z2 = z * z;
    const Var by_group = reshape(z2, {batch, groups, size_});
    return over_latents(log_t(sum(by_group, {batch, groups})));
  }
  Var kl_terms(Recorder& r, const Posterior& q) const override {
    if (size_ > 1) return {};
    const Scope scope(r.graph, "kl");
    const Var expected = expectation(r, q.mu, marginal_sigma(q), [this](Var z) { return log_t(z * z); });
    return kl_from_expectation(q, expected);
  }
  void draw(const Rng& rng, uint32_t step, std::span<real> noise) const override {
    uint32_t index = 0;
    for (size_t group = 0; group < noise.size(); group += static_cast<size_t>(size_)) {
      const double scale = 1 / std::sqrt(chi_square_ratio(rng, step, index, nu_));
      for (size_t j = group; j < group + static_cast<size_t>(size_); ++j)
        noise[j] = static_cast<real>(scale * rng.normal(step, index++));
    }
  }

 private:
  // log t_nu of a vector of size_ with this squared length
  Var log_t(Var squares) const {
    const double power = (nu_ + size_) / 2;
    const double constant = std::lgamma(power) - std::lgamma(nu_ / 2) - size_ * std::log(nu_ * std::numbers::pi) / 2;
    return affine(log(affine(squares, 1 / nu_, 1)), -power, constant);
  }

  double nu_;
  int size_;
};

class Sparse final : public Prior {
 public:
  explicit Sparse(double gamma) : gamma_(gamma) {}

  Var log_density(Recorder&, Var z) const override {
    const Var slab = affine(log_normal(z, 1), 1, std::log1p(-gamma_));
    return over_latents(slab + excess(z));
  }
  // log p = log slab + excess. The slab has a closed form; the excess lives within |z| < reach, narrower than a Gauss-Hermite rule
  // can see unless q is narrower still. So: trapezoid over the reach where sigma > 0.02, Gauss-Hermite below.
  Var kl_terms(Recorder& r, const Posterior& q) const override {
    const Scope scope(r.graph, "kl");
    const Var sigma = marginal_sigma(q);
    const Var mu2 = q.mu * q.mu;
    const Var variance = sigma * sigma;
    const Var slab = affine(mu2 + variance, -0.5, std::log1p(-gamma_) - 0.5 * kLog2Pi);
    const Var narrow = expectation(r, q.mu, sigma, [this](Var z) { return excess(z); });
    const Var wide = trapezoid(r, q.mu, sigma);
    const Var is_wide = step(affine(sigma, 1, -0.02));
    const Var difference = wide - narrow;
    const Var chosen = narrow + difference * is_wide;
    return kl_from_expectation(q, slab + chosen);
  }
  void draw(const Rng& rng, uint32_t step, std::span<real> noise) const override {
    for (uint32_t i = 0; i < noise.size(); ++i)
      noise[i] = static_cast<real>((rng.uniform(step, 2 * i) < gamma_ ? kSpike : 1) * rng.normal(step, 2 * i + 1));
  }

 private:
  static constexpr double kSpike = 0.05;  // standard deviation
  static constexpr double kCurve = (1 / (kSpike * kSpike) - 1) / 2;
  static constexpr int kPoints = 128;

  double height() const { return std::log(gamma_ / (1 - gamma_) / kSpike); }  // log spike - log slab at 0

  // log(1 + spike/slab) = softplus(height - kCurve z^2)
  Var excess(Var z) const {
    const Var z2 = z * z;
    return softplus(affine(z2, -kCurve, height()));
  }
  // The integral of N(z; mu, sigma^2) excess(z) over |z| < reach.
  Var trapezoid(Recorder& r, Var mu, Var sigma) const {
    const double reach = std::sqrt((std::max(height(), 0.0) + 20) / kCurve), spacing = 2 * reach / (kPoints - 1);
    std::vector<real> points;
    for (int i = 0; i < kPoints; ++i) points.push_back(static_cast<real>(i * spacing - reach));
    const Shape each{mu.shape()[0], mu.shape()[1], kPoints};
    const Var at = r.constant({1, 1, kPoints}, std::move(points));
    const Var value = broadcast(excess(at), each);
    const Var precision = recip(sigma);
    const Var wide_at = broadcast(at, each);
    const Var wide_mu = broadcast(mu, each);
    const Var difference = wide_at - wide_mu;
    const Var t = difference * broadcast(precision, each);
    const Var density = exp(log_normal(t, 1));
    const Var products = density * value;
    const Var integral = sum(products, mu.shape());
    return affine(integral * precision, spacing);
  }

  double gamma_;
};

class Mixture final : public Prior {
 public:
  explicit Mixture(int latent) : latent_(latent) {}

  Var log_density(Recorder& r, Var z) const override {
    const int batch = z.shape()[0];
    const Shape each{batch, 2 * latent_, latent_};
    std::vector<real> centres(static_cast<size_t>(2 * latent_ * latent_));
    for (int c = 0; c < 2 * latent_; ++c) centres[static_cast<size_t>(c * latent_ + c / 2)] = sign(c);
    const Var wide = broadcast(r.constant({1, 2 * latent_, latent_}, std::move(centres)), each);
    const Var difference = broadcast(reshape(z, {batch, 1, latent_}), each) - wide;
    const Var square = sum(difference * difference, {batch, 2 * latent_});
    const Var log_joint =
        affine(square, -0.5 / kVariance, -0.5 * latent_ * (kLog2Pi + std::log(kVariance)) - std::log(2 * latent_));
    return logsumexp(log_joint, 1);
  }
  void draw(const Rng& rng, uint32_t step, std::span<real> noise) const override {
    const auto width = static_cast<uint32_t>(latent_);
    for (uint32_t row = 0; row < noise.size() / width; ++row) {
      const uint32_t first = row * (width + 1);
      const auto c = static_cast<int>(rng.below(2 * width, step, first));
      for (uint32_t j = 0; j < width; ++j)
        noise[row * width + j] = static_cast<real>(std::sqrt(kVariance) * rng.normal(step, first + 1 + j)) +
                                 (static_cast<int>(j) == c / 2 ? sign(c) : real{0});
    }
  }

 private:
  static constexpr double kVariance = 0.03;
  static real sign(int component) { return component % 2 ? real{-1} : real{1}; }

  int latent_;
};

class Hierarchical final : public Prior {
 public:
  explicit Hierarchical(int latent) : first_((latent + 1) / 2), second_(latent - first_) {}

  Var log_density(Recorder& r, Var z) const override {
    const Var z1 = slice(z, 1, 0, first_), z2 = slice(z, 1, first_, second_);
    const auto [mean, logvar] = conditional(r, z1);
    const Var d = z2 - mean;
    const Var d2 = d * d;
    const Var scaled = d2 * exp(affine(logvar, -1));
    const Var rest = over_latents(affine(scaled + logvar, -0.5, -0.5 * kLog2Pi));
    return over_latents(log_normal(z1, 1)) + rest;
  }
  Var place(Recorder& r, Var noise) const override {
    const int latent = first_ + second_;
    const Var z1 = slice(noise, 1, 0, first_);
    const auto [mean, logvar] = conditional(r, z1);
    const Var scale = exp(affine(logvar, 0.5));
    const Var scaled = slice(noise, 1, first_, second_) * scale;
    const Var front = pad(z1, 1, 0, latent);
    return front + pad(mean + scaled, 1, first_, latent);
  }

 private:
  struct Conditional {
    Var mean, logvar;  // [B,second]
  };
  Conditional conditional(Recorder& r, Var z1) const {
    const Var a = matmul(z1, matrix(r, 0)), b = matmul(z1, matrix(r, 1));
    return {tanh(a), tanh(b)};
  }
  // Normal entries over sqrt(first): the same for every run.
  Var matrix(Recorder& r, uint32_t which) const {
    std::vector<real> values(static_cast<size_t>(first_ * second_));
    Rng(0, kPriorStream).fill_normal(values, which);
    for (real& x : values) x /= std::sqrt(static_cast<real>(first_));
    return r.constant({first_, second_}, std::move(values));
  }

  int first_, second_;
};

}  // namespace

std::shared_ptr<const Prior> make_prior(const PriorSettings& s, int latent) {
  const std::string what = "prior '" + s.name + "'";
  if (s.name == "normal" || (s.name == "sparse" && s.sparsity == 0)) return std::make_shared<Normal>();
  if (s.name == "anisotropic") return std::make_shared<Anisotropic>(false);
  if (s.name == "anisotropic-learned") return std::make_shared<Anisotropic>(true);
  if (s.name == "student-t") return std::make_shared<StudentT>(s.nu, 1);
  if (s.name == "sparse") return std::make_shared<Sparse>(s.sparsity);
  if (s.name == "mixture") return std::make_shared<Mixture>(latent);
  if (s.name == "subspaces") {
    if (latent % s.subspace != 0)
      throw Error(ErrorKind::usage, what,
                  std::to_string(latent) + " latents do not fall into groups of " + std::to_string(s.subspace),
                  "choose --latent as a multiple of --subspace");
    return std::make_shared<StudentT>(s.nu, s.subspace);
  }
  if (s.name == "hierarchical") {
    if (latent < 2) throw Error(ErrorKind::usage, what, "needs two latents or more", "raise --latent");
    return std::make_shared<Hierarchical>(latent);
  }
  throw Error(ErrorKind::usage, what, "unknown",
              "choose normal, anisotropic, anisotropic-learned, student-t, mixture, sparse, subspaces or hierarchical");
}

Var prior_samples(Recorder& r, std::shared_ptr<const Prior> prior, int batch, int latent) {
  const Var noise = r.draw({batch, latent}, "prior_noise", [prior](uint64_t seed, uint32_t step, std::span<real> out) {
    prior->draw(Rng(seed, kPriorStream), step, out);
  });
  return prior->place(r, noise);
}

Var kl_samples(Recorder& r, const Prior& prior, const Posterior& q, Var epsilon, Var z) {
  const Scope scope(r.graph, "kl");
  const Var log_p = prior.log_density(r, z);
  const Var e2 = epsilon * epsilon;
  const Var log_q = over_latents(affine(e2 + q.logvar, -0.5, -0.5 * kLog2Pi));
  return log_q - log_p;
}

Quadrature gauss_hermite(int count) {
  Eigen::MatrixXd jacobi = Eigen::MatrixXd::Zero(count, count);
  for (Eigen::Index i = 1; i < count; ++i) jacobi(i, i - 1) = jacobi(i - 1, i) = std::sqrt(static_cast<double>(i));
  const Spectrum s = spectrum(jacobi);
  Quadrature rule;
  for (Eigen::Index i = 0; i < count; ++i) {
    rule.nodes.push_back(static_cast<real>(s.values(i)));
    rule.weights.push_back(static_cast<real>(s.vectors(0, i) * s.vectors(0, i)));
  }
  return rule;
}

}  // namespace unpick
