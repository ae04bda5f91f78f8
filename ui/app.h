// The lab's one window: reads snapshots, lays panels and views out, posts commands. Hosts own the loop, the window and the thread.
//
//   App app(lab, textures);
//   each frame: app.scale(pixels per point); app.frame(width, height, seconds, pointer); draw ImGui::GetDrawData()
//
// Invariants: an App has an ImGui context of its own; `frame` never waits for the trainer.
// Read next: ui/view.h, ui/app.cpp, ui/runner.h
#pragma once

#include <memory>

#include "core/session/lab.h"
#include "ui/view.h"

namespace unpick::ui {

struct Pointer {
  ImVec2 at{-1e6f, -1e6f};  // points; far away: no pointer
  bool down = false;
  float wheel = 0;  // lines since the last frame
};

class App {
 public:
  App(Lab& lab, Textures& textures);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  void key(char typed);  // space s r d t e n m, as the buttons' tips say
  // Before a frame. True if the fonts were loaded anew, which a renderer has to take before it draws.
  bool scale(float pixels_per_point);
  // Draws into ImGui's draw data. width and height in points, seconds since the last frame.
  void frame(float width, float height, float seconds, Pointer pointer);

  Memory memory;
  int tab = 0;         // of the compact layout
  bool alone = false;  // that layout at any size, and nothing to choose another view with: for a page inside another

 private:
  void wide(const View& v, Rect r);
  void compact(const View& v, Rect r);
  void choose_tab(const View& v, const Rect& tabs);
  void middle(const View& v, Rect r);
  void pair(const View& v, Rect r);
  // Draws both models side by side in the halves of `r`, or one above the other.
  template <class Draw>
  void both(const View& v, Rect r, bool side_by_side, Draw&& draw);
  void draw_message(const View& v, Rect& r);
  const Moment* past(const Snapshot& now);

  Lab& lab_;
  Textures& textures_;
  ImGuiContext* context_;
  Fonts fonts_;
  Sheets sheets_, partner_sheets_;
  float pixels_per_point_ = 0, knobs_height_ = 800;
  int64_t run_ = 0;  // that memory.past belongs to
  Post post_;
};

}  // namespace unpick::ui
