// A window with OpenGL and a pointer, by GLFW: what the lab needs of a desktop and no more.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "native/io/png.h"
#include "ui/app.h"

struct GLFWwindow;

namespace unpick {

class Window {
 public:
  // Sizes in points. Throws Error(failed) where there is no display or no OpenGL 3.3.
  Window(const std::string& title, int width, int height);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  bool closing() const;
  // Handles what has happened; first waits for it, at most `seconds`.
  void poll(double seconds);
  ui::Pointer pointer();  // takes the wheel's turn with it
  std::string typed();    // since the last call, in lower case
  std::vector<std::string> dropped();
  void size(int& width, int& height) const;  // points
  float pixels_per_point() const;
  void size_in_pixels(int& width, int& height) const;
  void show();                // what was drawn
  io::Image picture() const;  // of what was drawn

 private:
  GLFWwindow* window_ = nullptr;
  float wheel_ = 0;
  std::string typed_;
  std::vector<std::string> dropped_;
};

}  // namespace unpick
