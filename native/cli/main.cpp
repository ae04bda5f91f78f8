// `unpick`: parses the command line, runs one command, turns every error into one line and an exit code. See cli.h.
#include <cstdio>
#include <memory>
#include <new>

#include "core/base/nearest.h"
#include "native/cli/cli.h"

namespace unpick::cli {
namespace {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return 2;
    case ErrorKind::data: return 3;
    default: return 1;
  }
}

int fail(const std::string& command, const std::string& message, int code) {
  std::fprintf(stderr, "unpick%s%s: %s\n", command.empty() ? "" : " ", command.c_str(), message.c_str());
  return code;
}

// CLI11 explains over several lines; the contract allows one.
std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n') c = ' ';
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text;
}

// The nearest known option or command to what could not be parsed.
std::string suggestion(const CLI::App& app, const std::string& given) {
  std::string names;
  for (const CLI::Option* option : app.get_options()) names += "|" + option->get_name();
  for (const CLI::App* command : app.get_subcommands(nullptr)) names += "|" + command->get_name();
  const std::string near = nearest(given.substr(0, given.find('=')), names);
  return near.empty() ? "" : "did you mean '" + near + "'?";
}

int parse_error(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  const auto used = app.get_subcommands();
  const CLI::App& command = used.empty() ? app : *used.front();
  const std::string name = used.empty() ? "" : command.get_name();
  std::string hint;
  for (const std::string& extra : app.remaining(true)) {
    hint = suggestion(command, extra);
    if (!hint.empty()) break;
  }
  if (hint.empty()) hint = "see unpick " + (name.empty() ? "" : name + " ") + "--help";
  return fail(name, one_line(error.what()) + "; " + hint, 2);
}

int run(int argc, char** argv) {
  CLI::App app{"Unpick: train small VAEs and see why their latent knobs come apart."};
  app.name("unpick");
  app.set_version_flag("--version", "unpick " UNPICK_VERSION);
  app.require_subcommand(1);
  app.footer("Start with:  unpick train --preset live --out runs/live");
  Run action;
  for (const auto add : {add_train, add_encode, add_decode, add_traverse, add_seams, add_score, add_data, add_import, add_bench,
                         add_reproduce, add_doctor, add_app, add_replay})
    add(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return parse_error(app, error);
  }
  const auto used = app.get_subcommands();
  const std::string command = used.empty() ? "" : used.front()->get_name();
  try {
    return action();
  } catch (const Error& error) {
    return fail(command, error.what(), exit_code(error.kind()));
  } catch (const std::bad_alloc&) {
    return fail(command, "memory: not enough for this model and batch; use a smaller --batch or --model", 1);
  } catch (const std::exception& error) {
    return fail(command, std::string("internal error: ") + error.what() + "; please report it with the command line", 1);
  }
}

}  // namespace

void add_settings(CLI::App& command, Given& given, std::initializer_list<When> kinds) {
  for (const Setting& s : settings()) {
    if (std::find(kinds.begin(), kinds.end(), s.when) == kinds.end()) continue;
    std::string help = s.help;
    if (*s.choices) help += std::string(" (") + s.choices + ")";
    command
        .add_option_function<std::string>(
            std::string("--") + s.flag,
            [&given, name = std::string(s.name)](const std::string& value) { given.emplace_back(name, value); }, help)
        ->default_str(s.initial)
        ->type_name(s.type == Setting::text    ? "TEXT"
                    : s.type == Setting::count ? "N"
                                               : "X");
  }
}

}  // namespace unpick::cli

int main(int argc, char** argv) { return unpick::cli::run(argc, argv); }
