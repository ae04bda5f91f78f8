// `unpick app`: the lab in a window. Trains by itself, or opens a run directory or a weights file; files can be dropped on it.
//
// The trainer has a thread of its own; the window draws when there is something new to see and else sleeps.
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "core/session/script.h"
#include "gl/screen.h"
#include "native/app/window.h"
#include "native/cli/cli.h"
#include "native/cli/support.h"
#include "native/io/files.h"
#include "native/io/run_directory.h"
#include "ui/runner.h"

namespace unpick::cli {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kMiddle = {"traversal", "seams", "scores", "seeds", "graph"},
                               kBeside = {"codes", "manifold", "density"};

struct AppOptions {
  std::string open, preset, pair, screenshot, size;
  Given given;
  int64_t frames = 0;
  bool dark = false, light = false, paused = false, log = false;
  std::string middle = "traversal", beside = "codes";
};

// The window's size and the sheet's colour, kept between uses.
struct Desk {
  int width = 1280, height = 800;
  bool dark = false;

  static fs::path file() {
    const char *config = std::getenv("XDG_CONFIG_HOME"), *home = std::getenv("HOME");
    if (config && *config) return fs::path(config) / "unpick" / "window";
    return home && *home ? fs::path(home) / ".config" / "unpick" / "window" : fs::path();
  }
  void read() {
    Desk kept;
    std::ifstream in(file());
    if (in >> kept.width >> kept.height >> kept.dark && kept.width >= 320 && kept.height >= 320 && kept.width <= 8192 &&
        kept.height <= 8192)
      *this = kept;
  }
  // A desk that cannot be kept is no reason to complain on leaving.
  void write() const {
    std::error_code ignored;
    fs::create_directories(file().parent_path(), ignored);
    std::ofstream(file()) << width << ' ' << height << ' ' << dark << '\n';
  }
};

Desk desk_for(const AppOptions& o) {
  Desk desk;
  if (o.screenshot.empty()) desk.read();
  if (!o.size.empty() && (std::sscanf(o.size.c_str(), "%dx%d", &desk.width, &desk.height) != 2 || desk.width < 320 ||
                          desk.height < 320 || desk.width > 8192 || desk.height > 8192))
    throw Error(ErrorKind::usage, "--size " + o.size, "is not a size", "write, for example, 1280x800");
  if (o.dark || o.light) desk.dark = o.dark;
  return desk;
}

bool all_shown(const Snapshot& s) {
  const auto shown = [&](const auto& part) { return part && (s.failed || part->step == s.step); };
  const auto all = [&](const Seen& m) { return shown(m.pictures) && shown(m.look) && shown(m.seams); };
  return !s.playing && all(s) && (!s.partner || all(*s.partner));
}

// Into the next free runs/lab-N, which `unpick train --resume`, `unpick replay` and this lab take. Returns its name.
std::string export_run(const Snapshot& s, const io::Image& picture) {
  int number = 1;
  while (fs::exists("runs/lab-" + std::to_string(number))) ++number;
  const io::RunDirectory directory("runs/lab-" + std::to_string(number));
  directory.create();
  directory.save(*s.kept);
  io::write_atomically(directory.file("commands.txt"), script_text(s.opening, *s.log, s.kept->state.step));
  io::write_png(directory.file("lab.png"), picture);
  return directory.path();
}

// Processor time of this thread, seconds: training and the graphics driver share the cores with it.
double work_done() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// How long frames took, and what was trained meanwhile.
class Pace {
 public:
  explicit Pace(const Snapshot& s) : step_(s.step) {}
  void add(double ui) { ui_.push_back(ui); }
  std::string str(const Snapshot& s) {
    const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    std::sort(ui_.begin(), ui_.end());
    const auto ms = [&](size_t percent) { return 1000 * ui_[(ui_.size() - 1) * percent / 100]; };
    char text[200];
    std::snprintf(text, sizeof text,
                  "%zu frames in %.1f s, %.1f a second; UI work %.2f ms a frame, 95 %% of them below %.2f; %.1f training steps a "
                  "second\n",
                  ui_.size(), seconds, static_cast<double>(ui_.size()) / seconds, ms(50), ms(95),
                  static_cast<double>(s.step - step_) / seconds);
    return text;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
  int64_t step_;
  std::vector<double> ui_;  // seconds, without what the GL does to draw
};

// Frames until the window is closed, or until a picture of the finished run is taken.
class Loop {
 public:
  Loop(const AppOptions& options, Window& window, Lab& lab)
      : options_(options), window_(window), lab_(lab), app_(lab, textures_), screen_("#version 330") {}

  ui::App& app() { return app_; }

  void run() {
    int64_t drawn = 0, serial = -1;
    ui::Pointer before;
    const bool counted = options_.frames > 0;
    while (!window_.closing()) {
      window_.poll(counted ? 0 : kRest);
      for (const std::string& path : window_.dropped()) open(path);
      for (const char c : window_.typed()) app_.key(c);
      const ui::Pointer pointer = window_.pointer();
      const bool touched =
          pointer.down || before.down || pointer.wheel != 0 || pointer.at.x != before.at.x || pointer.at.y != before.at.y;
      const int64_t now = lab_.latest().serial;
      if (watched_ && (counted || now != serial || touched || ++idle_ > 30)) draw(pointer), ++drawn;
      serial = now;
      before = pointer;
      const bool finished =
          counted ? drawn >= options_.frames : !options_.screenshot.empty() && all_shown(lab_.latest()) && scored();
      if (app_.memory.asks_export && lab_.latest().kept != exported_) write_export();
      if (finished) break;
    }
    if (counted && drawn > 0) std::fputs(pace_.str(lab_.latest()).c_str(), stderr);
    if (options_.screenshot.empty()) return;
    for (int i = 0; i < 2; ++i) draw({});  // ImGui places what it did not know the size of in the second frame
    io::write_png(options_.screenshot, picture_);
  }

