// See report.h.
#include "native/reproduce/report.h"

#include <cmath>
#include <filesystem>

#include "native/io/files.h"

namespace unpick::reproduce {
namespace {

constexpr const char* kStyle = R"(
:root { --paper: #faf7f0; --ink: #1f1d1a; --quiet: #6e685e; --rule: #d9d3c6; --amber: #9a5f00; --good: #2f6b40; --bad: #a12f2f }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1120px; padding: 48px 32px; background: var(--paper); color: var(--ink);
       font: 15px/1.5 Inter, system-ui, sans-serif; font-variant-numeric: tabular-nums }
h1 { font-size: 28px; line-height: 1.25; margin: 0 0 8px } h2 { font-size: 20px; margin: 0 0 4px }
p { margin: 8px 0; max-width: 76ch } .quiet { color: var(--quiet) } small { color: var(--quiet) }
nav { margin: 24px 0; padding: 16px 0; border-block: 1px solid var(--rule) } nav a { margin-right: 24px; color: inherit }
section { padding: 40px 0; border-bottom: 1px solid var(--rule) } img { width: 100%; height: auto; margin: 16px 0; display: block }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 500; color: var(--quiet) } th, td { padding: 6px 16px 6px 0; vertical-align: top }
tr { border-top: 1px solid var(--rule) } td.number { white-space: nowrap } .pass { color: var(--good) } .fail { color: var(--bad) }
.badge { color: var(--amber); white-space: nowrap; font-size: 13px }
details { margin: 16px 0 } summary { cursor: pointer } pre { overflow-x: auto; font-size: 12px; line-height: 1.35 }
)";

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string base64(std::span<const std::byte> bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (i + k < bytes.size() ? std::to_integer<uint32_t>(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63];
  }
  return out;
}

std::string text_of(const std::string& path) {
  const auto bytes = io::read_file(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string short_number(const Json& value) {
  if (!value.is_number()) return "not a number";
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value.get<double>());
  return text;
}

std::string claims_table(const Json& claims) {
  std::string html = "<div class=scroll><table><tr><th>rows<th>the claim<th>measured<th>value<th>line<th>result<th></tr>\n";
  for (const Json& c : claims) {
    const bool pass = c.at("pass").get<bool>();
    const auto cell = [&](const char* key) { return escaped(c.at(key).get<std::string>()); };
    html += "<tr><td class=number>" + cell("rows") + "<td>" + cell("claim") + "<td>" + cell("measure") + "<td class=number>" +
            short_number(c.at("value")) + "<td class=number>" + cell("bound") + "<td class=\"" + (pass ? "pass" : "fail") + "\">" +
            (pass ? "holds" : "fails") + "<td class=badge>" + cell("badge") + "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string section(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name + ".json";
  try {
    const Json json = Json::parse(text_of(path));
    char made[160];
    std::snprintf(made, sizeof made, "%d seeds, %lld training steps in all, %.0f s on %d threads%s", json.at("seeds").get<int>(),
                  json.at("steps").get<long long>(), json.at("seconds").get<double>(), json.at("threads").get<int>(),
                  json.at("quick").get<bool>() ? "; a quick run, which is too short for many claims" : "");
    const std::string title = escaped(json.at("title").get<std::string>());
    std::string html = "<section id=" + name + ">\n<h2>" + title +
                       "</h2>\n<p class=quiet>In the paper: " + escaped(json.at("source").get<std::string>()) +
                       "</p>\n<img alt=\"" + title + "\" src=\"data:image/png;base64," +
                       base64(io::read_file(folder + "/" + name + ".png")) + "\">\n" + claims_table(json.at("claims"));
    for (const Json& choice : json.at("choices")) html += "<p><b>Our choice.</b> " + escaped(choice.get<std::string>()) + "</p>\n";
    return html + "<p><small>" + made + ". Repeat it with: <code>" + escaped(json.at("command").get<std::string>()) +
           "</code></small></p>\n<details><summary>Every number</summary><pre>" + escaped(json.at("numbers").dump(1)) +
           "</pre></details>\n</section>\n";
  } catch (const Json::exception&) {
    throw Error(ErrorKind::data, path, "is not a figure of ours", "remove it, or choose another --out");
  }
}

}  // namespace

Json to_json(const FigureRow& row, const Figure& figure, const Circumstances& how) {
  Json claims = Json::array();
  int passed = 0;
  for (const Claim& c : figure.claims) {
    passed += c.pass;
    claims.push_back({{"rows", c.rows},
                      {"claim", c.sentence},
                      {"measure", c.measure},
                      {"value", c.value},
                      {"bound", c.bound},
                      {"pass", c.pass},
                      {"badge", name(c.badge)}});
  }
  return {{"figure", row.name},       {"title", figure.title}, {"source", figure.source}, {"command", how.command},
          {"seeds", how.seeds},       {"quick", how.quick},    {"threads", how.threads},  {"steps", how.steps},
          {"seconds", how.seconds},   {"passed", passed},      {"claims", claims},        {"choices", figure.choices},
          {"numbers", figure.numbers}};
}

void prepare_folder(const std::string& folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) throw Error(ErrorKind::failed, folder, "cannot make this folder: " + problem.message(), "choose another --out");
  write_report(folder);  // a folder that cannot be written to should be found before the work, not after
}

void write_figure(const std::string& folder, const FigureRow& row, const Figure& figure, const Json& json) {
  const std::string stem = folder + "/" + row.name;
  io::write_png(stem + ".png", figure.picture);
  io::write_atomically(stem + ".json", json.dump(2) + "\n");
}

void write_report(const std::string& folder) {
  std::string links, sections;
  for (const FigureRow& row : figures()) {
    if (!std::filesystem::exists(folder + "/" + row.name + ".json")) continue;
    links += std::string("<a href=\"#") + row.name + "\">" + row.label + "</a>";
    sections += section(folder, row.name);
  }
  const std::string note =
      "<p>The figures of Allen, <i>Unpicking Data at the Seams</i> (2024), and claims of Mathieu et al. (2019), Kim &amp; Mnih "
      "(2018) and "
      "Locatello et al. (2019), trained and drawn by Unpick. <span class=badge>theorem"
      "</span> marks what is proved and only confirmed here, <span class=badge>computed now</span> what came out of these runs. A "
      "claim that fails is shown with its number.</p>";
  io::write_atomically(
      folder + "/report.html",
      "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n<meta name=viewport content=\"width=device-width\">\n"
      "<title>Unpick: reproductions</title>\n<style>" +
          std::string(kStyle) + "</style>\n<h1>What the paper claims, run again</h1>\n" + note + "\n<nav>" +
          (links.empty() ? "No figure is finished yet." : links) + "</nav>\n" + sections + "</html>\n");
}

}  // namespace unpick::reproduce
