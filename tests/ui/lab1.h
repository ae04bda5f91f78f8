// A lab in a window that is not there: for tests of what is drawn and of what a hand does.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "core/data/dsprites.h"
#include "tests/fake_metrics.h"
#include "ui/app.h"

namespace unpick::ui {

// Counts what is uploaded, and shows nothing.
class NoTextures : public Textures {
 public:
  ImTextureID put(ImTextureID old, int width, int height, const std::vector<ImU32>& rgba) override {
    EXPECT_EQ(rgba.size(), static_cast<size_t>(width) * static_cast<size_t>(height));
    ++uploads;
    return old ? old : reinterpret_cast<ImTextureID>(static_cast<uintptr_t>(++textures));
  }
  int uploads = 0, textures = 0;
};

inline Config tiny() {
  Config config;
  for (const auto& [name, value] : {std::pair{"data", "dsprites:shape=ellipse,scale=2,orientation=0,posX=8..15,posY=8..11"},
                                    {"model", "linear"},
                                    {"latent", "3"},
                                    {"batch", "8"},
                                    {"threads", "1"}})
    set(config, name, value);
  return config;
}

struct Lab1 {
  explicit Lab1(const Config& config = tiny()) : lab(open_dataset, config, fake_metrics()), app(lab, textures) { settle(); }

  void settle() {
    for (double rest = 0; !std::isinf(rest); rest = lab.advance(0.01)) lab.wait(rest);
  }
  const Snapshot& ask(const std::string& line) {
    lab.post(line);
    settle();
    return lab.latest();
  }
  void frame(float width = 1280, float height = 800, Pointer pointer = {}) {
    app.scale(1);
    app.frame(width, height, 1.0f / 60, pointer);
  }
  // A press at (x,y), a movement, a release.
  void drag(float x, float y, float dx, float dy) {
    for (const Pointer& p : {Pointer{{x, y}}, Pointer{{x, y}, true}, Pointer{{x + dx, y + dy}, true}, Pointer{{x + dx, y + dy}}}) {
      frame(1280, 800, p);
      settle();
    }
    frame();
  }

  NoTextures textures;
  Lab lab;
  App app;
};

inline int vertices() { return ImGui::GetDrawData()->TotalVtxCount; }

}  // namespace unpick::ui
