// The lab as a page: a canvas, a pointer, and frames when there is something new to see.
//
// The page (page.js) decides which program is loaded, shows what went wrong, and keeps the run. It knows the lab by the functions
// at the end of this file, which take and give text and numbers; web/record.cpp has those that keep a run, web/export.cpp those
// that make files of it.
//
// Invariants: a frame is drawn only if something has changed, so that a paused lab costs nothing; a hidden page neither draws nor
// trains; a lost context is made anew without losing the run; no exception leaves this file.
#include "web/lab.h"

#include <emscripten/emscripten.h>
#include <emscripten/html5.h>

#include <cmath>

#include "core/metrics/metrics.h"

namespace unpick::web {
namespace {

constexpr const char* kCanvas = "#lab";
constexpr double kRestPerFrame = 4;      // times as long as a frame took goes to training before the next, but for a hand
constexpr float kLinesPerPoint = 0.04f;  // of the wheel, for a finger that drags a page

EM_JS(void, show_problem, (const char* text), { Module.problem(UTF8ToString(text)); });
EM_JS(void, tell_drawn, (), { Module.drawn(); });
EM_JS(void, show_hand, (int yes), { Module.canvas.style.cursor = yes ? "pointer" : "default"; });

// What a browser calls must not let an exception out: it would find nobody.
template <class Call>
void guarded(Call&& call) {
  try {
    call();
  } catch (const std::bad_alloc&) {
    if (page) page->broken = true;
    show_problem("There is not enough memory for this model; a smaller one, or a smaller batch, may fit.");
  } catch (const std::exception& error) {
    if (page) page->broken = true;
    show_problem(error.what());
  }
}

bool resize() {
  Page& p = *page;
  double width = 0, height = 0;
  emscripten_get_element_css_size(kCanvas, &width, &height);
  const double ratio = std::min(std::max(emscripten_get_device_pixel_ratio(), 1.0), 3.0);
  if (width == p.width && height == p.height && ratio == p.ratio) return false;
  p.width = width;
  p.height = height;
  p.ratio = ratio;
  emscripten_set_canvas_element_size(kCanvas, static_cast<int>(std::lround(width * ratio)),
                                     static_cast<int>(std::lround(height * ratio)));
  return true;
}

void draw() {
  Page& p = *page;
  const double now = emscripten_get_now();
  p.screen.begin(p.app, static_cast<float>(p.ratio));
  p.app.frame(static_cast<float>(p.width), static_cast<float>(p.height), static_cast<float>((now - p.drawn_at) / 1000), p.pointer);
  p.screen.draw(p.app, static_cast<int>(std::lround(p.width * p.ratio)), static_cast<int>(std::lround(p.height * p.ratio)));
  p.pointer.wheel = 0;
  p.drawn_at = now;
  const bool hand = ImGui::GetMouseCursor() == ImGuiMouseCursor_Hand;
  if (hand != p.hand) show_hand(hand);
  p.hand = hand;
  ++p.frames;
  p.frame_ms += 0.1 * (emscripten_get_now() - now - p.frame_ms);
}

EM_BOOL frame(double, void*) {
  Page& p = *page;
  p.asked = false;
  if (!p.context || p.hidden || p.broken) return false;
  guarded([&] {
    // ImGui answers a movement one frame later: a touch is drawn twice.
    const bool again = p.touched;
    p.touched = false;
    p.serial = p.lab.latest().serial;
    resize();
    draw();
    tell_drawn();
    if (again) {
      draw();
      p.runner.wake();
    }
  });
  return false;
}

void ask_for_frame() {
  if (page->asked) return;
  page->asked = true;
  emscripten_request_animation_frame(frame, nullptr);
}

void touched() {
  page->touched = true;
  ask_for_frame();
}

EM_BOOL on_mouse(int type, const EmscriptenMouseEvent* event, void*) {
  Page& p = *page;
  if (p.broken) return false;
  touched();
  if (type == EMSCRIPTEN_EVENT_MOUSELEAVE && !p.pointer.down) {
    p.pointer.at = ui::Pointer().at;
    return false;
  }
  p.pointer.at = {static_cast<float>(event->targetX), static_cast<float>(event->targetY)};
  const bool press = type == EMSCRIPTEN_EVENT_MOUSEDOWN, release = type == EMSCRIPTEN_EVENT_MOUSEUP && p.pointer.down;
  if (event->button != 0 || !(press || release)) return false;
  guarded([&] {
    draw();  // so that what is under the pointer is known before it is pressed, and a drag has ended before it is let go
    p.pointer.down = press;
    draw();
  });
  return true;
}

// A finger is a mouse; where it has nothing in hand it scrolls.
EM_BOOL on_touch(int type, const EmscriptenTouchEvent* event, void*) {
  if (event->numTouches < 1) return false;
  Page& p = *page;
  EmscriptenMouseEvent mouse{};
  mouse.targetX = event->touches[0].targetX;
  mouse.targetY = event->touches[0].targetY;
  const float before = p.pointer.at.y;
  switch (type) {
    case EMSCRIPTEN_EVENT_TOUCHSTART: on_mouse(EMSCRIPTEN_EVENT_MOUSEDOWN, &mouse, nullptr); break;
    case EMSCRIPTEN_EVENT_TOUCHMOVE:
      on_mouse(EMSCRIPTEN_EVENT_MOUSEMOVE, &mouse, nullptr);
      if (!ImGui::IsAnyItemActive()) p.pointer.wheel += kLinesPerPoint * (p.pointer.at.y - before);
      break;
    default: on_mouse(EMSCRIPTEN_EVENT_MOUSEUP, &mouse, nullptr); p.pointer.at = ui::Pointer().at;
  }
  return true;
}

EM_BOOL on_wheel(int, const EmscriptenWheelEvent* event, void*) {
  page->pointer.wheel -= static_cast<float>(event->deltaY / (event->deltaMode == DOM_DELTA_PIXEL ? 100 : 3));
  touched();
  return true;
}

EM_BOOL on_key(int, const EmscriptenKeyboardEvent* event, void*) {
  if (event->ctrlKey || event->altKey || event->metaKey || event->key[0] == 0 || event->key[1] != 0) return false;
  page->app.key(event->key[0]);
  page->runner.wake();
  touched();
  return event->key[0] == ' ';
}

EM_BOOL on_resize(int, const EmscriptenUiEvent*, void*) {
  touched();
  return false;
}

EM_BOOL on_context(int type, const void*, void*) {
  page->context = type == EMSCRIPTEN_EVENT_WEBGLCONTEXTRESTORED;
  if (page->context) {
    page->screen.lost();
    ++page->textures.generation;
    touched();
  }
  return true;
}

void listen() {
  const char* const kWindow = EMSCRIPTEN_EVENT_TARGET_WINDOW;
  emscripten_set_mousedown_callback(kCanvas, nullptr, false, on_mouse);
  emscripten_set_mouseleave_callback(kCanvas, nullptr, false, on_mouse);
  // Of the whole window, so that a drag may leave the canvas, which covers it.
  emscripten_set_mousemove_callback(kWindow, nullptr, false, on_mouse);
  emscripten_set_mouseup_callback(kWindow, nullptr, false, on_mouse);
  emscripten_set_touchstart_callback(kCanvas, nullptr, false, on_touch);
  emscripten_set_touchmove_callback(kCanvas, nullptr, false, on_touch);
  emscripten_set_touchend_callback(kCanvas, nullptr, false, on_touch);
  emscripten_set_touchcancel_callback(kCanvas, nullptr, false, on_touch);
  emscripten_set_wheel_callback(kCanvas, nullptr, false, on_wheel);
  emscripten_set_keydown_callback(kWindow, nullptr, false, on_key);
  emscripten_set_resize_callback(kWindow, nullptr, false, on_resize);
  emscripten_set_webglcontextlost_callback(kCanvas, nullptr, false, on_context);
  emscripten_set_webglcontextrestored_callback(kCanvas, nullptr, false, on_context);
}

bool make_context() {
  EmscriptenWebGLContextAttributes wanted;
  emscripten_webgl_init_context_attributes(&wanted);
  wanted.majorVersion = 2;
  wanted.alpha = wanted.depth = wanted.stencil = wanted.antialias = false;  // ImGui smooths its edges itself
  const EMSCRIPTEN_WEBGL_CONTEXT_HANDLE context = emscripten_webgl_create_context(kCanvas, &wanted);
  return context > 0 && emscripten_webgl_make_context_current(context) == EMSCRIPTEN_RESULT_SUCCESS;
}

bool equal_words(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string json_number(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", x);
  return std::isfinite(x) ? text : "null";
}

// On the trainer's thread.
void tell_page() {
  MAIN_THREAD_ASYNC_EM_ASM({ Module["_unpick_look"](); });
}

}  // namespace

std::unique_ptr<Page> page;

void draw_again() { guarded(draw); }

Page::Page(const Config& config)
    : lab(open_dataset, config, metrics()), runner(lab, tell_page, true), app(lab, textures), screen("#version 300 es") {}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

std::string words_of(const Config& config) {
  std::string words;
  for (const Setting& row : settings()) {
    const std::string value = get(config, row.name);
    if (row.when != When::run && value != get(Config(), row.name))
      words += (words.empty() ? "" : ",") + quoted(std::string(row.name) + "=" + value);
  }
  return '[' + words + ']';
}

Config config_from(std::span<const std::string> words) {
  Config config;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals), value = equals == std::string::npos ? "" : word.substr(equals + 1);
    name == "preset" ? apply_preset(config, value) : set(config, name, value);
  }
  return config;
}

}  // namespace unpick::web

