// See posterior_identity.h.
#include "core/seams/posterior_identity.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/graph/derive.h"

namespace unpick {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

[[noreturn]] void refuse(const std::string& what, const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::usage, what, why, hint);
}

void check(const GaussianPosterior& q, int latent) {
  if (q.mean.size() != latent || q.root.rows() != latent || q.root.cols() != latent)
    refuse("posterior", "not of " + std::to_string(latent) + " latents", "use the encoder of the same model");
  if (!q.mean.allFinite() || !q.root.allFinite() || !(q.root.diagonal().array() > 0).all())
    refuse("posterior", "its root has a diagonal that is not positive", "look for NaN or a variance of 0 in the encoder's output");
}

// Standard normal noise of sample k; in antithetic pairs the second is the first with the other sign.
VectorXd noise(Eigen::Index latent, Expectation how, int k, const Rng& rng) {
  const bool paired = how.kind == Expectation::stein;
  VectorXd epsilon(latent);
  for (Eigen::Index j = 0; j < latent; ++j)
    epsilon(j) = rng.normal(how.step + static_cast<uint32_t>(paired ? k / 2 : k), static_cast<uint32_t>(j));
  return paired && k % 2 ? VectorXd(-epsilon) : epsilon;
}

int samples_of(Expectation how) {
  if (how.kind == Expectation::at_mean) return 1;
  if (how.samples < 1) refuse("samples", "none", "take 16 or more");
  if (how.kind == Expectation::stein && (how.samples < 256 || how.samples % 2))
    refuse("samples", std::to_string(how.samples) + " for the Stein form", "take an even number, 256 or more");
  return how.samples;
}

Expectation of_datum(Expectation how, size_t i) {
  how.step += static_cast<uint32_t>(i * static_cast<size_t>(samples_of(how)));
  return how;
}

// Running mean of matrices and the standard error of that mean (Welford 1962).
struct MeanOf {
  explicit MeanOf(int size) : mean(MatrixXd::Zero(size, size)), squares(mean) {}
  void add(const MatrixXd& term) {
    const MatrixXd before = term - mean;
    mean += before / ++n;
    squares += before.cwiseProduct(term - mean);
  }
  MatrixXd standard_error() const { return n > 1 ? MatrixXd((squares / (n * (n - 1))).cwiseSqrt()) : MatrixXd(0 * squares); }
  MatrixXd mean, squares;
  double n = 0;
};

MatrixXd symmetric(const MatrixXd& M) { return (M + M.transpose()) / 2; }

}  // namespace

GaussianPosterior GaussianPosterior::diagonal(std::span<const real> mean, std::span<const real> logvar) {
  if (mean.size() != logvar.size()) throw ShapeError("posterior: means and log variances differ in number");
  const auto n = static_cast<Eigen::Index>(mean.size());
  GaussianPosterior q{VectorXd(n), MatrixXd::Zero(n, n)};
  for (Eigen::Index j = 0; j < n; ++j) {
    q.mean(j) = static_cast<double>(mean[static_cast<size_t>(j)]);
    q.root(j, j) = std::exp(static_cast<double>(logvar[static_cast<size_t>(j)]) / 2);
  }
  return q;
}

GaussianPosterior GaussianPosterior::of(std::span<const real> mean, std::span<const real> L) {
  if (mean.size() * mean.size() != L.size()) throw ShapeError("posterior: the root is not [Z,Z]");
  const auto n = static_cast<Eigen::Index>(mean.size());
  using RealMatrix = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return {Eigen::Map<const RealMatrix>(mean.data(), n, 1).cast<double>(),
          Eigen::Map<const RealMatrix>(L.data(), n, n).cast<double>()};
}

MatrixXd LikelihoodMoments::precision(double beta) const {
  return MatrixXd::Identity(hessian.rows(), hessian.cols()) + hessian / beta;
}

bool has_hessian(const VaeSpec& spec) { return spec.likelihood != Likelihood::laplace && spec.noise == Noise::fixed; }

std::string identity_obstacle(const VaeSpec& spec) {
  const std::string objective = spec.objective->name;
  if (spec.likelihood == Likelihood::laplace) return "the likelihood is laplace, whose second derivative is 0 almost everywhere";
  if (spec.noise != Noise::fixed) return "sigma2 was trained";
  if (!spec.prior->normal()) return "the prior is not N(0, I)";
  return objective == "vae" || objective == "beta-vae" ? "" : "the objective is " + objective + ", not reconstruction + beta KL";
}

double mean_condition_error(const VectorXd& mean, const VectorXd& mu) {
  return mu.norm() > 0 ? (mean - mu).norm() / mu.norm() : std::numeric_limits<double>::quiet_NaN();
}

