// What a sample of the data says about each latent of a model: is it in use, and which factor does it follow?
//
// Every front end labels its pictures with this, so it stands in core/, to the right of data and metrics.
//
// Invariants: the sample is a function of the data set and its size alone, so two models are asked about the same images.
#pragma once

#include <cstdint>
#include <vector>

#include "core/backend/backend.h"
#include "core/data/dataset.h"
#include "core/model/model.h"
#include "core/session/correlation.h"

namespace unpick {

inline constexpr double kInUse = 0.01;  // nats: a latent with a smaller mean KL carries nothing
inline constexpr uint32_t kSampleImages = 1024;
inline constexpr int kRooted = 32;  // latents: of more, no sample keeps its covariances

// All images if there are at most `most`, else `most` of them, drawn with replacement.
std::vector<uint32_t> fixed_sample(const Dataset& data, uint32_t most);

// Latents whose posterior means mu [N,Z] have a standard deviation above 0.5 over the rows. Source: eq. 30 of Rolinek et al. 2019
// by theory A6. Stricter than `in_use`: geometry is reported on these.
std::vector<int> active_latents(std::span<const real> mu, int latent);

struct LatentSample {
  std::vector<uint32_t> images;  // [N], indices into the data set
  std::vector<real> mu, logvar;  // [N,Z], log of the marginal variances
  std::vector<real> root;        // [N,Z,Z], L with covariance L L', of a full posterior; empty: diagonal, or too large to keep
  std::vector<double> kl;        // [Z], nats, of the marginals, mean over the images
  // Of mu. Latents that are not in use have r = 0: the tiny ways in which their means still move are no knob.
  FactorCorrelation correlation;

  int latents() const { return static_cast<int>(kl.size()); }
  bool in_use(int latent) const { return kl[static_cast<size_t>(latent)] >= kInUse; }
  std::vector<int> by_kl() const;  // latents, falling KL
};

// Of fixed_sample(data, most). A factor named "shape" is left out of
// the correlation: it is a name, not a number. Throws Error(usage) if the model does not take images of this shape, Error(data)
// if its codes are not finite.
LatentSample sample_latents(const Model& model, const Dataset& data, Backend& backend, uint32_t most = kSampleImages);

// The same, for those who ask for nothing else.
FactorCorrelation factor_correlation(const Model& model, const Dataset& data, Backend& backend, uint32_t most = kSampleImages);

}  // namespace unpick
