// What a front end draws: everything about a run at one moment, immutable.
//
// Why parts behind shared pointers: the step and the losses change thirty times a second, pictures a few times; a snapshot is
// cheap to make because it shares those parts that did not change. Each part says at which step it was computed.
//
// Read next: core/session/lab.h
#pragma once

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/outline.h"
#include "core/metrics/metrics.h"
#include "core/seams/density.h"
#include "core/seams/geometry.h"
#include "core/seams/scores.h"
#include "core/session/latents.h"
#include "core/session/session.h"

namespace unpick {

// The losses since the run began, at most kCurvePoints of them at equal distances in steps.
struct Curves {
  std::vector<int64_t> step;                      // [N]
  std::vector<float> loss, reconstruction, kl;    // [N], nats per image
  std::vector<float> term;                        // [N], the objective's own
  std::vector<std::vector<float>> kl_per_latent;  // [Z][N], nats per image

  void push(const Losses& losses);
  template <class Do>
  void for_each(Do&& act) {
    for (auto* values : {&loss, &reconstruction, &kl, &term}) act(*values);
    for (auto& values : kl_per_latent) act(values);
  }
};

// What the model makes of the data.
struct Pictures {
  int64_t serial = 0;  // differs between any two pictures or looks of a lab
  int64_t step = 0;
  LatentSample sample;
  std::vector<uint32_t> images;                  // [N], a few of the sample's
  std::vector<real> originals, reconstructions;  // [N,H,W,C], in [0,1]; decoded from the mean codes
  std::vector<real> mu;                          // [N,Z] their posteriors: means
  std::vector<real> root;                        // [N,Z,Z] and L with covariance L L'
  Eigen::VectorXd prior_variances;               // [Z] of an anisotropic prior; empty: it is another
};

// What the decoder does around one code.
struct Look {
  int64_t serial = 0;
  int64_t step = 0;
  uint32_t image = 0;           // whose mean code it is, but for
  std::vector<bool> moved;      // [Z] those latents that were moved by hand
  std::vector<real> code;       // [Z]
  std::vector<real> decoded;    // [H,W,C], in [0,1]
  std::vector<real> values;     // [K], ascending
  std::vector<real> traversal;  // [Z,K,H,W,C]: latent j set to value k, the others as in `code`
  Geometry geometry;            // of the mean image, over the latents in use
  Eigen::MatrixXd
      residual;        // [A,A] sum_i r_i H_i with r = image - decoded: what J'J lacks of the squared error's Hessian, negative
  Score off;           // off-diagonal share of J'J; beside it after random rotations
  Score residual_off;  // the same of `residual`
  Score to_axes;       // distance of V to the nearest signed permutation; NaN where V is not determined
  Eigen::MatrixXd precision;  // [A,A] of the posterior that is best here, over the same latents: I + J'WJ / beta (Gauss-Newton);
                              // empty where there is an identity_obstacle()
};

// A singular-vector path through the code of a look, and what it draws on the manifold.
struct Seam {
  int latent;                  // whose axis v_k belongs to at the code
  Eigen::VectorXd t;           // [P] along the path, 0 at the code
  Eigen::MatrixXd z;           // [Z,P]
  Eigen::VectorXd s, arc;      // [P] |dx/dt|, and its integral
  Eigen::MatrixXd seam, axis;  // [3,P] images of the path, and of the latent's axis at the same t, on the manifold's directions
  double departure;            // of the axis' image from the seam, as a share of its length
  double cosine;               // of their tangents at the code
  SeamDensity density;
  std::vector<real> along, straight;  // [K,H,W,C] the images at K equal distances in t, by the path and by the axis
};

struct Seams {
  int64_t serial = 0;
  int64_t step = 0;
  std::vector<real> code;   // [Z]
  std::vector<Seam> seams;  // [A] in the order of s
  Eigen::MatrixXd cloud;    // [3,N] images of the first codes of the sample, on the directions in which they vary most
  double shown = 0;         // share of their variance that lies in these
};

// One published score of a model, or why there is none.
struct Scored {
  const Metric* metric;
  Report report;
  std::string error;

  // NaN if a small share of the points leaves it undefined.
  double score() const { return report.has(metric->score) ? report.number(metric->score) : std::nan(""); }
};

// Those that were asked for last, as far as they are known.
struct Scores {
  int64_t step = 0;  // of the weights that are scored
  double scale = 1;  // the share of the study's points
  double done = 0;   // 0..1
  std::string working;
  std::vector<Scored> metrics;
  std::vector<std::string> disagreements;
};

// What is seen of one model. The parts may be of different steps.
struct Seen {
  std::shared_ptr<const Pictures> pictures;
  std::shared_ptr<const Look> look;
  std::shared_ptr<const Seams> seams;  // the last ones; may be null

  bool begun() const { return pictures && look; }
};

// What was seen at an earlier step of the run.
struct Moment : Seen {
  int64_t step = 0;
  Seen partner;
};

// How a run stands, or ended, in the numbers by which seeds are compared. NaN: nothing was looked at.
struct Standing {
  std::string settings;  // all but the seed
  int64_t seed = 0, step = 0;
  double loss = 0;              // nats per image, of the last step
  double off = 0, to_axes = 0;  // off-diagonal share of J'J; distance of V to the axes
  int64_t in_use = 0;           // latents

  bool operator==(const Standing&) const = default;
};
inline constexpr size_t kEarlier = 100;                                // runs that are compared with the present one
using Standings = std::shared_ptr<const std::vector<Standing>>;        // may be null: none
Standings longer(const Standings& earlier, const Standing& standing);  // by one, without the oldest if there are too many

// One model as it is now.
struct Trained : Seen {
  Config config;  // live settings have their present values
  Losses losses;  // of the last step
  std::shared_ptr<const Curves> curves;
  std::shared_ptr<const std::vector<OutlineBox>> outline;  // of the graph that a step replays
  std::shared_ptr<const Scores> scores;                    // null until they are asked for
  Standings earlier;                                       // runs of this lab

  Standing standing() const;
};

// A run to write to a file, and to go on with.
struct Kept {
  Config config;
  Shape image;  // [H,W,C]
  State state;
  std::vector<LoggedCommand> log;
  std::shared_ptr<const Curves> curves{};  // up to the state's step, where they are known
  std::vector<std::string> difference{};   // NAME=VALUE, the partner's settings that are its own
  std::shared_ptr<const Kept> partner{};
};

// A command as it took effect, and the number of steps done by then.
struct LoggedLine {
  int64_t step;
  std::string line;
};

struct Snapshot : Trained {
  int64_t serial = 0;   // rises by one with each
  Shape image;          // [H,W,C]
  uint32_t images = 0;  // size of the data set
  std::vector<Factor> factors;
  std::span<const Metric> metrics;  // that can be asked for
  int64_t step = 0, run = 0;        // `run` rises with each new run
  bool playing = false;
  double steps_per_second = 0, speed = 0;              // as it is, and at most; 0: no limit
  int64_t seeds_left = 0;                              // runs to come by themselves
  bool failed = false;                                 // the loss was not finite: the run cannot go on
  std::string message;                                 // the last error, or what the user should know
  std::optional<Trained> partner;                      // a second model, trained in step
  std::vector<std::string> difference;                 // the names of the settings in which the partner differs
  std::shared_ptr<const std::vector<Moment>> moments;  // at most kMoments, at about equal distances in steps
  std::string opening;  // the command that gives the first run of the log; empty: it came from a file
  std::shared_ptr<const std::vector<LoggedLine>> log;
  std::shared_ptr<const Kept> kept;
};

}  // namespace unpick
