// `unpick app` where the program was built without a window. See app.cpp.
#include "core/base/check.h"
#include "native/cli/cli.h"

namespace unpick::cli {

void add_app(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("app", "the lab in a window (this program was built without it)");
  command->allow_extras();
  command->callback([&run] {
    run = []() -> int {
      throw Error(ErrorKind::usage, "window", "this program was built without it", "use ./run app, which builds it");
    };
  });
}

}  // namespace unpick::cli
