// The controls: a bar above with what a run does, and a column of settings beside it.
//
// Settings come from core/session/config.def: their names, ranges, choices and help are asked of it and not written again.
#include <algorithm>
#include <array>

#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {
namespace {

constexpr float kButton = 32;

std::vector<std::string> split_choices(const std::string& choices) {
  std::vector<std::string> words;
  for (size_t from = 0; from <= choices.size();) {
    const size_t to = std::min(choices.find('|', from), choices.size());
    words.push_back(choices.substr(from, to - from));
    from = to + 1;
  }
  return words;
}

int place_of(std::span<const std::string> words, const std::string& word) {
  const auto at = std::find(words.begin(), words.end(), word);
  return at == words.end() ? -1 : static_cast<int>(at - words.begin());
}

// A change that needs a new recording starts a new run at once.
void restart(const View& v, const std::string& changes) {
  v.post("start " + changes);
  v.post("play");
}

std::string status(const View& v) {
  std::string text = "step " + grouped(v.now.step) + " of " + grouped(v.now.config.steps);
  if (v.now.playing) text += " · " + number(v.now.steps_per_second, 2) + " a second";
  return text + " · seed " + std::to_string(v.now.config.seed);
}

void draw_live(const View& v, Rect& r, const char* name, const std::string& label, double low, Scale scale) {
  const Setting& s = setting(name);
  double value = std::stod(get(v.now.config, name));
  const std::string help = std::string(s.help) + "; changes the run at its next step";
  if (slider(v.pen, name, r.take_top(38), label, value, low, s.high, scale, help)) {
    char text[40];
    std::snprintf(text, sizeof text, "set %s %.6g", name, value);
    v.post(text);
  }
  r.y0 += 10;
}

// What may change during a run and matters to this objective and likelihood.
void draw_weights(const View& v, Rect& r) {
  const Config& c = v.now.config;
  for (const Setting& s : settings()) {
    const std::string name = s.name;
    std::string parameter = name;  // as objectives write it
    std::replace(parameter.begin(), parameter.end(), '-', '_');
    const bool of_pixels = (name == "sigma2" && c.likelihood == "gaussian") || (name == "scale" && c.likelihood == "laplace");
    if (s.when != When::live || !(of_pixels || objective(c.objective).reads(parameter))) continue;
    draw_live(v, r, s.name, name == "beta" ? "β, weight of the KL" : name, s.low, of_pixels ? Scale::logarithmic : Scale::root);
  }
}

void draw_label(const View& v, Rect& r, const std::string& label) {
  v.pen.text({r.x0, r.y0}, Type::body, v.theme.quiet, label);
  r.y0 += 18;
}

void draw_choice(const View& v, Rect& r, const char* name, const std::string& label) {
  const Setting& s = setting(name);
  const std::vector<std::string> words = split_choices(s.choices);
  const std::string now = get(v.now.config, name), help = std::string(s.help) + "; starts a new run";
  int chosen = place_of(words, now);
  draw_label(v, r, label);
  const Rect line = r.take_top(28);
  const bool changed = words.size() <= 2 ? choose(v.pen, name, line, words, chosen, help)
                                         : choose_from_list(v.pen, name, line, words, chosen, now, help);
  if (changed) restart(v, std::string(name) + "=" + words[static_cast<size_t>(chosen)]);
  r.y0 += 12;
}

// The data sets of the presets; the present one is shown even if it is none of them.
void draw_data(const View& v, Rect& r) {
  std::vector<std::string> specs, words;
  for (const Preset& preset : presets()) {
    Config c;
    apply_preset(c, preset.name);
    if (place_of(specs, c.data) >= 0) continue;
    specs.push_back(c.data);
    words.push_back(c.data == "dsprites" ? "all of dSprites" : c.data.substr(c.data.find(':') + 1));
  }
  int chosen = place_of(specs, v.now.config.data);
  draw_label(v, r, "data, " + grouped(v.now.images) + " images");
  if (choose_from_list(v.pen, "data", r.take_top(28), words, chosen, v.now.config.data, "starts a new run with these images"))
    restart(v, "data=" + specs[static_cast<size_t>(chosen)]);
  r.y0 += 12;
}

void draw_latents(const View& v, Rect& r) {
  const Setting& s = setting("latent");
  const int64_t now = v.now.config.latent;
  draw_label(v, r, "latents");
  Rect line = r.take_top(28);
  const Rect less = line.take_left(32), more = line.take_right(32);
  v.pen.text({(line.x0 + line.x1) / 2, line.y0 + 6}, Type::strong, v.theme.ink, std::to_string(now), 0.5f);
  v.pen.line({less.x0, less.y1}, {more.x1, more.y1}, v.theme.rule);
  const std::string help = std::string(s.help) + "; starts a new run";
  const auto change = [&](int64_t to) { restart(v, "latent=" + std::to_string(to)); };
  if (word_button(v.pen, "fewer", less, "−", false, help) && now > static_cast<int64_t>(s.low)) change(now - 1);
  if (word_button(v.pen, "more", more, "+", false, help) && now < static_cast<int64_t>(s.high)) change(now + 1);
  r.y0 += 12;
}

// Each with what to see in it; failures are presets too.
void draw_presets(const View& v, Rect& r) {
  draw_label(v, r, "presets");
  const Preset* shown = nullptr;
  for (const Preset& preset : presets()) {
    Config c = v.now.config;
    apply_preset(c, preset.name);
    bool is_now = !v.now.partner;
    for (const Setting& s : settings())
      if (s.when == When::model) is_now &= get(c, s.name) == get(v.now.config, s.name);
    is_now &= c.beta == v.now.config.beta;
    if (is_now) shown = &preset;
    const Rect line = r.take_top(26);
    const float width = v.pen.width(Type::strong, preset.name) + 16;
    if (word_button(v.pen, preset.name, {line.x0 - 8, line.y0, line.x0 - 8 + width, line.y1}, preset.name, is_now, preset.comment))
      restart(v, std::string("preset=") + preset.name);
  }
  // The heart of the story: does the posterior's shape keep the decoder's axes on the latents?
  const char *const name = "diagonal | full",
                    *const comment = "two models in step, one posterior diagonal and one full: which of them keeps J'J diagonal?";
  const bool is_duel = v.now.partner && v.now.difference == std::vector<std::string>{"posterior"};
  const Rect line = r.take_top(26);
  if (word_button(v.pen, name, {line.x0 - 8, line.y0, line.x0 + 8 + v.pen.width(Type::strong, name), line.y1}, name, is_duel,
                  comment)) {
    v.post("start preset=live latent=6 posterior=diagonal");
    v.post("pair posterior=full");
    v.post("play");
  }
  r.y0 += 6;
  if (is_duel) r.y0 += v.pen.paragraph(r, Type::small, v.theme.quiet, comment);
  if (shown) r.y0 += v.pen.paragraph(r, Type::small, v.theme.quiet, shown->comment);
  r.y0 += 14;
}

// A second model that differs in one setting. It starts both anew.
void draw_pair(const View& v, Rect& r) {
  const Config& c = v.now.config;
  const std::string other = c.posterior == "full" ? "diagonal" : "full", seed = std::to_string(c.seed + 1);
  char beta[40];
  std::snprintf(beta, sizeof beta, "%.6g", c.beta > 0 ? c.beta / 10 : 1);
  const std::string settings[] = {"", "posterior=" + other, std::string("beta=") + beta, "seed=" + seed};
  const std::vector<std::string> words = {"nothing", "a " + other + " posterior", std::string("β ") + beta, "seed " + seed};
  int chosen = 0;
  std::string shown = words[0];
  if (v.now.partner) {
    chosen = -1;
    shown = settings_text(v.now.difference, v.now.partner->config);
  }
  draw_label(v, r, "beside it");
  if (choose_from_list(v.pen, "pair", r.take_top(28), words, chosen, shown,
                       "a second model in step: the same data, seed and noise, and one setting that differs; starts a new run")) {
    v.post(chosen == 0 ? "single" : "pair " + settings[chosen]);
    if (chosen != 0) v.post("play");
  }
  r.y0 += 12;
}

void draw_forget(const View& v, Rect& r) {
  r.y0 += v.pen.paragraph(r, Type::small, v.theme.quiet, "This run is kept in your browser, and nowhere else.") + 2;
  const Rect line = r.take_top(26);
  const std::string word = "Forget it";
  const Rect button{line.x0 - 8, line.y0, line.x0 + v.pen.width(Type::body, word) + 8, line.y1};
  if (word_button(v.pen, "forget", button, word, false, "deletes the run and its settings, and starts as on a first visit"))
    v.memory.forget = true;
}

void draw_speed(const View& v, const Rect& r) {
  static constexpr std::array kSpeeds = {"2", "20", "0"};
  static const std::array<std::string, 3> kWords = {"2/s", "20/s", "max"};
  int chosen = v.now.speed == 0 ? 2 : v.now.speed <= 2 ? 0 : 1;
  if (choose(v.pen, "speed", r, kWords, chosen, "steps a second, at most"))
    v.post(std::string("speed ") + kSpeeds[static_cast<size_t>(chosen)]);
}

}  // namespace

