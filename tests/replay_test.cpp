// The command line does again what a lab was told.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "core/data/dataset.h"
#include "core/session/lab.h"
#include "core/session/script.h"
#include "native/io/run_directory.h"
#include "tests/program.h"

namespace unpick {
namespace {

TEST(Replay, DoesAgainWhatALabWasTold) {
  Config config;
  for (const auto& [name, value] : {std::pair{"data", "dsprites:shape=ellipse,scale=2,orientation=0,posX=8..15,posY=8..11"},
                                    {"model", "linear"},
                                    {"latent", "3"},
                                    {"batch", "8"}})
    set(config, name, value);
  Lab lab(open_dataset, config);
  for (const char* line : {"pair posterior=full", "step 5", "set beta 2", "step 4"}) {
    lab.post(line);
    while (!std::isinf(lab.advance(0.01))) continue;
  }
  const io::TemporaryFolder folder;
  const std::string script = folder / "commands.txt", out = folder / "again";
  std::ofstream(script) << script_text(lab.latest().opening, lab.log(), lab.session().step());
  const io::Program done(folder, {"replay", script, "--out", out});
  ASSERT_EQ(done.wait(), 0) << done.err();
  for (const auto& [where, session] : {std::pair{out, &lab.session()}, {out + "/partner", lab.partner()}}) {
    const Kept again = io::read_run(where);
    const State state = session->state();
    EXPECT_EQ(again.state.step, 9);
    EXPECT_EQ(again.state.weights, state.weights) << where << ", bit for bit";
    EXPECT_EQ(again.curves->loss.size(), 9u);
  }

  std::ofstream(script) << "0 start model=linear latent=2 batch=8 steps=3\n5 set beta 2\n" << std::flush;
  const io::Program late(folder, {"replay", script, "--out", out});
  EXPECT_EQ(late.wait(), 3);
  EXPECT_NE(late.err().find("stands at step 3"), std::string::npos) << late.err();

  std::ofstream(script) << "0 start betta=3\n" << std::flush;
  const io::Program wrong(folder, {"replay", script, "--out", out});
  EXPECT_EQ(wrong.wait(), 3);
  EXPECT_NE(wrong.err().find("betta"), std::string::npos);
}

}  // namespace
}  // namespace unpick
