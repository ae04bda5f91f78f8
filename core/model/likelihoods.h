// Likelihoods p(x|z), given the decoder's output eta. Both are summed over pixels, never averaged: a mean over pixels
// would multiply the effective beta by their number. (theory A3)
#pragma once

#include <string>

#include "core/graph/graph.h"

namespace unpick {

enum class Likelihood { bernoulli, gaussian };
Likelihood likelihood(const std::string& name);  // Error(usage)

// -sum log p(x|z) over batch and pixels, shape [1], nats. eta, x [B,D]; sigma2 [1] (Gaussian only).
Var negative_log_likelihood(Likelihood kind, Var eta, Var x, Var sigma2);

// E[x|z] [B,D]: the picture that the decoder paints.
Var mean_image(Likelihood kind, Var eta);

}  // namespace unpick
