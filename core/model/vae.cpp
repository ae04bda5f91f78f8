// The recordings of a VAE. See vae.h.
#include "core/model/vae.h"

#include "core/graph/derive.h"

namespace unpick {

VaeSpec make_vae_spec(const std::string& model, const std::string& objective_name, const std::string& likelihood_name, Shape image,
                      int latent) {
  const VaeSpec spec{&architecture(model), &objective(objective_name), likelihood(likelihood_name), image, latent};
  if (spec.architecture->needs_64 && (image[0] != 64 || image[1] != 64))
    throw Error(ErrorKind::usage, "model '" + model + "'", "needs 64x64 images, the data are " + image.str(),
                "use --model mlp, or resize the images");
  return spec;
}

PlanRequest Training::request() const { return {{loss, reconstruction, kl, kl_per_latent}, parameters, gradients}; }

namespace {

Var image_input(Graph& g, const VaeSpec& spec, int batch) {
  return g.input({batch, spec.image[0], spec.image[1], spec.image[2]}, "x");
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

  const Var q = spec.architecture->encode(r, t.x, spec.latent);
  const Posterior posterior = diagonal_posterior(q);
  const Var z = spec.objective->samples ? sample(posterior, t.epsilon) : posterior.mu;
  const Var eta = spec.architecture->decode(r, z, spec.image);
  const Var nll = negative_log_likelihood(spec.likelihood, eta, pixels(t.x), t.sigma2);
  const Var kl_sum = kl_per_latent(posterior);

  const Scope scope(g, "objective");
  const double per_image = 1.0 / batch;
  t.reconstruction = affine(nll, per_image);
  t.kl_per_latent = affine(kl_sum, per_image);
  t.kl = total(t.kl_per_latent);
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
  const Var q = spec.architecture->encode(r, e.x, spec.latent);
  const Posterior posterior = diagonal_posterior(q);
  e.mu = posterior.mu;
  e.logvar = posterior.logvar;
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
