// The graph of every objective as text, gradient included: a change to what is computed shows up as a readable diff.
// UNPICK_UPDATE_GOLDEN=1 writes the files anew; look at the diff before committing it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "core/graph/outline.h"
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

// The plan of the house: what each scope takes, and that nothing is counted twice.
TEST(GraphText, AnOutlineHasEveryRowOnceAndLeadsFromTheImagesToTheLoss) {
  for (const Objective& o : objectives()) {
    Parameters table;
    const Training t =
        record_training(make_vae_spec("mlp", o.name, o.gaussian_only ? "gaussian" : "bernoulli", {4, 4, 1}, 2), 3, table);
    const std::vector<OutlineBox> boxes = outline(*t.graph, t.loss, t.parameters);
    const auto box = [&](const std::string& scope) {
      const auto found = std::find_if(boxes.begin(), boxes.end(), [&](const auto& b) { return b.scope == scope; });
      return static_cast<size_t>(found - boxes.begin());
    };
    size_t rows = 0;
    int64_t parameters = 0, trained = 0;
    for (const OutlineBox& b : boxes) {
      rows += static_cast<size_t>(b.forward + b.backward);
      parameters += b.parameters;
    }
    for (const Node& n : t.graph->nodes()) rows += n.scope == 0 && n.op != Op::Input;
    for (const Binding& b : t.parameters) trained += b.row.shape().size();
    EXPECT_EQ(rows, t.graph->nodes().size()) << o.name;
    EXPECT_EQ(parameters, trained) << o.name;
    ASSERT_LT(box("objective"), boxes.size()) << o.name;
    std::set<size_t> reached{box("objective")};
    for (size_t b = boxes.size(); b-- > 0;)
      if (reached.count(b)) reached.insert(boxes[b].from.begin(), boxes[b].from.end());
    for (const char* scope : {"", "encoder.lin1", "decoder.lin1", "likelihood"})
      EXPECT_TRUE(reached.count(box(scope))) << o.name << ": " << scope;
    EXPECT_EQ(boxes[box("encoder.lin1")].from, std::vector<size_t>{box("encoder")});
    const std::string code = o.samples ? "sample" : "decoder.lin1";
    EXPECT_TRUE(std::ranges::count(boxes[box(code)].from, box("encoder.lin3"))) << o.name << ": past slices outside of all scopes";
  }
}

}  // namespace
}  // namespace unpick
