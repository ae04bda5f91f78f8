// See encoded_data.h.
#include "core/session/encoded_data.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace unpick {
namespace {

constexpr size_t kBatch = 64;  // images encoded at a time
constexpr int kDraw = 4;       // images drawn by one thread at a time

void check_images(const Model& model, const Dataset& data) {
  if (data.image() != model.spec.image)
    throw Error(ErrorKind::usage, "data '" + data.spec() + "'",
                "has images " + data.image().str() + ", the model takes " + model.spec.image.str(),
                "give the data it was trained on");
  if (data.size() < 2) throw Error(ErrorKind::usage, "data '" + data.spec() + "'", "has fewer than two images", "give more");
}

}  // namespace

EncodedData::EncodedData(const Model& model, const Dataset& data, Backend& backend, Pool& pool)
    : data_(data),
      pool_(pool),
      parameters_(model.table),
      encoder_(model.spec, parameters_, model.weights.span(), backend, static_cast<int>(kBatch)),
      known_(data.size()) {
  check_images(model, data);
  uint64_t grid = 1;
  for (const Factor& factor : data.factors()) {
    grid *= static_cast<uint64_t>(factor.levels);
    if (factor.levels > 1) sizes_.push_back(factor.levels);
  }
  labelled_ = !sizes_.empty();
  if (labelled_ && grid != data.size())
    throw Error(ErrorKind::data, "data '" + data.spec() + "'", "does not hold every combination of its factors",
                "metrics that draw factors need a whole grid");
  if (!labelled_) sizes_ = {static_cast<int>(data.size())};
  mean_.resize(static_cast<Eigen::Index>(data.size()), model.spec.latent);
  logvar_.resize(static_cast<Eigen::Index>(data.size()), model.spec.latent);
  pixels_.resize(kBatch * static_cast<size_t>(data.image().size()));
}

std::vector<uint32_t> EncodedData::images(const Eigen::MatrixXi& factors) const {
  std::vector<uint32_t> result;
  for (Eigen::Index i = 0; i < factors.rows(); ++i) result.push_back(static_cast<uint32_t>(grid_row(sizes_, factors, i)));
  return result;
}

Eigen::MatrixXf EncodedData::rows(const Table& table, const Eigen::MatrixXi& factors) {
  const std::vector<uint32_t> wanted = images(factors);
  encode_missing(wanted);
  Eigen::MatrixXf codes(factors.rows(), table.cols());
  for (size_t i = 0; i < wanted.size(); ++i)
    codes.row(static_cast<Eigen::Index>(i)) = table.row(static_cast<Eigen::Index>(wanted[i]));
  return codes;
}

void EncodedData::encode_ahead(uint32_t from, uint32_t to) {
  std::vector<uint32_t> images(to - from);
  std::iota(images.begin(), images.end(), from);
  encode_missing(images);
}

void EncodedData::encode_missing(const std::vector<uint32_t>& images) {
  std::vector<uint32_t> missing;
  for (const uint32_t image : images) {
    if (known_[image]) continue;
    known_[image] = true;
    missing.push_back(image);
  }
  const auto pixels = static_cast<size_t>(data_.image().size()), width = static_cast<size_t>(mean_.cols());
  std::vector<real> mu(kBatch * width), logvar(kBatch * width);
  for (size_t begin = 0; begin < missing.size(); begin += kBatch) {
    const size_t n = std::min(kBatch, missing.size() - begin);
    pool_.run((static_cast<int>(n) + kDraw - 1) / kDraw, [&](int chunk, int) {
      for (size_t i = static_cast<size_t>(chunk * kDraw), end = std::min(n, i + kDraw); i < end; ++i)
        data_.render(missing[begin + i], std::span(pixels_).subspan(i * pixels, pixels));
    });
    encoder_.run(std::span(pixels_).first(n * pixels), std::span(mu).first(n * width), std::span(logvar).first(n * width));
    for (size_t i = 0; i < n * width; ++i) {
      if (!std::isfinite(mu[i]) || !std::isfinite(logvar[i]))
        throw Error(ErrorKind::data, "model", "its codes are not finite", "its training diverged, or its file is damaged");
      const auto row = static_cast<Eigen::Index>(missing[begin + i / width]), column = static_cast<Eigen::Index>(i % width);
      mean_(row, column) = static_cast<float>(mu[i]);
      logvar_(row, column) = static_cast<float>(logvar[i]);
    }
    encoded_ += static_cast<uint32_t>(n);
  }
}

}  // namespace unpick