using namespace unpick;
using web::page;

extern "C" {

EMSCRIPTEN_KEEPALIVE void unpick_post(const char* line) {
  page->lab.post(line);
  page->runner.wake();
}

// There may be something new to see. Where drawing is slow, training goes first.
EMSCRIPTEN_KEEPALIVE void unpick_look() {
  if (!page || page->asked || page->waiting) return;
  const Snapshot& now = page->lab.latest();
  if (now.serial == page->serial) return;
  const double wait = now.playing ? page->drawn_at + web::kRestPerFrame * page->frame_ms - emscripten_get_now() : 0;
  if (wait <= 0) return web::ask_for_frame();
  page->waiting = true;
  const auto ask = [](void*) {
    page->waiting = false;
    web::ask_for_frame();
  };
  emscripten_set_timeout(ask, wait, nullptr);
}

// Of a page that nobody sees.
EMSCRIPTEN_KEEPALIVE void unpick_rest(int hidden) {
  page->hidden = hidden;
  page->runner.rest(hidden);
  if (!hidden) web::touched();
}

EMSCRIPTEN_KEEPALIVE void unpick_theme(int dark) {
  page->app.memory.dark = dark;
  web::touched();
}

// One view and nothing else, by its name in any case. False if there is none of that name.
EMSCRIPTEN_KEEPALIVE int unpick_show_alone(const char* name) {
  const auto rows = ui::views();
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!web::equal_words(rows[i].name, name)) continue;
    page->app.tab = static_cast<int>(i);
    page->app.alone = true;
    page->app.memory.keeps = page->app.memory.can_export = false;
    web::touched();
    return true;
  }
  return false;
}