// Codes and their images side by side; where Hessians are wanted, a tangent for each latent follows each code.
struct PosteriorIdentity::Program {
  Program(const DecoderMap& eta, Likelihood likelihood, double sigma2_value, bool hessian_wanted, int rows, Backend& backend)
      : with_hessian(hessian_wanted), codes(rows) {
    const int directions = with_hessian ? eta.latent : 1;
    Parameters none;
    Recorder r{*graph, eta.table ? *eta.table : none};
    z = graph->input({codes, eta.latent}, "z");
    x = graph->input({codes, eta.outputs}, "x");
    const Var sigma2 = graph->input({1}, "sigma2");
    const Var tangents = graph->input({codes * directions, eta.latent}, "tangents");
    const RecordedMap d = record_for_tangents(eta, r, z, directions);
    const Var wide = repeat_rows(x, d.value.shape()[0] / codes);
    loss = negative_log_likelihood(likelihood, d.value, wide, sigma2);
    gradient = grad(loss, std::array{d.z})[0];
    hessian = with_hessian ? jvp(std::array{gradient}, std::array{d.z}, std::array{tangents})[0] : gradient;
    executable = backend.prepare(Plan(*graph, {{loss, gradient, hessian}, r.used, {}}), {eta.weights, {}});
    executable->data(sigma2)[0] = static_cast<real>(sigma2_value);
    const std::span<real> t = executable->data(tangents);
    const auto width = static_cast<size_t>(eta.latent);
    for (size_t row = 0; row * width < t.size(); ++row) t[row * width + row % width] = 1;
  }

  // use(row, gradient [Z], Hessian [Z,Z] or empty) of -log p(x|z), for every row of z [N,Z]; image(row) is its x.
  template <class ImageOf, class Use>
  void run(std::span<const real> all, ImageOf image, Use use) {
    const auto width = static_cast<size_t>(z.shape()[1]), batch = static_cast<size_t>(codes), total = all.size() / width;
    const std::span<real> to = executable->data(z), images = executable->data(x);
    for (size_t begin = 0; begin < total; begin += batch) {
      for (size_t row = 0; row < batch; ++row) {
        const size_t k = std::min(begin + row, total - 1);  // the last code fills the last batch
        const std::span<const real> from = image(k);
        std::copy_n(all.begin() + static_cast<long>(k * width), width, to.begin() + static_cast<long>(row * width));
        std::copy(from.begin(), from.end(), images.begin() + static_cast<long>(row * from.size()));
      }
      executable->run();
      const MatrixXd g = rows_of(gradient), h = rows_of(hessian);
      if (!std::isfinite(executable->data(loss)[0]) || !g.allFinite() || !h.allFinite())
        throw Error(ErrorKind::failed, "log p(x|z)", "it or a derivative is not finite", "look for NaN in the decoder's weights");
      const Eigen::Index copies = g.rows() / codes, latent = g.cols();
      for (size_t row = 0; row < std::min(batch, total - begin); ++row) {
        const auto at = static_cast<Eigen::Index>(row);
        use(begin + row, VectorXd(g.row(at * copies).transpose()),
            with_hessian ? symmetric(h.middleRows(at * latent, latent)) : MatrixXd());
      }
    }
  }

  MatrixXd rows_of(Var v) const {
    const std::span<real> values = executable->data(v);
    using Rows = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<const Rows>(values.data(), v.shape()[0], v.shape()[1]).cast<double>();
  }

  bool with_hessian;
  int codes;
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  std::unique_ptr<Executable> executable;
  Var z, x, loss, gradient, hessian;
};

PosteriorIdentity::PosteriorIdentity(DecoderMap eta, Likelihood likelihood, double sigma2, Backend& backend)
    : eta_(std::move(eta)), likelihood_(likelihood), sigma2_(sigma2), backend_(backend) {
  if (likelihood == Likelihood::laplace)
    refuse("likelihood 'laplace'", "its second derivative is 0 almost everywhere",
           "use a model with the Gaussian or Bernoulli one");
  if (likelihood == Likelihood::gaussian && !(sigma2 > 0 && std::isfinite(sigma2)))
    refuse("sigma2", std::to_string(sigma2) + " is not a variance", "give the one of training, such as 0.01");
}

PosteriorIdentity::~PosteriorIdentity() = default;

// As many codes at a time as are asked for, up to a limit that keeps memory small; a larger request replaces the recording.
PosteriorIdentity::Program& PosteriorIdentity::program(bool hessian, size_t rows) {
  auto& slot = programs_[hessian];
  const int wanted = static_cast<int>(std::min<size_t>(rows, hessian ? 8 : 64));
  if (!slot || slot->codes < wanted) slot = std::make_unique<Program>(eta_, likelihood_, sigma2_, hessian, wanted, backend_);
  return *slot;
}

