// q(z) and p(z) in a plane: regions against areas that are known.
#include "ui/aggregate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include "core/base/rng.h"

namespace unpick::ui {
namespace {

double area(const Region& region) {
  double twice = 0;
  size_t at = 0;
  for (const int count : region.pieces) {
    for (int k = 0; k < count; ++k) {
      const ImVec2 a = region.corners[at + static_cast<size_t>(k)], b = region.corners[at + static_cast<size_t>((k + 1) % count)];
      twice += double{a.x} * double{b.y} - double{b.x} * double{a.y};
    }
    at += static_cast<size_t>(count);
  }
  return twice / 2;
}

double widest(const Region& region, double x, double y) {  // along (x,y)
  double most = 0;
  for (const ImVec2& p : region.edge) most = std::max(most, x * double{p.x} + y * double{p.y});
  return most;
}

// Posteriors N(0, variance) of two latents.
Pictures pictures(size_t images, double variance) {
  Pictures p;
  p.serial = 7;
  p.sample.images.resize(images);
  p.sample.kl.resize(2);
  p.sample.mu.assign(2 * images, 0);
  p.sample.logvar.assign(2 * images, static_cast<real>(std::log(variance)));
  return p;
}

Config with(const std::string& prior) {
  Config config;
  set(config, "prior", prior);
  set(config, "latent", "2");
  return config;
}

TEST(Aggregate, OfThePriorItselfIsTheDiscsOfOneAndTwoDeviations) {
  const Aggregate a = aggregate_in_plane(pictures(3, 1), with("normal"), 0, 1);
  EXPECT_EQ(a.serial, 7);
  for (const auto* regions : {&a.q, &a.p}) {
    EXPECT_NEAR(area((*regions)[0]), std::numbers::pi, 0.05);
    EXPECT_NEAR(area((*regions)[1]), 4 * std::numbers::pi, 0.2);
    EXPECT_NEAR(widest((*regions)[1], 1, 0), 2, 0.04);
    EXPECT_NEAR(widest((*regions)[1], 0.6, 0.8), 2, 0.04);
  }
  EXPECT_NEAR(a.kl, 0, 1e-3);
}

TEST(Aggregate, TheDivergenceOfOneGaussianIsThatOfTheory) {
  const double v = 0.25;
  EXPECT_NEAR(aggregate_in_plane(pictures(1, v), with("normal"), 0, 1).kl, v - 1 - std::log(v), 1e-3);
}

TEST(Aggregate, AFullPosteriorTilts) {
  Pictures p = pictures(2, 0.5);
  const auto root = static_cast<real>(std::sqrt(0.5));
  for (int i = 0; i < 2; ++i)
    p.sample.root.insert(p.sample.root.end(), {root, 0, real{0.9f} * root, root * std::sqrt(real{0.19f})});
  const Region tilted = aggregate_in_plane(p, with("normal"), 0, 1).q[0];
  const double s = std::sqrt(0.5);
  EXPECT_NEAR(widest(tilted, s, s), std::sqrt(0.5 * 1.9), 0.08) << "the tip lies between points of the grid";
  EXPECT_NEAR(widest(tilted, s, -s), std::sqrt(0.5 * 0.1), 0.05);
}

TEST(Aggregate, EveryPriorHasItsRegionsWhereThereIsAFormula) {
  for (const char* name : {"normal", "anisotropic", "student-t", "mixture", "sparse", "subspaces", "hierarchical"}) {
    const Aggregate a = aggregate_in_plane(pictures(1, 1), with(name), 0, 1);
    const bool known = std::string(name) != "hierarchical";
    EXPECT_EQ(!a.p[0].pieces.empty(), known) << name;
    EXPECT_EQ(std::isfinite(a.kl), known) << name;
    EXPECT_EQ(a.p[0].edge.size() % 2, 0u);
  }
  Pictures wide = pictures(1, 1);
  wide.prior_variances = Eigen::Vector2d(1.6, 0.4);
  EXPECT_NEAR(widest(aggregate_in_plane(wide, with("anisotropic"), 0, 1).p[0], 1, 0), std::sqrt(1.6), 0.03);
  EXPECT_NEAR(widest(aggregate_in_plane(wide, with("anisotropic"), 1, 0).p[0], 1, 0), std::sqrt(0.4), 0.03);
  // Groups of two turn within themselves; a product of t does not.
  const Region round = aggregate_in_plane(wide, with("subspaces"), 0, 1).p[1],
               star = aggregate_in_plane(wide, with("student-t"), 0, 1).p[1];
  const double s = std::sqrt(0.5);
  EXPECT_NEAR(widest(round, s, s), widest(round, 1, 0), 0.03);
  EXPECT_GT(widest(star, 1, 0), widest(star, s, s) + 0.03);
  // Four clusters, and none at the origin: with two latents all of the mass lies in them.
  EXPECT_NEAR(area(aggregate_in_plane(wide, with("mixture"), 0, 1).p[1]), 4 * std::numbers::pi * 4 * 0.03, 0.15);
}

TEST(Aggregate, WhatLiesOutsideIsNotDivided) {
  Pictures p = pictures(1, 0.1);
  p.sample.mu = {4, 0};
  const Aggregate a = aggregate_in_plane(p, with("normal"), 0, 1);
  EXPECT_TRUE(std::isnan(a.kl));
  EXPECT_TRUE(a.q[1].pieces.empty());
}

TEST(Aggregate, IsFastEnoughForAFrame) {
  Pictures p = pictures(256, 0.3);
  Rng(1, Stream::noise).fill_normal(p.sample.mu, 0);
  double best = 1;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(aggregate_in_plane(p, with("student-t"), 0, 1).q[0].pieces.empty());
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::printf("measured: q(z) of 256 images in %.2f ms\n", 1000 * best);
  EXPECT_LT(best, 0.02) << "seconds, on a busy machine";
}

}  // namespace
}  // namespace unpick::ui
