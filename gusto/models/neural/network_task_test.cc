#include "gusto/models/neural/network_task.h"

#include <algorithm>
#include <mutex>

#include <gmock/gmock.h>

#include "gusto/base/testing/allocations.h"
#include "gusto/models/neural/network_design.h"
#include "gusto/models/testing/networks.h"
#include "gusto/nn/tape.h"

namespace gusto {
namespace {

using test::allocations;
using test::small_network;
using test::tastes_with_features;

/// A composed network and the task to train it.
struct TaskNetwork {
  TaskNetwork(const NetworkDesign& design, Task task, NetworkOptions network_options,
              std::shared_ptr<const Dataset> events = tastes_with_features())
      : data(std::move(events)),
        options(network_options),
        encoder(*data, nn::Schema::learn(*data, nn::parse_fields(all_fields(design, *data)))),
        objective(*data, task, options, false),
        network(build_network(design, options, {*data, encoder.schema(), parameters, task, objective.center()})),
        training(*network, encoder, objective, task, options, 42) {}

  std::shared_ptr<const Dataset> data;
  NetworkOptions options;
  nn::Encoder encoder;
  NetworkObjective objective;
  nn::ParameterSet parameters;
  std::unique_ptr<nn::Network> network;
  NetworkTask training;
};

/// Notes how many allocations there were when each shard began.
class Watched final : public nn::ShardedTask {
 public:
  explicit Watched(nn::ShardedTask& task) : task_(task) { at_shard.reserve(4096); }
  std::size_t size() const override { return task_.size(); }
  nn::Var loss(nn::Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t key, float scale) override {
    {
      const std::lock_guard lock(mutex_);
      at_shard.push_back(allocations);
    }
    return task_.loss(tape, examples, key, scale);
  }
  std::vector<std::size_t> at_shard;

 private:
  nn::ShardedTask& task_;
  std::mutex mutex_;
};

TEST(NetworkTask, AllocatesNothingAfterItsFirstBatches) {
  if (!GUSTO_COUNTS_ALLOCATIONS) GTEST_SKIP() << "sanitizers replace operator new";
  const NetworkDesign everything{
      .fields =
          "auto, history(5), history(5, value, recent), history.count, history.mean, words(title, 30), time.month",
      .wide = "auto",
      .wide_buckets = 50,
      .interaction = Interaction::fm,
      .hidden = "8",
      .normalization = Normalization::batch,
      .dropout = 0.1,
      .input_dropout = 0.1,
      .biases = true};
  for (const NetworkLoss loss : {NetworkLoss::automatic, NetworkLoss::bpr}) {
    for (const unsigned threads : {1U, 2U}) {
      NetworkOptions options = small_network();
      options.loss = loss;
      options.epochs = 1;
      options.batch_size = 512;
      TaskNetwork built(everything, Task::top_n, options, tastes_with_features(300, 80));
      Watched watched(built.training);
      Context context({.threads = threads});
      nn::train(built.parameters, watched, options, {.name = "network", .fingerprint = ""}, context);
      ASSERT_GT(watched.at_shard.size(), 24U);
      EXPECT_EQ(watched.at_shard.back() - watched.at_shard[12], 0U) << threads << " threads";
    }
  }
}

TEST(NetworkTask, HoldsOutItsShareAndTrainsOnTheRest) {
  NetworkOptions options = small_network();
  options.validation = 0.5;
  const NetworkDesign design{.interaction = Interaction::dot};
  const TaskNetwork ratings(design, Task::ratings, options);
  const std::size_t events = ratings.encoder.data().event_count();
  EXPECT_EQ(ratings.training.size() + ratings.training.validation_size(), events);
  EXPECT_NEAR(static_cast<double>(ratings.training.validation_size()), 0.5 * static_cast<double>(events),
              0.05 * static_cast<double>(events));
  const TaskNetwork ranking(design, Task::top_n, options);
  EXPECT_EQ(ranking.training.size(), ratings.training.size() * 4) << "three items against each event's";
  options.loss = NetworkLoss::bpr;
  EXPECT_EQ(TaskNetwork(design, Task::top_n, options).training.size(), ratings.training.size()) << "pairs";
  options.loss = NetworkLoss::automatic;
  options.validation = 0.001;
  const TaskNetwork few(design, Task::ratings, options);
  EXPECT_EQ(few.training.validation_size(), 0U) << "too few to tell anything";
  EXPECT_EQ(few.training.size(), events);
}

/// Says which items it is asked about: z is the item's id, learned by nobody.
class ItemTeller final : public nn::Network {
 public:
  explicit ItemTeller(const nn::Schema& schema) : user_(schema.slot("user")), item_(schema.slot("item")) {}
  nn::Var forward(nn::Tape& tape, const nn::Batch& batch) const override {
    const std::lock_guard lock(mutex_);
    const std::span<float> z = tape.arena().allocate<float>(batch.rows);
    for (std::size_t r = 0; r < batch.rows; ++r) {
      pairs.emplace_back(batch[user_].ids[r], batch[item_].ids[r]);
      z[r] = 0;
    }
    return tape.constant(MatrixView<const float>(z.data(), batch.rows, 1));
  }
  mutable std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;

 private:
  std::size_t user_, item_;
  mutable std::mutex mutex_;
};

TEST(NetworkTask, DrawsItemsThatTheUserHasNoEventWithAnewEachTime) {
  NetworkOptions options = small_network();
  options.unknown_rate = 0;
  const TaskNetwork built({.interaction = Interaction::dot}, Task::top_n, options);
  const Dataset& data = built.encoder.data();
  const ItemTeller teller(built.encoder.schema());
  NetworkTask task(teller, built.encoder, built.objective, Task::top_n, options, 42);
  std::vector<std::uint32_t> examples(task.size());
  for (std::uint32_t n = 0; n < examples.size(); ++n) examples[n] = n;
  const auto pairs_of = [&](std::uint64_t key) {
    teller.pairs.clear();
    nn::Tape tape;
    tape.begin(nn::Mode::train, key);
    task.loss(tape, examples, key, 1);
    return teller.pairs;
  };
  const auto pairs = pairs_of(1);
  EXPECT_EQ(pairs_of(1), pairs);
  EXPECT_NE(pairs_of(2), pairs);
  // Ids are 1 + position among those with events; items without events are unknown.
  const auto users = nn::training_ids(data, nn::Side::user), items = nn::training_ids(data, nn::Side::item);
  std::size_t met = 0, drawn = 0;
  for (std::size_t n = 0; n < pairs.size(); ++n) {
    if (n % 4 == 0) continue;  // the event itself
    ++drawn;
    for (std::size_t u = 0; u < data.user_count(); ++u) {
      if (users[u] != pairs[n].first || users[u] == 0) continue;
      for (const ItemRow item : data.history(UserRow(u)).items) met += items[item.index] == pairs[n].second ? 1U : 0U;
    }
  }
  EXPECT_LT(met, drawn / 100) << "a few may be met where all draws fail";
}

}  // namespace
}  // namespace gusto
