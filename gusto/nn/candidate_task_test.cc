#include "gusto/nn/candidate_task.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "gusto/base/parallel.h"
#include "gusto/base/testing/testing.h"
#include "gusto/nn/lookup.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/testing/training.h"

namespace gusto::nn {
namespace {

using gusto::test::code_of;

/// Users 0 … 19 and items 0 … 11; a user has the items that leave the same remainder by 3, but one.
std::shared_ptr<const Dataset> thirds() {
  auto catalog = std::make_shared<Catalog>();
  for (int u = 0; u < 20; ++u) catalog->users.add("u" + std::to_string(u));
  for (int i = 0; i < 12; ++i) catalog->items.add("i" + std::to_string(i));
  std::vector<Event> events;
  for (std::size_t u = 0; u < 20; ++u) {
    for (std::size_t i = u % 3; i < 12; i += 3) {
      if (i / 3 != u % 4) events.push_back({UserRow(u), ItemRow(i)});
    }
  }
  return std::make_shared<const Dataset>(catalog, events);
}

/// The vector of a user is the sum of the user's row and, from the very table that gives items their vectors, that of
/// item 0.
class TiedNetwork final : public RetrievalNetwork {
 public:
  TiedNetwork(const Dataset& data, ParameterSet& parameters)
      : data_(data),
        users_(parameters.add("users", ParameterKind::embedding, data.user_count(), 4, Start::normal(0.3F))),
        items_(parameters.add("items", ParameterKind::embedding, data.item_count(), 4, Start::normal(0.3F))) {
    for (std::size_t u = 0; u < data.user_count(); ++u) {
      for (std::uint64_t e = data.offsets()[u]; e < data.offsets()[u + 1]; ++e) of_event_.push_back(UserRow(u));
    }
  }
  std::size_t size() const override { return data_.event_count(); }
  std::size_t held_out() const override { return 2; }
  std::vector<std::uint32_t> target_counts() const override { return frequencies(data_); }
  bool holds_out(std::uint64_t event) const override { return event == held_event_; }
  void hold_out(std::uint64_t event) { held_event_ = event; }
  QueryVectors ask(Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t) const override {
    const std::span<std::uint32_t> targets = tape.arena().allocate<std::uint32_t>(examples.size());
    const std::span<std::uint32_t> users = tape.arena().allocate<std::uint32_t>(examples.size());
    const std::span<std::uint32_t> zero = tape.arena().allocate<std::uint32_t>(examples.size());
    for (std::size_t n = 0; n < examples.size(); ++n) {
      targets[n] = data_.items()[examples[n]].index;
      users[n] = of_event_[examples[n]].index;
      zero[n] = 0;
    }
    return {embedding_lookup(tape, users_, {users.size(), users, {}, {}}) +
                embedding_lookup(tape, items_, {zero.size(), zero, {}, {}}),
            targets, users};
  }
  QueryVectors ask_held_out(Tape& tape, std::size_t begin, std::size_t end) const override {
    std::vector<std::uint32_t> examples;
    for (std::size_t n = begin; n < end; ++n) examples.push_back(static_cast<std::uint32_t>(n));
    return ask(tape, examples, 0);
  }
  Var items(Tape& tape, std::span<const std::uint32_t> items, std::uint64_t) const override {
    return embedding_lookup(tape, items_, {items.size(), items, {}, {}});
  }
  std::size_t shard_size() const override { return 8; }

