// The table of figures, and the arithmetic of claims. See figure.h.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "core/base/nearest.h"
#include "core/base/rng.h"
#include "native/reproduce/figure.h"

namespace unpick::reproduce {
namespace {

constexpr FigureRow kFigures[] = {
    {"fig1", "Figure 1", "full against diagonal posteriors: where the image of an axis leaves its seam", fig1},
    {"fig2", "Figure 2", "the linear VAE: both posteriors fit, only the diagonal one finds the axes", fig2},
    {"fig3", "Figure 3", "distance of the decoder's singular vectors from the axes during training, and what a seam is", fig3},
    {"fig4", "Figure 4", "densities along singular-vector paths and seams: they multiply to the density of the manifold", fig4},
    {"fig5", "Figure 5", "the two parts of the posterior's precision on dSprites, full against diagonal", fig5},
    {"fig6", "Figure 6", "mutual information of latents and factors, and what one latent moves", fig6},
    {"fig7", "Figure 7", "what beta does: orthogonality, alignment, MIG, width of the posterior and reconstruction", fig7},
    {"overlap", "Overlap", "posteriors from a look-up table to collapse, and how their sum matches the prior", overlap},
    {"pinwheel", "Pinwheel", "the aggregate posterior under alpha and beta, on a prior of four clusters", pinwheel},
    {"implicit", "Implicit prior", "what beta does, said in terms of priors: Theorem 1, and r(z) in one dimension", implicit},
    {"priors", "Priors", "isotropic, anisotropic and Student-t priors: reconstruction against the FactorVAE score", priors},
    {"sparsity", "Sparsity", "a sparse prior against more beta: Hoyer's measure, reconstruction, distance to the prior", sparsity},
    {"tradeoff", "Trade-off", "what beta costs and buys on three sets of pictures", tradeoff},
    {"pareto", "Fronts", "FactorVAE against beta-VAE: scores at equal reconstruction", pareto},
    {"rotation", "Rotation", "what rotated codes lose, what the objective does not see, and why nothing else can", rotation},
};

std::string bound_text(const char* sign, double bound) {
  char text[48];
  std::snprintf(text, sizeof text, "%s %.4g", sign, bound);
  return text;
}

std::vector<double> ranks(std::span<const double> x) {
  std::vector<double> rank(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const auto less = std::count_if(x.begin(), x.end(), [&](double other) { return other < x[i]; });
    const auto equal = std::count(x.begin(), x.end(), x[i]);
    rank[i] = static_cast<double>(less) + static_cast<double>(equal - 1) / 2;
  }
  return rank;
}

}  // namespace

std::span<const FigureRow> figures() { return kFigures; }

const FigureRow& figure(const std::string& wanted) {
  std::string names;
  for (const FigureRow& row : kFigures) {
    if (wanted == row.name) return row;
    names += (names.empty() ? "" : "|") + std::string(row.name);
  }
  const std::string near = nearest(wanted, names + "|all");
  throw Error(ErrorKind::usage, "figure '" + wanted + "'", "unknown",
              (near.empty() ? "" : "did you mean '" + near + "'? ") + "choose one of " + names + "|all");
}

const char* name(Badge badge) { return badge == Badge::theorem ? "theorem" : "computed now"; }

Claim below(std::string rows, std::string sentence, std::string measure, double value, double bound) {
  return {std::move(rows), std::move(sentence), std::move(measure), value, bound_text("<", bound), value < bound};
}
Claim above(std::string rows, std::string sentence, std::string measure, double value, double bound) {
  return {std::move(rows), std::move(sentence), std::move(measure), value, bound_text(">", bound), value > bound};
}
Claim within(std::string rows, std::string sentence, std::string measure, double value, double centre, double reach) {
  const std::string bound = bound_text("", centre).substr(1) + bound_text(" \u00b1", reach);
  return {std::move(rows), std::move(sentence), std::move(measure), value, bound, std::abs(value - centre) <= reach};
}

std::string title_for(const Figure& figure, const std::string& claimed, const std::string& neutral) {
  const auto holds = [](const Claim& claim) { return claim.pass; };
  return std::all_of(figure.claims.begin(), figure.claims.end(), holds) ? claimed : neutral;
}

Spread spread(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double square = 0;
  for (const double x : values) square += (x - mean) * (x - mean);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {mean, *low, *high, values.size() > 1 ? std::sqrt(square / (n - 1)) : 0};
}

double confidence(std::span<const double> values) {
  // 97.5 % points of Student's t with 1, 2, ... degrees of freedom; beyond, 1.96 + 2.4 / n is off by less than 0.003.
  constexpr double kT[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                           2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131};
  if (values.size() < 2) return NAN;
  const size_t freedom = values.size() - 1;
  const auto n = static_cast<double>(values.size());
  const double t = freedom <= std::size(kT) ? kT[freedom - 1] : 1.96 + 2.4 / static_cast<double>(freedom);
  return t * spread(values).sd / std::sqrt(n);
}

Json to_json(std::span<const double> values) {
  const Spread s = spread(values);
  return {{"mean", s.mean}, {"sd", s.sd}, {"values", std::vector<double>(values.begin(), values.end())}};
}

double spearman(std::span<const double> x, std::span<const double> y) {
  const std::vector<double> a = ranks(x), b = ranks(y);
  const double mean = (static_cast<double>(a.size()) - 1) / 2;
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) * (a[i] - mean);
    bb += (b[i] - mean) * (b[i] - mean);
  }
  return ab / std::sqrt(aa * bb);
}

double permutation_p(const std::vector<double>& lower, const std::vector<double>& higher) {
  std::vector<double> all = lower;
  all.insert(all.end(), higher.begin(), higher.end());
  const size_t n = lower.size(), total = all.size();
  const double sum = std::accumulate(all.begin(), all.end(), 0.0), found = std::accumulate(lower.begin(), lower.end(), 0.0);
  if (!std::isfinite(sum)) return NAN;
  // The sum of the first group decides, as the sum of both is fixed.
  const double tolerance = 1e-12 * std::abs(sum);
  int64_t splits = 0, as_low = 0;
  const auto count = [&](double first) {
    ++splits;
    as_low += first <= found + tolerance;
  };
  if (total <= 12) {
    for (uint32_t mask = 0; mask < 1u << total; ++mask) {
      double first = 0;
      size_t size = 0;
      for (size_t i = 0; i < total; ++i)
        if (mask >> i & 1) first += all[i], ++size;
      if (size == n) count(first);
    }
  } else {
    count(found);
    for (uint32_t draw = 1; draw < 10000; ++draw) {
      const auto order = Rng(1, Stream::permutation).shuffle(static_cast<uint32_t>(total), draw);
      double first = 0;
      for (size_t i = 0; i < n; ++i) first += all[order[i]];
      count(first);
    }
  }
  return static_cast<double>(as_low) / static_cast<double>(splits);
}

}  // namespace unpick::reproduce
