// Counts allocations, for which this file replaces the test program's operator new.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <gmock/gmock.h>

#include "gusto/nn/losses.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/test_gradients.h"

// Sanitizers bring an operator new of their own, which finds more errors than this one.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GUSTO_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define GUSTO_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef GUSTO_COUNTS_ALLOCATIONS
#define GUSTO_COUNTS_ALLOCATIONS 1
#endif

namespace {

std::atomic<std::size_t> allocations = 0;

}  // namespace

#if GUSTO_COUNTS_ALLOCATIONS
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++allocations;
  const auto step = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(step, (size + step - 1) / step * step)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif

namespace gusto::nn {
namespace {

TEST(Tape, AllocatesNothingAfterItsFirstStep) {
  if (!GUSTO_COUNTS_ALLOCATIONS) GTEST_SKIP() << "sanitizers replace operator new";
  constexpr std::size_t kRows = 70;
  ParameterSet set;
  const auto add = [&](const char* name, ParameterKind kind, std::size_t rows, std::size_t cols) -> Parameter& {
    return set.add(name, kind, rows, cols, Start::normal(0.1F));
  };
  Parameter& users = add("users", ParameterKind::embedding, 30, 16);
  Parameter& items = add("items", ParameterKind::embedding, 20, 16);
  Parameter& user_biases = add("user biases", ParameterKind::embedding, 30, 1);
  Parameter& weights = add("weights", ParameterKind::weights, 48, 24);
  Parameter& bias = add("bias", ParameterKind::offsets, 1, 24);
  Parameter& last = add("last", ParameterKind::weights, 24, 1);
  Parameter& gain = add("gain", ParameterKind::offsets, 1, 24);
  Parameter& offset = add("offset", ParameterKind::offsets, 1, 24);
  Parameter& mean = set.add("mean", ParameterKind::offsets, 1, 24, Start::constant(0));
  Parameter& variance = set.add("variance", ParameterKind::offsets, 1, 24, Start::constant(1));
  std::vector<std::uint32_t> ids(kRows);
  for (std::uint32_t r = 0; r < kRows; ++r) ids[r] = r % 20;
  const std::vector<float> targets(kRows, 1), scaled(kRows, 0.5F);
  const Bag bag{kRows, ids, {}, {}}, weighted{kRows, ids, {}, scaled};

  Tape tape;
  const auto step = [&](std::uint64_t key) {
    tape.begin(Mode::train, key);
    const Lookup lookups[] = {{&users, bag}, {&items, weighted}, {&user_biases, bag}};
    const Var found = rows(tape, lookups);
    const Var user = columns(found, 0, 16), item = columns(found, 16, 32), own = columns(found, 32, 33);
    const Var parts[] = {user, item, user * item};
    const Var hidden =
        dropout(relu(batch_norm(dense(concat(parts), weights, bias), {&gain, &offset, &mean, &variance})), 0.2);
    const Var pooled = row_sum(fm_pooling(columns(found, 0, 32), 2));
    const Var score = dense(layer_norm(gelu(hidden), gain, offset), last) + dot(user, item) + own + pooled;
    tape.backward(logistic_loss(score + cosine_logit(affine(cosine(user, item), 0.5F)), targets, 1.0F / kRows));
    return tape.sparse().size() + tape.dense().size();
  };
  const std::size_t gradients = step(0);
  EXPECT_EQ(gradients, 3 + 5U);
  const std::size_t bytes = tape.arena().bytes(), before = allocations;
  for (std::uint64_t key = 1; key < 5; ++key) step(key);
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(tape.arena().bytes(), bytes);
  const std::vector<int> something(static_cast<std::size_t>(kRows));
  EXPECT_GT(allocations, before) << "the count counts";
}

}  // namespace
}  // namespace gusto::nn