 private:
  const Dataset& data_;
  Parameter& users_;
  Parameter& items_;
  std::vector<UserRow> of_event_;
  std::uint64_t held_event_ = std::numeric_limits<std::uint64_t>::max();
};

TEST(CandidateTask, GradientsOfATiedTableAddUp) {
  const auto data = thirds();
  ParameterSet parameters;
  const TiedNetwork network(*data, parameters);
  CandidateTask task(network, *data, {});
  std::vector<std::uint32_t> examples(20);
  for (std::size_t n = 0; n < examples.size(); ++n) examples[n] = static_cast<std::uint32_t>(2 * n);
  ThreadPool pool(2);
  const auto loss = [&] {
    std::vector<Tape> tapes(task.tapes(examples.size()));
    return task.run(examples, 1, tapes, pool);
  };
  std::vector<Tape> tapes(task.tapes(examples.size()));
  task.run(examples, 1, tapes, pool);
  Parameter& items = parameters[1];
  Matrix<double> gradient(items.values.rows(), items.values.cols());
  for (const Tape& tape : tapes) {
    for (const SparseGradient& sparse : tape.sparse()) {
      if (sparse.parameter != &items) continue;
      for (std::size_t r = 0; r < sparse.bag.rows; ++r) {
        for (std::size_t c = 0; c < 4; ++c) {
          gradient(sparse.bag.ids[r], c) += static_cast<double>(sparse.gradient(r, c));
        }
      }
    }
  }
  constexpr float kStep = 1e-2F;
  for (std::size_t i = 0; i < 12; ++i) {
    float& value = items.values(i, 1);
    const float here = value;
    value = here + kStep;
    const double above = loss();
    value = here - kStep;
    const double below = loss();
    value = here;
    EXPECT_NEAR(gradient(i, 1), (above - below) / (2 * static_cast<double>(kStep)), 1e-3) << "item " << i;
  }
}

TEST(CandidateTask, WhatIsHeldOutStandsAgainstItsUserAsAnythingElse) {
  const auto data = thirds();
  ParameterSet parameters;
  TiedNetwork network(*data, parameters);
  ThreadPool pool(1);
  // The first user has events 0, 1 and 2; who asks wants the item of the first of them.
  const auto loss = [&] {
    CandidateOptions options;
    options.accidental_hits = Hits::history;
    CandidateTask task(network, *data, options);
    const std::vector<std::uint32_t> examples{0};
    std::vector<Tape> tapes(task.tapes(1));
    return task.run(examples, 1, tapes, pool);
  };
  const auto score = [&](std::size_t item) {
    double sum = 0;
    for (std::size_t c = 0; c < 4; ++c) {
      sum += static_cast<double>((parameters[0].values(0, c) + parameters[1].values(0, c)) *
                                 parameters[1].values(item, c));
    }
    return sum;
  };
  const auto expected = [&](const std::vector<std::size_t>& left_out) {
    double sum = 0;
    for (std::size_t i = 0; i < 12; ++i) {
      if (std::find(left_out.begin(), left_out.end(), i) == left_out.end()) sum += std::exp(score(i));
    }
    return std::log(sum) - score(data->items()[0].index);
  };
  const std::size_t second = data->items()[1].index, third = data->items()[2].index;
  EXPECT_NEAR(loss(), expected({second, third}), 1e-5);
  network.hold_out(2);
  EXPECT_NEAR(loss(), expected({second}), 1e-5);
}

TEST(CandidateTask, LearnsWhoWantsWhatByEachSampling) {
  const auto data = thirds();
  for (const Sampling sampling :
       {Sampling::full, Sampling::in_batch, Sampling::uniform, Sampling::popularity, Sampling::hard}) {
    for (const CandidateLoss loss : {CandidateLoss::softmax, CandidateLoss::binary}) {
      ParameterSet parameters;
      const TiedNetwork network(*data, parameters);
      CandidateOptions options;
      options.sampling = sampling;
      options.negatives = sampling == Sampling::full ? 0 : 8;
      options.loss = loss;
      options.accidental_hits = Hits::history;
      CandidateTask task(network, *data, options);
      TrainingOptions training = test::small_training();
      training.epochs = 60;
      training.batch_size = 16;
      training.learning_rate = 0.05;
      Context context({.threads = 2});
      train(parameters, task, training, {.name = "tied", .fingerprint = ""}, context);
      // What a user has scores above what is of another remainder.
      std::size_t right = 0;
      std::size_t pairs = 0;
      for (std::size_t u = 0; u < 20; ++u) {
        const auto score = [&](std::size_t i) {
          double sum = 0;
          for (std::size_t c = 0; c < 4; ++c) {
            sum += static_cast<double>((parameters[0].values(u, c) + parameters[1].values(0, c)) *
                                       parameters[1].values(i, c));
          }
          return sum;
        };
        for (const ItemRow own : data->history(UserRow(u)).items) {
          for (std::size_t i = 0; i < 12; ++i) {
            if (i % 3 == u % 3) continue;
            ++pairs;
            right += score(own.index) > score(i) ? 1 : 0;
          }
        }
      }
      EXPECT_GE(right, pairs * 3 / 4) << kSamplingNames[static_cast<std::size_t>(sampling)] << ", "
                                      << kCandidateLossNames[static_cast<std::size_t>(loss)];
    }
  }
}

TEST(CandidateTask, ValidationErrorIsByRankAmongWhatTheUserHasNot) {
  const auto data = thirds();
  ParameterSet parameters;
  const TiedNetwork network(*data, parameters);
  Parameter& users = parameters[0];
  Parameter& items = parameters[1];
  users.values.fill(0);
  items.values.fill(0);
  users.values(0, 0) = 1;  // of both held-out events
  for (std::size_t i = 1; i < 12; ++i) items.values(i, 0) = static_cast<float>(i);
  // User 0 has items 3, 6, 9; the held-out events are 3 and 6. Ahead of 3, but for 6 and 9: 4, 5, 7, 8, 10, 11; of 6:
  // 7, 8, 10, 11.
  CandidateTask task(network, *data, {});
  ThreadPool pool(1);
  task.begin_validation(pool);
  Tape tape;
  tape.begin(Mode::infer);
  EXPECT_NEAR(task.validation_error(tape, 0, 2), 2 - 1 / std::log2(8) - 1 / std::log2(6), 1e-9);
}

TEST(CandidateTask, RefusesWhatDoesNotGoTogether) {
  const auto data = thirds();
  ParameterSet parameters;
  const TiedNetwork network(*data, parameters);
  const auto code = [&](Sampling sampling, CandidateLoss loss, std::size_t negatives = 0, Hits hits = Hits::target,
                        double calibration = 0) {
    CandidateOptions options;
    options.sampling = sampling;
    options.loss = loss;
    options.negatives = negatives;
    options.accidental_hits = hits;
    options.calibration = calibration;
    return code_of([&] { CandidateTask(network, *data, options); });
  };
  EXPECT_EQ(code(Sampling::uniform, CandidateLoss::softmax), ErrorCode::invalid_option);
  EXPECT_EQ(code(Sampling::hard, CandidateLoss::binary), ErrorCode::invalid_option);
  EXPECT_EQ(code(Sampling::none, CandidateLoss::softmax), ErrorCode::invalid_option);
  EXPECT_EQ(code(Sampling::full, CandidateLoss::softmax, 10), ErrorCode::invalid_option);
  EXPECT_EQ(code(Sampling::uniform, CandidateLoss::softmax, 10, Hits::keep), ErrorCode::invalid_option);
  EXPECT_EQ(code(Sampling::in_batch, CandidateLoss::binary, 0, Hits::keep), ErrorCode::invalid_option);
  EXPECT_EQ(code(Sampling::uniform, CandidateLoss::softmax, 10, Hits::target, 0.5), ErrorCode::invalid_option);
  EXPECT_EQ(code(Sampling::in_batch, CandidateLoss::binary, 10, Hits::target, 0.5), ErrorCode::invalid_option);
}

}  // namespace
}  // namespace gusto::nn
