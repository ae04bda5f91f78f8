// The pictures that leave the program: what each latent does, what the model keeps of an image, matrices as heat maps.
//
// Why as finished figures: a picture that leaves the program must carry its own meaning, so each holds a sentence that
// states what is seen, its range rule, units, and the command, seed and step that made it.
// Blue stands for latent space, amber for a chosen point in it; pictures are light on deep blue, tied to their polarity.
//
// Invariants: equal inputs give equal pixels. Tiles that do not fit their shape throw ShapeError.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "native/io/png.h"

namespace unpick::io {

struct TraversalRow {
  std::string label;                                   // a sentence: "z3 moves posX"
  float kl = 0;                                        // nats
  std::vector<float> tiles;                            // [columns,H,W,C], in [0,1]
  float at = std::numeric_limits<float>::quiet_NaN();  // the traversed image's own value, marked in amber; NaN: no mark
};

struct TraversalFigure {
  std::string title;    // "Five of ten latents are in use, and each moves one thing"
  std::string caption;  // "range: prior, z_j from -2 to 2, other latents at the posterior mean of image 123"
  std::string footer;   // command, seed, steps
  int height = 64, width = 64, channels = 1;
  std::string unit = "value of z";  // what the columns' numbers are
  std::vector<float> values;        // [columns], ascending: the latent's value in each column
  std::vector<TraversalRow> rows;   // drawn in this order; by falling KL reads best
};

struct ReconstructionFigure {
  std::string title, caption, footer;
  int height = 64, width = 64, channels = 1;
  std::vector<float> originals;        // [N,H,W,C], in [0,1]
  std::vector<float> reconstructions;  // [N,H,W,C], in [0,1]
  std::vector<std::string> labels;     // [N] or none: a line under each pair, "41 nats"
  int columns = 10;                    // pairs side by side
};

struct HeatMap {
  std::string title, note;
  std::vector<float> values;  // [N,N] in [0,1], rows from above
};

struct HeatMapFigure {
  std::string title, caption, footer;
  std::vector<std::string> labels;  // [N], of rows and columns: "z3"
  std::vector<HeatMap> maps;        // side by side, on one scale from 0 to 1
};

Image traversal_figure(const TraversalFigure& figure);
Image reconstruction_figure(const ReconstructionFigure& figure);
Image heat_map_figure(const HeatMapFigure& figure);

}  // namespace unpick::io
