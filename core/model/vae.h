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
  Noise noise = Noise::fixed;
  std::shared_ptr<const Prior> prior = make_prior({}, latent);
  bool sampled_kl = false;  // true: KL from the step's own sample even where it is known better
  ObjectiveSettings settings{};
};
// With the defaults above for the rest. Throws Error(usage) where the parts do not fit together, as every recording does.
VaeSpec make_vae_spec(const std::string& model, const std::string& objective, const std::string& likelihood, Shape image,
                      int latent, const std::string& posterior = "diagonal");
void require_compatible(const VaeSpec& spec);

// Rows of the training graph that are written before a step or read after it.
struct Training {
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  Var x;                         // [B,H,W,C] images
  Var epsilon;                   // [B,Z] standard normal noise
  Var beta, sigma2;              // [1], two of inputs.hypers, which every recording has
  StepInputs inputs;             // all others that a replay must write
  Var loss, reconstruction, kl;  // [1], nats per image
  Var kl_per_latent;             // [1,Z], nats per image; where kl has no such parts, those of q's marginals from N(0,1)
  Var kl_samples;                // [B,1], log q - log p of each image's sample, whose mean is kl; not ok(): kl is exact
  Var term, adversary;           // [1], of the objective; not ok(): none (objectives.h)
  std::vector<Binding> parameters, gradients;
  int64_t main_region = 0;  // elements; what lies behind in the region belongs to the objective's own network

  PlanRequest request() const;
  std::vector<Var> every_input() const;  // parameters aside
};
Training record_training(const VaeSpec& spec, int batch, Parameters& table);

// Writes a replay's inputs beside data and noise: constants once, the rest before each step. `hyper` gives a number by its name.
void write_constants(const StepInputs& inputs, Executable& program);
void write_step(const StepInputs& inputs, Executable& program, uint64_t seed, uint32_t step,
                const std::function<double(const std::string&)>& hyper);

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
