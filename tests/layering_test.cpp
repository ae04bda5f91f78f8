// The rules of the house as a test: who may include whom, what core/ may depend on, and how long it may get.
//
// Why a test: a layering that is only written down is lost within weeks. The rules are functions from a path and its text to
// a list of complaints, so that they are themselves tried on planted offences below.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/places.h"

namespace {

namespace fs = std::filesystem;

// Lines of code, so that the heads and remarks which the style asks for are free. The engine is what a newcomer has to read; data
// sets, objectives and priors, the geometry and the published scores grow by a file for each of their subjects and are read one at
// a time.
const std::map<std::string, long> kBudgets = {
    {"engine", 6000}, {"core/data", 1000}, {"core/model", 2000}, {"core/metrics", 2000}, {"core/seams", 2000}};
constexpr int kFileBudget = 500;  // lines of all kinds

// Each folder and how far right it stands; a file includes only from its own folder or from what stands to its left.
// native/ and web/ are two hosts: neither includes the other; gl/ is what they share.
const std::map<std::string, int> kLayers = {{"core/base", 0}, {"core/graph", 1},   {"core/backend", 2}, {"core/model", 3},
                                            {"core/data", 4}, {"core/metrics", 4}, {"core/seams", 4},   {"core/session", 5},
                                            {"ui", 6},        {"gl", 7},           {"native", 8},       {"web", 8}};

struct Source {
  std::string path;  // relative to the root, with '/'
  std::string text;
};

bool starts_with(const std::string& s, const std::string& prefix) { return s.compare(0, prefix.size(), prefix) == 0; }

// "core/graph/plan.h" -> "core/graph", "native/io/npy.cpp" -> "native".
std::string folder_of(const std::string& path) {
  const size_t first = path.find('/');
  return starts_with(path, "core/") ? path.substr(0, path.find('/', first + 1)) : path.substr(0, first);
}

// Each name that the text includes, with its delimiters: <vector>, "core/base/types.h".
std::vector<std::string> includes_of(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    line.erase(std::remove_if(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\t' || c == '\r'; }), line.end());
    const std::string directive = "#include";
    if (!starts_with(line, directive) || line.size() <= directive.size()) continue;
    const char close = line[directive.size()] == '<' ? '>' : '"';
    names.push_back(line.substr(directive.size(), line.find(close, directive.size() + 1) - directive.size() + 1));
  }
  return names;
}

// Standard headers are bare words: <vector>, <cstdint>. Those of C, of a platform or of a library have a dot or a slash.
bool allowed_in_core(const std::string& path, const std::string& name) {
  if (name[0] == '"') return starts_with(name, "\"core/");
  if (starts_with(name, "<Eigen/")) return true;
  if (path == "core/backend/cuda.cu") return true;  // the one file that is compiled only with the CUDA toolkit
  return name.find_first_of("./") == std::string::npos;
}

std::vector<std::string> complaints(const Source& file) {
  std::vector<std::string> found;
  const auto complain = [&](const std::string& what) { found.push_back(file.path + " " + what); };
  const std::string folder = folder_of(file.path);
  const auto from = kLayers.find(folder);
  for (const std::string& name : includes_of(file.text)) {
    if (starts_with(file.path, "core/") && !allowed_in_core(file.path, name))
      complain("includes " + name + "; core/ includes only std, Eigen and \"core/...\"");
    const auto to = kLayers.find(folder_of(name.substr(1, name.size() - 2)));
    if (from == kLayers.end() || to == kLayers.end() || to->first == folder) continue;
    if (to->second >= from->second) complain("includes " + name + "; that is not to its left");
  }
  const std::string macro = std::string("__EMSCR") + "IPTEN__";  // in two parts, or this file would offend
  if (folder != "web" && file.text.find(macro) != std::string::npos)
    complain("mentions " + macro + "; platforms are files chosen at link time, see pool_threads.cpp and pool_serial.cpp");
  if (starts_with(file.path, "core/") && from == kLayers.end()) complain("is in a folder that no layer names");
  return found;
}

// Every source below the named folders of the checkout.
std::vector<Source> sources(const std::vector<std::string>& folders) {
  const fs::path root = unpick::test::kSourceDir;
  std::vector<Source> files;
  for (const std::string& folder : folders) {
    if (!fs::is_directory(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension().string();
      const bool source = extension == ".h" || extension == ".cpp" || extension == ".cu" || extension == ".def";
      if (!entry.is_regular_file() || !source) continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      files.push_back({entry.path().lexically_relative(root).generic_string(), text.str()});
    }
  }
  std::sort(files.begin(), files.end(), [](const Source& a, const Source& b) { return a.path < b.path; });
  return files;
}

TEST(Layering, EveryIncludeStandsToTheLeft) {
  const std::vector<Source> files = sources({"core", "ui", "gl", "native", "web", "tests", "bench"});
  ASSERT_FALSE(files.empty()) << "no sources below " << unpick::test::kSourceDir;
  for (const Source& file : files)
    for (const std::string& complaint : complaints(file)) ADD_FAILURE() << complaint;
}

// Lines that hold more than blanks and a remark.
long lines_of_code(const std::string& text) {
  long count = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find_first_not_of(" \t");
    count += first != std::string::npos && line.compare(first, 2, "//") != 0;
  }
  return count;
}

TEST(Layering, CoreStaysWithinItsBudgets) {
  std::map<std::string, long> code;
  long total = 0, longest = 0;
  std::string longest_path;
  for (const Source& file : sources({"core"})) {
    const long lines = std::count(file.text.begin(), file.text.end(), '\n');
    const std::string folder = folder_of(file.path);
    total += lines;
    code[kBudgets.count(folder) > 0 ? folder : "engine"] += lines_of_code(file.text);
    if (lines > longest) {
      longest = lines;
      longest_path = file.path;
    }
    EXPECT_LE(lines, kFileBudget) << file.path << ": split it";
  }
  std::printf("core/: %ld lines; of code", total);
  for (const auto& [part, budget] : kBudgets) {
    std::printf(" %s %ld of %ld,", part.c_str(), code[part], budget);
    EXPECT_GT(code[part], 0) << part;
    EXPECT_LE(code[part], budget) << part << ": fewer lines for the same behaviour is a contribution";
  }
  std::printf(" longest %s, %ld of %d\n", longest_path.c_str(), longest, kFileBudget);
}

TEST(Layering, PlantedOffencesAreFound) {
  const auto count = [](const std::string& path, const std::string& text) { return complaints({path, text}).size(); };
  EXPECT_EQ(count("core/graph/a.h", "#include \"core/base/types.h\"\n#include <vector>\n#include <Eigen/Core>\n"), 0u);
  EXPECT_EQ(count("core/graph/a.h", "#include \"core/graph/b.h\"\n#include \"core/graph/ops.def\"\n"), 0u);
  EXPECT_EQ(count("core/graph/a.h", "#include \"core/backend/backend.h\"\n"), 1u);
  EXPECT_EQ(count("core/graph/a.h", "  #  include \"core/backend/backend.h\"  // why\n"), 1u);
  EXPECT_EQ(count("core/data/a.h", "#include \"core/seams/paths.h\"\n"), 1u) << "data, metrics and seams do not know each other";
  EXPECT_EQ(count("core/session/a.h", "#include \"core/seams/paths.h\"\n"), 0u);
  EXPECT_EQ(count("core/session/a.h", "#include \"ui/app.h\"\n"), 2u) << "not core, and to the right";
  EXPECT_EQ(count("core/base/a.cpp", "#include <nlohmann/json.hpp>\n#include <unistd.h>\n#include \"types.h\"\n"), 3u);
  EXPECT_EQ(count("core/backend/cuda.cu", "#include <cuda_runtime.h>\n"), 0u);
  EXPECT_EQ(count("core/new/a.h", ""), 1u);
  EXPECT_EQ(count("ui/a.cpp", "#include <imgui.h>\n#include \"core/session/session.h\"\n"), 0u);
  EXPECT_EQ(count("native/io/a.cpp", "#include \"native/io/npy.h\"\n#include \"ui/app.h\"\n"), 0u);
  EXPECT_EQ(count("native/a.cpp", "#include \"web/b.h\"\n"), 1u);
  EXPECT_EQ(count("web/a.cpp", "#include \"gl/screen.h\"\n"), 0u);
  EXPECT_EQ(count("ui/a.cpp", "#include \"gl/screen.h\"\n"), 1u);

  const std::string macro = std::string("#ifdef __EMSCR") + "IPTEN__\n";
  EXPECT_EQ(count("core/base/pool.h", macro), 1u);
  EXPECT_EQ(count("tests/a.cpp", macro), 1u);
  EXPECT_EQ(count("web/window_web.cpp", macro), 0u);
}

}  // namespace
