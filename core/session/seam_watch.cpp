// See seam_watch.h.
#include "core/session/seam_watch.h"

#include <algorithm>
#include <cmath>

#include "core/base/decompositions.h"
#include "core/seams/curves.h"

namespace unpick {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kCloud = 128;     // images that show the manifold
constexpr Index kPictures = 9;  // along a seam

// Coarser than the rules of a figure, to be quick.
// range.
PathRules live_rules() {
  PathRules rules;
  rules.step = 0.12;
  rules.length = 2.4;
  rules.most = 4;
  return rules;
}

// Images in [0,1] at equal distances from the first column to the last.
std::vector<real> pictures_of(const MatrixXd& x) {
  std::vector<real> pictures;
  for (Index i = 0; i < kPictures; ++i) {
    const auto column = x.col(static_cast<Index>(std::lround(static_cast<double>(i * (x.cols() - 1)) / (kPictures - 1))));
    for (const double value : column) pictures.push_back(static_cast<real>(value));
  }
  return pictures;
}

}  // namespace

SeamWatch::SeamWatch(Session& session)
    : session_(session),
      model_(session.model().spec),
      geometry_(mean_map(model_), session.backend()),
      decoder_(model_.spec, model_.table, model_.weights.span(), session.backend(), 32) {}

void SeamWatch::begin(const Look& look, std::span<const real> mu) {
  const std::span<real> weights = session_.model().weights.span();
  std::copy(weights.begin(), weights.end(), model_.weights.data());
  mu_.assign(mu.begin(), mu.begin() + static_cast<long>(std::min(mu.size(), kCloud * look.code.size())));
  paths_.clear();
  axes_.clear();
  seams_ = std::make_unique<Seams>();
  seams_->step = session_.step();
  seams_->code = look.code;
  tracer_.emplace(geometry_, look.code, look.geometry.dims, live_rules());
}

std::unique_ptr<Seams> SeamWatch::advance() {
  if (paths_.empty()) {
    if (!tracer_->advance()) paths_ = tracer_->paths();
    return nullptr;
  }
  if (axes_.size() < paths_.size()) {
    add_axis(paths_[axes_.size()]);
    return nullptr;
  }
  show_manifold();
  tracer_.reset();
  return std::move(seams_);
}

void SeamWatch::add_axis(const Path& path) {
  AxisImage axis = axis_image(geometry_, path);
  Seam seam;
  seam.latent = path.latent;
  seam.t = path.t;
  seam.z = path.z;
  seam.s = path.s;
  seam.arc = path.arc;
  seam.departure = axis.departure;
  seam.cosine = axis.cosine;
  seam.density = seam_density(path);
  seam.along = pictures_of(path.x);
  seam.straight = pictures_of(axis.x);
  seams_->seams.push_back(std::move(seam));
  axes_.push_back(std::move(axis.x));
}

// The three directions of largest variance of the cloud, by the Gram matrix: there are fewer images than pixels.
void SeamWatch::show_manifold() {
  const auto pixels = static_cast<Index>(session_.data().image().size());
  const auto n = static_cast<Index>(mu_.size() / seams_->code.size());
  std::vector<real> images(static_cast<size_t>(n * pixels));
  decoder_.run(mu_, {}, images);
  MatrixXd x = Eigen::Map<const Eigen::Matrix<real, -1, -1>>(images.data(), pixels, n).cast<double>();
  const VectorXd middle = x.rowwise().mean();
  x.colwise() -= middle;
  const auto [values, vectors] = spectrum(x.transpose() * x);
  MatrixXd directions = MatrixXd::Zero(pixels, 3);
  const double total = std::max(values.sum(), 1e-300);
  for (Index k = 0; k < std::min<Index>(3, n); ++k) {
    if (!(values(k) > 1e-12 * total)) break;
    directions.col(k) = x * vectors.col(k) / std::sqrt(values(k));
    Index largest = 0;
    directions.col(k).cwiseAbs().maxCoeff(&largest);
    if (directions(largest, k) < 0) directions.col(k) *= -1;
    seams_->shown += values(k) / total;
  }
  seams_->cloud = directions.transpose() * x;
  for (size_t k = 0; k < paths_.size(); ++k) {
    seams_->seams[k].seam = directions.transpose() * (paths_[k].x.colwise() - middle);
    seams_->seams[k].axis = directions.transpose() * (axes_[k].colwise() - middle);
  }
}

}  // namespace unpick
