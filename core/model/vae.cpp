// The recordings of a VAE. See vae.h.
#include "core/model/vae.h"

#include "core/graph/derive.h"

namespace unpick {

namespace {

constexpr int kMostFull = 256;  // latents of a full posterior: a last layer of 32,640 outputs, and Sigma of 256 kB an image

}  // namespace

VaeSpec make_vae_spec(const std::string& model, const std::string& objective_name, const std::string& likelihood_name, Shape image,
                      int latent, const std::string& posterior) {
  const VaeSpec spec{&architecture(model),       &objective(objective_name), likelihood(likelihood_name), image, latent,
                     posterior_family(posterior)};
  if (spec.architecture->needs_64 && (image[0] != 64 || image[1] != 64))
    throw Error(ErrorKind::usage, "model '" + model + "'", "needs 64x64 images, the data are " + image.str(),
                "use --model mlp, or resize the images");
  if (spec.posterior == PosteriorFamily::full && !spec.objective->samples)
    throw Error(ErrorKind::usage, "posterior 'full'", "objective " + objective_name + " draws no samples and has no covariance",
                "leave --posterior out");
  if (spec.posterior == PosteriorFamily::full && latent > kMostFull)
    throw Error(ErrorKind::usage, "posterior 'full'",
                std::to_string(latent) + " latents need " + std::to_string(lower_entries(spec.posterior, latent)) +
                    " covariances for each image",
                "take at most " + std::to_string(kMostFull) + " latents, or the diagonal posterior");
  return spec;
}

PlanRequest Training::request() const { return {{loss, reconstruction, kl, kl_per_latent}, parameters, gradients}; }

PlanRequest Encoding::request(bool with_factor) const {
  PlanRequest request{{mu, logvar}, parameters, {}};
  if (with_factor) request.outputs.push_back(factor);
  return request;
}

namespace {

Var image_input(Graph& g, const VaeSpec& spec, int batch) {
  return g.input({batch, spec.image[0], spec.image[1], spec.image[2]}, "x");
}

Posterior encode(Recorder& r, const VaeSpec& spec, Var x) {
  const Encoded e = spec.architecture->encode(r, x, spec.latent, lower_entries(spec.posterior, spec.latent));
  return e.lower.ok() ? full_posterior(e.q, e.lower) : diagonal_posterior(e.q);
}

Var pixels(Var x) { return reshape(x, {x.shape()[0], static_cast<int>(x.shape().size() / x.shape()[0])}); }

}  // namespace

Training record_training(const VaeSpec& spec, int batch, Parameters& table) {
  Training t;
  Graph& g = *t.graph;
  Recorder r{g, table, spec.architecture->init};
  t.x = image_input(g, spec, batch);
  t.epsilon = g.input({batch, spec.latent}, "epsilon");
  t.beta = g.input({1}, "beta");
  t.sigma2 = g.input({1}, "sigma2");

  const Posterior posterior = encode(r, spec, t.x);
  const Var z = spec.objective->samples ? sample(posterior, t.epsilon) : posterior.mu;
  const Var eta = spec.architecture->decode(r, z, spec.image);
  const Var nll = negative_log_likelihood(spec.likelihood, eta, pixels(t.x), t.sigma2);
  const Var terms = kl_terms(posterior);  // [1,Z]
  const Var marginal = posterior.lower.ok() ? kl_per_latent(posterior) : terms;

  const Scope scope(g, "objective");
  const double per_image = 1.0 / batch;
  t.reconstruction = affine(nll, per_image);
  const Var mean_terms = affine(terms, per_image);
  t.kl_per_latent = posterior.lower.ok() ? affine(marginal, per_image) : mean_terms;
  t.kl = total(mean_terms);
  t.loss = spec.objective->loss({t.reconstruction, t.kl, t.beta});

  t.parameters = r.used;
  std::vector<Var> weights;
  for (const Binding& b : r.used) weights.push_back(b.row);
  const std::vector<Var> gradients = grad(t.loss, weights);
  for (size_t i = 0; i < gradients.size(); ++i) t.gradients.push_back({gradients[i], r.used[i].offset});
  return t;
}

Encoding record_encoding(const VaeSpec& spec, int batch, Parameters& table) {
  Encoding e;
  Recorder r{*e.graph, table, spec.architecture->init};
  e.x = image_input(*e.graph, spec, batch);
  const Posterior posterior = encode(r, spec, e.x);
  e.mu = posterior.mu;
  e.logvar = marginal_logvar(posterior);
  e.factor = cholesky_factor(posterior);
  e.parameters = r.used;
  return e;
}

Decoding record_decoding(const VaeSpec& spec, int batch, Parameters& table) {
  Decoding d;
  Recorder r{*d.graph, table, spec.architecture->init};
  d.z = d.graph->input({batch, spec.latent}, "z");
  d.eta = spec.architecture->decode(r, d.z, spec.image);
  d.mean = mean_image(spec.likelihood, d.eta);
  d.parameters = r.used;
  return d;
}

}  // namespace unpick
