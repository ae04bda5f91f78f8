// The graph of every objective as text, gradient included: a change to what is computed shows up as a readable diff.
// UNPICK_UPDATE_GOLDEN=1 writes the files anew; look at the diff before committing it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/model/vae.h"
#include "tests/places.h"

namespace unpick {
namespace {

TEST(GraphText, ObjectivesRecordWhatTheyAlwaysDid) {
  for (const Objective& o : objectives()) {
    Parameters table;
    const Training t =
        record_training(make_vae_spec("linear", o.name, o.gaussian_only ? "gaussian" : "bernoulli", {2, 2, 1}, 2), 3, table);
    const std::string path = std::string(test::kSourceDir) + "/tests/golden/graph_" + o.name + ".txt";
    const std::string text = t.graph->str() + "\n" + Plan(*t.graph, t.request()).str();
    if (std::getenv("UNPICK_UPDATE_GOLDEN")) std::ofstream(path) << text;
    std::ifstream file(path);
    std::stringstream golden;
    golden << file.rdbuf();
    EXPECT_EQ(text, golden.str()) << path;
  }
}

}  // namespace
}  // namespace unpick
