// `unpick encode` and `unpick decode`: a trained model as a function from arrays to arrays, for use from any language.
//
// Read next: core/model/codec.h
#include <algorithm>
#include <memory>

#include "native/cli/cli.h"
#include "native/cli/support.h"
#include "native/io/model_file.h"
#include "native/io/npy.h"

namespace unpick::cli {
namespace {

constexpr size_t kAtOnce = 64;  // images in memory as floats

struct EncodeOptions {
  std::string model, images, mean, logvar, covariance;
};

struct DecodeOptions {
  std::string model, codes, logits, images;
};

struct Output {
  std::string flag, path;
};

// At least one output, and no two in one file.
void check_outputs(const std::vector<Output>& outputs) {
  const Output* first = nullptr;
  std::string flags;
  for (const Output& o : outputs) {
    flags += (flags.empty() ? "" : ", ") + o.flag + " FILE";
    if (o.path.empty()) continue;
    for (const Output* other = first; other && other < &o; ++other)
      if (other->path == o.path) throw Error(ErrorKind::usage, o.flag, "is the same file as " + other->flag, "give two names");
    if (!first) first = &o;
  }
  if (!first) throw Error(ErrorKind::usage, outputs[0].flag, "missing", "give at least one of " + flags);
}

// Sigma = L L' of one image, both [Z,Z].
void write_covariance(std::span<const float> L, size_t width, std::span<float> sigma) {
  for (size_t i = 0; i < width; ++i)
    for (size_t j = 0; j < width; ++j) {
      double sum = 0;
      for (size_t k = 0; k <= std::min(i, j); ++k)
        sum += static_cast<double>(L[i * width + k]) * static_cast<double>(L[j * width + k]);
      sigma[i * width + j] = static_cast<float>(sum);
    }
}

void write(const std::string& path, std::vector<int64_t> shape, const std::vector<float>& values) {
  if (!path.empty()) io::write_npy(path, io::Array::of(std::move(shape), values));
}

int encode(const EncodeOptions& o) {
  check_outputs({{"--mean", o.mean}, {"--logvar", o.logvar}, {"--cov", o.covariance}});
  const io::StoredModel stored = io::read_model(o.model);
  const VaeSpec& spec = stored.model.spec;
  const auto images = read_images(o.images, spec.image);
  const size_t n = images->size(), width = static_cast<size_t>(spec.latent), pixels = static_cast<size_t>(spec.image.size());
  const size_t area = o.covariance.empty() ? 0 : width * width;  // of one covariance
  require_writable_size(o.images, n, std::max(width, area) * sizeof(float));

  Pool pool;
  const auto backend = make_cpu_backend(pool);
  Parameters table = stored.model.table;
  Encoder encoder(spec, table, stored.model.weights.span(), *backend, static_cast<int>(kAtOnce), area > 0);
  std::vector<float> x(kAtOnce * pixels), mu(n * width), logvar(n * width), L(kAtOnce * area), sigma(n * area);
  for (size_t begin = 0; begin < n; begin += kAtOnce) {
    const size_t count = std::min(kAtOnce, n - begin);
    for (size_t i = 0; i < count; ++i) images->render(static_cast<uint32_t>(begin + i), std::span(x).subspan(i * pixels, pixels));
    encoder.run(std::span(x).first(count * pixels), std::span(mu).subspan(begin * width, count * width),
                std::span(logvar).subspan(begin * width, count * width), std::span(L).first(count * area));
    for (size_t i = 0; i < count && area > 0; ++i)
      write_covariance(std::span(L).subspan(i * area, area), width, std::span(sigma).subspan((begin + i) * area, area));
  }
  const std::vector<int64_t> shape{static_cast<int64_t>(n), spec.latent};
  write(o.mean, shape, mu);
  write(o.logvar, shape, logvar);
  write(o.covariance, {shape[0], shape[1], shape[1]}, sigma);
  return 0;
}

int decode(const DecodeOptions& o) {
  check_outputs({{"--logits", o.logits}, {"--images", o.images}});
  const io::StoredModel stored = io::read_model(o.model);
  const VaeSpec& spec = stored.model.spec;
  if (!o.logits.empty() && spec.likelihood != Likelihood::bernoulli)
    throw Error(ErrorKind::usage, "--logits", "this model's pixels are Gaussian and have no logits",
                "use --images for the mean images");
  const std::vector<float> codes = read_rows(o.codes, spec.latent);
  const size_t n = codes.size() / static_cast<size_t>(spec.latent), pixels = static_cast<size_t>(spec.image.size());
  require_writable_size(o.codes, n, pixels * sizeof(float));

  Pool pool;
  const auto backend = make_cpu_backend(pool);
  Parameters table = stored.model.table;
  Decoder decoder(spec, table, stored.model.weights.span(), *backend);
  std::vector<float> logits(o.logits.empty() ? 0 : n * pixels), images(o.images.empty() ? 0 : n * pixels);
  decoder.run(codes, logits, images);
  const std::vector<int64_t> shape{static_cast<int64_t>(n), spec.image[2], spec.image[0], spec.image[1]};
  write(o.logits, shape, channels_first(std::move(logits), spec.image));
  write(o.images, shape, channels_first(std::move(images), spec.image));
  return 0;
}

}  // namespace

void add_encode(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("encode", "images in, posterior means, log variances and covariances out");
  const auto o = std::make_shared<EncodeOptions>();
  command->add_option("--model", o->model, "a run directory, or its model.safetensors")->required()->type_name("DIR|FILE");
  command->add_option("--images", o->images, "uint8 or floats in [0,1]: [N,H,W], [N,1,H,W], [N,H,W,1] or [N,H*W]")
      ->required()
      ->type_name("X.npy");
  command->add_option("--mean", o->mean, "write the means, float32 [N,Z]")->type_name("M.npy");
  command
      ->add_option("--logvar", o->logvar,
                   "write the logarithms of the variances, float32 [N,Z]; of a full posterior the marginal ones")
      ->type_name("L.npy");
  command->add_option("--cov", o->covariance, "write the covariances, float32 [N,Z,Z]")->type_name("S.npy");
  command->callback([o, &run] { run = [o] { return encode(*o); }; });
}

void add_decode(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("decode", "codes in, logits or mean images out");
  const auto o = std::make_shared<DecodeOptions>();
  command->add_option("--model", o->model, "a run directory, or its model.safetensors")->required()->type_name("DIR|FILE");
  command->add_option("--codes", o->codes, "latent codes z, [N,Z]")->required()->type_name("Z.npy");
  command->add_option("--logits", o->logits, "write the decoder's logits, float32 [N,C,H,W]")->type_name("Y.npy");
  command->add_option("--images", o->images, "write the mean images, float32 [N,C,H,W]")->type_name("X.npy");
  command->callback([o, &run] { run = [o] { return decode(*o); }; });
}

}  // namespace unpick::cli
