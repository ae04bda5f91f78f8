// A VAE as recordings: one for training, one for encoding, one for decoding, over one table of parameters.
//
// Read next: core/model/objectives.h, core/session/session.h
#pragma once

#include <memory>

#include "core/backend/backend.h"
#include "core/model/architectures.h"
#include "core/model/likelihoods.h"
#include "core/model/objectives.h"

namespace unpick {

struct VaeSpec {
  const Architecture* architecture;
  const Objective* objective;
  Likelihood likelihood;
  Shape image;  // [H,W,C]
  int latent;
  PosteriorFamily posterior = PosteriorFamily::diagonal;
};
// Throws Error(usage) where the parts do not fit together.
VaeSpec make_vae_spec(const std::string& model, const std::string& objective, const std::string& likelihood, Shape image,
                      int latent, const std::string& posterior = "diagonal");

// Rows of the training graph that are written before a step or read after it.
struct Training {
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  Var x;                         // [B,H,W,C] images
  Var epsilon;                   // [B,Z] standard normal noise
  Var beta, sigma2;              // [1]
  Var loss, reconstruction, kl;  // [1], nats per image
  Var kl_per_latent;             // [1,Z], nats per image; of a full posterior's marginals, with a sum below kl
  std::vector<Binding> parameters, gradients;

  PlanRequest request() const;
};
Training record_training(const VaeSpec& spec, int batch, Parameters& table);

struct Encoding {
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  Var x;           // [B,H,W,C]
  Var mu, logvar;  // [B,Z], log of the (marginal) variances
  Var factor;      // [B,Z,Z], L with Sigma = L L'
  std::vector<Binding> parameters;

  PlanRequest request(bool with_factor) const;
};
Encoding record_encoding(const VaeSpec& spec, int batch, Parameters& table);

struct Decoding {
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  Var z;          // [B,Z]
  Var eta, mean;  // [B,D]: likelihood parameters (Bernoulli: logits) and mean image
  std::vector<Binding> parameters;
};
Decoding record_decoding(const VaeSpec& spec, int batch, Parameters& table);

}  // namespace unpick
