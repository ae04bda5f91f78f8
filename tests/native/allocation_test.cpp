// A replay allocates nothing. A program of its own, without sanitizers: it replaces new and delete, and so do they.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "core/base/buffer.h"
#include "core/model/vae.h"

// Every allocation of this program is counted, so that a test can say "none".
static std::atomic<long> allocations{0};
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // malloc and free are this file's new and delete
#endif
void* operator new(size_t size) {
  ++allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }

namespace unpick {
namespace {

TEST(Plan, AWholeTrainingStepReplaysWithoutAllocating) {
  for (const char* model : {"mlp", "conv"}) {
    Parameters table;
    const Training t = record_training(make_vae_spec(model, "beta-vae", "bernoulli", {64, 64, 1}, 4), 8, table);
    const Plan plan(*t.graph, t.request());
    EXPECT_LT(plan.arena * 3, plan.one_buffer_per_row) << plan.str();
    Buffer weights(table.region()), gradients(table.region());
    table.initialise(weights.span(), 1);
    Pool pool(2);
    const auto program = make_cpu_backend(pool)->prepare(plan, {weights.span(), gradients.span()});
    program->run();
    const long before = allocations;
    for (int i = 0; i < 5; ++i) program->run();
    EXPECT_EQ(allocations - before, 0) << model;
  }
}

}  // namespace
}  // namespace unpick
