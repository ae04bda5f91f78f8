// See window.h.
#include <GLES3/gl3.h>
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <algorithm>
#include <cctype>

#include "core/base/check.h"
#include "native/app/window.h"

namespace unpick {
namespace {

std::string last_error() {
  const char* text = nullptr;
  glfwGetError(&text);
  return text ? text : "GLFW gives no reason";
}

Window& self(GLFWwindow* window) { return *static_cast<Window*>(glfwGetWindowUserPointer(window)); }

}  // namespace

Window::Window(const std::string& title, int width, int height) {
  const std::string hint = "a display is needed; without one, use unpick train";
  if (!glfwInit()) throw Error(ErrorKind::failed, "window", last_error(), hint);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
  window_ = glfwCreateWindow(width, height, title.c_str(), nullptr, nullptr);
  if (!window_) {
    const std::string why = last_error();
    glfwTerminate();
    throw Error(ErrorKind::failed, "window", why, hint);
  }
  glfwMakeContextCurrent(window_);
  glfwSwapInterval(1);
  glfwSetWindowUserPointer(window_, this);
  glfwSetInputMode(window_, GLFW_STICKY_MOUSE_BUTTONS, GLFW_TRUE);  // a click within one frame is one, too
  glfwSetScrollCallback(window_, [](GLFWwindow* w, double, double turn) { self(w).wheel_ += static_cast<float>(turn); });
  glfwSetCharCallback(window_, [](GLFWwindow* w, unsigned code) {
    if (code < 128) self(w).typed_ += static_cast<char>(std::tolower(static_cast<int>(code)));
  });
  glfwSetDropCallback(window_, [](GLFWwindow* w, int count, const char** paths) {
    self(w).dropped_.insert(self(w).dropped_.end(), paths, paths + count);
  });
}

Window::~Window() {
  glfwDestroyWindow(window_);
  glfwTerminate();
}

bool Window::closing() const { return glfwWindowShouldClose(window_); }

void Window::poll(double seconds) { seconds > 0 ? glfwWaitEventsTimeout(seconds) : glfwPollEvents(); }

ui::Pointer Window::pointer() {
  ui::Pointer p;
  double x = 0, y = 0;
  int width = 0, height = 0, inner = 0, unused = 0;
  size(width, height);
  glfwGetWindowSize(window_, &inner, &unused);
  glfwGetCursorPos(window_, &x, &y);
  const double points = static_cast<double>(width) / std::max(inner, 1);
  p.down = glfwGetMouseButton(window_, GLFW_MOUSE_BUTTON_LEFT) == GLFW_PRESS;
  if (p.down || glfwGetWindowAttrib(window_, GLFW_HOVERED)) p.at = {static_cast<float>(x * points), static_cast<float>(y * points)};
  p.wheel = std::exchange(wheel_, 0.0f);
  return p;
}

std::string Window::typed() { return std::exchange(typed_, {}); }
std::vector<std::string> Window::dropped() { return std::exchange(dropped_, {}); }

float Window::pixels_per_point() const {
  float x = 1, y = 1;
  glfwGetWindowContentScale(window_, &x, &y);
  return std::max(x, 0.5f);
}

void Window::size_in_pixels(int& width, int& height) const { glfwGetFramebufferSize(window_, &width, &height); }

void Window::size(int& width, int& height) const {
  size_in_pixels(width, height);
  width = static_cast<int>(static_cast<float>(width) / pixels_per_point());
  height = static_cast<int>(static_cast<float>(height) / pixels_per_point());
}

void Window::show() { glfwSwapBuffers(window_); }

io::Image Window::picture() const {
  io::Image image;
  image.channels = 3;
  size_in_pixels(image.width, image.height);
  const auto line = static_cast<size_t>(image.width) * 3, lines = static_cast<size_t>(image.height);
  std::vector<uint8_t> upside_down(line * lines);
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, image.width, image.height, GL_RGB, GL_UNSIGNED_BYTE, upside_down.data());
  for (size_t y = lines; y-- > 0;)
    image.pixels.insert(image.pixels.end(), upside_down.begin() + static_cast<long>(y * line),
                        upside_down.begin() + static_cast<long>((y + 1) * line));
  return image;
}

}  // namespace unpick
