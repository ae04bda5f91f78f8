// The deterministic surrogate of the beta-VAE: what a Gaussian posterior costs when it is the best one for the decoder.
//
// With the decoder's second derivatives left out, the best covariance is (I + J'J/tau)^-1, tau = beta sigma^2; put back into the
// objective it leaves the penalty below, which holds the decoder's Jacobian inside the training graph, by forward mode. Exact for a
// linear decoder: there its optimum is the beta-VAE's. Source: theory B1; Kumar & Poole 2020 announce one of this kind.
#pragma once

#include <functional>

#include "core/model/layers.h"
#include "core/model/posteriors.h"

namespace unpick {

// [|mu|^2 + log det(I + J'J/tau)] / 2, mean over the batch: [1], nats. J'J is taken at mu. For a diagonal posterior its diagonal
// alone counts: sum_j log(1 + (J'J)_jj/tau). tau [1]; `decode` maps codes [N,Z] to means [N,D].
Var surrogate_penalty(Recorder& r, const Posterior& q, Var tau, const std::function<Var(Var)>& decode);

// log det of positive definite A [B,Z,Z]: [B], by elimination without pivots.
Var log_det(Var A);

}  // namespace unpick
