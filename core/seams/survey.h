// A survey: every score of a decoder over many codes, on the active latents and on all, each beside its chance level.
//
// What `unpick seams` prints. Geometry needs codes alone; residual Hessians need the images that belong to them; the posterior
// identity needs the posteriors, too. What was not given is left empty, and what is not defined is NaN (scores.h).
//
// Why medians and standard errors: the identity is checked at single points and latents, where a few weak latents would rule any
// mean; and expectations over q are sampled, so that each carries the error of its sampling (theory E107).
//
// Source: theory A5, B1, B2, B7. Read next: native/cli/seams.cpp
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/seams/posterior_identity.h"
#include "core/seams/scores.h"

namespace unpick {

struct SurveyRequest {
  bool logits = false;                 // look at the likelihood's parameters eta(z) instead of the mean image d(z)
  double beta = 1, sigma2 = 0.1;       // of training; beta NaN: no posterior identity
  std::vector<int> active{};           // latents, ascending; may be empty
  int samples = 16;                    // of E_q, 1 or more
  int stein = 256;                     // of its Stein form, even and 256 or more; 0: leave it out
  int rotations = 20;                  // at each point, for the chance levels
  uint64_t seed = 1;                   // of samples and rotations
  std::span<const real> z{};           // [N,Z]
  std::span<const real> x{};           // [N,D], or none
  std::vector<GaussianPosterior> q{};  // [N], or none
};

struct SurveyPoint {
  const Geometry& geometry;   // of all latents, signs by the largest entry
  Eigen::MatrixXd curvature;  // [Z,Z] sum_i (x - d)_i H_i; empty without images
  Eigen::MatrixXd hessian;    // [Z,Z] of -log p(x|z) in z; empty without images, or if has_hessian() is not
};

struct SurveyScore {
  std::string name, summary;
  Score mean;         // `rotated` is NaN for scores that have no chance level
  int undefined = 0;  // points left out of the mean
};

struct SurveyScores {
  std::vector<int> dims;  // the latents looked at
  std::vector<SurveyScore> scores;
  double rank = 0;       // mean number of singular values above 1e-6 s_1
  double least_gap = 0;  // smallest relative gap between neighbouring singular values: near 0, V is arbitrary (theory F10)
};

// How well Sigma P = I holds, under one way to take E_q. "Exact" is P with all second derivatives, "approximate" I + A/beta.
struct IdentityCheck {
  std::string expectation;  // "pointwise", "sampled" or "stein"
  int samples = 1;
  double exact = 0, approximate = 0;            // median over points and active latents of |Sigma_jj P_jj - 1|
  double exact_full = 0, approximate_full = 0;  // median over points of |Sigma P - I|_F / sqrt(Z), all latents
  double standard_error = 0;                    // median over points and active latents of Sigma_jj times that of P_jj
  double mean_condition = 0;                    // median over points of |E_q[grad log p]/beta - mu| / |mu|
  double gap = 0;                               // mean over points, nats
};

struct Survey {
  size_t points = 0;
  std::vector<SurveyScores> scores;     // of the active latents, if there are any, then of all
  std::vector<IdentityCheck> identity;  // empty without posteriors, or where there is an identity_obstacle()
};

// `point` is called for each code in order, and may be empty. Errors as in geometry.h and posterior_identity.h.
Survey survey(Model& model, const SurveyRequest& request, Backend& backend, const std::function<void(const SurveyPoint&)>& point);

}  // namespace unpick
