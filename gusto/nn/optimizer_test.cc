#include "gusto/nn/optimizer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/parallel.h"
#include "gusto/base/random.h"
#include "gusto/base/tensor_file.h"
#include "gusto/nn/tape.h"

namespace gusto::nn {
namespace {

constexpr std::size_t kManyRows = 3000;  // enough for several parts
constexpr std::size_t kShards = 3;
constexpr std::size_t kExamples = 700;  // of a shard

struct OptimizerCase {
  const char* name;
  OptimizerOptions options;
  float reg = 0;
  std::size_t width = 19;  // four vectors, one vector, and single numbers, or as far as that goes
};
void PrintTo(const OptimizerCase& one, std::ostream* out) { *out << one.name; }

/// One shard's made-up gradients: of an embedding looked up twice, with and without weights, and of a layer.
struct FakeShard {
  std::vector<std::uint32_t> ids, bag_ids, offsets;
  std::vector<float> weights;
  Matrix<float> gradient, bag_gradient, dense;

  FakeShard(std::size_t key, std::size_t width)
      : gradient(kExamples, width), bag_gradient(kExamples, width), dense(5, width) {
    Random random(11, "shard", key);
    // Few ids are frequent, many rare.
    const auto id = [&] { return static_cast<std::uint32_t>(std::pow(random.uniform(), 3) * kManyRows); };
    offsets.push_back(0);
    for (std::size_t e = 0; e < kExamples; ++e) {
      ids.push_back(id());
      for (std::uint64_t n = random.below(4); n > 0; --n) {
        bag_ids.push_back(id());
        weights.push_back(static_cast<float>(random.normal()));
      }
      offsets.push_back(static_cast<std::uint32_t>(bag_ids.size()));
    }
    for (Matrix<float>* matrix : {&gradient, &bag_gradient, &dense}) {
      for (float& x : matrix->values()) x = static_cast<float>(random.normal());
    }
  }
  Bag single() const { return {kExamples, ids, {}, {}}; }
  Bag several() const { return {kExamples, bag_ids, offsets, weights}; }
  void record(Tape& tape, Parameter& table, Parameter& layer) const {
    tape.begin(Mode::train);
    const std::pair<Var, MatrixView<const float>> seed{tape.parameter(layer), dense.view()};
    tape.backward({&seed, 1});
    tape.add_sparse({&table, single(), gradient.view()});
    tape.add_sparse({&table, several(), bag_gradient.view()});
  }
};

double rate_at(std::size_t step) { return 0.05 / (1.0 + static_cast<double>(step)); }

/// The plain reference version: double precision, every row looked at in every step, decay applied at once.
class Twin {
 public:
  Twin(const Parameter& parameter, const OptimizerOptions& options)
      : options_(options),
        values_(parameter.values.rows(), parameter.values.cols()),
        first_(values_.rows(), values_.cols()),
        second_(values_.rows(), values_.cols()),
        gradient_(values_.rows(), values_.cols()),
        embedding_(parameter.kind == ParameterKind::embedding),
        decays_(parameter.kind != ParameterKind::offsets &&
                (options.kind == OptimizerKind::adamw || options.kind == OptimizerKind::sgd)),
        reg_(static_cast<double>(parameter.reg)) {
    for (std::size_t n = 0; n < values_.values().size(); ++n) {
      values_.values()[n] = static_cast<double>(parameter.values.values()[n]);
    }
  }
  void add(std::size_t row, std::span<const float> gradient, double weight, double share) {
    for (std::size_t c = 0; c < gradient.size(); ++c) {
      gradient_(row, c) += weight * static_cast<double>(gradient[c]) + reg_ * share * values_(row, c);
    }
    touched_[row] = true;
  }
  double norm() const {
    double sum = 0;
    for (const double g : gradient_.values()) sum += g * g;
    return sum;
  }
  void step(double rate, double t, double scale) {
    for (std::size_t r = 0; r < values_.rows(); ++r) {
      if (decays_) {
        for (double& w : values_.row(r)) w *= 1 - rate * options_.weight_decay;
      }
      if (embedding_ && !touched_.contains(r)) continue;
      for (std::size_t c = 0; c < values_.cols(); ++c) {
        const double g = scale * gradient_(r, c);
        double& w = values_(r, c);
        double& m = first_(r, c);
        double& v = second_(r, c);
        switch (options_.kind) {
          case OptimizerKind::adam:
          case OptimizerKind::adamw: {
            m = options_.first_decay * m + (1 - options_.first_decay) * g;
            v = options_.second_decay * v + (1 - options_.second_decay) * g * g;
            const double mean = m / (1 - std::pow(options_.first_decay, t));
            const double stddev = std::sqrt(v / (1 - std::pow(options_.second_decay, t)));
            w -= rate * mean / (stddev + options_.epsilon);
            break;
          }
          case OptimizerKind::adagrad:
            m += g * g;
            w -= rate * g / (std::sqrt(m) + options_.epsilon);
            break;
          case OptimizerKind::sgd:
            m = options_.momentum * m + g;
            w -= rate * m;
            break;
        }
      }
    }
    gradient_.fill(0);
    touched_.clear();
  }
  const Matrix<double>& values() const { return values_; }

