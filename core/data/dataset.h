// What a trainer needs of a data set: how many images, their shape, any image by its index, and, where they are known,
// the factors that made it. A data set is named by a spec string, "dsprites:shape=ellipse,posY=8..23".
//
// Invariants: an image depends on its index alone; `render` is const and may be called from several threads.
// Read next: core/data/dsprites.h, core/data/batcher.h
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/types.h"

namespace unpick {

// One generative factor: "posX" takes the values 0..levels-1.
struct Factor {
  std::string name;
  int levels;
};

class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual std::string spec() const = 0;                                // open_dataset(spec()) gives the same data set
  virtual uint32_t size() const = 0;                                   // number of images
  virtual Shape image() const = 0;                                     // [H,W,C], pixels in [0,1]
  virtual void render(uint32_t index, std::span<real> out) const = 0;  // writes image().size() pixels

  // Factors that vary within this data set come with more than one level in it; unlabelled data have none.
  virtual std::vector<Factor> factors() const { return {}; }
  // The value of each factor of image `index`, in the order of factors(). Values of a slice are those of the whole set.
  virtual std::vector<int> factor_values(uint32_t) const { return {}; }
};

// Opens a data set by its spec; throws Error(usage) with a hint for an unknown name, factor or value.
std::unique_ptr<Dataset> open_dataset(const std::string& spec);

}  // namespace unpick
