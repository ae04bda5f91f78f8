// What one step computes: the recorded graph in outline, a line for each scope, and arcs to those whose results it takes.
#include <algorithm>
#include <cmath>

#include "core/graph/outline.h"
#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {
namespace {

constexpr float kArcs = 64, kLeastLine = 15, kMostLine = 34;

// Half an ellipse to the left, from the line that gives to the one that takes.
void draw_arc(const View& v, float x, float y0, float y1, float reach, ImU32 colour, float thickness) {
  std::vector<ImVec2> points;
  for (int i = 0; i <= 24; ++i) {
    const float angle = 3.14159265f * static_cast<float>(i) / 24;
    points.push_back({x - reach * std::sin(angle), (y0 + y1) / 2 - (y1 - y0) / 2 * std::cos(angle)});
  }
  v.pen.polyline(points, colour, thickness);
}

std::string verbs_of(const OutlineBox& box) {
  std::string text;
  for (const std::string& verb : box.verbs) text += (text.empty() ? "" : " · ") + verb;
  return text;
}

}  // namespace

void draw_graph(const View& v, Rect r) {
  const std::vector<OutlineBox>& boxes = *v.now.outline;
  int forward = 0, backward = 0;
  int64_t parameters = 0;
  for (const OutlineBox& box : boxes) {
    forward += box.forward;
    backward += box.backward;
    parameters += box.parameters;
  }
  r = draw_head(
      v, r, "A step is " + grouped(forward + backward) + " rows, recorded once and replayed",
      "Each line is a scope of the graph, its result's shape and its operations; arcs lead from the scopes whose results it takes. "
      "Rows forward + for the gradient; " +
          grouped(parameters) + " numbers are trained.",
      v.now.step);
  const float line = std::clamp(r.height() / static_cast<float>(boxes.size()), kLeastLine, kMostLine);
  const auto shown = std::min(boxes.size(), static_cast<size_t>(std::max(r.height() / line, 1.0f)));
  const float x = r.x0 + kArcs, numbers = 150, shape = std::min(0.3f * r.width(), 190.0f);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const auto middle = [&](size_t b) { return r.y0 + (static_cast<float>(b) + 0.5f) * line; };
  const bool inside = mouse.x >= r.x0 && mouse.x < r.x1 && mouse.y >= r.y0;
  const size_t pointed = inside ? static_cast<size_t>((mouse.y - r.y0) / line) : shown;
  const auto touches = [&](size_t b, size_t other) { return b == pointed || other == pointed; };

  for (size_t b = 0; b < shown; ++b)
    for (const size_t other : boxes[b].from) {
      const float reach = std::min(kArcs - 8, 7 * std::sqrt(std::abs(static_cast<float>(b) - static_cast<float>(other)) * 3));
      const ImU32 colour = touches(b, other) ? v.theme.amber : faded(v.theme.blue, 0.45f);
      draw_arc(v, x - 8, middle(other), middle(b), reach, colour, touches(b, other) ? 2.0f : 1.2f);
    }
  for (size_t b = 0; b < shown; ++b) {
    const OutlineBox& box = boxes[b];
    const float y = middle(b) - 8;
    v.pen.list->AddCircleFilled({x - 8, middle(b)}, 3, b == pointed ? v.theme.amber : v.theme.blue, 12);
    v.pen.text_within({x, y}, shape - 8, Type::small_strong, v.theme.ink, box.scope.empty() ? "inputs" : box.scope);
    const float end = r.x1 - numbers, middle_x = x + shape;
    if (!box.verbs.empty() && end > middle_x) {
      const std::string result = box.result.str();
      v.pen.text({middle_x, y}, Type::small, v.theme.blue, result);
      const float after = middle_x + std::max(v.pen.width(Type::small, result) + 12, 92.0f);
      if (end > after) v.pen.text_within({after, y}, end - after - 8, Type::small, v.theme.quiet, verbs_of(box));
    }
    std::string count = std::to_string(box.forward) + " + " + std::to_string(box.backward) + " rows";
    if (box.parameters) count = grouped(box.parameters) + " · " + count;
    v.pen.text({r.x1, y}, Type::small, v.theme.quiet, count, 1);
  }
  if (shown < boxes.size())
    v.pen.text({r.x1, r.y1}, Type::small, v.theme.faint, "and " + std::to_string(boxes.size() - shown) + " more", 1);
}

}  // namespace unpick::ui