// A JSON object with what the page tells in words and keeps, and what tests ask: valid until the next call.
EMSCRIPTEN_KEEPALIVE const char* unpick_report() {
  web::Page& p = *page;
  const Snapshot& s = p.lab.latest();
  std::string code;
  double light = 0;  // of the picture at the code
  if (s.look) {
    for (const real z : s.look->code) code += (code.empty() ? "" : ",") + web::json_number(z);
    for (const real x : s.look->decoded) light += x;
  }
  const bool begun = s.curves && !s.curves->loss.empty();
  std::string scores;
  if (s.scores && s.scores->working.empty())
    for (const Scored& scored : s.scores->metrics)
      scores += (scores.empty() ? "" : ",") + web::quoted(scored.metric->name) + ":" +
                web::json_number(scored.error.empty() ? scored.score() : NAN);
  const auto truth = [](bool b) { return b ? "true" : "false"; };
  p.report =
      std::string("{\"step\":") + std::to_string(s.step) + ",\"steps\":" + std::to_string(s.config.steps) +
      ",\"seed\":" + std::to_string(s.config.seed) + ",\"playing\":" + truth(s.playing) + ",\"failed\":" + truth(s.failed) +
      ",\"dark\":" + truth(p.app.memory.dark) + ",\"forget\":" + truth(p.app.memory.forget) +
      ",\"export\":" + truth(p.app.memory.asks_export) + ",\"tab\":" + std::to_string(p.app.tab) +
      ",\"first_loss\":" + web::json_number(begun ? s.curves->loss[0] : NAN) + ",\"loss\":" + web::json_number(s.losses.loss) +
      ",\"partner_loss\":" + web::json_number(s.partner ? s.partner->losses.loss : NAN) +
      ",\"reconstruction\":" + web::json_number(s.losses.reconstruction) + ",\"kl\":" + web::json_number(s.losses.kl) +
      ",\"per_second\":" + web::json_number(s.steps_per_second) + ",\"frame_ms\":" + web::json_number(p.frame_ms) +
      ",\"frames\":" + std::to_string(p.frames) + ",\"pictures\":" + std::to_string(s.pictures ? s.pictures->step : -1) +
      ",\"looked\":" + std::to_string(s.look ? s.look->step : -1) + ",\"light\":" + web::json_number(light) + ",\"code\":[" + code +
      "],\"scores\":{" + scores + "},\"words\":" + web::words_of(s.config) + ",\"message\":" + web::quoted(s.message) + "}";
  return p.report.c_str();
}
}

int main(int count, char** words) {
  web::guarded([&] {
    const std::vector<std::string> given(words + 1, words + count);
    const Config config = web::config_from(given);
    if (!web::make_context()) return web::show_problem("This page draws with WebGL 2, which this browser does not offer here.");
    page = std::make_unique<web::Page>(config);
    page->app.memory.keeps = page->app.memory.can_export = true;
    web::listen();
    web::touched();
  });
  return 0;
}
