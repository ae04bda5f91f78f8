// The seams through a code, traced a little at a time while the model trains on.
//
// It keeps the weights of the moment when it began, so that all parts of a picture belong to one step.
//
// Read next: core/session/lab.h
#pragma once

#include <memory>
#include <optional>

#include "core/session/snapshot.h"

namespace unpick {

class SeamWatch {
 public:
  explicit SeamWatch(Session& session);

  // Forgets what it was at, and begins with the seams through `look`'s code. mu [N,Z]: codes whose images show the manifold.
  void begin(const Look& look, std::span<const real> mu);
  bool busy() const { return tracer_.has_value(); }
  // One piece of the work: a stage of the paths, or the image of one axis. The seams, once they are whole.
  std::unique_ptr<Seams> advance();

 private:
  void add_axis(const Path& path);
  void show_manifold();

  Session& session_;
  Model model_;  // as it was at begin()
  GeometryProgram geometry_;
  Decoder decoder_;
  std::optional<PathTracer> tracer_;
  std::vector<real> mu_;
  std::unique_ptr<Seams> seams_;
  std::vector<Path> paths_;            // once they are traced
  std::vector<Eigen::MatrixXd> axes_;  // [D,P] the images of the axes so far
};

}  // namespace unpick
