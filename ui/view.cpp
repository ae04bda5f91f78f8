// What the views share. See view.h.
#include "ui/view.h"

#include <algorithm>
#include <array>

namespace unpick::ui {
namespace {

constexpr float kLowView = 200;  // points: a lower view has one line of caption

}  // namespace

std::span<const ViewRow> views() {
  static constexpr std::array kViews = {ViewRow{"Traversal", draw_traversal},
                                        ViewRow{"Seams", draw_seams},
                                        ViewRow{"Images", draw_reconstructions},
                                        ViewRow{"Directions", draw_singular},
                                        ViewRow{"Geometry", draw_metric},
                                        ViewRow{"Codes", draw_plane},
                                        ViewRow{"Manifold", draw_manifold},
                                        ViewRow{"Density", draw_density},
                                        ViewRow{"Loss", draw_losses},
                                        ViewRow{"KL", draw_kl},
                                        ViewRow{"Scores", draw_scores},
                                        ViewRow{"Seeds", draw_seeds},
                                        ViewRow{"Graph", draw_graph},
                                        ViewRow{"Commands", draw_log}};
  return kViews;
}

Rect draw_head(const View& v, Rect r, const std::string& title, const std::string& caption, int64_t step) {
  const std::string when = "step " + grouped(step),
                    badge = "computed now · " + when + " · seed " + std::to_string(v.now.config.seed);
  const bool room = v.pen.width(Type::title, title) + v.pen.width(Type::small, badge) + 24 < r.width();
  v.pen.text_within({r.x0, r.y0}, r.width(), Type::title, v.theme.ink, title);
  if (room) v.pen.text({r.x1, r.y0 + 4}, Type::small, v.theme.faint, badge, 1);
  const bool low = r.height() < kLowView;
  r.y0 += 22;
  if (!low) {
    r.y0 += v.pen.paragraph(r, Type::small, v.theme.quiet, room ? caption : caption + " Computed now, " + when + ".");
    r.y0 += 8;
    return r;
  }
  const Rect line = r.take_top(18);
  const std::string mark = "computed now";
  const float end = room ? line.x1 : line.x1 - v.pen.width(Type::small, mark) - 10;
  if (!room) v.pen.text({line.x1, line.y0}, Type::small, v.theme.faint, mark, 1);
  v.pen.text_within({line.x0, line.y0}, end - line.x0, Type::small, v.theme.quiet, caption);
  const bool whole = v.pen.width(Type::small, caption) <= end - line.x0;
  if (!whole && ImGui::IsWindowHovered() && line.holds(ImGui::GetIO().MousePos)) {
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(320);
    ImGui::TextUnformatted((caption + " Computed now, " + when + ".").c_str());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
  }
  r.y0 += 6;
  return r;
}

const Seams* traced_seams(const View& v, const Rect& r, const std::string& title) {
  if (!v.now.seams) draw_head(v, r, title, "Tracing the singular-vector paths through the chosen code …", v.now.look->step);
  return v.now.seams.get();
}

bool axes_follow(const Seams& seams) {
  return std::none_of(seams.seams.begin(), seams.seams.end(), [](const Seam& seam) { return seam.departure >= 0.1; });
}

std::vector<int> shown_latents(const View& v, bool also_unused) {
  std::vector<int> order = v.now.pictures->sample.by_kl();
  if (!also_unused) std::erase_if(order, [&](int j) { return !v.now.pictures->sample.in_use(j); });
  return order;
}

std::string settings_text(std::span<const std::string> names, const Config& c) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name + " " + get(c, name);
  return text;
}

std::string vector_name(char letter, size_t k) {
  std::string name(1, letter);
  for (const char digit : std::to_string(k + 1)) name += "\xe2\x82" + std::string(1, static_cast<char>(digit - '0' + 0x80));
  return name;
}

std::string latent_name(int latent) { return "z" + std::to_string(latent); }

}  // namespace unpick::ui
