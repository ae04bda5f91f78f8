// The few controls of the lab, in its own look: thin rules, amber where a hand has been.
//
// Each is an invisible ImGui button with a drawing on it, so that ImGui keeps focus and dragging. They return whether something
// changed.
#pragma once

#include <span>
#include <string>

#include "ui/draw.h"

namespace unpick::ui {

enum class Icon { play, pause, step, again, dice, sun, moon };

// An area that can be clicked and dragged; the cursor shows it.
struct Touch {
  bool hovered, held, clicked, released;  // released: wherever the pointer is by then
};
Touch touch(const char* id, const Rect& r);
void tip(const Touch& on, const std::string& text);  // shown while the pointer rests on it

bool icon_button(const Pen& pen, const char* id, const Rect& r, Icon icon, bool on, const std::string& help);
// A word that can be clicked; `on` underlines it in amber.
bool word_button(const Pen& pen, const char* id, const Rect& r, const std::string& word, bool on, const std::string& help = "");
// One of a few words side by side.
bool choose(const Pen& pen, const char* id, const Rect& r, std::span<const std::string> words, int& chosen,
            const std::string& help = "");
// One of many, in a popup. `chosen` is -1 if none of them is at hand, and then `shown` says what is.
bool choose_from_list(const Pen& pen, const char* id, const Rect& r, std::span<const std::string> words, int& chosen,
                      const std::string& shown, const std::string& help = "");

enum class Scale { linear, root, logarithmic };
struct Track {
  double low, high;
  Scale scale = Scale::linear;
  bool whole = false, at_release = false;  // whole numbers; a change is one when the hand lets go, and not on the way
};
// A label, the value as text, and a track below: 36 points high.
bool slider(const Pen& pen, const char* id, const Rect& r, const std::string& label, double& value, const Track& track,
            const std::string& help = "");

}  // namespace unpick::ui
