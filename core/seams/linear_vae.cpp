// See linear_vae.h.
#include "core/seams/linear_vae.h"

#include <algorithm>
#include <cmath>

#include "core/base/decompositions.h"
#include "core/base/numbers.h"
#include "core/base/rng.h"
#include "core/seams/scores.h"

namespace unpick {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

Matrix identity(Eigen::Index n) { return Matrix::Identity(n, n); }

double log_determinant(const Matrix& positive) {
  const Matrix L = cholesky(positive);
  return L.size() > 0 ? 2 * L.diagonal().array().log().sum() : kUndefined;
}

// As core/model/adam.h, in double and uphill.
class Ascent {
 public:
  void step(Matrix& x, const Matrix& g, double lr) {
    if (t_++ == 0) m_ = v_ = Matrix::Zero(x.rows(), x.cols());
    const auto t = static_cast<double>(t_);
    m_ += 0.1 * (g - m_);
    v_ += 0.001 * (g.cwiseAbs2() - v_);
    const double rate = lr / (1 - std::pow(0.9, t)), correction = 1 / (1 - std::pow(0.999, t));
    x.array() += rate * m_.array() / ((correction * v_.array()).sqrt() + 1e-8);
  }

 private:
  Matrix m_, v_;
  int64_t t_ = 0;
};

Matrix normal_matrix(const Rng& rng, uint32_t step, Eigen::Index rows, Eigen::Index cols, double scale) {
  Matrix x(rows, cols);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = scale * rng.normal(step, static_cast<uint32_t>(i));
  return x;
}

// Sigma with the numbers that an encoder would emit: log variances [m,1], or L [m,m].
class Covariance {
 public:
  Covariance(PosteriorFamily family, int latent) : full_(family == PosteriorFamily::full) {
    emitted_ = full_ ? identity(latent) : Matrix::Zero(latent, 1);
  }
  Matrix sigma() const {
    if (full_) return emitted_ * emitted_.transpose();
    return emitted_.col(0).array().exp().matrix().asDiagonal();
  }
  void step(const Matrix& slope, const Matrix& sigma, double lr) {
    Matrix g = full_ ? Matrix(2 * slope * emitted_) : Matrix(slope.diagonal().cwiseProduct(sigma.diagonal()));
    if (full_) g.triangularView<Eigen::StrictlyUpper>().setZero();
    ascent_.step(emitted_, g, lr);
  }

 private:
  bool full_;
  Matrix emitted_;
  Ascent ascent_;
};

LinearProgress progress(const LinearProblem& problem, const LinearVae& vae, const LinearOptimum& best, int64_t step) {
  const Svd of_W = svd(vae.W, Left::wanted);
  const Matrix U = of_W.U.leftCols(best.active);
  const Matrix truth = spectrum(problem.C).vectors.leftCols(best.active);
  double s_error = 0;
  for (Eigen::Index k = 0; k < best.active; ++k) s_error = std::max(s_error, std::abs(of_W.s(k) / best.s(k) - 1));
  const double U_error = (U * U.transpose() - truth * truth.transpose()).norm();
  return {step, linear_objective(problem, vae), distance_to_axes(of_W.V), s_error, U_error, vae.W};
}

}  // namespace

double linear_objective(const LinearProblem& p, const LinearVae& v) {
  const auto n = static_cast<double>(v.W.rows()), m = static_cast<double>(v.W.cols());
  const Matrix R = identity(v.W.rows()) - v.W * v.A;  // x - W mu = R x
  const double error = (R * p.C * R.transpose()).trace() + (v.W * v.Sigma * v.W.transpose()).trace();
  const double twice_kl = v.Sigma.trace() + (v.A * p.C * v.A.transpose()).trace() - m - log_determinant(v.Sigma);
  return -0.5 * n * (kLog2Pi + std::log(p.sigma2)) - 0.5 * error / p.sigma2 - 0.5 * p.beta * twice_kl;
}

LinearVae linear_gradient(const LinearProblem& p, const LinearVae& v) {
  const Matrix R = identity(v.W.rows()) - v.W * v.A, RC = R * p.C;
  const Matrix inverse = inverse_of_positive(v.Sigma);
  return {(RC * v.A.transpose() - v.W * v.Sigma) / p.sigma2, v.W.transpose() * RC / p.sigma2 - p.beta * v.A * p.C,
          -0.5 / p.sigma2 * v.W.transpose() * v.W - 0.5 * p.beta * (identity(v.W.cols()) - inverse)};
}

Matrix linear_precision(const LinearProblem& p, const Matrix& W) { return identity(W.cols()) + W.transpose() * W / p.tau(); }

LinearVae with_best_encoder(const LinearProblem& p, const Matrix& W, PosteriorFamily family) {
  const Matrix P = linear_precision(p, W), inverse = inverse_of_positive(P);
  const Matrix axes = P.diagonal().cwiseInverse().asDiagonal();
  return {W, inverse * W.transpose() / p.tau(), family == PosteriorFamily::full ? inverse : axes};
}

LinearOptimum linear_optimum(const LinearProblem& p) {
  const auto [lambda, q] = spectrum(p.C);
  LinearOptimum best;
  best.s = (lambda.head(p.latent).array() - p.tau()).max(0).sqrt();
  best.active = static_cast<int>((best.s.array() > 0).count());
  const Matrix W = q.leftCols(p.latent) * best.s.asDiagonal();
  best.vae = with_best_encoder(p, W, PosteriorFamily::diagonal);
  best.rate = 0.5 * (lambda.head(p.latent).array() / p.tau()).max(1).log();
  best.error = best.active * p.tau() + lambda.tail(lambda.size() - best.active).sum();
  best.objective = -0.5 * static_cast<double>(p.C.rows()) * (kLog2Pi + std::log(p.sigma2)) - 0.5 * best.error / p.sigma2 -
                   p.beta * best.rate.sum();
  return best;
}

std::vector<LinearProgress> train_linear(const LinearProblem& p, const LinearTraining& t) {
  const LinearOptimum best = linear_optimum(p);
  const Rng rng(t.seed, Stream::init);
  LinearVae vae{normal_matrix(rng, 0, p.C.rows(), p.latent, t.scale), normal_matrix(rng, 1, p.latent, p.C.rows(), t.scale), {}};
  Covariance covariance(t.family, p.latent);
  Ascent decoder, encoder;
  std::vector<LinearProgress> log;
  auto mark = t.marks.begin();
  for (int64_t step = 1; step <= t.steps; ++step) {
    vae.Sigma = covariance.sigma();
    const LinearVae slope = linear_gradient(p, vae);
    const double lr = step < t.late ? t.lr : t.lr_late;
    decoder.step(vae.W, slope.W, lr);
    encoder.step(vae.A, slope.A, lr);
    covariance.step(slope.Sigma, vae.Sigma, lr);
    if (mark == t.marks.end() || *mark != step) continue;
    vae.Sigma = covariance.sigma();
    log.push_back(progress(p, vae, best, step));
    ++mark;
  }
  return log;
}

}  // namespace unpick
