// See screen.h.
#include "gl/screen.h"

#include <GLES3/gl3.h>
#include <backends/imgui_impl_opengl3.h>

namespace unpick::gl {

ImTextureID GlTextures::put(ImTextureID old, int width, int height, const std::vector<ImU32>& rgba) {
  auto name = static_cast<GLuint>(reinterpret_cast<uintptr_t>(old));
  if (!name) glGenTextures(1, &name);
  glBindTexture(GL_TEXTURE_2D, name);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, rgba.data());
  return reinterpret_cast<ImTextureID>(static_cast<uintptr_t>(name));
}

Screen::Screen(const char* glsl_version) { ImGui_ImplOpenGL3_Init(glsl_version); }
Screen::~Screen() { ImGui_ImplOpenGL3_Shutdown(); }

void Screen::begin(ui::App& app, float pixels_per_point) {
  const bool loaded = app.scale(pixels_per_point);
  if (loaded && ImGui::GetIO().Fonts->TexID) ImGui_ImplOpenGL3_DestroyFontsTexture();
  ImGui_ImplOpenGL3_NewFrame();
  if (!ImGui::GetIO().Fonts->TexID) ImGui_ImplOpenGL3_CreateFontsTexture();
}

void Screen::draw(const ui::App& app, int width, int height) {
  const ImVec4 paper = ImGui::ColorConvertU32ToFloat4(ui::theme(app.memory.dark).paper);
  glViewport(0, 0, width, height);
  glClearColor(paper.x, paper.y, paper.z, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

void Screen::lost() { ImGui_ImplOpenGL3_DestroyDeviceObjects(); }

}  // namespace unpick::gl
