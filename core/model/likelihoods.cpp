// See likelihoods.h.
#include "core/model/likelihoods.h"
#include "core/base/numbers.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace unpick {
namespace {

constexpr double kFloor = 1e-4;

// -log p = softplus(eta) - x eta, per pixel
Var bernoulli(Var eta, Var x) {
  const Var s = softplus(eta);
  const Var xe = x * eta;
  const Var nll = s - xe;
  return total(nll);
}

// -log p = (x - eta)^2 / (2 sigma2) + log(2 pi sigma2) / 2, per pixel
Var gaussian(Var eta, Var x, Var sigma2) {
  const Var difference = x - eta;
  const Var square = difference * difference;
  const Var error = sum(square, sigma2.shape());
  const Var precision = recip(sigma2);
  const Var scaled = error * precision;
  const Var log_sigma2 = log(sigma2);
  const double sharing = static_cast<double>(eta.shape().size() / sigma2.shape().size());  // pixels with this sigma2
  const Var normaliser = affine(log_sigma2, sharing / 2, sharing / 2 * kLog2Pi);
  const Var half = affine(scaled, 0.5);
  const Var nll = half + normaliser;
  return total(nll);
}

// -log p = |x - eta| / b + log 2b, per pixel
Var laplace(Var eta, Var x, Var b) {
  const Var difference = x - eta;
  const Var size = absolute(difference);
  const Var error = total(size);
  const Var inverse = recip(b);
  const Var scaled = error * inverse;
  const Var log_b = log(b);
  const double pixels = static_cast<double>(eta.shape().size());
  const Var normaliser = affine(log_b, pixels, pixels * 0.69314718055994531);  // log 2
  return scaled + normaliser;
}

}  // namespace

Likelihood likelihood(const std::string& name) {
  if (name == "bernoulli") return Likelihood::bernoulli;
  if (name == "gaussian") return Likelihood::gaussian;
  if (name == "laplace") return Likelihood::laplace;
  throw Error(ErrorKind::usage, "likelihood '" + name + "'", "unknown", "choose bernoulli, gaussian or laplace");
}

Noise noise(const std::string& name) {
  if (name == "fixed") return Noise::fixed;
  if (name == "learned") return Noise::learned;
  if (name == "learned-each") return Noise::learned_each;
  throw Error(ErrorKind::usage, "noise '" + name + "'", "unknown", "choose fixed, learned or learned-each");
}

Var spread(Recorder& r, Likelihood kind, Noise noise, int outputs) {
  if (kind == Likelihood::laplace) return r.hyper("scale");
  const Var sigma2 = r.hyper("sigma2");
  if (noise == Noise::fixed) return sigma2;
  const Scope scope(r.graph, "likelihood");
  const Init usual = std::exchange(r.init, Init::zero);
  const Var rho = r.parameter({"likelihood.rho", {1, noise == Noise::learned ? 1 : outputs}});
  r.init = usual;
  const Var growth = exp(rho);
  const Var start = broadcast(sigma2, growth.shape());
  const Var grown = start * growth;
  return affine(grown, 1, kFloor);
}

Var negative_log_likelihood(Likelihood kind, Var eta, Var x, Var spread) {
  const Scope scope(*eta.graph, "likelihood");
  if (kind == Likelihood::bernoulli) return bernoulli(eta, x);
  return kind == Likelihood::gaussian ? gaussian(eta, x, spread) : laplace(eta, x, spread);
}

double reconstruction_error(Likelihood kind, std::span<const real> eta, std::span<const real> x) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double l = static_cast<double>(eta[i]), t = static_cast<double>(x[i]);
    sum += kind == Likelihood::bernoulli ? std::max(l, 0.0) + std::log1p(std::exp(-std::abs(l))) - t * l : (l - t) * (l - t);
  }
  return sum;
}

Var mean_image(Likelihood kind, Var eta) { return kind == Likelihood::bernoulli ? sigmoid(eta) : eta; }

}  // namespace unpick
