// The link between posterior and decoder on trained models: small tanh VAEs on curved data, by sampling and stochastic gradients.
// Sigma^-1 = P(x) holds for the full posterior as a matrix and for the diagonal one on its diagonal, of Gaussian and of Bernoulli
// pixels; a diagonal one makes the decoder's A diagonal (lemma 4.0). (theory A5, B1, B8; table E rows 3, 7, 8, 12, 107)
#include <gtest/gtest.h>

#include <cmath>

#include "core/model/adam.h"
#include "core/seams/survey.h"
#include "core/session/latents.h"

namespace unpick {
namespace {

constexpr int kCode = 2, kHidden = 32, kBatch = 128;
constexpr double kSigma2 = 0.01;

Var layers(Recorder& r, Var x, const std::string& name) {
  for (const char* layer : {".lin1", ".lin2"}) {
    const Var h = dense(r, x, kHidden, name + layer);
    x = tanh(h);
  }
  return x;
}

Encoded encode(Recorder& r, Var x, int latent, int lower) {
  const Var flat = reshape(x, {x.shape()[0], static_cast<int>(x.shape().size()) / x.shape()[0]});
  const Var h = layers(r, flat, "encoder");
  const Var q = dense(r, h, 2 * latent, "encoder.q");
  Encoded e{q};
  if (lower > 0) {
    const Init before = r.init;
    r.init = Init::zero;
    e.lower = dense(r, h, lower, "encoder.lower");
    r.init = before;
  }
  return e;
}

Var decode(Recorder& r, Var z, Shape image) {
  const Var h = layers(r, z, "decoder");
  return dense(r, h, static_cast<int>(image.size()), "decoder.out");
}

const Architecture kTanh{"tanh", "two hidden layers", Init::torch, false, encode, decode};

// Where x comes from: two factors (a, b) ~ N(0, I) and what a likelihood adds to them.
struct Source {
  Likelihood likelihood;
  int outputs;
  std::vector<real> (*draw)(uint32_t step, int n);  // [N, outputs]
};

// x = (1.4 a, .5 cos 1.5a, .8 b, .35 sin 1.5b) + .1 noise: two curves in orthogonal planes.
std::vector<real> draw_curves(uint32_t step, int n) {
  const Rng rng(3, Stream::data);
  std::vector<real> noise(static_cast<size_t>(n) * 6), x;
  rng.fill_normal(noise, step);
  for (size_t i = 0; i < noise.size(); i += 6) {
    const double a = noise[i], b = noise[i + 1];
    const double clean[] = {1.4 * a, .5 * std::cos(1.5 * a), .8 * b, .35 * std::sin(1.5 * b)};
    for (size_t k = 0; k < 4; ++k) x.push_back(clean[k] + .1 * noise[i + 2 + k]);
  }
  return x;
}
const Source kCurves{Likelihood::gaussian, 4, draw_curves};

// Two rows of twelve bits, each on with probability sigmoid(4 (a - c)), of the second row sigmoid(3 (b - c)), c from -2 to 2: each
// factor says, with noise at the edge, up to where its row is lit.
std::vector<real> draw_bits(uint32_t step, int n) {
  constexpr size_t kRow = 12;
  const Rng rng(4, Stream::data);
  std::vector<real> factors(static_cast<size_t>(n) * 2), chance(factors.size() * kRow), x;
  rng.fill_normal(factors, step);
  rng.fill_uniform(chance, step + (1u << 24), 0, 1);
  for (size_t i = 0; i < chance.size(); ++i) {
    const size_t factor = i / kRow;
    const double c = -2 + 4 * static_cast<double>(i % kRow) / (kRow - 1), steep = factor % 2 ? 3 : 4;
    x.push_back(chance[i] * (1 + std::exp(-steep * (factors[factor] - c))) < 1);
  }
  return x;
}
const Source kBits{Likelihood::bernoulli, 24, draw_bits};

class TrainedVae {
 public:
  TrainedVae(const Source& source, PosteriorFamily family, double beta)
      : model({&kTanh, &objective("beta-vae"), source.likelihood, {1, source.outputs, 1}, kCode, family}),
        source_(source),
        beta_(beta),
        training_(record_training(model.spec, kBatch, model.table)),
        gradients_(model.table.region()),
        adam_(model.weights.span()) {
    model.table.initialise(model.weights.span(), 1);
    program_ = backend->prepare(Plan(*training_.graph, training_.request()), {model.weights.span(), gradients_.span()});
    program_->data(training_.beta)[0] = beta;
    program_->data(training_.sigma2)[0] = kSigma2;
  }
  void advance(int steps, double lr) {
    AdamSettings adam;
    adam.lr = lr;
    for (int i = 0; i < steps; ++i, ++step_) {
      const std::vector<real> x = source_.draw(step_, kBatch);
      std::copy(x.begin(), x.end(), program_->data(training_.x).begin());
      Rng(1, Stream::noise).fill_normal(program_->data(training_.epsilon), step_);
      program_->run();
      adam_.begin_step(step_ + 1, adam);
      adam_.update({0, 1, static_cast<int64_t>(gradients_.span().size()), 0}, gradients_.data(), 0);
    }
  }
  // On 64 held-out data; stein 0: without Stein's form.
  Survey look(int samples, int stein = 1024) {
    SurveyRequest request;
    const std::vector<real> x = source_.draw(1000000, 64);
    std::vector<real> mu(64 * kCode), L(64 * kCode * kCode);
    Encoder(model.spec, model.table, model.weights.span(), *backend, 64, true).run(x, mu, {}, L);
    request.beta = beta_;
    request.sigma2 = kSigma2;
    request.active = active_latents(mu, kCode);
    request.samples = samples;
    request.stein = stein;
    request.z = mu;
    request.x = x;
    for (size_t i = 0; i < 64; ++i)
      request.q.push_back(GaussianPosterior::of(std::span(mu).subspan(i * kCode, kCode), std::span(L).subspan(i * 4, 4)));
    return survey(model, request, *backend, {});
  }