void draw_header(const View& v, Rect r) {
  const bool wide = r.width() > 760;
  const float y = r.y0 + (r.height() - kButton) / 2;
  const auto button = [&](float x) { return Rect{x, y, x + kButton, y + kButton}; };
  float x = r.x0;
  if (wide) {
    v.pen.text({x, y + 5}, Type::display, v.theme.ink, "Unpick");
    x += 100;
  }
  const bool done = v.now.step >= v.now.config.steps || v.now.failed;
  if (icon_button(v.pen, "play", button(x), v.now.playing ? Icon::pause : Icon::play, true,
                  v.now.playing ? "Pause (space)"
                  : done        ? "This run is done: start it again, or choose another"
                                : "Train (space)"))
    v.post(v.now.playing ? "pause" : "play");
  if (icon_button(v.pen, "step", button(x + 40), Icon::step, false, "Train one step (s)")) v.post("step 1");
  if (icon_button(v.pen, "again", button(x + 76), Icon::again, false, "Start the same run again, from the same seed (r)"))
    restart(v, "");
  if (icon_button(v.pen, "dice", button(x + 112), Icon::dice, false, "Start with the next seed (d)"))
    restart(v, "seed=" + std::to_string(v.now.config.seed + 1));
  if (icon_button(v.pen, "theme", button(r.x1 - kButton), v.theme.dark ? Icon::sun : Icon::moon, false, "Light or dark (t)"))
    v.memory.dark = !v.memory.dark;
  x += 156;
  if (wide) {
    draw_speed(v, {x, y, x + 132, y + kButton});
    x += 148;
  }
  Rect text{x, y, r.x1 - kButton - 8, y + kButton};
  if (r.width() > 900) {  // a smaller layout has a tab for it
    const Rect word = text.take_right(84);
    if (word_button(v.pen, "log", word, "log", v.memory.log, "what this run was told, instead of the settings"))
      v.memory.log = !v.memory.log;
    text.x1 -= 8;
    if (v.memory.can_export) {
      const Rect export_word = text.take_right(64);
      if (word_button(v.pen, "export", export_word, "export", false, "Write weights, curves, commands and a picture (e)"))
        ask_export(v.memory, v.post);
      text.x1 -= 8;
    }
  }
  v.pen.text_within({text.x0, text.y0 + 8}, text.width(), Type::body, v.theme.quiet, status(v));
}

float draw_knobs(const View& v, Rect r) {
  const float top = r.y0;
  draw_presets(v, r);
  draw_weights(v, r);
  draw_live(v, r, "lr", "learning rate", setting("lr").low, Scale::logarithmic);
  draw_choice(v, r, "posterior", "posterior");
  draw_pair(v, r);
  draw_latents(v, r);
  draw_choice(v, r, "objective", "objective");
  draw_choice(v, r, "prior", "prior");
  draw_choice(v, r, "model", "architecture");
  draw_data(v, r);
  draw_choice(v, r, "likelihood", "likelihood of a pixel");
  if (v.memory.keeps) draw_forget(v, r);
  return r.y0 - top;
}

}  // namespace unpick::ui
