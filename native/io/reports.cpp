// See reports.h.
#include "native/io/reports.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/session/sentences.h"

namespace unpick::io {
namespace {

constexpr uint32_t kPairs = 20;  // images in reconstruction.png
constexpr int kMostRows = 40;

uint32_t chosen_image(const TraversalOptions& options, const Dataset& data, const LatentSample& s) {
  if (options.image >= 0) {
    if (options.image >= data.size())
      throw Error(ErrorKind::usage, "--image " + std::to_string(options.image), "there is no such image in " + data.spec(),
                  "its images are 0.." + std::to_string(data.size() - 1));
    return static_cast<uint32_t>(options.image);
  }
  const size_t width = static_cast<size_t>(s.latents());
  size_t best = 0;
  double least = INFINITY;
  for (size_t i = 0; i < s.images.size(); ++i) {
    double square = 0;
    for (size_t j = 0; j < width; ++j)
      square += static_cast<double>(s.mu[i * width + j]) * static_cast<double>(s.mu[i * width + j]);
    if (square < least) best = i;
    least = std::min(least, square);
  }
  return s.images[best];
}

// Linear between neighbours, as numpy.percentile; `sorted` is not empty.
real percentile(const std::vector<real>& sorted, double percent) {
  const double at = percent / 100 * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(at), high = std::min(low + 1, sorted.size() - 1);
  const auto share = static_cast<real>(at - std::floor(at));
  return sorted[low] + share * (sorted[high] - sorted[low]);
}

// The values that latents take in the columns, and where the traversed image itself lies among them. Columns are numbered in
// the range's own unit: z, standard deviations of the posterior, or percent.
class Columns {
 public:
  Columns(const TraversalOptions& options, const LatentSample& s, std::span<const real> mu, std::span<const real> logvar)
      : range_(options.range), sample_(s), mu_(mu), logvar_(logvar) {
    const double low = range_ == Range::data ? 2 : -2, high = range_ == Range::data ? 98 : 2;
    for (int c = 0; c < options.columns; ++c) marks.push_back(static_cast<float>(low + (high - low) * c / (options.columns - 1)));
  }

  std::vector<float> marks;  // [columns]

  const char* unit() const {
    return range_ == Range::prior ? "value of z" : range_ == Range::posterior ? "standard deviations" : "percentile";
  }

  void choose(int latent) {
    latent_ = static_cast<size_t>(latent);
    if (range_ != Range::data) return;
    sorted_.clear();
    for (size_t i = latent_; i < sample_.mu.size(); i += mu_.size()) sorted_.push_back(sample_.mu[i]);
    std::sort(sorted_.begin(), sorted_.end());
  }
  real value(float mark) const {
    if (range_ == Range::prior) return mark;
    if (range_ == Range::data) return percentile(sorted_, static_cast<double>(mark));
    return mu_[latent_] + mark * std::exp(logvar_[latent_] / 2);
  }
  float at() const {
    if (range_ == Range::prior) return mu_[latent_];
    if (range_ == Range::posterior) return 0;
    const auto below = std::lower_bound(sorted_.begin(), sorted_.end(), mu_[latent_]) - sorted_.begin();
    return 100 * static_cast<float>(below) / static_cast<float>(std::max<size_t>(sorted_.size() - 1, 1));
  }