  Pool pool{1};
  std::unique_ptr<Backend> backend = make_cpu_backend(pool);
  Model model;

 private:
  const Source& source_;
  double beta_;
  Training training_;
  Buffer gradients_;
  Adam adam_;
  std::unique_ptr<Executable> program_;
  uint32_t step_ = 0;
};

double score(const Survey& s, const std::string& name) {
  for (const SurveyScore& row : s.scores.back().scores)
    if (row.name == name) return row.mean.measured;
  ADD_FAILURE() << "no score " << name;
  return NAN;
}

void print(const char* what, const Survey& s) {
  for (const IdentityCheck& c : s.identity)
    std::printf("  %-16s %-9s diagonal %.4f (s.e. %.4f), approximate %.4f; matrix %.4f, approximate %.4f; mean %.4f; gap %.4f\n",
                what, c.expectation.c_str(), c.exact, c.standard_error, c.approximate, c.exact_full, c.approximate_full,
                c.mean_condition, c.gap);
  std::printf("  %-16s DtO %.4f, off(A) %.5f, off(C) %.4f, |off A| %.3f, |off C| %.3f, kappa %.3f\n", what, score(s, "dto"),
              score(s, "off-a"), score(s, "off-c"), score(s, "off-a-norm"), score(s, "off-c-norm"), score(s, "non-cancellation"));
}

TEST(TrainedIdentity, HoldsForTheFullPosteriorAndOnTheDiagonalOfADiagonalOne) {
  TrainedVae diagonal(kCurves, PosteriorFamily::diagonal, 4), full(kCurves, PosteriorFamily::full, 4);
  diagonal.advance(300, 2e-3);
  const Survey early = diagonal.look(16);
  print("diagonal, 300", early);
  for (TrainedVae* run : {&diagonal, &full}) {
    run->advance(run == &full ? 3300 : 3000, 2e-3);
    run->advance(1000, 2e-4);
  }
  const Survey of_diagonal = diagonal.look(16), of_full = full.look(16), finer = full.look(64);
  print("diagonal, 4300", of_diagonal);
  print("full, 4300", of_full);
  ASSERT_EQ(of_full.identity.size(), 3u);
  for (size_t way = 1; way < 3; ++way) {  // over q, by sampling and in Stein's form
    EXPECT_LT(of_diagonal.identity[way].exact, .1) << of_diagonal.identity[way].expectation;
    EXPECT_LT(of_full.identity[way].exact_full, .1) << of_full.identity[way].expectation;
  }
  // The mean's condition divides by tau: with P near 50, an encoder that is off by 1.5 % of mu fails it by 75 %. It falls, but is
  // far from the .1 that would count as trained.
  EXPECT_LT(of_diagonal.identity[2].mean_condition, .5 * early.identity[2].mean_condition);
  EXPECT_LT(score(of_diagonal, "off-a"), .1 * score(early, "off-a")) << "lemma 4.0";
  EXPECT_LT(score(of_diagonal, "off-c"), .2 * score(early, "off-c")) << "lemma 4.0";
  EXPECT_LT(score(of_diagonal, "dto"), score(early, "dto"));
  EXPECT_LT(of_diagonal.identity[1].gap, early.identity[1].gap);
  EXPECT_NEAR(finer.identity[1].standard_error / of_full.identity[1].standard_error, .5, .1) << "as 1/sqrt(K)";
}

// Of bits P = I + E_q[J' diag(p(1-p)) J - sum (x-p)_i H_i] / beta, with J and H of the logits.
TEST(TrainedIdentity, HoldsForBernoulliPixels) {
  for (const bool full : {false, true}) {
    TrainedVae run(kBits, full ? PosteriorFamily::full : PosteriorFamily::diagonal, 1);
    run.advance(800, 4e-3);
    run.advance(200, 4e-4);
    const Survey s = run.look(32, 0);
    print(full ? "bits, full" : "bits, diagonal", s);
    ASSERT_EQ(s.identity.size(), 2u);
    EXPECT_EQ(s.scores.front().dims.size(), 2u) << "both latents are active, so Sigma is not the prior's";
    EXPECT_LT(full ? s.identity[1].exact_full : s.identity[1].exact, .1) << "over q, by sampling";
  }
}

}  // namespace
}  // namespace unpick
