// The two pictures of a model: what each latent does (traversal.png) and what it keeps of an image (reconstruction.png).
//
// Everything that they say is computed here, from a sample of the data and the model's own numbers; figures.h only draws.
//
// Invariants: equal models, data and options give equal pictures. Rows are sorted by KL; the caption states the range rule.
// Read next: core/session/latents.h, native/io/figures.h
#pragma once

#include <span>
#include <string>

#include "core/session/latents.h"
#include "native/io/figures.h"

namespace unpick::io {

// How far a latent j is moved, seen from the traversed image:
enum class Range {
  prior,      // z_j from -2 to 2
  posterior,  // mu_j - 2 sigma_j to mu_j + 2 sigma_j of that image
  data,       // the 2nd to the 98th percentile of mu_j over the sample
};

struct TraversalOptions {
  Range range = Range::prior;
  int columns = 9;     // at least 2
  int64_t image = -1;  // index into the data; -1: that of the sample whose code is nearest to the origin
  std::string footer;  // command, seed, steps
};

TraversalFigure traversal_of(const Model& model, const Dataset& data, Backend& backend, const TraversalOptions& options,
                             const LatentSample& sample);
ReconstructionFigure reconstructions_of(const Model& model, const Dataset& data, Backend& backend, const std::string& footer);

void write_traversal(const std::string& path, const Model& model, const Dataset& data, Backend& backend,
                     const TraversalOptions& options);
void write_reconstructions(const std::string& path, const Model& model, const Dataset& data, Backend& backend,
                           const std::string& footer);

}  // namespace unpick::io
