// `unpick replay`: does again what a lab was told, without a window, and keeps the run that comes out.
#include "core/session/lab.h"
#include "core/session/script.h"
#include "native/cli/cli.h"
#include "native/cli/support.h"
#include "native/io/files.h"
#include "native/io/run_directory.h"

namespace unpick::cli {
namespace {

struct ReplayOptions {
  std::string script, from, out;
  bool json = false;
};

int replay_script(const ReplayOptions& o) {
  const std::vector<std::byte> bytes = io::read_file(o.script, 64 << 20);
  const auto script = parse_script(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), o.script);
  const io::RunDirectory directory(o.out);
  directory.create();
  Lab lab(open_data, Config{});
  if (!o.from.empty()) lab.open(io::read_run(o.from));
  lab.advance(0);
  const auto require_no_complaint = [&](const std::string& where) {
    if (!lab.message().empty() && lab.message() != lab.session().note())
      throw Error(ErrorKind::data, where, lab.message(), "mend it, or give another");
  };
  require_no_complaint(o.from);
  for (const LoggedLine& line : script) {
    replay(lab, std::span(&line, 1));
    require_no_complaint(o.script + ", step " + std::to_string(line.step) + ", '" + line.line + "'");
  }
  lab.post("keep");
  while (!lab.latest().kept) lab.advance(0.01);
  directory.save(*lab.latest().kept);
  if (o.json) {
    print(Json{{"out", o.out}, {"step", lab.session().step()}, {"loss", lab.session().losses().loss}});
  } else {
    print(format("%lld steps, loss %.2f; see %s\n", static_cast<long long>(lab.session().step()), lab.session().losses().loss,
                 o.out.c_str()));
  }
  return 0;
}

}  // namespace

void add_replay(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("replay", "do again what the lab was told");
  const auto o = std::make_shared<ReplayOptions>();
  command->add_option("script", o->script, "commands.txt, as the lab exports it")->required()->type_name("FILE");
  command->add_option("--out", o->out, "run directory for the result")->required()->type_name("DIR");
  command->add_option("--from", o->from, "the run that the lab had opened")->type_name("DIR|FILE");
  command->add_flag("--json", o->json, "print one JSON document");
  command->callback([o, &run] { run = [o] { return replay_script(*o); }; });
}

}  // namespace unpick::cli
