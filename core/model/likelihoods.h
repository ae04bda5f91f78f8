// Likelihoods p(x|z), given the decoder's output eta. All are summed over pixels, never averaged: a mean over pixels
// would multiply the effective beta by their number. (theory A3)
#pragma once

#include <span>
#include <string>

#include "core/model/layers.h"

namespace unpick {

enum class Likelihood { bernoulli, gaussian, laplace };
Likelihood likelihood(const std::string& name);  // Error(usage)

// Whether the Gaussian's sigma^2 is given, or trained: one number for all outputs, or one for each.
//
// Two caveats. With beta other than 1 a learned sigma^2 moves tau = beta sigma^2, which is what shapes the latents: fix it in
// studies of beta (theory B5: in a linear VAE it settles at the discarded variance / (n - q beta), and diverges at q beta >= n).
// On data without noise it would shrink without end; so 1e-4 is added, its floor.
enum class Noise { fixed, learned, learned_each };
Noise noise(const std::string& name);  // Error(usage)

// The spread of a pixel: sigma^2 (Gaussian) or b (Laplace), [1], or [1,outputs] for learned_each. A learned one is
// 1e-4 + sigma2 exp(rho), rho = 0 at the start: about the setting sigma2.
Var spread(Recorder& r, Likelihood kind, Noise noise, int outputs);

// -sum log p(x|z) over batch and pixels, shape [1], nats. eta, x [B,D]; spread as above (a Bernoulli has none).
Var negative_log_likelihood(Likelihood kind, Var eta, Var x, Var spread);

// -log p(x|z) in nats for Bernoulli pixels, the squared error for others, summed over all of eta and x: plain numbers.
double reconstruction_error(Likelihood kind, std::span<const real> eta, std::span<const real> x);

// E[x|z] [B,D]: the picture that the decoder paints.
Var mean_image(Likelihood kind, Var eta);

}  // namespace unpick
