// Layout. See app.h.
#include "ui/app.h"

#include <algorithm>
#include <cmath>

#include "ui/widgets.h"

namespace unpick::ui {
namespace {

constexpr float kHeader = 52, kWideFrom = 1000, kMargin = 20;
constexpr float kBetween = 36;  // two models

// A scrolling area for controls that may be taller than their place.
template <class Draw>
void scrolled(const Pen& pen, const char* id, const Rect& r, float height, Draw&& draw) {
  ImGui::SetCursorScreenPos({r.x0, r.y0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  ImGui::BeginChild(id, {r.width(), r.height()}, false, ImGuiWindowFlags_NoBackground);
  ImGui::PopStyleVar();
  const ImVec2 start = ImGui::GetCursorScreenPos();
  pen.clip(r);
  draw(Rect{start.x + 8, start.y, start.x + r.width() - 10, start.y + height});
  pen.unclip();
  ImGui::SetCursorPos({0, height});
  ImGui::Dummy({1, 1});
  ImGui::EndChild();
}

constexpr float kChoice = 28;

// The views that share a place.
constexpr ViewRow kStage[] = {
    {"Traversal", draw_traversal}, {"Seams", draw_seams}, {"Scores", draw_scores}, {"Seeds", draw_seeds}, {"Graph", draw_graph}};
constexpr ViewRow kBeside[] = {{"Codes", draw_plane}, {"Manifold", draw_manifold}, {"Density", draw_density}};
constexpr ViewRow kBelow[] = {{"Geometry", draw_metric},
                              {"Codes", draw_plane},
                              {"Directions", draw_singular},
                              {"Manifold", draw_manifold},
                              {"Density", draw_density}};

// Their names as words to choose one by.
void choose_view(const View& v, const char* id, Rect r, std::span<const ViewRow> rows, int& chosen) {
  r.y1 -= 6;
  ImGui::PushID(id);
  for (int i = 0; const ViewRow& row : rows) {
    const Rect word = r.take_left(v.pen.width(Type::body, row.name) + 16);
    if (word_button(v.pen, row.name, {word.x0 - 8, word.y0, word.x1 - 8, word.y1}, row.name, i == chosen)) chosen = i;
    ++i;
  }
  ImGui::PopID();
}

// Controls of different views may have the same names.
void show(const View& v, void (*draw)(const View&, Rect), const Rect& r) {
  ImGui::PushID(reinterpret_cast<const void*>(draw));
  draw(v, r);
  ImGui::PopID();
}

// Errors name settings as flags, which nobody types here: "use --prior normal".
std::string without_dashes(std::string text) {
  for (size_t at = text.find(" --"); at != std::string::npos; at = text.find(" --", at)) text.erase(at + 1, 2);
  return text;
}

// What is this model's own, and how it stands: of two models the numbers to compare.
void draw_model_name(const View& v, Rect r) {
  v.pen.text_within({r.x0, r.y0}, r.width(), Type::title, v.theme.ink, settings_text(v.now.difference, v.now.config));
  const Look& look = *v.now.look;
  std::string numbers =
      "J'J off the diagonal " + fixed(look.off.measured, 3) + " · V to the axes " + number(look.to_axes.measured, 2);
  if (v.now.losses.step) numbers += " · loss " + number(v.now.losses.loss);
  v.pen.text_within({r.x0, r.y0 + 20}, r.width(), Type::small, v.theme.quiet, numbers);
  v.pen.line({r.x0, r.y1 - 4}, {r.x1, r.y1 - 4}, v.theme.rule);
}

}  // namespace

App::App(Lab& lab, Textures& textures) : lab_(lab), textures_(textures), context_(ImGui::CreateContext()) {
  ImGui::SetCurrentContext(context_);
  ImGui::GetIO().IniFilename = nullptr;
  ImGui::GetIO().ConfigWindowsMoveFromTitleBarOnly = true;
  post_ = [this](const std::string& line) {
    if (line.rfind("move", 0) == 0 || line.rfind("image", 0) == 0) memory.past.reset();  // what is asked is of now
    lab_.post(line);
  };
}

App::~App() { ImGui::DestroyContext(context_); }

bool App::scale(float pixels_per_point) {
  ImGui::SetCurrentContext(context_);
  if (pixels_per_point == pixels_per_point_) return false;
  pixels_per_point_ = pixels_per_point;
  fonts_.load(pixels_per_point);
  return true;
}

void App::key(char typed) {
  const Snapshot& now = lab_.latest();
  switch (typed) {
    case ' ': lab_.post(now.playing ? "pause" : "play"); break;
    case 's': lab_.post("step 1"); break;
    case 'r': lab_.post("start\nplay"); break;
    case 'd': lab_.post("start seed=" + std::to_string(now.config.seed + 1) + "\nplay"); break;
    case 't': memory.dark = !memory.dark; break;
    case 'n': memory.past.reset(); break;
    case 'm': lab_.post(quick_scores(now, memory)); break;
    case 'e':
      if (memory.can_export) ask_export(memory, post_);
      break;
    default: break;
  }
}

// The moment that is looked back at, or null.
const Moment* App::past(const Snapshot& now) {
  if (now.run != run_) memory.past.reset();
  run_ = now.run;
  if (!now.moments || now.moments->empty()) memory.past.reset();
  if (!memory.past) return nullptr;
  const auto distance = [&](const Moment& m) { return std::abs(m.step - *memory.past); };
  return &*std::min_element(now.moments->begin(), now.moments->end(),
                            [&](const Moment& a, const Moment& b) { return distance(a) < distance(b); });
}

void App::frame(float width, float height, float seconds, Pointer pointer) {
  const Theme& theme = ui::theme(memory.dark);
  apply_style(theme);
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize = {std::max(width, 1.0f), std::max(height, 1.0f)};
  io.DisplayFramebufferScale = {pixels_per_point_, pixels_per_point_};
  io.DeltaTime = std::max(seconds, 1e-4f);
  io.MousePos = pointer.at;
  io.MouseDown[0] = pointer.down;
  io.MouseWheel = pointer.wheel;

  ImGui::NewFrame();
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(io.DisplaySize);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
  ImGui::Begin("lab", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoBringToFrontOnFocus |
                   ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBackground);  // the host has cleared the screen to paper
  ImGui::PopStyleVar(2);
  const Pen pen(ImGui::GetWindowDrawList(), theme, fonts_);
  const Snapshot& now = lab_.latest();
  Snapshot then;
  const Moment* moment = past(now);
  if (moment) {
    then = now;
    static_cast<Seen&>(then) = *moment;
    if (then.partner) static_cast<Seen&>(*then.partner) = moment->partner;
    memory.past = moment->step;
  }
  const View v{moment ? then : now, pen, theme, textures_, memory, sheets_, post_};
  const Rect all{0, 0, io.DisplaySize.x, io.DisplaySize.y};
  !alone&& all.width() >= kWideFrom&& all.height() >= 560 ? wide(v, all) : compact(v, all);
  ImGui::End();
  ImGui::Render();
}

void App::draw_message(const View& v, Rect& r) {
  if (memory.past) {
    const Rect bar = r.take_top(32);
    r.y0 += 10;
    v.pen.fill(bar, faded(v.theme.amber, 0.16f), 4);
    v.pen.text_within({bar.x0 + 12, bar.y0 + 8}, bar.width() - 100, Type::body, v.theme.ink,
                      "Looking back at step " + grouped(*memory.past) + " of " + grouped(v.now.step));
    if (word_button(v.pen, "now", {bar.x1 - 64, bar.y0 + 3, bar.x1 - 12, bar.y1 - 3}, "now", false, "back to the present step (n)"))
      memory.past.reset();
  }
  if (v.now.message.empty()) return;
  const std::string message = without_dashes(v.now.message);
  const float height = v.pen.paragraph(r.inset(12, 0), Type::body, v.theme.ink, message, true) + 16;
  const Rect bar = r.take_top(height);
  r.y0 += 10;
  v.pen.fill(bar, faded(v.now.failed ? v.theme.red : v.theme.amber, 0.16f), 4);
  v.pen.paragraph(bar.inset(12, 7), Type::body, v.theme.ink, message);
}

template <class Draw>
void App::both(const View& v, Rect r, bool side_by_side, Draw&& draw) {
  Rect first = side_by_side ? r.take_left((r.width() - kBetween) / 2) : r.take_top((r.height() - kBetween / 2) / 2);
  side_by_side ? r.x0 += kBetween : r.y0 += kBetween / 2;
  draw(v, first);
  Snapshot other = v.now;
  static_cast<Trained&>(other) = *v.now.partner;
  const View partner{other, v.pen, v.theme, v.textures, v.memory, partner_sheets_, v.post};
  ImGui::PushID("partner");
  if (partner.ready()) draw(partner, r);
  ImGui::PopID();
}

// Two models in step: the same views of each, so that what differs comes from the one setting that does.
void App::pair(const View& v, Rect r) {
  const float height = r.height();
  both(v, r.take_top(44), true, [](const View& model, Rect line) { draw_model_name(model, line); });
  choose_view(v, "stage", r.take_top(kChoice), kStage, v.memory.stage);
  both(v, r.take_top(0.38f * height), true,
       [](const View& model, Rect half) { show(model, kStage[model.memory.stage].draw, half); });
  r.y0 += 10;
  Rect losses = r.take_bottom(std::clamp(0.2f * height, 130.0f, 220.0f));
  r.y1 -= 16;
  choose_view(v, "below", r.take_top(kChoice), kBelow, v.memory.below);
  both(v, r, true, [](const View& model, Rect half) { show(model, kBelow[model.memory.below].draw, half); });
  both(v, losses, true, [](const View& model, Rect half) { show(model, draw_losses, half); });
}

// Knobs to the left, pictures in the middle, geometry to the right, numbers below.
void App::wide(const View& v, Rect r) {
  draw_header(v, r.take_top(kHeader).inset(kMargin, 0));
  v.pen.line({r.x0, r.y0}, {r.x1, r.y0}, v.theme.rule);
  const Rect knobs = r.take_left(224);
  v.pen.line({knobs.x1, r.y0}, {knobs.x1, r.y1}, v.theme.rule);
  if (v.memory.log) {
    show(v, draw_log, knobs.inset(kMargin, 16));
  } else {
    scrolled(v.pen, "knobs", knobs.inset(12, 14), knobs_height_, [&](Rect inside) { knobs_height_ = draw_knobs(v, inside); });
  }
  r = r.inset(kMargin, 16);
  draw_message(v, r);
  if (!v.ready()) {
    v.pen.text({r.x0, r.y0}, Type::body, v.theme.quiet, "Drawing the first pictures …");
    return;
  }
  v.now.partner ? pair(v, r) : middle(v, r);
}

void App::middle(const View& v, Rect r) {
  Rect below = r.take_bottom(std::clamp(0.25f * r.height(), 164.0f, 260.0f));
  r.y1 -= 20;
  v.pen.line({below.x0, below.y0 - 12}, {below.x1, below.y0 - 12}, v.theme.rule);
  const float side = std::clamp(0.35f * r.width(), 300.0f, 520.0f);
  const Rect metric = below.take_right(side);
  below.x1 -= 28;
  const Rect losses = below.take_left(below.width() * 0.54f);
  below.x0 += 20;
  show(v, draw_losses, losses);
  show(v, draw_kl, below);
  show(v, draw_metric, metric);

  Rect geometry = r.take_right(side);
  r.x1 -= 28;
  const Rect images = r.take_bottom(std::clamp(0.22f * r.height(), 108.0f, 190.0f));
  r.y1 -= 14;
  choose_view(v, "stage", r.take_top(kChoice), kStage, v.memory.stage);
  show(v, kStage[v.memory.stage].draw, r);
  show(v, draw_reconstructions, images);
  const Rect singular = geometry.take_top(std::clamp(0.3f * geometry.height(), 130.0f, 260.0f));
  geometry.y0 += 14;
  show(v, draw_singular, singular);
  choose_view(v, "space", geometry.take_top(kChoice), kBeside, v.memory.space);
  show(v, kBeside[v.memory.space].draw, geometry);
}

void App::choose_tab(const View& v, const Rect& tabs) {
  v.pen.line({tabs.x0 - 4, tabs.y0}, {tabs.x1 + 4, tabs.y0}, v.theme.rule);
  const auto rows = views();
  const auto count = static_cast<int>(rows.size()) + 1;
  const bool narrow = tabs.width() < 620;
  const int first = narrow ? std::clamp(tab - 2, 0, count - 5) : 0, shown = narrow ? 5 : count;
  Rect rest = tabs;
  for (int i = first; i < first + shown; ++i) {
    const std::string name = i + 1 == count ? "Settings" : rows[static_cast<size_t>(i)].name;
    if (word_button(v.pen, name.c_str(), rest.take_left(tabs.width() / static_cast<float>(shown)), name, i == tab)) tab = i;
  }
}

// One view at a time, chosen by a row of words; settings are the last of them.
void App::compact(const View& v, Rect r) {
  draw_header(v, r.take_top(kHeader).inset(12, 0));
  const auto rows = views();
  const auto count = static_cast<int>(rows.size()) + 1;
  if (!alone) choose_tab(v, r.take_bottom(40).inset(4, 0));
  r = r.inset(12, 10);
  draw_message(v, r);
  if (tab + 1 == count) {
    scrolled(v.pen, "knobs", r, knobs_height_, [&](Rect inside) { knobs_height_ = draw_knobs(v, inside); });
  } else if (v.ready()) {
    const auto draw = rows[static_cast<size_t>(tab)].draw;
    if (!v.now.partner || draw == draw_log) return show(v, draw, r);
    both(v, r, r.width() > r.height(), [&](const View& model, Rect half) {
      draw_model_name(model, half.take_top(44));
      show(model, draw, half);
    });
  }
}

}  // namespace unpick::ui