 private:
  Range range_;
  const LatentSample& sample_;
  std::span<const real> mu_, logvar_;  // [Z], of the traversed image
  size_t latent_ = 0;
  std::vector<real> sorted_;  // mu of the chosen latent over the sample
};

std::string traversal_caption(const TraversalOptions& options, const LatentSample& s, uint32_t image, size_t left_out,
                              PosteriorFamily posterior) {
  std::string text =
      options.range == Range::prior ? "Range: prior, z\u2c7c from \u22122 to 2"
      : options.range == Range::posterior
          ? "Range: posterior, \u03bc\u2c7c \u2212 2\u03c3\u2c7c to \u03bc\u2c7c + 2\u03c3\u2c7c; columns count \u03c3\u2c7c"
          : "Range: data, 2nd to 98th percentile of \u03bc\u2c7c; columns are percentiles";
  text += "; the other latents stay at the posterior mean of image " + std::to_string(image) + " (amber: its own value). ";
  text +=
      posterior == PosteriorFamily::full ? "Rows by falling KL of the marginals (the joint KL is larger)" : "Rows by falling KL";
  text += ", a mean over " + std::to_string(s.images.size()) + " images";
  if (!s.correlation.factors.empty()) text += "; r: linear correlation of \u03bc\u2c7c with the factor";
  return text + (left_out ? "; " + std::to_string(left_out) + " rows are left out." : ".");
}

}  // namespace

TraversalFigure traversal_of(const Model& model, const Dataset& data, Backend& backend, const TraversalOptions& options,
                             const LatentSample& sample) {
  const VaeSpec& spec = model.spec;
  const auto width = static_cast<size_t>(spec.latent), pixels = static_cast<size_t>(spec.image.size());
  const uint32_t image = chosen_image(options, data, sample);
  Parameters table = model.table;
  std::vector<real> x(pixels), mu(width), logvar(width);
  data.render(image, x);
  Encoder(spec, table, model.weights.span(), backend, 1).run(x, mu, logvar);

  Columns columns(options, sample, mu, logvar);
  const auto count = columns.marks.size();
  // What our own PNG reader takes: a thousand latents, or large images, do not all fit.
  const uint64_t row_area = 4 * count * static_cast<uint64_t>(spec.image[1] + 8) * static_cast<uint64_t>(spec.image[0] + 16);
  std::vector<int> order = sample.by_kl();
  const auto used = static_cast<size_t>(std::count_if(order.begin(), order.end(), [&](int z) { return sample.in_use(z); }));
  const size_t wanted = std::min(used + 1, width);  // one latent that is not in use stands for all of them
  const auto rows = std::min<uint64_t>(wanted, std::clamp<uint64_t>(kMaxPixels / row_area, 1, kMostRows));
  Decoder decoder(spec, table, model.weights.span(), backend, static_cast<int>(count));

  TraversalFigure figure{describe_latents(sample),
                         traversal_caption(options, sample, image, wanted - rows, spec.posterior),
                         options.footer,
                         spec.image[0],
                         spec.image[1],
                         spec.image[2],
                         columns.unit(),
                         columns.marks,
                         {}};
  order.resize(rows);
  for (const int latent : order) {
    columns.choose(latent);
    std::vector<real> z(count * width), tiles(count * pixels);
    for (size_t c = 0; c < count; ++c) {
      std::copy(mu.begin(), mu.end(), z.begin() + static_cast<std::ptrdiff_t>(c * width));
      z[c * width + static_cast<size_t>(latent)] = columns.value(columns.marks[c]);
    }
    decoder.run(z, {}, tiles);
    std::string label = describe_latent(sample, latent);
    const size_t alike = width - used - 1;
    if (!sample.in_use(latent) && alike > 0)
      label = "z" + std::to_string(latent) + " and " + number_word(alike) + " more are not in use";
    if (const size_t at = label.find("|r| "); at != std::string::npos) label.replace(at + 3, 1, "\u00a0");  // kept on one line
    figure.rows.push_back(
        {std::move(label), static_cast<float>(sample.kl[static_cast<size_t>(latent)]), std::move(tiles), columns.at()});
  }
  return figure;
}

ReconstructionFigure reconstructions_of(const Model& model, const Dataset& data, Backend& backend, const std::string& footer) {
  const VaeSpec& spec = model.spec;
  const uint32_t count = std::min(data.size(), kPairs);
  const auto n = size_t{count}, width = static_cast<size_t>(spec.latent), pixels = static_cast<size_t>(spec.image.size());
  std::vector<real> x(n * pixels), mu(n * width), logvar(n * width), eta(n * pixels), mean(n * pixels);
  for (uint32_t i = 0; i < count; ++i) {  // evenly spread over the data
    const auto index = static_cast<uint32_t>((2 * uint64_t{i} + 1) * data.size() / (2 * count));
    data.render(index, std::span(x).subspan(i * pixels, pixels));
  }
  Parameters table = model.table;
  Encoder(spec, table, model.weights.span(), backend, static_cast<int>(count)).run(x, mu, logvar);
  Decoder(spec, table, model.weights.span(), backend, static_cast<int>(count)).run(mu, eta, mean);

  const bool nats = spec.likelihood == Likelihood::bernoulli;
  ReconstructionFigure figure;
  double total = 0;
  for (size_t i = 0; i < n; ++i) {
    const double error =
        reconstruction_error(spec.likelihood, std::span(eta).subspan(i * pixels, pixels), std::span(x).subspan(i * pixels, pixels));
    total += error / static_cast<double>(n);
    char label[48];
    std::snprintf(label, sizeof label, nats ? "%.0f nats" : "%.1f", error);
    figure.labels.emplace_back(label);
  }
  char title[96];
  std::snprintf(title, sizeof title, nats ? "The code loses %.1f nats an image" : "The code loses a squared error of %.2f an image",
                total);
  figure.title = title;
  figure.caption = "Below each image, the mean picture at its posterior mean, z = \u03bc(x). " +
                   std::string(nats ? "Numbers: \u2212log p(x|z)" : "Numbers: squared error summed over pixels") + ", of " +
                   std::to_string(count) + " images spread evenly over " + data.spec() + ".";
  figure.footer = footer;
  figure.height = spec.image[0], figure.width = spec.image[1], figure.channels = spec.image[2];
  figure.originals = std::move(x);
  figure.reconstructions = std::move(mean);
  return figure;
}

void write_traversal(const std::string& path, const Model& model, const Dataset& data, Backend& backend,
                     const TraversalOptions& options) {
  const LatentSample sample = sample_latents(model, data, backend);
  write_png(path, traversal_figure(traversal_of(model, data, backend, options, sample)));
}

void write_reconstructions(const std::string& path, const Model& model, const Dataset& data, Backend& backend,
                           const std::string& footer) {
  write_png(path, reconstruction_figure(reconstructions_of(model, data, backend, footer)));
}

}  // namespace unpick::io
