// See divergences.h. Pairs (i, k) of sample and image are [B,B,Z] and [B,B]: sample along axis 0, image along axis 1.
#include "core/model/divergences.h"

#include <cmath>
#include <numbers>

namespace unpick {
namespace {

// z [B,Z], with sample i at (i, ., .): [B,K,Z]
Var along_rows(Var z, int other) {
  const int batch = z.shape()[0], latent = z.shape()[1];
  return broadcast(reshape(z, {batch, 1, latent}), {batch, other, latent});
}

// z [B,Z], with sample k at (., k, .): [K,B,Z]
Var along_columns(Var z, int other) {
  const int batch = z.shape()[0], latent = z.shape()[1];
  return broadcast(reshape(z, {1, batch, latent}), {other, batch, latent});
}

Var squared_differences(Var x, Var y) {
  const Var rows = along_rows(x, y.shape()[0]);
  const Var columns = along_columns(y, x.shape()[0]);
  const Var d = rows - columns;
  return d * d;
}

// log q(z_ij | x_k) of a diagonal posterior: [B,B,Z]
Var log_densities(const Posterior& q, Var z) {
  const int batch = z.shape()[0];
  const Var d2 = squared_differences(z, q.mu);
  const Var precision = exp(affine(q.logvar, -1));
  const Var scaled = d2 * along_columns(precision, batch);
  const Var twice = scaled + along_columns(q.logvar, batch);
  return affine(twice, -0.5, -0.5 * std::log(2 * std::numbers::pi));
}

Var mean_over_batch(Var x) { return affine(total(x), 1.0 / x.shape()[0]); }

// log w of the stratified estimator, [B,B]
Var log_stratified_weights(Recorder& r, int batch) {
  const size_t B = static_cast<size_t>(batch);
  const double M = batch - 1;
  std::vector<real> own(B * B, 0), next(B * B, 0), rest(B * B, static_cast<real>(-std::log(M)));
  for (size_t i = 0; i < B; ++i) {
    own[i * B + i] = next[i * B + (i + 1) % B] = 1;
    rest[i * B + i] = rest[i * B + (i + 1) % B] = 0;
  }
  const Var images = r.hyper("images");
  const Var minus_log_n = affine(log(images), -1);
  const Var log_left = log(affine(images, 1, -M));
  const Var log_next = affine(log_left + minus_log_n, 1, -std::log(M));
  const Shape pairs{batch, batch};
  const Var is_own = r.constant(pairs, std::move(own));
  const Var is_next = r.constant(pairs, std::move(next));
  const Var own_term = is_own * broadcast(minus_log_n, pairs);
  const Var next_term = is_next * broadcast(log_next, pairs);
  const Var both = own_term + next_term;
  return both + r.constant(pairs, std::move(rest));
}

constexpr double kScales[] = {0.1, 0.2, 0.5, 1, 2, 5};

// sum_c 2c' / (2c' + d2), c' = c width, summed to `result`
Var kernel_sum(Var d2, double width, Shape result) {
  Var all;
  for (const double c : kScales) {
    const Var k = recip(affine(d2, 1 / (2 * c * width), 1));
    const Var s = sum(k, result);
    all = all.ok() ? all + s : s;
  }
  return all;
}

Var mmd(Var x, Var y, bool marginal) {
  const int batch = x.shape()[0], latent = x.shape()[1];
  const auto pairs = [&](Var a, Var b) {
    Var d2 = squared_differences(a, b);
    if (!marginal) d2 = sum(d2, {batch, batch});
    return kernel_sum(d2, marginal ? 1 : latent, {1});
  };
  const Var xx = pairs(x, x);
  const Var yy = pairs(y, y);
  const Var xy = pairs(x, y);
  // Each of the B pairs of a sample with itself adds 1 per kernel.
  const double same = 2.0 * batch * static_cast<double>(std::size(kScales)) * (marginal ? latent : 1);
  const double within = 1.0 / (static_cast<double>(batch) * (batch - 1)), across = 2.0 / (static_cast<double>(batch) * batch);
  const Var inside = affine(xx + yy, within, -same * within);
  return inside + affine(xy, -across);
}

// log (1/B) sum_k q(z_i|x_k), [B]
Var log_aggregate(const Posterior& q, Var z) {
  const int samples = z.shape()[0], images = q.mu.shape()[0];
  const Var joint = sum(log_densities(q, z), {samples, images});
  return affine(logsumexp(joint, 1), 1, -std::log(images));
}

}  // namespace

Tc tc_estimator(const std::string& name) {
  if (name == "weighted") return Tc::weighted;
  if (name == "stratified") return Tc::stratified;
  throw Error(ErrorKind::usage, "tc '" + name + "'", "unknown", "choose weighted or stratified");
}

Divergence divergence(const std::string& name) {
  if (name == "mmd-marginal") return Divergence::mmd_marginal;
  if (name == "mmd") return Divergence::mmd;
  if (name == "kl-inclusive") return Divergence::kl_inclusive;
  if (name == "kl-exclusive") return Divergence::kl_exclusive;
  throw Error(ErrorKind::usage, "divergence '" + name + "'", "unknown", "choose mmd-marginal, mmd, kl-inclusive or kl-exclusive");
}

TotalCorrelation total_correlation(Recorder& r, const Posterior& q, Var z, Tc estimator) {
  const Scope scope(r.graph, "tc");
  const int batch = z.shape()[0];
  const Var each = log_densities(q, z);         // [B,B,Z]
  const Var joint = sum(each, {batch, batch});  // [B,B]
  const auto estimate = [&](Var weighted_joint, Var weighted_each) {
    const Var log_joint = logsumexp(weighted_joint, 1);  // [B]
    const Var log_each = logsumexp(weighted_each, 1);    // [B,1,Z]
    const Var log_product = sum(log_each, {batch});      // [B]
    return mean_over_batch(log_joint - log_product);
  };
  const Var weights = log_stratified_weights(r, batch);
  const Var weighted_each = each + broadcast(weights, each.shape());
  const Var stratified = estimate(joint + weights, weighted_each);
  if (estimator == Tc::stratified) return {stratified, stratified};
  return {estimate(joint, each), stratified};
}

Var aggregate_divergence(Recorder& r, Divergence kind, const Prior& prior, const Posterior& q, Var z, Var prior_samples) {
  const Scope scope(r.graph, "divergence");
  if (kind == Divergence::mmd_marginal || kind == Divergence::mmd) return mmd(prior_samples, z, kind == Divergence::mmd_marginal);
  const Var at = kind == Divergence::kl_inclusive ? prior_samples : z;
  const Var log_p = prior.log_density(r, at);
  const Var log_q = log_aggregate(q, at);
  return mean_over_batch(kind == Divergence::kl_inclusive ? log_p - log_q : log_q - log_p);
}

Var covariance(Var mu) {
  const int batch = mu.shape()[0], latent = mu.shape()[1];
  const Var mean = affine(sum(mu, {1, latent}), 1.0 / batch);
  const Var centred = mu - broadcast(mean, mu.shape());
  return affine(matmul(centred, centred, true), 1.0 / batch);
}

Var mean_posterior_covariance(const Posterior& q) {
  const int batch = q.mu.shape()[0], latent = q.mu.shape()[1];
  const Var L = cholesky_factor(q);  // [B,Z,Z]
  const Var rows = reshape(permute(L, {1, 0, 2, 3}), {latent, batch * latent});
  return affine(matmul(rows, rows, false, true), 1.0 / batch);
}

Penalties identity_penalties(Var C) {
  const int latent = C.shape()[0];
  std::vector<int> on, off;
  for (int i = 0; i < latent * latent; ++i) (i % (latent + 1) ? off : on).push_back(i);
  const Var entries = reshape(C, {latent * latent});
  const auto picked = [&](std::vector<int> which) {
    return gather(entries, std::make_shared<const std::vector<int>>(std::move(which)));
  };
  const Var excess = affine(picked(std::move(on)), 1, -1);
  const Var diagonal = total(excess * excess);
  if (off.empty()) return {C.graph->fill({1}, 0), diagonal};
  const Var cross = picked(std::move(off));
  return {total(cross * cross), diagonal};
}

}  // namespace unpick
