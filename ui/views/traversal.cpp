// What each latent does: a row of pictures for each, sorted by KL. A row can be dragged: it moves the code along its latent.
#include <algorithm>
#include <cmath>

#include "core/session/sentences.h"
#include "ui/view.h"
#include "ui/widgets.h"

namespace unpick::ui {
namespace {

constexpr float kGap = 6, kAxis = 12, kLeastTile = 24, kMostTile = 72;

struct Grid {
  float label, tile, high;  // points; `high` is the height of a tile
  size_t columns;

  float centre(const Rect& row, float column) const { return row.x0 + label + column * (tile + kGap) + tile / 2; }
};

Grid grid_for(const View& v, const Rect& r, size_t rows) {
  const size_t columns = v.now.look->values.size();
  Grid g{r.width() < 520 ? 44.0f : 148.0f, 0, 0, columns};
  const auto n = static_cast<float>(columns);
  const float aspect = static_cast<float>(v.now.image[0]) / static_cast<float>(v.now.image[1]);
  const float by_width = (r.width() - g.label + kGap) / n - kGap;
  const float by_height = (r.height() / static_cast<float>(std::max<size_t>(rows, 1)) - kAxis - kGap) / aspect;
  g.tile = std::floor(std::clamp(std::min(by_width, by_height), 12.0f, kMostTile));
  g.high = std::floor(g.tile * aspect);
  return g;
}

// "follows posX, |r| 0.98"
std::string label_of(const View& v, int latent) {
  const std::string sentence = describe_latent(v.now.pictures->sample, latent), name = latent_name(latent);
  return sentence.size() > name.size() ? sentence.substr(name.size() + 1) : "";
}

void draw_label(const View& v, const Rect& row, const Grid& g, int latent) {
  const double kl = v.now.pictures->sample.kl[static_cast<size_t>(latent)];
  const bool shown = v.memory.hovered_latent == latent;
  v.pen.text({row.x0, row.y0}, Type::strong, shown ? v.theme.amber : v.theme.blue, latent_name(latent));
  if (g.label < 100) {
    v.pen.text({row.x0, row.y0 + 18}, Type::small, v.theme.quiet, fixed(kl, 2));
    return;
  }
  v.pen.text({row.x0 + g.label - 20, row.y0 + 1}, Type::small, v.theme.quiet, fixed(kl, 2) + " nats", 1);
  // Under the name where rows are high, else behind the pictures, if those leave room.
  const Rect under{row.x0, row.y0 + 19, row.x0 + g.label - 16, row.y1};
  const Rect behind{g.centre(row, static_cast<float>(g.columns - 1)) + g.tile / 2 + 16, row.y0 + 1, row.x1, row.y1};
  if (row.height() >= 50)
    v.pen.paragraph(under, Type::small, v.theme.quiet, label_of(v, latent));
  else if (behind.width() >= 120)
    v.pen.paragraph(behind, Type::small, v.theme.quiet, label_of(v, latent));
}

// The amber mark shows where the code is; dragging it, or anywhere in the row, moves the code.
void draw_row(const View& v, const Rect& row, const Grid& g, size_t latent) {
  const Look& look = *v.now.look;
  const auto last = static_cast<float>(g.columns - 1);
  const real low = look.values.front(), high = look.values.back();
  for (size_t k = 0; k < g.columns; ++k) {
    const float x = g.centre(row, static_cast<float>(k)) - g.tile / 2;
    v.sheets.traversal.draw(v.pen, {x, row.y0, x + g.tile, row.y0 + g.high}, latent * g.columns + k);
  }
  const Rect area{g.centre(row, 0) - g.tile / 2, row.y0, g.centre(row, last) + g.tile / 2, row.y0 + g.high + kAxis};
  const Touch t = touch(latent_name(static_cast<int>(latent)).c_str(), area);
  if (t.hovered) v.memory.hovered_latent = static_cast<int>(latent);
  const float y = row.y0 + g.high + kAxis / 2;
  v.pen.line({g.centre(row, 0), y}, {g.centre(row, last), y}, v.theme.pale_blue);
  if (t.held) {
    const float share = (ImGui::GetIO().MousePos.x - g.centre(row, 0)) / (g.centre(row, last) - g.centre(row, 0));
    const real wanted = std::round(100 * (low + std::clamp(share, 0.0f, 1.0f) * (high - low))) / 100;
    if (wanted != look.code[latent]) v.post("move " + std::to_string(latent) + " " + std::to_string(wanted));
  }
  const float share = std::clamp((look.code[latent] - low) / (high - low), -0.02f, 1.02f);
  const float x = g.centre(row, share * last);
  v.pen.fill({x - 1.5f, y - 5, x + 1.5f, y + 5}, v.theme.amber);
  if (look.moved[latent] || t.held) v.pen.list->AddCircleFilled({x, y}, 5, v.theme.amber, 20);
  if (!t.hovered && !t.held) return;
  const std::string value = fixed(look.code[latent], 2);
  const float beside = x + 8;
  v.pen.fill({beside - 1, y - 1, beside + v.pen.width(Type::small_strong, value) + 1, y + 1},
             v.theme.paper);  // the line ends there
  v.pen.text({beside, y - 7}, Type::small_strong, v.theme.amber, value);
}

void draw_header_of_columns(const View& v, const Rect& r, const Grid& g) {
  for (size_t k = 0; k < g.columns; k += g.tile < 32 ? 2 : 1)
    v.pen.text({g.centre(r, static_cast<float>(k)), r.y0}, Type::small, v.theme.blue, number(v.now.look->values[k], 2), 0.5f);
  if (g.label > 100) v.pen.text({r.x0, r.y0}, Type::small, v.theme.blue, "value of z");
}

// As many rows as can be seen well.
size_t rows_that_fit(const Rect& r) {
  return static_cast<size_t>(std::max(1.0f, std::floor(r.height() / (kLeastTile + kAxis + kGap))));
}

// A word at the end of `line` turns the page.
std::span<const int> choose_rows(const View& v, const Rect& line, size_t fit, std::span<const int> rows) {
  const size_t pages = (rows.size() + fit - 1) / fit, first = v.memory.page % pages * fit,
               count = std::min(fit, rows.size() - first);
  const std::string word =
      "rows " + std::to_string(first + 1) + "–" + std::to_string(first + count) + " of " + std::to_string(rows.size()) + " →";
  const Rect button{line.x1 - v.pen.width(Type::body, word) - 16, line.y0, line.x1, line.y1};
  if (word_button(v.pen, "page", button, word, false, "the next rows")) ++v.memory.page;
  return rows.subspan(first, count);
}

// A word at the beginning of `line` shows or hides the latents that carry nothing.
void choose_unused(const View& v, const Rect& line, size_t unused) {
  const std::string all = std::to_string(unused) + " not in use" + (line.width() > 480 ? " (KL < 0.01 nats)" : "");
  const std::string word = v.memory.all_latents ? "Hide the " + all : "Show the " + all;
  const Rect button{line.x0 - 8, line.y0, line.x0 + v.pen.width(Type::body, word) + 8, line.y1};
  if (word_button(v.pen, "unused", button, word, false, "a latent counts as in use from a KL of 0.01 nats"))
    v.memory.all_latents = !v.memory.all_latents;
}

}  // namespace

void draw_traversal(const View& v, Rect r) {
  const Look& look = *v.now.look;
  const int channels = v.now.image[2];
  const auto pixels = static_cast<size_t>(v.now.image.size());
  v.sheets.traversal.show(v.textures, static_cast<uint64_t>(look.serial), look.code.size() * look.values.size(), v.now.image,
                          [&](size_t t, size_t p) { return pixel_colour(&look.traversal[t * pixels], p, channels); });
  r = draw_head(v, r, describe_latents(v.now.pictures->sample),
                "Each row moves one latent from −2 to 2 standard deviations of the prior; the others stay at the chosen code. By "
                "falling KL. Drag a row to move the code.",
                look.step);

  const std::vector<int> used = shown_latents(v, false), all = shown_latents(v, true);
  const std::vector<int>& rows = v.memory.all_latents || used.empty() ? all : used;
  const Rect above = r.take_top(18);
  const bool unused = used.size() < all.size() && !used.empty();
  Rect line{};
  if (unused || rows.size() > rows_that_fit(r)) line = r.take_bottom(22);
  if (unused) choose_unused(v, line, all.size() - used.size());
  const size_t fit = rows_that_fit(r);
  const std::span<const int> page = rows.size() > fit ? choose_rows(v, line, fit, rows) : std::span<const int>(rows);
  const Grid g = grid_for(v, r, page.size());
  draw_header_of_columns(v, above, g);
  const float pitch = std::min(r.height() / static_cast<float>(page.size()), g.high + kAxis + 3 * kGap);
  for (const int latent : page) {
    const Rect row = r.take_top(pitch);
    draw_label(v, row, g, latent);
    draw_row(v, row, g, static_cast<size_t>(latent));
  }
}

}  // namespace unpick::ui
