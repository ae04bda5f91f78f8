// The parameters of a model: their names, shapes, places and first values.
//
// Why a table beside the graphs: training, encoding, decoding and Jacobians are separate recordings that share one
// contiguous region of weights. Each recording asks the table by name; the first one that asks adds the row.
//
// Names and file layouts are PyTorch's, so that weights can be exchanged; in memory, weights are stored as the kernels
// walk them (Dense [in,out], Conv [R,S,C,K]) and images channel-last. `to_torch` and `from_torch` are the only places
// that know both.
//
// Read next: core/model/layers.h
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/graph/plan.h"

namespace unpick {

// How the features of one side of a dense layer are numbered in PyTorch, seen from ours.
struct FeatureOrder {
  enum Kind { same, image, interleaved } kind = same;
  int height = 1, width = 1, channels = 1;

  // Ours runs height, width, channel; PyTorch's flatten runs channel, height, width.
  static FeatureOrder of_image(int h, int w, int c) { return {image, h, w, c}; }
  // Ours is all means, then all log variances; the file has mean_0, logvar_0, mean_1, ...
  static FeatureOrder of_pairs(int pairs) { return {interleaved, 1, 1, pairs}; }
  int ours(int torch) const;
};

enum class Layout { vector, dense, conv };

struct Parameter {
  std::string name;
  Shape shape;
  Layout layout = Layout::vector;
  FeatureOrder in{}, out{};
  double bound = 0;     // first values are uniform in (-bound, bound)
  int64_t offset = 0;   // in the parameters region
  bool drawn = true;    // false: starts at 0 and takes no random stream, as if it were not there
  bool trained = true;  // false: its gradient is 0

  std::vector<int64_t> torch_shape() const;
};

class Parameters {
 public:
  // The row of this name, added if it is new. Throws ShapeError if it exists with another shape.
  const Parameter& require(Parameter row);
  const std::vector<Parameter>& rows() const { return rows_; }
  const Parameter* find(const std::string& name) const;
  int64_t region() const { return region_; }  // elements of the region, padding included
  int64_t count() const;                      // elements without padding

  void initialise(std::span<real> region, uint64_t seed) const;

 private:
  std::vector<Parameter> rows_;
  int64_t region_ = 0;
};

// Copies one parameter between its place in a region and PyTorch's layout.
std::vector<float> to_torch(const Parameter& p, std::span<const real> region);
void from_torch(const Parameter& p, std::span<const float> values, std::span<real> region);

}  // namespace unpick