void PosteriorIdentity::add_samples(const GaussianPosterior& q, Expectation how, const Rng& rng, std::vector<real>& to) const {
  check(q, eta_.latent);
  for (int k = 0; k < samples_of(how); ++k) {
    VectorXd z = q.mean;
    if (how.kind != Expectation::at_mean) z += q.root.triangularView<Eigen::Lower>() * noise(z.size(), how, k, rng);
    for (const double value : z) to.push_back(static_cast<real>(value));
  }
}

std::vector<LikelihoodMoments> PosteriorIdentity::moments(std::span<const Datum> data, Expectation how, const Rng& rng) {
  const bool stein = how.kind == Expectation::stein;
  const auto samples = static_cast<size_t>(samples_of(how));
  std::vector<real> all;  // [N K, Z]
  for (size_t i = 0; i < data.size(); ++i) {
    const Datum& datum = data[i];
    if (datum.x.size() != static_cast<size_t>(eta_.outputs))
      refuse("image", std::to_string(datum.x.size()) + " numbers for " + std::to_string(eta_.outputs) + " outputs",
             "use the model's images");
    add_samples(datum.q, of_datum(how, i), rng, all);
  }
  std::vector<MeanOf> hessians(data.size(), MeanOf(eta_.latent));
  std::vector<LikelihoodMoments> result(data.size());
  for (LikelihoodMoments& m : result) m.gradient = VectorXd::Zero(eta_.latent);
  VectorXd first;
  const auto use = [&](size_t row, const VectorXd& g, const MatrixXd& h) {
    const size_t i = row / samples, k = row % samples;
    result[i].gradient -= g / static_cast<double>(samples);
    if (!stein) return hessians[i].add(h);
    if (k % 2 == 0) {
      first = g;
      return;
    }
    const VectorXd epsilon = noise(g.size(), of_datum(how, i), static_cast<int>(k) - 1, rng);
    const VectorXd direction = data[i].q.root.transpose().triangularView<Eigen::Upper>().solve(epsilon);
    hessians[i].add(symmetric(direction * (first - g).transpose() / 2));
  };
  if (!data.empty())
    program(!stein, data.size() * samples)
        .run(
            all, [&](size_t row) { return data[row / samples].x; }, use);
  for (size_t i = 0; i < data.size(); ++i) {
    result[i].hessian = hessians[i].mean;
    result[i].standard_error = hessians[i].standard_error();
  }
  return result;
}

LikelihoodMoments PosteriorIdentity::moments(std::span<const real> x, const GaussianPosterior& q, Expectation how, const Rng& rng) {
  const Datum datum{x, q};
  return moments({&datum, 1}, how, rng)[0];
}

std::vector<MatrixXd> PosteriorIdentity::gauss_newton(std::span<const Datum> data, Expectation how, const Rng& rng) {
  const auto samples = static_cast<size_t>(samples_of(how)), width = static_cast<size_t>(eta_.latent);
  std::vector<real> all;  // [N K, Z]
  for (size_t i = 0; i < data.size(); ++i) add_samples(data[i].q, of_datum(how, i), rng, all);
  const size_t total = data.size() * samples;
  const int wanted = static_cast<int>(std::min<size_t>(total, 16));
  if (!jacobian_ || jacobian_->points() < wanted) jacobian_ = std::make_unique<JacobianProgram>(eta_, wanted, backend_);
  const auto batch = static_cast<size_t>(jacobian_->points());
  std::vector<MatrixXd> A(data.size(), MatrixXd::Zero(eta_.latent, eta_.latent));
  for (size_t begin = 0; begin < total; begin += batch) {
    const size_t n = std::min(batch, total - begin);
    jacobian_->run(std::span(all).subspan(begin * width, n * width));
    for (size_t k = 0; k < n; ++k) {
      using Map = Eigen::Map<const Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic>>;
      const int point = static_cast<int>(k);
      const MatrixXd J = Map(jacobian_->jacobian(point).data(), eta_.outputs, eta_.latent).cast<double>();
      const Eigen::ArrayXd eta = Map(jacobian_->value(point).data(), eta_.outputs, 1).cast<double>().array();
      if (!J.allFinite() || !eta.allFinite())
        throw Error(ErrorKind::failed, "decoder", "an output or a derivative is not finite", "look for NaN in its weights");
      VectorXd W = VectorXd::Constant(eta.size(), 1 / sigma2_);
      if (likelihood_ == Likelihood::bernoulli) W = ((1 + (-eta).exp()) * (1 + eta.exp())).inverse().matrix();
      A[(begin + k) / samples] += J.transpose() * W.asDiagonal() * J / static_cast<double>(samples);
    }
  }
  return A;
}

MatrixXd PosteriorIdentity::gauss_newton(const GaussianPosterior& q, Expectation how, const Rng& rng) {
  const Datum datum{{}, q};
  return gauss_newton({&datum, 1}, how, rng)[0];
}

}  // namespace unpick
