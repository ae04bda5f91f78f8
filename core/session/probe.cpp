// See probe.h.
#include "core/session/probe.h"

#include <cmath>

#include "core/seams/posterior_identity.h"
#include "core/seams/scores.h"
#include "core/session/latents.h"
#include "core/session/session.h"

namespace unpick {
namespace {

constexpr uint32_t kEncoded = 64, kDifferentiated = 8;  // images

}  // namespace

Probe::Probe(Session& session) : session_(session) {
  Model& model = session.model();
  encoder_ = std::make_unique<Encoder>(model.spec, model.table, model.weights.span(), session.backend(), kEncoded, true);
  const auto pixels = static_cast<size_t>(model.spec.image.size());
  const std::vector<uint32_t> images = fixed_sample(session.data(), kEncoded);
  x_.resize(images.size() * pixels);
  for (size_t i = 0; i < images.size(); ++i) session.data().render(images[i], std::span(x_).subspan(i * pixels, pixels));
}

Probe::~Probe() = default;

Measures Probe::measure() {
  const VaeSpec& spec = session_.model().spec;
  const Config& config = session_.config();
  const size_t width = static_cast<size_t>(spec.latent), pixels = static_cast<size_t>(spec.image.size()),
               images = x_.size() / pixels, few = std::min<size_t>(images, kDifferentiated);
  std::vector<real> mu(images * width), logvar(images * width), L(images * width * width);
  encoder_->run(x_, mu, logvar, L);
  const std::vector<int> active = active_latents(mu, spec.latent);
  Measures m{static_cast<int>(active.size()), NAN, NAN};
  const double beta = !identity_obstacle(spec).empty() ? 0 : spec.objective->reads("beta") ? config.beta : 1;
  if (!(beta > 0)) return m;
  if (!identity_ || sigma2_ != config.sigma2) {
    identity_ =
        std::make_unique<PosteriorIdentity>(logit_map(session_.model()), spec.likelihood, config.sigma2, session_.backend());
    sigma2_ = config.sigma2;
  }
  std::vector<Datum> data;
  for (size_t i = 0; i < few; ++i)
    data.push_back(
        {std::span(x_).subspan(i * pixels, pixels),
         GaussianPosterior::of(std::span(mu).subspan(i * width, width), std::span(L).subspan(i * width * width, width * width))});
  std::vector<LikelihoodMoments> moments;
  try {
    moments = identity_->moments(data, {}, Rng(0, Stream::probe));
  } catch (const Error&) {
    return m;  // not finite: a log line is no reason to end a run, and training itself reports what it meets
  }
  std::vector<double> errors, gaps;
  for (size_t i = 0; i < few; ++i) {
    const Eigen::MatrixXd P = moments[i].precision(beta), sigma = data[i].q.covariance();
    if (spec.posterior == PosteriorFamily::full) errors.push_back(identity_error(sigma, P));
    const Eigen::VectorXd diagonal = diagonal_errors(sigma.diagonal(), P);
    if (spec.posterior == PosteriorFamily::diagonal)
      for (const int j : active) errors.push_back(diagonal(j));
    gaps.push_back(diagonal_gap(P, beta));
  }
  m.identity = median(errors);
  m.gap = Eigen::Map<const Eigen::VectorXd>(gaps.data(), static_cast<Eigen::Index>(gaps.size())).mean();
  return m;
}

}  // namespace unpick
