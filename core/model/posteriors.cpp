// See posteriors.h. The entries of L stand along axis 0 where they are summed by row: that is where Gather and ScatterAdd work.
#include "core/model/posteriors.h"

namespace unpick {
namespace {

Var transposed(Var x) { return permute(x, {1, 0, 2, 3}); }

// One number for each entry (i, j) of L below the diagonal, row by row.
template <class Number>
RowNumbers for_entries(int latent, Number number) {
  std::vector<int> numbers;
  for (int i = 1; i < latent; ++i)
    for (int j = 0; j < i; ++j) numbers.push_back(number(i, j));
  return std::make_shared<const std::vector<int>>(std::move(numbers));
}

// entries [Z(Z-1)/2,B] added up along each row of L: [B,Z]
Var sum_rows(Var entries, int latent) {
  const Var sums = scatter_add(entries, for_entries(latent, [](int i, int) { return i; }), latent);
  return transposed(sums);
}

// (variance + mu^2 - 1 - logvar) / 2, summed over the batch: [1,Z]
Var half_sums(Var variance, Var mu, Var logvar) {
  const Var mu2 = mu * mu;
  const Var grown = variance + mu2;
  const Var shifted = affine(logvar, -1, -1);
  const Var twice = grown + shifted;
  const Var kl = affine(twice, 0.5);
  return sum(kl, {1, mu.shape()[1]});
}

}  // namespace

PosteriorFamily posterior_family(const std::string& name) {
  if (name == "diagonal") return PosteriorFamily::diagonal;
  if (name == "full") return PosteriorFamily::full;
  throw Error(ErrorKind::usage, "posterior '" + name + "'", "unknown", "choose diagonal or full");
}

int lower_entries(PosteriorFamily family, int latent) { return family == PosteriorFamily::full ? latent * (latent - 1) / 2 : 0; }

Posterior diagonal_posterior(Var q) {
  const int latent = q.shape()[1] / 2;
  const Var mu = slice(q, 1, 0, latent);
  const Var logvar = slice(q, 1, latent, latent);
  return {mu, logvar};
}

Posterior full_posterior(Var q, Var lower) {
  Posterior posterior = diagonal_posterior(q);
  posterior.lower = lower;
  return posterior;
}

Var sample(const Posterior& q, Var epsilon) {
  const Scope scope(*epsilon.graph, "sample");
  const Var half = affine(q.logvar, 0.5);
  const Var sigma = exp(half);
  const Var noise = sigma * epsilon;
  const Var z = q.mu + noise;
  if (!q.lower.ok()) return z;
  const int latent = q.mu.shape()[1];
  const Var by_latent = transposed(epsilon);
  const Var factors = gather(by_latent, for_entries(latent, [](int, int j) { return j; }));
  const Var entries = transposed(q.lower);
  const Var products = entries * factors;
  const Var rest = sum_rows(products, latent);
  return z + rest;
}

// Sigma_jj = sum_k L_jk^2
Var marginal_variance(const Posterior& q) {
  const Var variance = exp(q.logvar);
  if (!q.lower.ok()) return variance;
  const Var squares = q.lower * q.lower;
  const Var entries = transposed(squares);
  const Var rest = sum_rows(entries, q.mu.shape()[1]);
  return variance + rest;
}

Var marginal_logvar(const Posterior& q) {
  if (!q.lower.ok()) return q.logvar;
  const Var variance = marginal_variance(q);
  return log(variance);
}

Var cholesky_factor(const Posterior& q) {
  const int batch = q.mu.shape()[0], latent = q.mu.shape()[1], area = latent * latent;
  std::vector<int> diagonal;
  for (int j = 0; j < latent; ++j) diagonal.push_back(j * latent + j);
  const Var half = affine(q.logvar, 0.5);
  const Var sigma = exp(half);
  const Var by_latent = transposed(sigma);
  Var L = scatter_add(by_latent, std::make_shared<const std::vector<int>>(std::move(diagonal)), area);
  if (q.lower.ok()) {
    const Var entries = transposed(q.lower);
    const Var below = scatter_add(entries, for_entries(latent, [&](int i, int j) { return i * latent + j; }), area);
    L = L + below;
  }
  const Var rows = transposed(L);
  return reshape(rows, {batch, latent, latent});
}

Var kl_terms(const Posterior& q) {
  const Scope scope(*q.mu.graph, "kl");
  const Var variance = marginal_variance(q);
  return half_sums(variance, q.mu, q.logvar);
}

Var kl_per_latent(const Posterior& q) {
  if (!q.lower.ok()) return kl_terms(q);
  const Scope scope(*q.mu.graph, "kl");
  const Var variance = marginal_variance(q);
  const Var logvar = log(variance);
  return half_sums(variance, q.mu, logvar);
}

}  // namespace unpick
