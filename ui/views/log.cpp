// What the run was told, line by line: every button, key and drag is one of these commands, and nothing else reaches the trainer.
//
// Read next: core/session/commands.def
#include <algorithm>

#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {

void draw_log(const View& v, Rect r) {
  constexpr float kLine = 18;
  const std::vector<LoggedLine> none;
  const std::vector<LoggedLine>& log = v.now.log ? *v.now.log : none;
  r = draw_head(
      v, r,
      log.empty()       ? "No command yet"
      : log.size() == 1 ? "One command so far"
                        : grouped(static_cast<int64_t>(log.size())) + " commands so far",
      "Each after the number of steps done when it took effect. The same commands after the same steps give the same weights.",
      v.now.step);
  if (v.memory.can_export && !v.memory.log) {  // the wide layout has the word in its head
    const Rect word = r.take_bottom(34);
    if (word_button(v.pen, "export", {word.x0, word.y0 + 6, word.x0 + 64, word.y1}, "export", false,
                    "Weights, curves, commands and a picture"))
      ask_export(v.memory, v.post);
  }
  const auto room = static_cast<size_t>(std::max(r.height() / kLine, 1.0f));
  const size_t first = log.size() - std::min(log.size(), room);
  float steps = 0;  // points: the widest number
  for (size_t i = first; i < log.size(); ++i) steps = std::max(steps, v.pen.width(Type::small, grouped(log[i].step)));
  for (size_t i = first; i < log.size(); ++i) {
    const Rect line = r.take_top(kLine);
    const bool last = i + 1 == log.size();
    v.pen.text({line.x0 + steps, line.y0}, Type::small, v.theme.quiet, grouped(log[i].step), 1);
    v.pen.text_within({line.x0 + steps + 10, line.y0}, line.width() - steps - 10, last ? Type::small_strong : Type::small,
                      v.theme.ink, log[i].line);
  }
}

}  // namespace unpick::ui
