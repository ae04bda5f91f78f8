// What every view and panel is given, and what they are.
//
// A view is a picture of a snapshot with a title that says what is seen, units, and a badge that says where its numbers come
// from. A panel is a set of controls. Both are functions: all that they remember between frames is in Memory.
//
// Invariants: they read the snapshot, post commands, and touch nothing else; what is shown is computed in core/.
// Read next: ui/app.h, ui/views/traversal.cpp
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/session/snapshot.h"
#include "ui/aggregate.h"
#include "ui/sheet.h"

namespace unpick::ui {

// What is kept of one model's pictures: on the graphics card, and as contours.
struct Sheets {
  Sheet traversal, reconstructions, singular, seams;
  Aggregate aggregate;
};

// What the user chose.
struct Memory {
  bool dark = false;
  bool all_latents = false;        // traversal: also those that are not in use
  size_t page = 0;                 // traversal: which rows, where not all have room
  bool logarithmic = true;         // curves
  bool can_export = false;         // the host can write files
  bool asks_export = false;        // for the host, which resets it when the run is handed out
  bool keeps = false;              // set by a host that keeps the run between uses
  bool forget = false;             // set by a hand: the host is to forget it
  bool log = false;                // wide layout: the commands instead of the settings
  std::optional<int64_t> past;     // the step that is looked back at; none: now
  int stage = 0, space = 0;        // wide layout: which view is in the middle, and which below the directions
  int below = 0;                   // two models: which view is below the stage
  float yaw = 0.6f, pitch = 0.4f;  // radians: from where the manifold is seen
  std::optional<int> across, up;   // the plane's latents; none: the two that carry most
  bool residual = false;           // geometry: the residual Hessian instead of J'J
  size_t factor = 0;               // that colours the plane's codes
  std::string metric = "mig";      // whose matrix is shown
  std::optional<bool> few_points;  // scores: a tenth of the study's; none: if the data set is large
  int hovered_latent = -1;         // one that some view points at, for the others to show
};

using Post = std::function<void(const std::string&)>;  // a command for the lab; of several lines, see Lab::post

struct View {
  const Snapshot& now;  // its first part, Trained, is that of the model that is shown
  const Pen& pen;
  const Theme& theme;
  Textures& textures;
  Memory& memory;
  Sheets& sheets;
  const Post& post;

  bool ready() const { return now.begun(); }
};

inline void ask_export(Memory& memory, const Post& post) {
  post("keep");
  memory.asks_export = true;
}

// Writes title, caption and badge; returns what is left. `step`: of the numbers that are shown. A low view has one line of caption,
// all of it under the pointer.
Rect draw_head(const View& v, Rect r, const std::string& title, const std::string& caption, int64_t step);

void draw_traversal(const View& v, Rect r);
void draw_reconstructions(const View& v, Rect r);
void draw_singular(const View& v, Rect r);
void draw_metric(const View& v, Rect r);
void draw_plane(const View& v, Rect r);
void draw_seams(const View& v, Rect r);
void draw_manifold(const View& v, Rect r);
void draw_density(const View& v, Rect r);
void draw_losses(const View& v, Rect r);
void draw_kl(const View& v, Rect r);
void draw_graph(const View& v, Rect r);
void draw_scores(const View& v, Rect r);
void draw_seeds(const View& v, Rect r);
void draw_log(const View& v, Rect r);

struct ViewRow {
  const char* name;  // short, for tabs
  void (*draw)(const View& v, Rect r);
};
std::span<const ViewRow> views();

void draw_header(const View& v, Rect r);
float draw_knobs(const View& v, Rect r);  // returns the height that they take

// The seams to draw; null, and a head that says so, while none have been traced.
const Seams* traced_seams(const View& v, const Rect& r, const std::string& title);
// The axes' images keep to the seams: no departure above a tenth of a seam's length.
bool axes_follow(const Seams& seams);

// The command for those metrics that nobody has to wait for.
std::string quick_scores(const Snapshot& now, const Memory& memory);

// The latents in the order in which every view shows them: by falling KL.
std::vector<int> shown_latents(const View& v, bool also_unused);
std::string settings_text(std::span<const std::string> names, const Config& c);  // "posterior full, beta 4"
std::string latent_name(int latent);                                             // "z3"
std::string vector_name(char letter, size_t k);                                  // "v₁" of k = 0

}  // namespace unpick::ui
