// What the files of the page share: the one lab that it shows.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "gl/screen.h"
#include "ui/runner.h"

namespace unpick::web {

struct Page {
  explicit Page(const Config& config);  // at rest until unpick_rest(false), so that what it is told first comes first

  Lab lab;
  ui::Runner runner;
  gl::GlTextures textures;
  ui::App app;
  gl::Screen screen;
  ui::Pointer pointer;
  bool touched = true;                  // by a hand, since the last frame
  bool asked = false, waiting = false;  // for a frame; for the time to ask for one
  bool context = true, hidden = false, broken = false, hand = false;
  int64_t serial = -1, frames = 0;
  double drawn_at = 0, frame_ms = 0;  // ms; frame_ms: to draw one, smoothed
  double width = 0, height = 0, ratio = 1;
  std::string report;
};
extern std::unique_ptr<Page> page;

std::shared_ptr<const Kept> keep();  // the run as it is; null if the trainer does not answer in time
void draw_again();                   // what is on the screen

std::string quoted(const std::string& text);             // as JSON
std::string words_of(const Config& config);              // a JSON list of NAME=VALUE, of what is not as by default
Config config_from(std::span<const std::string> words);  // NAME=VALUE or preset=NAME. Error(usage)

}  // namespace unpick::web
