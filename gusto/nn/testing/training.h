#pragma once

// A small network with everything that training may trip over, for tests of the trainer and its neighbors.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "gusto/base/random.h"
#include "gusto/nn/lookup.h"
#include "gusto/nn/losses.h"
#include "gusto/nn/network.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/trainer.h"

namespace gusto::nn::test {

struct SmallOptions {
  std::size_t examples = 1500;  // of 1024 in a batch these are 4 and 2 shards
  std::size_t held_out = 300;
  bool noisy = true;  ///< dropout, batch normalization and hidden ids
  float reg = 0;
};

/// Learns to tell from two numbers a < 12 and b < 9 whether a % 3 = b % 3: 1 if so, −1 if not. Embeddings, their inner
/// product, and a hidden layer on both.
class SmallTask : public ShardedTask {
 public:
  explicit SmallTask(const SmallOptions& options = {}, std::uint64_t seed = 42) : parameters(seed), options_(options) {
    constexpr std::size_t kDim = 6, kHidden = 8;
    const auto embed = [&](const char* name, std::size_t rows, std::size_t cols, Start start) {
      Parameter& table = parameters.add(name, ParameterKind::embedding, rows, cols, start);
      table.reg = options.reg;
      return &table;
    };
    left_ = embed("left", 13, kDim, Start::normal(0.4F));
    right_ = embed("right", 10, kDim, Start::normal(0.4F));
    bias_ = embed("bias", 13, 1, Start::constant(0));
    hidden_ = add_layer(parameters, "hidden", 2 * kDim, kHidden);
    output_ = add_layer(parameters, "output", kHidden, 1, false);
    const auto add = [&](const char* name, float start) {
      return &parameters.add(name, ParameterKind::offsets, 1, kHidden, Start::constant(start));
    };
    norm_ = {add("gain", 1), add("offset", 0), add("mean", 0), add("variance", 1)};
    for (std::size_t n = 0; n < options.examples + options.held_out; ++n) {
      Random random(3, "small task", n);
      a_.push_back(static_cast<std::uint32_t>(random.below(12)));
      b_.push_back(static_cast<std::uint32_t>(random.below(9)));
      targets.push_back(a_.back() % 3 == b_.back() % 3 ? 1.0F : -1.0F);
    }
  }

  std::size_t size() const override { return options_.examples; }
  Var loss(Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t key, float scale) override {
    const Var z = forward(tape, examples, options_.noisy ? 0.05 : 0, key);
    const std::span<float> wanted = tape.arena().allocate<float>(examples.size());
    for (std::size_t n = 0; n < examples.size(); ++n) wanted[n] = targets[examples[n]];
    return squared_loss(z, wanted, scale);
  }
  std::size_t validation_size() const override { return options_.held_out; }
  double validation_error(Tape& tape, std::size_t begin, std::size_t end) override {
    const std::span<std::uint32_t> examples = tape.arena().allocate<std::uint32_t>(end - begin);
    std::iota(examples.begin(), examples.end(), static_cast<std::uint32_t>(options_.examples + begin));
    const Var z = forward(tape, examples, 0, 0);
    double sum = 0;
    for (std::size_t n = 0; n < examples.size(); ++n) {
      sum += std::pow(static_cast<double>(z.value()(n, 0) - targets[examples[n]]), 2);
    }
    return sum;
  }
  ProgressMetric validation_metric(double mean) const override { return {"mse", mean}; }

  ParameterSet parameters;
  std::vector<float> targets;  ///< by example; those held out come last

 private:
  Var forward(Tape& tape, std::span<const std::uint32_t> examples, double hide, std::uint64_t key) const {
    const std::span<std::uint32_t> a = tape.arena().allocate<std::uint32_t>(examples.size());
    const std::span<std::uint32_t> b = tape.arena().allocate<std::uint32_t>(examples.size());
    for (std::size_t n = 0; n < examples.size(); ++n) {
      Random random(key, "small masking", examples[n]);
      a[n] = random.uniform() < hide ? 0 : 1 + a_[examples[n]];
      b[n] = random.uniform() < hide ? 0 : 1 + b_[examples[n]];
    }
    const Bag left{examples.size(), a, {}, {}}, right{examples.size(), b, {}, {}};
    const Lookup lookups[] = {{left_, left}, {right_, right}, {bias_, left}};
    const Var all = embedding_lookup(tape, lookups);
    const std::size_t dim = left_->values.cols();
    Var x = hidden_(columns(all, 0, 2 * dim));
    if (options_.noisy) x = batch_norm(x, norm_);
    x = relu(x);
    if (options_.noisy) x = dropout(x, 0.1);
    return dot(columns(all, 0, dim), columns(all, dim, 2 * dim)) + columns(all, 2 * dim, 2 * dim + 1) + output_(x);
  }

  SmallOptions options_;
  std::vector<std::uint32_t> a_, b_;
  Parameter *left_ = nullptr, *right_ = nullptr, *bias_ = nullptr;
  DenseLayer hidden_{}, output_{};
  BatchNormState norm_{};
};

/// Nothing left to defaults.
inline TrainingOptions small_training() {
  TrainingOptions options;
  options.epochs = 6;
  options.batch_size = 400;
  options.learning_rate = 0.01;
  options.optimizer = OptimizerKind::adam;
  options.momentum = 0;
  options.schedule = Schedule::constant;
  options.warmup = 0;
  options.weight_decay = 0;
  options.clip = 0;
  options.validation = 0.05;  // the task's own affair
  options.patience = 100;
  return options;
}

/// Every kind of optimizer, with all that it remembers.
struct NamedTraining {
  const char* name;
  TrainingOptions options;
};
inline void PrintTo(const NamedTraining& one, std::ostream* out) { *out << one.name; }
inline std::vector<NamedTraining> every_training() {
  std::vector<NamedTraining> all;
  const auto add = [&](const char* name, OptimizerKind kind, double rate) -> TrainingOptions& {
    all.push_back({name, small_training()});
    all.back().options.optimizer = kind;
    all.back().options.learning_rate = rate;
    return all.back().options;
  };
  add("adam", OptimizerKind::adam, 0.01).schedule = Schedule::cosine;
  add("adam_clipped", OptimizerKind::adam, 0.01).clip = 0.05;
  add("adamw", OptimizerKind::adamw, 0.01).weight_decay = 0.5;
  add("adagrad", OptimizerKind::adagrad, 0.05).warmup = 0.2;
  add("sgd", OptimizerKind::sgd, 0.05).schedule = Schedule::step;
  TrainingOptions& momentum = add("sgd_momentum", OptimizerKind::sgd, 0.01);
  momentum.momentum = 0.9;
  momentum.weight_decay = 0.1;
  return all;
}

/// All learned numbers, side by side.
inline std::vector<float> learned(const ParameterSet& parameters) {
  std::vector<float> all;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const auto values = parameters[p].values.values();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

}  // namespace gusto::nn::test