 private:
  OptimizerOptions options_;
  Matrix<double> values_, first_, second_, gradient_;
  std::map<std::size_t, bool> touched_;
  bool embedding_;
  bool decays_;
  double reg_;
};

struct Rehearsal {
  explicit Rehearsal(const OptimizerCase& one) : optimizer_case(one) {
    table = &parameters.add("table", ParameterKind::embedding, kManyRows, one.width, Start::normal(1));
    table->reg = one.reg;
    layer = &parameters.add("layer", ParameterKind::weights, 5, one.width, Start::normal(1));
  }
  void steps(Optimizer& optimizer, std::size_t begin, std::size_t end, unsigned threads) {
    ThreadPool pool(threads);
    std::vector<Tape> tapes(kShards);
    for (std::size_t step = begin; step < end; ++step) {
      std::vector<FakeShard> shards;
      for (std::size_t s = 0; s < kShards; ++s) shards.emplace_back(step * kShards + s, optimizer_case.width);
      for (std::size_t s = 0; s < kShards; ++s) shards[s].record(tapes[s], *table, *layer);
      optimizer.step(tapes, rate_at(step), 1.0 / (kShards * kExamples), pool);
    }
  }
  const OptimizerCase optimizer_case;
  ParameterSet parameters;
  Parameter* table;
  Parameter* layer;
};

class OptimizerTest : public ::testing::TestWithParam<OptimizerCase> {};

TEST_P(OptimizerTest, StepsAsItsPlainTwinDoes) {
  constexpr std::size_t kSteps = 6;
  Rehearsal run(GetParam());
  Twin table(*run.table, GetParam().options);
  Twin layer(*run.layer, GetParam().options);
  Optimizer optimizer(run.parameters, GetParam().options);
  run.steps(optimizer, 0, kSteps, 2);
  optimizer.settle();
  constexpr double kShare = 1.0 / (kShards * kExamples);
  for (std::size_t step = 0; step < kSteps; ++step) {
    for (std::size_t s = 0; s < kShards; ++s) {
      const FakeShard shard(step * kShards + s, GetParam().width);
      for (std::size_t e = 0; e < kExamples; ++e) {
        table.add(shard.ids[e], shard.gradient.row(e), 1, kShare);
        for (std::size_t b = shard.offsets[e]; b < shard.offsets[e + 1]; ++b) {
          table.add(shard.bag_ids[b], shard.bag_gradient.row(e), static_cast<double>(shard.weights[b]), kShare);
        }
      }
      for (std::size_t r = 0; r < 5; ++r) layer.add(r, shard.dense.row(r), 1, 0);
    }
    const double norm = std::sqrt(table.norm() + layer.norm());
    const double clip = GetParam().options.clip;
    const double scale = clip > 0 && norm > clip ? clip / norm : 1;
    table.step(rate_at(step), static_cast<double>(step + 1), scale);
    layer.step(rate_at(step), static_cast<double>(step + 1), scale);
  }
  for (std::size_t n = 0; n < kManyRows * GetParam().width; ++n) {
    ASSERT_NEAR(run.table->values.values()[n], table.values().values()[n], 2e-5) << "number " << n << " of the table";
  }
  for (std::size_t n = 0; n < 5 * GetParam().width; ++n) {
    ASSERT_NEAR(run.layer->values.values()[n], layer.values().values()[n], 2e-5) << "number " << n << " of the layer";
  }
}

TEST_P(OptimizerTest, SameBitsAtAnyNumberOfThreads) {
  std::vector<std::vector<Matrix<float>>> results;
  for (const unsigned threads : {1U, 2U, 5U}) {
    Rehearsal run(GetParam());
    Optimizer optimizer(run.parameters, GetParam().options);
    run.steps(optimizer, 0, 3, threads);
    optimizer.settle();
    run.parameters.copy_to(results.emplace_back());
  }
  for (std::size_t p = 0; p < 2; ++p) {
    const auto bits = [&](std::size_t run) {
      return std::vector<float>(results[run][p].values().begin(), results[run][p].values().end());
    };
    EXPECT_EQ(bits(0), bits(1));
    EXPECT_EQ(bits(0), bits(2));
  }
}

TEST_P(OptimizerTest, GoesOnFromSavedState) {
  Rehearsal straight(GetParam());
  Optimizer whole(straight.parameters, GetParam().options);
  straight.steps(whole, 0, 2, 1);
  whole.settle();
  TensorWriter saved;
  whole.save(saved, "optimizer/");
  straight.parameters.save(saved, "parameters/");

  Rehearsal resumed(GetParam());
  Optimizer second(resumed.parameters, GetParam().options);
  const TensorFile file = TensorFile::parse(saved.serialize(), "saved");
  resumed.parameters.load(file, "parameters/");
  second.load(file, "optimizer/");
  EXPECT_EQ(second.steps(), 2U);
  straight.steps(whole, 2, 4, 1);
  resumed.steps(second, 2, 4, 2);
  whole.settle();
  second.settle();
  EXPECT_TRUE(std::ranges::equal(straight.table->values.values(), resumed.table->values.values()));
  EXPECT_TRUE(std::ranges::equal(straight.layer->values.values(), resumed.layer->values.values()));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, OptimizerTest,
    ::testing::Values(
        OptimizerCase{"adam", {.kind = OptimizerKind::adam}},
        OptimizerCase{"adam_wide", {.kind = OptimizerKind::adam}, 0, 83},
        OptimizerCase{"adam_of_single_numbers", {.kind = OptimizerKind::adam}, 0.3F, 1},
        OptimizerCase{"adam_regularized", {.kind = OptimizerKind::adam}, 2.0F},
        OptimizerCase{"adam_clipped", {.kind = OptimizerKind::adam, .clip = 0.5}, 2.0F},
        OptimizerCase{"adamw", {.kind = OptimizerKind::adamw, .weight_decay = 0.5}},
        OptimizerCase{"adamw_clipped", {.kind = OptimizerKind::adamw, .weight_decay = 0.5, .clip = 1}, 1.0F},
        OptimizerCase{"adagrad", {.kind = OptimizerKind::adagrad}, 0.1F},
        OptimizerCase{"sgd", {.kind = OptimizerKind::sgd}, 0.1F},
        OptimizerCase{
            "sgd_with_momentum_and_decay", {.kind = OptimizerKind::sgd, .momentum = 0.9, .weight_decay = 0.3}, 0.1F}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace gusto::nn
