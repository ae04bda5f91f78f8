// dSprites in colour: the three variants of Locatello et al. 2019, images [64,64,3] made from a sprite s in {0,1}.
//
//   color-dsprites    s times a colour, each channel U(0.5, 1)
//   noisy-dsprites    min(s + U(0,1), 1), drawn for each pixel and channel
//   scream-dsprites   a random crop of a picture, averaged with a colour U(0,1)^3, and inverted where s = 1
//
// The picture is a stand-in: Munch's Scream is not here, so a painting-like pattern is drawn instead, which factors() and figures
// should say. What is random is a function of the image's index, where the study draws it anew each time an image is used.
//
// Invariants: as for every data set. Factors and slices are those of dSprites: "noisy-dsprites:shape=heart".
#pragma once

#include "core/data/dsprites.h"

namespace unpick {

class DspritesVariant : public Dataset {
 public:
  enum class Kind { color, noisy, scream };

  DspritesVariant(Kind kind, Dsprites sprites);

  std::string spec() const override;
  uint32_t size() const override { return sprites_.size(); }
  Shape image() const override { return {Dsprites::kSide, Dsprites::kSide, 3}; }
  void render(uint32_t index, std::span<real> out) const override;
  std::vector<Factor> factors() const override { return sprites_.factors(); }
  std::vector<int> factor_values(uint32_t index) const override { return sprites_.factor_values(index); }

 private:
  Kind kind_;
  Dsprites sprites_;
  std::vector<real> picture_;  // scream: [kPicture,kPicture,3]
};

}  // namespace unpick
