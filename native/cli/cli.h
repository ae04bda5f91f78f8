// The command line: one file per command, each with a function that adds it to the parser.
//
// A command's function declares its options and leaves in `run` what to do once the line is parsed. Errors travel as
// unpick::Error; main.cpp turns them into the one line and the exit code of the contract:
//   0 done, 1 failed, 2 usage, 3 bad data, 130 interrupted;  "unpick <command>: <what>: <why>; <what to do>".
// `--json` prints one JSON document on stdout; progress goes to stderr, and only to a terminal.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "core/session/config.h"

namespace unpick::cli {

inline constexpr int kInterrupted = 130;

using Run = std::function<int()>;  // returns the exit code

void add_train(CLI::App& app, Run& run);
void add_encode(CLI::App& app, Run& run);
void add_decode(CLI::App& app, Run& run);
void add_traverse(CLI::App& app, Run& run);
void add_score(CLI::App& app, Run& run);
void add_seams(CLI::App& app, Run& run);
void add_data(CLI::App& app, Run& run);
void add_import(CLI::App& app, Run& run);
void add_bench(CLI::App& app, Run& run);
void add_reproduce(CLI::App& app, Run& run);
void add_doctor(CLI::App& app, Run& run);
void add_app(CLI::App& app, Run& run);
void add_replay(CLI::App& app, Run& run);

// Adds --NAME for every setting of the given kinds; what the user gave is collected as (name, value), in order.
using Given = std::vector<std::pair<std::string, std::string>>;
void add_settings(CLI::App& command, Given& given, std::initializer_list<When> kinds);

}  // namespace unpick::cli
