// The recordings of a VAE. See vae.h.
#include "core/model/vae.h"

#include <algorithm>

#include "core/graph/derive.h"

namespace unpick {

namespace {

constexpr int kMostFull = 256;  // latents of a full posterior: a last layer of 32,640 outputs, and Sigma of 256 kB an image

}  // namespace

VaeSpec make_vae_spec(const std::string& model, const std::string& objective_name, const std::string& likelihood_name, Shape image,
                      int latent, const std::string& posterior) {
  const VaeSpec spec{&architecture(model),       &objective(objective_name), likelihood(likelihood_name), image, latent,
                     posterior_family(posterior)};
  require_compatible(spec);
  return spec;
}

void require_compatible(const VaeSpec& spec) {
  const Objective& o = *spec.objective;
  const std::string named = std::string("objective ") + o.name;
  const auto refuse = [](const std::string& what, const std::string& why, const std::string& hint) {
    throw Error(ErrorKind::usage, what, why, hint);
  };
  if (spec.architecture->needs_64 && (spec.image[0] != spec.image[1] || (spec.image[0] != 64 && spec.image[0] != 32)))
    refuse(std::string("model '") + spec.architecture->name + "'", "needs 64x64 or 32x32 images, the data are " + spec.image.str(),
           "use --model mlp, or resize the images");
  if (spec.posterior == PosteriorFamily::full && !o.samples && !o.gaussian_only)
    refuse("posterior 'full'", named + " draws no samples and has no covariance", "use --posterior diagonal");
  if (spec.posterior == PosteriorFamily::full && o.diagonal_only)
    refuse("posterior 'full'", named + " needs the density of each latent", "use --posterior diagonal");
  if (spec.posterior == PosteriorFamily::full && spec.latent > kMostFull)
    refuse("posterior 'full'",
           std::to_string(spec.latent) + " latents need " + std::to_string(lower_entries(spec.posterior, spec.latent)) +
               " covariances for each image",
           "take at most " + std::to_string(kMostFull) + " latents, or the diagonal posterior");
  const bool aggregate_kl =
      spec.settings.divergence == Divergence::kl_inclusive || spec.settings.divergence == Divergence::kl_exclusive;
  if (spec.posterior == PosteriorFamily::full && o.reads("alpha") && aggregate_kl)
    refuse("posterior 'full'", "the KL of q(z) needs densities of a diagonal one", "use --divergence mmd");
  if (o.gaussian_only && (spec.likelihood != Likelihood::gaussian || spec.noise == Noise::learned_each))
    refuse(named, "needs the Gaussian likelihood with one sigma2", "use --likelihood gaussian --noise fixed");
  if (!o.samples && !spec.prior->normal()) refuse("prior", named + " draws no samples: its prior is normal", "use --prior normal");
  if (spec.noise != Noise::fixed && spec.likelihood != Likelihood::gaussian)
    refuse("noise", "only the Gaussian likelihood has a sigma2 to learn", "use --likelihood gaussian");
}

PlanRequest Training::request() const {
  PlanRequest request{{loss, reconstruction, kl, kl_per_latent}, parameters, gradients};
  for (const Var row : {kl_samples, term, adversary})
    if (row.ok()) request.outputs.push_back(row);
  return request;
}

std::vector<Var> Training::every_input() const {
  std::vector<Var> rows{x, epsilon};
  for (const Constant& c : inputs.constants) rows.push_back(c.row);
  for (const Hyper& h : inputs.hypers) rows.push_back(h.row);
  for (const Draw& d : inputs.draws) rows.push_back(d.row);
  return rows;
}

void write_constants(const StepInputs& inputs, Executable& program) {
  for (const Constant& c : inputs.constants) std::copy(c.values.begin(), c.values.end(), program.data(c.row).begin());
}

void write_step(const StepInputs& inputs, Executable& program, uint64_t seed, uint32_t step,
                const std::function<double(const std::string&)>& hyper) {
  for (const Hyper& h : inputs.hypers) program.data(h.row)[0] = static_cast<real>(hyper(h.name));
  for (const Draw& d : inputs.draws) d.fill(seed, step, program.data(d.row));
}

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

// Fills in the reconstruction and, by the best means there is, kl, kl_per_latent and kl_samples. `nll` is a sum over the batch.
void record_terms(Training& t, Recorder& r, const VaeSpec& spec, const Posterior& q, Var z, Var nll) {
  const double per_image = 1.0 / z.shape()[0];
  const Var terms = spec.sampled_kl ? Var{} : spec.prior->kl_terms(r, q);  // [1,Z]
  const bool marginal = !terms.ok() || (q.lower.ok() && spec.prior->normal());
  const Var parts = marginal ? kl_per_latent(q) : terms;
  if (!terms.ok()) t.kl_samples = kl_samples(r, *spec.prior, q, t.epsilon, z);
  const Scope scope(r.graph, "objective");
  t.reconstruction = affine(nll, per_image);
  t.kl_per_latent = affine(parts, per_image);
  if (!terms.ok()) {
    t.kl = affine(total(t.kl_samples), per_image);
  } else {
    t.kl = total(marginal ? affine(terms, per_image) : t.kl_per_latent);
  }
}

// Gradients of each parameter: of the loss, or of what the objective's own network minimises. Some are not trained.
void record_gradients(Training& t, const Recorder& r, size_t model_parameters) {
  std::vector<Var> own, model;
  for (size_t i = 0; i < r.used.size(); ++i) (i < model_parameters ? model : own).push_back(r.used[i].row);
  std::vector<Var> gradients = grad(t.loss, model);
  if (!own.empty()) {
    const std::vector<Var> rest = grad(t.adversary, own);
    gradients.insert(gradients.end(), rest.begin(), rest.end());
  }
  for (size_t i = 0; i < gradients.size(); ++i) {
    const bool trained = r.table.find(r.used[i].row.node().name)->trained;
    t.gradients.push_back({trained ? gradients[i] : r.graph.fill(gradients[i].shape(), 0), r.used[i].offset});
  }
}

}  // namespace

Training record_training(const VaeSpec& spec, int batch, Parameters& table) {
  require_compatible(spec);
  Training t;
  Graph& g = *t.graph;
  Recorder r{g, table, spec.architecture->init};
  t.x = image_input(g, spec, batch);
  t.epsilon = g.input({batch, spec.latent}, "epsilon");
  t.beta = r.hyper("beta");
  t.sigma2 = r.hyper("sigma2");
  const auto decode = [&](Var z) { return spec.architecture->decode(r, z, spec.image); };

  const Posterior posterior = encode(r, spec, t.x);
  const Var z = spec.objective->samples ? sample(posterior, t.epsilon) : posterior.mu;
  const Var eta = decode(z);
  const Var width = spread(r, spec.likelihood, spec.noise, eta.shape()[1]);
  const Var nll = negative_log_likelihood(spec.likelihood, eta, pixels(t.x), width);
  record_terms(t, r, spec, posterior, z, nll);

  const Scope scope(g, "objective");
  const size_t model_parameters = r.used.size();
  const ObjectiveLoss result =
      spec.objective->loss({r, spec.settings, spec.prior, posterior, z, t.reconstruction, t.kl, t.beta, width, decode});
  t.loss = result.loss;
  t.term = result.term;
  t.adversary = result.adversary;
  if (result.kl.ok()) t.kl = result.kl;

  t.parameters = r.used;
  t.main_region = model_parameters < r.used.size() ? r.used[model_parameters].offset : table.region();
  record_gradients(t, r, model_parameters);
  t.inputs = std::move(r.inputs);
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
