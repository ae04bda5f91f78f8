// See likelihoods.h.
#include "core/model/likelihoods.h"

namespace unpick {

Likelihood likelihood(const std::string& name) {
  if (name == "bernoulli") return Likelihood::bernoulli;
  if (name == "gaussian") return Likelihood::gaussian;
  throw Error(ErrorKind::usage, "likelihood '" + name + "'", "unknown", "choose bernoulli or gaussian");
}

Var negative_log_likelihood(Likelihood kind, Var eta, Var x, Var sigma2) {
  const Scope scope(*eta.graph, "likelihood");
  if (kind == Likelihood::bernoulli) {
    // -log p = softplus(eta) - x eta
    const Var s = softplus(eta);
    const Var xe = x * eta;
    const Var nll = s - xe;
    return total(nll);
  }
  // -log p = (x - eta)^2 / (2 sigma2) + log(2 pi sigma2) / 2, per pixel
  const Var difference = x - eta;
  const Var square = difference * difference;
  const Var error = total(square);
  const Var precision = recip(sigma2);
  const Var scaled = error * precision;
  const Var log_sigma2 = log(sigma2);
  const double pixels = static_cast<double>(eta.shape().size());
  const Var normaliser = affine(log_sigma2, pixels / 2, pixels / 2 * 1.8378770664093453);  // log 2 pi
  const Var half = affine(scaled, 0.5);
  return half + normaliser;
}

Var mean_image(Likelihood kind, Var eta) { return kind == Likelihood::bernoulli ? sigmoid(eta) : eta; }

}  // namespace unpick
