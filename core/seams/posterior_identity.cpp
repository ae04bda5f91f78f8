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

int count(Expectation how) {
  if (how.kind == Expectation::at_mean) return 1;
  if (how.samples < 1) refuse("samples", "none", "take 16 or more");
  if (how.kind == Expectation::stein && (how.samples < 256 || how.samples % 2))
    refuse("samples", std::to_string(how.samples) + " for the Stein form", "take an even number, 256 or more");
  return how.samples;
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

MatrixXd LikelihoodMoments::precision(double beta) const {
  return MatrixXd::Identity(hessian.rows(), hessian.cols()) + hessian / beta;
}

double mean_condition_error(const VectorXd& mean, const VectorXd& mu) {
  return mu.norm() > 0 ? (mean - mu).norm() / mu.norm() : std::numeric_limits<double>::quiet_NaN();
}

// Row (k, j) of the batch is code k with tangent e_j where Hessians are wanted; else row k is code k.
struct PosteriorIdentity::Program {
  Program(const DecoderMap& eta, Likelihood likelihood, double sigma2_value, bool with_hessian, Backend& backend)
      : latent(eta.latent), copies(with_hessian ? eta.latent : 1), codes(with_hessian ? 1 : 64) {
    Parameters none;
    Recorder r{*graph, eta.table ? *eta.table : none};
    z = graph->input({codes * copies, latent}, "z");
    x = graph->input({1, eta.outputs}, "x");
    const Var sigma2 = graph->input({1}, "sigma2");
    const Var tangents = graph->input(z.shape(), "tangents");
    const Var value = eta.record(r, z);
    const Var wide = broadcast(x, value.shape());
    loss = negative_log_likelihood(likelihood, value, wide, sigma2);
    gradient = grad(loss, std::array{z})[0];
    hessian = with_hessian ? jvp(std::array{gradient}, std::array{z}, std::array{tangents})[0] : gradient;
    executable = backend.prepare(Plan(*graph, {{loss, gradient, hessian}, r.used, {}}), {eta.weights, {}});
    executable->data(sigma2)[0] = static_cast<real>(sigma2_value);
    const std::span<real> t = executable->data(tangents);
    const auto width = static_cast<size_t>(latent), repeats = static_cast<size_t>(copies);
    for (size_t row = 0; row * width < t.size(); ++row) t[row * width + row % repeats] = 1;
  }

  // use(k, gradient [Z], Hessian [Z,Z] or empty) of -log p(x|z_k), for every row of samples [K,Z].
  template <class Use>
  void run(std::span<const real> image, std::span<const real> all, Use use) {
    std::copy(image.begin(), image.end(), executable->data(x).begin());
    const auto width = static_cast<size_t>(latent);
    const int total = static_cast<int>(all.size() / width);
    for (int begin = 0; begin < total; begin += codes) {
      const std::span<real> to = executable->data(z);
      for (int row = 0; row < codes * copies; ++row) {
        const auto k = static_cast<size_t>(std::min(begin + row / copies, total - 1));  // the last code fills the last batch
        std::copy_n(all.begin() + static_cast<long>(k * width), width, to.begin() + static_cast<long>(row) * latent);
      }
      executable->run();
      const auto g = matrix(gradient), h = matrix(hessian);
      if (!std::isfinite(executable->data(loss)[0]) || !g.allFinite() || !h.allFinite())
        throw Error(ErrorKind::failed, "log p(x|z)", "it or a derivative is not finite", "look for NaN in the decoder's weights");
      for (int k = begin; k < std::min(begin + codes, total); ++k) {
        const Eigen::Index row = (k - begin) * copies;
        use(k, VectorXd(g.row(row).transpose()), symmetric_or_empty(h, row));
      }
    }
  }

  MatrixXd matrix(Var v) const {  // [codes * copies, Z]
    const std::span<real> values = executable->data(v);
    using Rows = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<const Rows>(values.data(), codes * copies, latent).cast<double>();
  }
  MatrixXd symmetric_or_empty(const MatrixXd& h, Eigen::Index row) const {
    return copies > 1 || latent == 1 ? symmetric(h.middleRows(row, copies)) : MatrixXd();
  }

  int latent, copies, codes;
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  std::unique_ptr<Executable> executable;
  Var z, x, loss, gradient, hessian;
};

PosteriorIdentity::PosteriorIdentity(DecoderMap eta, Likelihood likelihood, double sigma2, Backend& backend)
    : eta_(std::move(eta)), likelihood_(likelihood), sigma2_(sigma2), backend_(backend), geometry_(eta_, backend) {
  if (likelihood == Likelihood::gaussian && !(sigma2 > 0 && std::isfinite(sigma2)))
    refuse("sigma2", std::to_string(sigma2) + " is not a variance", "give the one of training, such as 0.01");
}

PosteriorIdentity::~PosteriorIdentity() = default;

PosteriorIdentity::Program& PosteriorIdentity::program(bool hessian) {
  auto& slot = programs_[hessian];
  if (!slot) slot = std::make_unique<Program>(eta_, likelihood_, sigma2_, hessian, backend_);
  return *slot;
}

std::vector<real> PosteriorIdentity::samples(const GaussianPosterior& q, Expectation how, const Rng& rng) const {
  check(q, eta_.latent);
  std::vector<real> all;
  for (int k = 0; k < count(how); ++k) {
    VectorXd z = q.mean;
    if (how.kind != Expectation::at_mean) z += q.root.triangularView<Eigen::Lower>() * noise(z.size(), how, k, rng);
    for (const double value : z) all.push_back(static_cast<real>(value));
  }
  return all;
}

LikelihoodMoments PosteriorIdentity::moments(std::span<const real> x, const GaussianPosterior& q, Expectation how, const Rng& rng) {
  if (x.size() != static_cast<size_t>(eta_.outputs))
    refuse("image", std::to_string(x.size()) + " numbers for " + std::to_string(eta_.outputs) + " outputs",
           "use the model's images");
  const std::vector<real> all = samples(q, how, rng);
  const bool stein = how.kind == Expectation::stein;
  MeanOf hessian(eta_.latent);
  VectorXd gradient = VectorXd::Zero(eta_.latent), first;
  program(!stein).run(x, all, [&](int k, const VectorXd& g, const MatrixXd& h) {
    gradient -= g;
    if (!stein) return hessian.add(h);
    if (k % 2 == 0) {
      first = g;
      return;
    }
    const VectorXd direction = q.root.transpose().triangularView<Eigen::Upper>().solve(noise(g.size(), how, k - 1, rng));
    hessian.add(symmetric(direction * (first - g).transpose() / 2));
  });
  return {hessian.mean, hessian.standard_error(), gradient / count(how)};
}

MatrixXd PosteriorIdentity::gauss_newton(const GaussianPosterior& q, Expectation how, const Rng& rng) {
  MatrixXd A = MatrixXd::Zero(eta_.latent, eta_.latent);
  const std::vector<real> all = samples(q, how, rng);
  const auto width = static_cast<size_t>(eta_.latent);
  for (size_t k = 0; k < all.size(); k += width) {
    const Geometry g = geometry_.at(std::span(all).subspan(k, width))[0];
    if (likelihood_ == Likelihood::gaussian) {
      A += g.G / sigma2_;
      continue;
    }
    const Eigen::ArrayXd p = 1 / (1 + (-g.value.array()).exp()), rest = 1 / (1 + g.value.array().exp());
    A += g.J.transpose() * (p * rest).matrix().asDiagonal() * g.J;
  }
  return A / count(how);
}

}  // namespace unpick
