// Every primitive's derivative fact, checked against two judges, to third order, in double.
//
//   adjoint identity   <w, J v> = <J' w, v>     catches a jvp and a vjp that disagree
//   finite differences (f(x+hv) - f(x-hv)) / 2h  catches a jvp and a vjp that agree on the wrong thing
//
// The check then recurses on the jvp graph and on each vjp graph: their derivatives must pass too. The cases are listed
// by primitive, and a primitive without a case fails the last test.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "core/backend/backend.h"
#include "core/base/rng.h"
#include "core/graph/derive.h"

namespace unpick {
namespace {

using Function = std::function<Var(const std::vector<Var>&)>;

struct Case {
  std::string name;
  std::set<Op> covers;
  std::vector<Shape> shapes;
  Function f;
  double low = -1, high = 1;
};

RowNumbers rows(std::vector<int> r) { return std::make_shared<const std::vector<int>>(std::move(r)); }

std::vector<Case> cases() {
  const Shape m{3, 4};
  std::vector<Case> c{
      {"Exp", {Op::Exp}, {m}, [](auto& v) { return exp(v[0]); }},
      {"Log", {Op::Log}, {m}, [](auto& v) { return log(v[0]); }, .5, 2},
      {"Tanh", {Op::Tanh}, {m}, [](auto& v) { return tanh(v[0]); }},
      {"Softplus", {Op::Softplus}, {m}, [](auto& v) { return softplus(v[0]); }, -2, 2},
      {"Sqrt", {Op::Sqrt}, {m}, [](auto& v) { return sqrt(v[0]); }, .5, 2},
      {"Sin", {Op::Sin}, {m}, [](auto& v) { return sin(v[0]); }, -3, 3},
      {"Cos", {Op::Cos}, {m}, [](auto& v) { return cos(v[0]); }, -3, 3},
      {"Recip", {Op::Recip}, {m}, [](auto& v) { return recip(v[0]); }, .5, 2},
      {"Affine", {Op::Affine}, {m}, [](auto& v) { return affine(v[0], 3, -1); }},
      {"Add", {Op::Add}, {m, m}, [](auto& v) { return v[0] + v[1]; }},
      {"Add to itself", {Op::Add}, {m}, [](auto& v) { return v[0] + v[0]; }},
      {"Mul", {Op::Mul}, {m, m}, [](auto& v) { return v[0] * v[1]; }},
      {"square", {Op::Mul}, {m}, [](auto& v) { return v[0] * v[0]; }},
      {"quotient", {Op::Recip}, {m, m}, [](auto& v) { return v[0] / v[1]; }, .5, 2},
      {"Sum of columns",
       {Op::Sum},
       {m},
       [](auto& v) {
         return sum(v[0], {3, 1});
       }},
      {"Sum of rows",
       {Op::Sum},
       {m},
       [](auto& v) {
         return sum(v[0], {1, 4});
       }},
      {"Sum of outer axes",
       {Op::Sum},
       {{3, 2, 4}},
       [](auto& v) {
         return sum(v[0], {1, 2, 1});
       }},
      {"Broadcast",
       {Op::Broadcast},
       {{3, 1, 2}},
       [](auto& v) {
         return broadcast(v[0], {3, 5, 2});
       }},
      {"Reshape",
       {Op::Reshape},
       {m},
       [](auto& v) {
         return reshape(v[0], {2, 6});
       }},
      {"Permute",
       {Op::Permute},
       {{2, 3, 4}},
       [](auto& v) {
         return permute(v[0], {2, 0, 1, 3});
       }},
      {"Slice", {Op::Slice}, {m}, [](auto& v) { return slice(v[0], 1, 1, 2); }},
      {"Pad", {Op::Pad}, {m}, [](auto& v) { return pad(v[0], 0, 2, 7); }},
      {"Gather",
       {Op::Gather},
       {m},
       [](auto& v) {
         return gather(v[0], rows({2, 0, 2, 1}));
       }},
      {"ScatterAdd",
       {Op::ScatterAdd},
       {m},
       [](auto& v) {
         return scatter_add(v[0], rows({4, 0, 4}), 5);
       }},
      {"relu", {Op::Step}, {m}, [](auto& v) { return relu(v[0]); }, .1, 1},
      {"relu off", {Op::Step}, {m}, [](auto& v) { return relu(v[0]); }, -1, -.1},
      {"Sigmoid", {Op::Sigmoid}, {m}, [](auto& v) { return sigmoid(v[0]); }, -2, 2},
      {"logsumexp", {Op::MaxAxis}, {m}, [](auto& v) { return logsumexp(v[0], 1); }},
  };
  for (bool ta : {false, true})
    for (bool tb : {false, true})
      c.push_back({std::string("MatMul ") + (ta ? "t" : "n") + (tb ? "t" : "n"),
                   {Op::MatMul},
                   {ta ? Shape{4, 3} : Shape{3, 4}, tb ? Shape{5, 4} : Shape{4, 5}},
                   [=](auto& v) { return matmul(v[0], v[1], ta, tb); }});
  const auto convolutions = [&c](Shape x, Shape w, int stride, int border) {
    const Shape y{x[0], (x[1] + 2 * border - w[0]) / stride + 1, (x[2] + 2 * border - w[1]) / stride + 1, w[3]};
    const std::string how = " " + w.str() + " stride " + std::to_string(stride) + " pad " + std::to_string(border);
    c.push_back({"Conv" + how, {Op::Conv}, {x, w}, [=](auto& v) { return conv(v[0], v[1], stride, border); }});
    c.push_back({"ConvT" + how, {Op::ConvT}, {y, w}, [=](auto& v) { return conv_transpose(v[0], v[1], stride, border, x); }});
    c.push_back({"ConvW" + how, {Op::ConvW}, {x, y}, [=](auto& v) { return conv_weight(v[0], v[1], stride, border, w); }});
  };
  for (int stride : {1, 2})
    for (int border : {0, 1}) convolutions({2, 6, 5, 2}, {3, 3, 2, 3}, stride, border);
  convolutions({16, 8, 8, 16}, {4, 4, 16, 16}, 2, 1);  // whole tiles and vectors: Winograd's method
  return c;
}

double dot(std::span<const real> a, std::span<const real> b) {
  double s = 0;
  for (size_t i = 0; i < a.size(); ++i) s += a[i] * b[i];
  return s;
}

// Checks f at random points; returns the number of checks, recursing to `order`.
int check(const std::string& name, const Function& f, const std::vector<Shape>& shapes, int order, double low, double high) {
  Graph g;
  std::vector<Var> xs, tangents;
  for (Shape s : shapes) xs.push_back(g.input(s));
  const Var y = f(xs);
  for (Shape s : shapes) tangents.push_back(g.input(s));
  const Var w = g.input(y.shape());
  const Var jv = jvp(std::array{y}, xs, tangents)[0];
  const std::vector<Var> jw = vjp(y, w, xs);

  PlanRequest request;
  request.outputs = {y, jv};
  request.outputs.insert(request.outputs.end(), jw.begin(), jw.end());
  // Cotangents that do not depend on an input drop it from the graph; keep all inputs readable.
  for (Var v : xs) request.outputs.push_back(v);
  for (Var v : tangents) request.outputs.push_back(v);
  request.outputs.push_back(w);
  Pool pool(1);
  const auto backend = make_cpu_backend(pool);
  const auto program = backend->prepare(Plan(g, request), {});
  const Rng rng(7, Stream::test);
  uint32_t draw = 0;
  for (Var x : xs) rng.fill_uniform(program->data(x), draw++, low, high);
  for (Var t : tangents) rng.fill_uniform(program->data(t), draw++, -1, 1);
  rng.fill_uniform(program->data(w), draw++, -1, 1);
  program->run();

  const auto J = program->data(jv);
  const double left = dot(program->data(w), J);
  double right = 0, scale = 1e-9;
  for (size_t i = 0; i < xs.size(); ++i) right += dot(program->data(jw[i]), program->data(tangents[i]));
  for (size_t i = 0; i < J.size(); ++i) scale += std::abs(program->data(w)[i] * J[i]);
  EXPECT_LT(std::abs(left - right) / scale, 1e-11) << name << ": adjoint identity, derivatives left " << order;

  const std::vector<real> exact(J.begin(), J.end());
  std::vector<double> difference(exact.size());
  const double h = 1e-5;
  const auto shift = [&](double by) {
    for (size_t i = 0; i < xs.size(); ++i)
      for (size_t k = 0; k < program->data(xs[i]).size(); ++k) program->data(xs[i])[k] += by * program->data(tangents[i])[k];
  };
  for (int sign : {1, -1}) {
    shift(sign * h);
    program->run();
    for (size_t i = 0; i < difference.size(); ++i) difference[i] += sign * program->data(y)[i] / (2 * h);
    shift(-sign * h);
  }
  for (size_t i = 0; i < exact.size(); ++i)
    EXPECT_LT(std::abs(difference[i] - exact[i]) / (1 + std::abs(exact[i])), 1e-6)
        << name << ": finite differences, derivatives left " << order;

  int checks = 1;
  if (order == 1) return checks;
  const size_t m = shapes.size();
  std::vector<Shape> doubled = shapes;
  doubled.insert(doubled.end(), shapes.begin(), shapes.end());
  const auto forward = [&f, m](const std::vector<Var>& v) {
    const std::vector<Var> a(v.begin(), v.begin() + static_cast<long>(m)), b(v.begin() + static_cast<long>(m), v.end());
    return jvp(std::array{f(a)}, a, b)[0];
  };
  checks += check(name + " > jvp", forward, doubled, order - 1, low, high);
  std::vector<Shape> with_cotangent = shapes;
  with_cotangent.push_back(y.shape());
  for (size_t k = 0; k < m; ++k) {
    const auto reverse = [&f, m, k](const std::vector<Var>& v) {
      const std::vector<Var> a(v.begin(), v.begin() + static_cast<long>(m));
      return vjp(f(a), v[m], a)[k];
    };
    checks += check(name + " > vjp" + std::to_string(k), reverse, with_cotangent, order - 1, low, high);
  }
  return checks;
}

TEST(Derivatives, EveryPrimitiveToThirdOrder) {
  int checks = 0;
  for (const Case& c : cases()) checks += check(c.name, c.f, c.shapes, 3, c.low, c.high);
  std::printf("%d checks\n", checks);
}

// A kernel that writes one element too far would go unseen inside the arena: put sentinels behind every row.
TEST(Derivatives, NoKernelWritesBehindItsRow) {
  constexpr real kSentinel = 1234.5;
  for (const Case& c : cases()) {
    Graph g;
    std::vector<Var> xs;
    for (Shape s : c.shapes) xs.push_back(g.input(s));
    const Var y = c.f(xs);
    const Var w = g.input(y.shape());
    PlanRequest request;
    request.outputs = vjp(y, w, xs);
    request.outputs.push_back(y);
    request.every_row = true;
    request.guard = kAlign;
    const Plan plan(g, request);
    Pool pool(2);
    const auto program = make_cpu_backend(pool)->prepare(plan, {});
    std::vector<std::span<real>> guards;
    for (int id = 0; id < static_cast<int>(g.nodes().size()); ++id) {
      if (plan.places[static_cast<size_t>(id)].region != Region::arena || plan.root(id) != id) continue;
      const auto row = program->data({&g, id});
      std::fill(row.begin(), row.end(), real{1});
      guards.emplace_back(row.data() + row.size(),
                          static_cast<size_t>(aligned(static_cast<int64_t>(row.size()) + kAlign)) - row.size());
      std::fill(guards.back().begin(), guards.back().end(), kSentinel);
    }
    program->run();
    for (const auto& guard : guards)
      for (real value : guard) ASSERT_EQ(value, kSentinel) << c.name;
  }
}

TEST(Derivatives, EveryPrimitiveHasACase) {
  std::set<Op> covered{Op::Input, Op::Fill};
  for (const Case& c : cases()) covered.insert(c.covers.begin(), c.covers.end());
  for (int op = 0; op < kOpCount; ++op)
    EXPECT_TRUE(covered.count(static_cast<Op>(op))) << kOps[op].name << " has no derivative case";
}

TEST(Derivatives, HessianOfAQuadraticIsItsMatrix) {
  // f(x) = x'Ax / 2 with A = [[2,1],[1,3]]: the jvp of the gradient along e_j is column j of A.
  Graph g;
  const Var a = g.input({2, 2}), x = g.input({1, 2}), e = g.input({1, 2});
  const Var xa = matmul(x, a);
  const Var f = affine(matmul(xa, x, false, true), 0.5);
  const Var gradient = grad(f, std::array{x})[0];
  const Var column = jvp(std::array{gradient}, std::array{x}, std::array{e})[0];
  Pool pool(1);
  const auto backend = make_cpu_backend(pool);
  const auto program = backend->prepare(Plan(g, {{column, a, x, e}, {}, {}}), {});
  const real matrix[] = {2, 1, 1, 3};
  std::copy_n(matrix, 4, program->data(a).begin());
  program->data(e)[0] = 1;
  program->run();
  EXPECT_DOUBLE_EQ(program->data(column)[0], 2);
  EXPECT_DOUBLE_EQ(program->data(column)[1], 1);
}

}  // namespace
}  // namespace unpick
