// Plans: what is left out, what is fused, what shares memory; and shape errors.
#include <gtest/gtest.h>

#include "core/backend/backend.h"
#include "core/base/buffer.h"
#include "core/base/rng.h"
#include "core/graph/derive.h"
#include "core/model/vae.h"

namespace unpick {
namespace {

TEST(Plan, LeavesOutWhatNoOutputNeeds) {
  Graph g;
  const Var x = g.input({4});
  const Var y = exp(x);
  log(x);
  const Plan plan(g, {{y}, {}, {}});
  ASSERT_EQ(plan.program.size(), 1u);
  EXPECT_EQ(plan.program[0].rows, std::vector<int>{y.id});
}

TEST(Plan, NeighbouringPointwiseRowsBecomeOneLoop) {
  Graph g;
  const Var x = g.input({8, 4}), b = g.input({1, 4});
  const Var wide = broadcast(b, {8, 4});
  const Var y = x + wide;
  const Var r = relu(y);
  const Plan plan(g, {{r}, {}, {}});
  ASSERT_EQ(plan.program.size(), 1u) << plan.str();
  EXPECT_TRUE(plan.program[0].loop);
  EXPECT_EQ(plan.places[static_cast<size_t>(wide.id)].region, Region::tile);
  EXPECT_EQ(plan.places[static_cast<size_t>(r.id)].region, Region::arena);
}

TEST(Plan, AViewOfALoopsOwnRowStartsANewLoop) {
  Graph g;
  const Var x = g.input({4, 4});
  const Var e = exp(x);
  const Var t = permute(e, {1, 0, 2, 3});
  const Var y = e + t;
  const Plan plan(g, {{y}, {}, {}});
  EXPECT_EQ(plan.program.size(), 2u) << plan.str();
}

// The loss of logits and, after a sum and other work, its gradient.
struct LogitsAndLoss {
  Graph g;
  Var x = g.input({4, 6}), w = g.input({6, 8}), t = g.input({4, 8});
  Var made = matmul(x, w);
  Var logits = affine(made, 2);
  Var loss = total(softplus(logits)), other = matmul(t, w, false, true);
  Var gradient = sigmoid(logits) * t;
};

TEST(Plan, ALoopThatIsTheLastToReadAnEarlierOneJoinsIt) {
  LogitsAndLoss l;
  const Plan plan(l.g, {{l.loss, l.other, l.gradient}, {}, {}});
  ASSERT_EQ(plan.program.size(), 4u) << plan.str();  // the product, the loop, the sum, the other product
  EXPECT_EQ(plan.program[1].rows.back(), l.gradient.id) << plan.str();
  EXPECT_EQ(plan.places[static_cast<size_t>(l.logits.id)].region, Region::tile) << "nobody has to keep them";
}

TEST(Plan, ALoopStaysWhereItIsIfWhatItReadsIsKeptAnyway) {
  LogitsAndLoss l;
  const Var later = matmul(l.logits, l.w, false, true);
  EXPECT_EQ(Plan(l.g, {{l.loss, l.other, l.gradient, later}, {}, {}}).program.size(), 6u) << "read by a product after it";
  EXPECT_EQ(Plan(l.g, {{l.loss, l.other, l.gradient, l.logits}, {}, {}}).program.size(), 5u) << "asked for";
}

TEST(Plan, ALoopThatNeedsWhatComesInBetweenStaysWhereItIs) {
  LogitsAndLoss l;
  const Var after = l.gradient * broadcast(l.loss, {4, 8});
  const Plan plan(l.g, {{l.other, after}, {}, {}});
  EXPECT_EQ(plan.program.back().rows.back(), after.id) << plan.str();
}

TEST(Plan, AViewDoesNotJoinTheLoopItReads) {
  Graph g;
  const Var x = g.input({4, 4});
  const Var e = exp(x);
  const Var sum = total(e);
  const Var turned = permute(e, {1, 0, 2, 3});
  const Plan plan(g, {{sum, turned}, {}, {}});
  EXPECT_EQ(plan.program.size(), 3u) << plan.str();
}

TEST(Plan, ALoopBehindAConvolutionReadsImagesThatNobodyKeeps) {
  Graph g;
  const Var x = g.input({8, 8, 8, 1}), w = g.input({4, 4, 1, 3}), b = g.input({1, 1, 1, 3});
  const Var y = conv(x, w, 2, 1);
  const Var wide = broadcast(b, y.shape());
  const Var z = relu(y + wide);
  const Plan plan(g, {{z}, {}, {}});
  ASSERT_EQ(plan.program.size(), 1u) << plan.str();
  EXPECT_EQ(plan.places[static_cast<size_t>(y.id)].region, Region::pieces);
  EXPECT_EQ(plan.places[static_cast<size_t>(z.id)].region, Region::arena);
}

TEST(Plan, AConvolutionThatIsReadElsewhereStaysInMemory) {
  Graph g;
  const Var x = g.input({8, 8, 8, 1}), w = g.input({4, 4, 1, 3});
  const Var y = conv(x, w, 2, 1);
  const Var e = exp(y);
  const Var total = sum(y, {1});
  EXPECT_EQ(Plan(g, {{e, total}, {}, {}}).places[static_cast<size_t>(y.id)].region, Region::arena);
  EXPECT_EQ(Plan(g, {{e, y}, {}, {}}).places[static_cast<size_t>(y.id)].region, Region::arena);
  const Var turned = permute(y, {0, 2, 1, 3});  // other elements than its own: the images must be finished
  const Plan plan(g, {{turned}, {}, {}});
  EXPECT_EQ(plan.program.size(), 2u) << plan.str();
  EXPECT_EQ(plan.places[static_cast<size_t>(y.id)].region, Region::arena);
}

TEST(Plan, ReshapeIsAnAlias) {
  Graph g;
  const Var x = g.input({4, 6});
  const Var y = reshape(exp(x), {3, 8});
  const Plan plan(g, {{y}, {}, {}});
  EXPECT_EQ(plan.program.size(), 1u);
  Pool pool(1);
  const auto program = make_cpu_backend(pool)->prepare(plan, {});
  EXPECT_EQ(program->data(y).data(), program->data({&g, y.node().in[0]}).data());
}

TEST(Plan, RowsThatAreNeverAliveTogetherShareMemory) {
  Graph g;
  Var x = g.input({32, 32});
  const Var w = g.input({32, 32});
  for (int i = 0; i < 10; ++i) x = matmul(x, w);
  const Plan plan(g, {{x}, {}, {}});
  EXPECT_EQ(plan.one_buffer_per_row, 12 * 1024);
  EXPECT_EQ(plan.arena, 4 * 1024);  // two inputs and two that alternate
}

// The plan with reuse and fusion must compute what one row after another computes, whatever the threads.
TEST(Plan, FusionAndReuseDoNotChangeABit) {
  Parameters table;
  const Training t = record_training(make_vae_spec("conv", "beta-vae", "bernoulli", {64, 64, 1}, 4), 4, table);
  Buffer weights(table.region());
  table.initialise(weights.span(), 1);
  std::vector<Buffer> gradients;
  for (const auto& [every_row, threads] : {std::pair{false, 2}, {true, 1}, {false, 5}}) {
    Pool pool(threads);
    PlanRequest request = t.request();
    request.every_row = every_row;
    gradients.emplace_back(table.region());
    const auto program = make_cpu_backend(pool)->prepare(Plan(*t.graph, request), {weights.span(), gradients.back().span()});
    Rng(2, Stream::test).fill_uniform(program->data(t.x), 0, 0, 1);
    Rng(2, Stream::test).fill_normal(program->data(t.epsilon), 1);
    program->data(t.beta)[0] = 4;
    program->run();
  }
  for (const size_t other : {size_t{1}, size_t{2}})
    for (size_t i = 0; i < gradients[0].span().size(); ++i) ASSERT_EQ(gradients[0].span()[i], gradients[other].span()[i]) << i;
}

TEST(Graph, AShapeErrorNamesVerbShapesScopeAndHint) {
  Graph g;
  const Scope outer(g, "encoder");
  const Scope inner(g, "lin1");
  const Var x = g.input({4, 3}), w = g.input({5, 2});
  try {
    matmul(x, w);
    FAIL() << "no error";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "MatMul in scope 'encoder.lin1': [4,3] times [5,2]; inner extents must agree and both be matrices");
  }
  EXPECT_THROW(x + w, ShapeError);
  EXPECT_THROW(reshape(x, {5}), ShapeError);
  EXPECT_THROW(slice(x, 1, 2, 2), ShapeError);
  EXPECT_THROW(broadcast(x, {4, 5}), ShapeError);
}

}  // namespace
}  // namespace unpick