 private:
  static constexpr double kRest = 1.0 / 60;  // seconds between looks for something new

  // For a picture that shows scores.
  bool scored() {
    if (options_.middle != "scores") return true;
    const Snapshot& s = lab_.latest();
    if (!asked_scores_) app_.key('m');
    asked_scores_ = true;
    return s.scores && s.scores->working.empty() && (!s.partner || s.partner->scores->working.empty());
  }

  void open(const std::string& path) {
    try {
      lab_.open(io::read_run(path));
    } catch (const Error& error) {
      lab_.complain(error.what());
    }
  }

  void write_export() {
    app_.memory.asks_export = false;
    exported_ = lab_.latest().kept;
    try {
      wants_picture_ = true;
      draw(window_.pointer());
      wants_picture_ = false;
      lab_.complain("Written to " + export_run(lab_.latest(), picture_) + ": weights, curves, commands, and this picture.");
    } catch (const Error& error) {
      lab_.complain(error.what());
    }
  }

  void draw(const ui::Pointer& pointer) {
    idle_ = 0;
    int width = 0, height = 0, wide = 0, high = 0;
    window_.size(width, height);
    window_.size_in_pixels(wide, high);
    const auto now = std::chrono::steady_clock::now();
    const float seconds = std::chrono::duration<float>(now - drawn_at_).count();
    drawn_at_ = now;
    const double before = work_done();
    screen_.begin(app_, window_.pixels_per_point());
    app_.frame(static_cast<float>(width), static_cast<float>(height), seconds, pointer);
    pace_.add(work_done() - before);
    screen_.draw(app_, wide, high);
    if (wants_picture_) picture_ = window_.picture();
    window_.show();
  }

  const AppOptions& options_;
  const bool watched_ = options_.screenshot.empty() || options_.frames > 0;  // else only the last moment is drawn
  Window& window_;
  Lab& lab_;
  gl::GlTextures textures_;
  ui::App app_;
  gl::Screen screen_;
  Pace pace_{lab_.latest()};
  io::Image picture_;
  bool asked_scores_ = false;
  std::shared_ptr<const Kept> exported_;
  bool wants_picture_ = !options_.screenshot.empty();
  int idle_ = 0;
  std::chrono::steady_clock::time_point drawn_at_ = std::chrono::steady_clock::now();
};

int open_window(const AppOptions& o) {
  Config config;
  if (!o.preset.empty() || (o.given.empty() && o.open.empty())) apply_preset(config, o.preset.empty() ? "live" : o.preset);
  for (const auto& [name, value] : o.given) set(config, name, value);
  Kept opened;
  if (!o.open.empty()) {
    opened = io::read_run(o.open);
    config = opened.config;
  }
  Lab lab(open_data, config, metrics());
  if (!o.open.empty()) {
    lab.open(std::move(opened));
  } else {
    if (!o.pair.empty()) lab.post("pair " + o.pair);
    if (!o.paused) lab.post("play");
  }
  Desk desk = desk_for(o);
  Window window("Unpick", desk.width, desk.height);
  const ui::Runner runner(lab);
  Loop loop(o, window, lab);
  loop.app().memory.dark = desk.dark;
  loop.app().memory.log = o.log;
  loop.app().memory.can_export = true;
  const auto place = [](const std::vector<std::string>& names, const std::string& name) {
    return static_cast<int>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  loop.app().memory.stage = place(kMiddle, o.middle);
  loop.app().memory.space = place(kBeside, o.beside);
  loop.run();
  window.size(desk.width, desk.height);
  desk.dark = loop.app().memory.dark;
  if (o.screenshot.empty()) desk.write();
  return 0;
}

}  // namespace

void add_app(CLI::App& app, Run& run) {
  const auto o = std::make_shared<AppOptions>();
  CLI::App* command = app.add_subcommand("app", "the lab: train and look inside, in a window");
  command->add_option("open", o->open, "a run directory or a weights file to open");
  command->add_option("--preset", o->preset, "a named set of settings (live)");
  command->add_option("--pair", o->pair, "a second model in step, with this setting changed: posterior=full")
      ->type_name("NAME=VALUE")
      ->excludes("open");
  command->add_option("--size", o->size, "of the window, in points: 1280x800");
  command->add_option("--screenshot", o->screenshot, "draw until training ends, write this .png, and leave");
  command->add_option("--frames", o->frames, "draw this many frames without a rest, say how fast they were, and leave");
  command->add_flag("--dark", o->dark, "the dark sheet");
  command->add_flag("--light", o->light, "the light sheet");
  command->add_flag("--log", o->log, "show the commands instead of the settings");
  command->add_option("--middle", o->middle, "what is in the middle")->check(CLI::IsMember(kMiddle));
  command->add_option("--beside", o->beside, "what is beside it, below")->check(CLI::IsMember(kBeside));
  command->add_flag("--paused", o->paused, "do not start training");
  add_settings(*command, o->given, {When::model, When::live, When::run});
  command->callback([o, &run] { run = [o] { return open_window(*o); }; });
}

}  // namespace unpick::cli
