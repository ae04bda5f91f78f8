// The controls: a bar above with what a run does, and a column of settings beside it.
//
// Settings come from core/session/config.def: their names, ranges, choices and help are asked of it and not written again.
#include <algorithm>
#include <array>

#include "core/base/parts.h"
#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {
namespace {

constexpr float kButton = 32;

// The column, from its top: a setting, what it is called, and where it matters. Choices and numbers of what a model is come after
// the choice that they belong to.
struct Control {
  const char *name, *label;
  const char *of = nullptr,
             *values = nullptr;  // only if this other setting has one of these values; none: if the objective reads it
};
constexpr Control kControls[] = {
    {"beta", "β, weight of the KL", "objective"},
    {"alpha", "α, weight of D(q(z), p(z))", "objective"},
    {"gamma", "γ, weight of |KL − C|", "objective"},
    {"capacity", "capacity C at the end, nats", "objective"},
    {"capacity_steps", "steps until C is reached", "objective"},
    {"gamma_tc", "γ, weight of the TC", "objective"},
    {"lambda_od", "λ off the diagonal", "objective"},
    {"lambda_d", "λ on the diagonal", "objective"},
    {"sigma2", "σ², variance of a pixel", "likelihood", "gaussian"},
    {"scale", "scale b of a pixel", "likelihood", "laplace"},
    {"lr", "learning rate"},
    {"lr_discriminator", "its discriminator's", "objective"},
    {"posterior", "posterior"},
    {"pair", "beside it"},
    {"latent", "latents"},
    {"objective", "objective"},
    {"divergence", "D(q(z), p(z))", "objective", "decomposition"},
    {"tc", "minibatch estimate of the TC", "objective", "beta-tcvae"},
    {"discriminator_width", "discriminator, units", "objective", "factor-vae"},
    {"discriminator_depth", "discriminator, layers", "objective", "factor-vae"},
    {"prior", "prior"},
    {"nu", "ν, degrees of freedom", "prior", "student-t|subspaces"},
    {"sparsity", "share of the spike", "prior", "sparse"},
    {"subspace", "latents in a group", "prior", "subspaces"},
    {"kl", "KL term", "prior", "anisotropic|anisotropic-learned|student-t|sparse"},
    {"model", "architecture"},
    {"data", "data"},
    {"likelihood", "likelihood of a pixel"},
    {"noise", "its σ²", "likelihood", "gaussian"},
    {"batch", "images per step"},
    {"steps", "steps until it stops"},
};

// Data sets beside those of the presets, and what makes a first run of them work.
struct Data {
  const char *name, *word, *settings;
};
constexpr Data kData[] = {
    {"color-dsprites", "dSprites in colour", ""},
    {"noisy-dsprites", "dSprites in noise", ""},
    {"scream-dsprites", "dSprites on a painting", ""},
    {"faces", "faces", ""},
    {"pinwheel", "a pinwheel of points", " latent=2 sigma2=0.01"},
    {"gaussian", "linear with known axes", " latent=5 sigma2=0.1"},
    {"waves", "waves with known axes", " latent=4 sigma2=0.01"},
};
constexpr const char *kForPoints = " model=mlp-64-tanh likelihood=gaussian beta=1",
                     *kForImages = " model=mlp likelihood=bernoulli noise=fixed latent=10 beta=30";

int place_of(std::span<const std::string> words, const std::string& word) {
  const auto at = std::find(words.begin(), words.end(), word);
  return at == words.end() ? -1 : static_cast<int>(at - words.begin());
}

// A change that needs a new recording starts a new run at once.
void restart(const View& v, const std::string& changes) { v.post("start " + changes + "\nplay"); }

std::string status(const View& v) {
  std::string text = "step " + grouped(v.now.step) + " of " + grouped(v.now.config.steps);
  if (v.now.playing) text += " · " + number(v.now.steps_per_second, 2) + " a second";
  return text + " · seed " + std::to_string(v.now.config.seed);
}

bool matters(const Control& control, const Config& c) {
  if (!control.of) return true;
  if (!control.values) return objective(c.objective).reads(control.name);
  return place_of(parts_of(control.values, '|'), get(c, control.of)) >= 0;
}

void draw_label(const View& v, Rect& r, const std::string& label) {
  v.pen.text({r.x0, r.y0}, Type::body, v.theme.quiet, label);
  r.y0 += 18;
}

void draw_slider(const View& v, Rect& r, const Setting& s, const char* label) {
  const bool live = s.when == When::live;
  double value = number(v.now.config, s.name);
  const Track track{s.low, s.high,
                    s.low > 0    ? Scale::logarithmic
                    : s.high > 1 ? Scale::root
                                 : Scale::linear,
                    s.type == Setting::count, !live};
  const char* const then = live ? "; changes the run at its next step" : "; starts a new run";
  if (slider(v.pen, s.name, r.take_top(38), label, value, track, std::string(s.help) + then)) {
    char text[60];
    std::snprintf(text, sizeof text, live ? "set %s %.6g" : "%s=%.6g", s.name, value);
    live ? v.post(text) : restart(v, text);
  }
  r.y0 += 10;
}

void draw_choice(const View& v, Rect& r, const Setting& s, const char* label) {
  const std::vector<std::string> words = parts_of(s.choices, '|');
  const std::string now = get(v.now.config, s.name), help = std::string(s.help) + "; starts a new run";
  int chosen = place_of(words, now);
  draw_label(v, r, label);
  const Rect line = r.take_top(28);
  const bool changed = words.size() <= 2 ? choose(v.pen, s.name, line, words, chosen, help)
                                         : choose_from_list(v.pen, s.name, line, words, chosen, now, help);
  if (changed) {
    const std::string name = s.name, word = words[static_cast<size_t>(chosen)];
    // What is not shown then must have its usual value: only Gaussian pixels have a variance to learn.
    const char* const with = name == "likelihood" && word != "gaussian" ? " noise=fixed"
                             : name == "prior" && word == "normal"      ? " kl=exact"
                                                                        : "";
    restart(v, name + "=" + word + with);
  }
  r.y0 += 12;
}

// The data sets of the presets, and all others that are drawn and not stored; the present one is shown even if it is none of them.
// Between images and points, architecture and likelihood change with them.
void draw_data(const View& v, Rect& r) {
  std::vector<std::string> specs, words, changes;
  const bool points_now = v.now.image[0] == 1;
  const auto add = [&](const std::string& spec, const std::string& word, const std::string& with) {
    const bool points = !with.empty();
    specs.push_back(spec);
    words.push_back(word);
    changes.push_back((points == points_now ? "" : points ? kForPoints : kForImages) + with);
  };
  for (const Preset& preset : presets()) {
    Config c;
    apply_preset(c, preset.name);
    if (place_of(specs, c.data) < 0)
      add(c.data, c.data == "dsprites" ? "all of dSprites" : c.data.substr(c.data.find(':') + 1), "");
  }
  for (const Data& data : kData) add(data.name, data.word, data.settings);
  int chosen = place_of(specs, v.now.config.data);
  draw_label(v, r, "data, " + grouped(v.now.images) + (points_now ? " points" : " images"));
  if (choose_from_list(v.pen, "data", r.take_top(28), words, chosen, v.now.config.data, "starts a new run with these data"))
    restart(v, "data=" + specs[static_cast<size_t>(chosen)] + changes[static_cast<size_t>(chosen)]);
  r.y0 += 12;
}

void draw_count(const View& v, Rect& r, const Setting& s, const char* label) {
  const auto now = static_cast<int64_t>(number(v.now.config, s.name));
  draw_label(v, r, label);
  Rect line = r.take_top(28);
  const Rect less = line.take_left(32), more = line.take_right(32);
  v.pen.text({(line.x0 + line.x1) / 2, line.y0 + 6}, Type::strong, v.theme.ink, std::to_string(now), 0.5f);
  v.pen.line({less.x0, less.y1}, {more.x1, more.y1}, v.theme.rule);
  const std::string help = std::string(s.help) + "; starts a new run";
  const auto change = [&](int64_t to) { restart(v, std::string(s.name) + "=" + std::to_string(to)); };
  ImGui::PushID(s.name);
  if (word_button(v.pen, "fewer", less, "−", false, help) && now > static_cast<int64_t>(s.low)) change(now - 1);
  if (word_button(v.pen, "more", more, "+", false, help) && now < static_cast<int64_t>(s.high)) change(now + 1);
  ImGui::PopID();
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
    v.post("start preset=live latent=6 posterior=diagonal\npair posterior=full\nplay");
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
    v.post(chosen == 0 ? "single" : "pair " + settings[chosen] + "\nplay");
  }
  r.y0 += 12;
}

void draw_control(const View& v, Rect& r, const Control& control) {
  constexpr double kSteps = 32;  // as many numbers are stepped through; more are slid over
  const std::string name = control.name;
  if (!matters(control, v.now.config)) return;
  if (name == "pair") return draw_pair(v, r);
  if (name == "data") return draw_data(v, r);
  const Setting& s = setting(name);
  const auto draw = s.type == Setting::text ? draw_choice : s.type == Setting::count && s.high <= kSteps ? draw_count : draw_slider;
  draw(v, r, s, control.label);
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
  for (const Control& control : kControls) draw_control(v, r, control);
  if (v.memory.keeps) draw_forget(v, r);
  return r.y0 - top;
}

}  // namespace unpick::ui
