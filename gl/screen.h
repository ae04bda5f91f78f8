// ImGui's pictures through OpenGL 3 or OpenGL ES 3: what the desktop window and the page share.
//
// The host makes the context current first, and again after it was lost.
#pragma once

#include "ui/app.h"

namespace unpick::gl {

class GlTextures : public ui::Textures {
 public:
  ImTextureID put(ImTextureID old, int width, int height, const std::vector<ImU32>& rgba) override;
};

class Screen {
 public:
  explicit Screen(const char* glsl_version);  // "#version 300 es"
  ~Screen();
  void begin(ui::App& app, float pixels_per_point);      // before app.frame
  void draw(const ui::App& app, int width, int height);  // after it, onto that many pixels
  void lost();                                           // the context was lost: everything is made anew
};

}  // namespace unpick::gl
