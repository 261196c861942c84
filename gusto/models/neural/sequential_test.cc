#include "gusto/models/neural/sequential.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/models/registry.h"
#include "gusto/models/testing/data.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/testing/gradients.h"

namespace gusto {
namespace {

using gusto::test::error_of;
using gusto::test::scores_of;
using Tokens = std::vector<std::uint32_t>;

std::unique_ptr<Model> fitted_sequential(const std::shared_ptr<const Dataset>& data, const Settings& settings = {},
                                         Task task = Task::top_n) {
  Context context({.threads = 2});
  auto model = make_model("sequential", settings);
  model->fit(data, task, context);
  return model;
}

std::vector<HistoryEvent> history_of(const std::vector<std::size_t>& items) {
  std::vector<HistoryEvent> events;
  for (const std::size_t item : items) events.push_back({ItemRow(item)});
  return events;
}

/// The items not in the history, best first.
std::vector<std::size_t> ranking(const Model& model, const std::vector<HistoryEvent>& history) {
  const std::vector<float> scores = scores_of(model, Query::with_history(history));
  std::vector<std::size_t> items;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const bool seen = std::any_of(history.begin(), history.end(),
                                  [&](const HistoryEvent& event) { return event.item == ItemRow(i); });
    if (!seen) items.push_back(i);
  }
  std::sort(items.begin(), items.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  return items;
}

constexpr std::size_t kRing = 24;

/// Enough to learn the order of a ring's items.
Settings small_sequential(const Settings& further = {}) {
  Settings settings{{"dim", 32}, {"hidden", 32}, {"dropout", 0.1}, {"epochs", 60}};
  settings.insert(settings.end(), further.begin(), further.end());
  return settings;
}

/// Everybody walks along a ring of items, each from their own place and in their own direction.
std::shared_ptr<const Dataset> ring() {
  constexpr std::size_t kUsers = 120, kSteps = 8;
  std::vector<Event> events;
  for (std::size_t u = 0; u < kUsers; ++u) {
    const std::size_t first = u / 2 % kRing, step = u % 2 == 0 ? 1 : kRing - 1;
    for (std::size_t t = 0; t < kSteps; ++t) {
      events.push_back({UserRow(u), ItemRow((first + t * step) % kRing), 1, static_cast<std::int64_t>(t)});
    }
  }
  return test::dataset_of(kUsers, kRing, events);
}

/// How often, of all starts, directions and lengths, the next item is ranked first.
double hit_rate(const Model& model) {
  double hits = 0, cases = 0;
  for (std::size_t first = 0; first < kRing; ++first) {
    for (const std::size_t step : {std::size_t{1}, kRing - 1}) {
      for (std::size_t count = 2; count < 8; ++count) {
        std::vector<std::size_t> walk;
        for (std::size_t t = 0; t < count; ++t) walk.push_back((first + t * step) % kRing);
        hits += ranking(model, history_of(walk)).front() == (first + count * step) % kRing ? 1 : 0;
        cases += 1;
      }
    }
  }
  return hits / cases;
}

TEST(Sequential, LearnsOrder) {
  // The same items lead one way or the other by their order alone.
  EXPECT_GT(hit_rate(*fitted_sequential(ring(), small_sequential())), 0.95);
}

TEST(Sequential, LearnsFromDrawnItems) {
  const Settings softmax{{"sampling", "uniform"}, {"negatives", 12}};
  const Settings binary{{"sampling", "uniform"}, {"negatives", 12}, {"loss", "binary"}};
  EXPECT_GT(hit_rate(*fitted_sequential(ring(), small_sequential(softmax))), 0.9);
  EXPECT_GT(hit_rate(*fitted_sequential(ring(), small_sequential(binary))), 0.8);
}

TEST(Sequential, ReadsTheLatestEventsOnly) {
  const auto model = fitted_sequential(ring(), {{"dim", 16}, {"epochs", 2}, {"length", 5}});
  const auto scores = [&](const std::vector<std::size_t>& items) {
    const std::vector<HistoryEvent> history = history_of(items);
    return scores_of(*model, Query::with_history(history));
  };
  EXPECT_EQ(scores({9, 9, 1, 2, 3, 4, 5}), scores({7, 1, 2, 3, 4, 5}));
  EXPECT_NE(scores({1, 2, 3, 4, 5}), scores({2, 1, 3, 4, 5}));
  // The beginning is a token too: it is within reach of four events, and says that there were no others.
  EXPECT_NE(scores({2, 3, 4, 5}), scores({1, 2, 3, 4, 5}));
}

TEST(Sequential, OffersTheEmptyHandedWhatOthersBeginWith) {
  std::vector<Event> events;
  for (std::size_t u = 0; u < 60; ++u) {
    events.push_back({UserRow(u), ItemRow(u % 3 == 0 ? 7 : 8), 1, 0});
    for (std::size_t t = 0; t < 5; ++t) {
      events.push_back({UserRow(u), ItemRow((u + t) % 7), 1, static_cast<std::int64_t>(1 + t)});
    }
  }
  const std::vector<std::size_t> ranked =
      ranking(*fitted_sequential(test::dataset_of(60, 9, events), {{"dim", 16}}), {});
  EXPECT_EQ(ranked[0], 8U);
  EXPECT_EQ(ranked[1], 7U);
}

TEST(Sequential, LeavesOutWhatIsNotLiked) {
  // Liked items follow one another; disliked ones are strewn in anywhere, and no one likes items from 24 on.
  std::vector<Event> events;
  for (std::size_t u = 0; u < 120; ++u) {
    for (std::size_t t = 0; t < 8; ++t) {
      const auto time = static_cast<std::int64_t>(2 * t);
      events.push_back({UserRow(u), ItemRow((u + t) % kRing), 5, time});
      events.push_back({UserRow(u), ItemRow(kRing + (u * 7 + t) % 20), 2, time + 1});
    }
  }
  const auto data = test::dataset_of(120, kRing + 20, events);
  const auto model = fitted_sequential(data, small_sequential(), Task::likes);
  std::vector<HistoryEvent> history{{ItemRow(3), 5}, {ItemRow(4), 5}, {ItemRow(5), 4}};
  const std::vector<float> scores = scores_of(*model, Query::with_history(history));
  history.push_back({ItemRow(kRing), 1});
  EXPECT_EQ(scores_of(*model, Query::with_history(history)), scores);
  EXPECT_EQ(ranking(*model, history).front(), 6U);
  for (std::size_t i = kRing; i < kRing + 20; ++i) EXPECT_LT(scores[i], scores[6]);
}

TEST(Sequential, TakesUnmetItemsForRareOnes) {
  // Item 0 comes often, 1 and 2 once, 3 and 4 never.
  std::vector<Event> events;
  for (std::size_t u = 0; u < 30; ++u) events.push_back({UserRow(u), ItemRow(0), 1, 0});
  events.push_back({UserRow(0), ItemRow(1), 1, 1});
  events.push_back({UserRow(1), ItemRow(2), 1, 1});
  const auto model = fitted_sequential(test::dataset_of(30, 5, events), {{"dim", 8}});
  const MatrixView<const float> vectors = model->item_vectors();
  for (std::size_t c = 0; c < vectors.cols; ++c) {
    EXPECT_FLOAT_EQ(vectors(3, c), (vectors(1, c) + vectors(2, c)) / 2);
    EXPECT_EQ(vectors(4, c), vectors(3, c));
  }
}

TEST(Sequential, NamesHeadsThatDoNotFit) {
  const Error error = error_of([&] { fitted_sequential(ring(), {{"dim", 32}, {"heads", 3}}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_option);
  EXPECT_STREQ(error.what(), "3 heads cannot share a dim of 32 equally. Set heads to a divisor of dim.");
}

class SequenceNetworkTest : public testing::Test {
 protected:
  static constexpr SequenceShape kShape{
      .items = 50, .length = 80, .dim = 12, .blocks = 2, .heads = 2, .hidden = 20, .dropout = 0.3};

  SequenceNetworkTest() : network_(kShape, parameters_) {
    // Away from where training starts, so that every part counts.
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
      Random random(3, "numbers", p);
      for (float& x : parameters_[p].values.values()) x += static_cast<float>(0.3 * random.normal());
    }
  }
  nn::test::Doubles vectors(const Tokens& tokens, const Tokens& offsets, bool only_last) {
    tape_.begin(nn::Mode::infer);
    return nn::test::to_doubles(network_.forward(tape_, tokens, offsets, only_last).value());
  }
  static Tokens some_tokens(std::size_t count) {
    Random random(9, "tokens");
    Tokens tokens(count);
    for (std::uint32_t& token : tokens) token = static_cast<std::uint32_t>(random.below(51));
    return tokens;
  }

  nn::ParameterSet parameters_;
  SequenceNetwork network_;
  nn::Tape tape_;
};

TEST_F(SequenceNetworkTest, SeesNothingLater) {
  Tokens tokens = some_tokens(75);
  const nn::test::Doubles whole = vectors(tokens, {0, 75}, false);
  for (const std::uint32_t size : {1U, 40U, 74U}) {
    const nn::test::Doubles part = vectors(Tokens(tokens.begin(), tokens.begin() + size), {0, size}, false);
    for (std::size_t t = 0; t < size; ++t) {
      for (std::size_t c = 0; c < kShape.dim; ++c) ASSERT_NEAR(part(t, c), whole(t, c), 1e-5) << "position " << t;
    }
  }
  tokens[60] = (tokens[60] + 1) % 51;
  const nn::test::Doubles other = vectors(tokens, {0, 75}, false);
  for (std::size_t t = 0; t < 60; ++t) {
    for (std::size_t c = 0; c < kShape.dim; ++c) ASSERT_EQ(other(t, c), whole(t, c)) << "position " << t;
  }
  EXPECT_NE(other(60, 0), whole(60, 0));
  EXPECT_NE(other(74, 0), whole(74, 0));
}

TEST_F(SequenceNetworkTest, KeepsSequencesApart) {
  const Tokens tokens = some_tokens(90);
  const nn::test::Doubles both = vectors(tokens, {0, 30, 90}, false);
  const nn::test::Doubles second = vectors(Tokens(tokens.begin() + 30, tokens.end()), {0, 60}, false);
  for (std::size_t t = 0; t < 60; ++t) {
    for (std::size_t c = 0; c < kShape.dim; ++c) ASSERT_NEAR(both(30 + t, c), second(t, c), 1e-5);
  }
}

TEST_F(SequenceNetworkTest, GivesTheLastPositionsAlone) {
  const Tokens tokens = some_tokens(90), offsets{0, 1, 71, 90};
  const nn::test::Doubles all = vectors(tokens, offsets, false), lasts = vectors(tokens, offsets, true);
  ASSERT_EQ(lasts.rows(), 3U);
  for (std::size_t s = 0; s < 3; ++s) {
    for (std::size_t c = 0; c < kShape.dim; ++c) ASSERT_NEAR(lasts(s, c), all(offsets[s + 1] - 1, c), 1e-5);
  }
}

TEST_F(SequenceNetworkTest, LooksForEachEventOnce) {
  // Histories of 0, 1, 80, 81 and 250 events; the network reads 80 tokens.
  Sequences sequences;
  sequences.offsets.push_back(0);
  std::vector<std::multiset<std::uint32_t>> expected;
  for (const std::size_t events : {0U, 1U, 80U, 81U, 250U}) {
    sequences.tokens.push_back(0);
    expected.emplace_back();
    for (std::size_t e = 0; e < events; ++e) {
      const auto item = static_cast<std::uint32_t>((e * 7 + events) % 50);
      sequences.tokens.push_back(item + 1);
      expected.back().insert(item);
    }
    sequences.offsets.push_back(sequences.tokens.size());
  }
  const SequenceTask task(network_, sequences, 0, 1);
  EXPECT_EQ(task.held_out(), 0U);
  EXPECT_EQ(task.size(), 0U + 1 + 1 + 2 + 4);
  std::vector<std::multiset<std::uint32_t>> found(expected.size());
  for (std::uint32_t window = 0; window < task.size(); ++window) {
    tape_.begin(nn::Mode::train);
    const nn::QueryVectors query_users = task.ask(tape_, {&window, 1}, 0);
    EXPECT_EQ(query_users.vectors.rows(), query_users.targets.size());
    EXPECT_LE(query_users.targets.size(), kShape.length);
    for (std::size_t r = 0; r < query_users.targets.size(); ++r)
      found[query_users.users[r]].insert(query_users.targets[r]);
  }
  EXPECT_EQ(found, expected);
}

TEST_F(SequenceNetworkTest, HoldsOutLastEvents) {
  // User u's last event is item 10 + u % 40, which is only ever somebody's last.
  constexpr std::size_t kUsers = 3000;
  Sequences sequences;
  sequences.offsets.push_back(0);
  for (std::size_t u = 0; u < kUsers; ++u) {
    for (const std::uint32_t token : {0U, 3U, 2U, static_cast<std::uint32_t>(11 + u % 40)}) {
      sequences.tokens.push_back(token);
    }
    sequences.offsets.push_back(sequences.tokens.size());
  }
  EXPECT_EQ(SequenceTask(network_, sequences, 0.1, 1).held_out(), 0U) << "too few to tell";
  const SequenceTask task(network_, sequences, 0.5, 1);
  EXPECT_NEAR(static_cast<double>(task.held_out()), 1500, 150);
  EXPECT_EQ(task.size(), kUsers);
  std::set<std::uint32_t> held_out;
  tape_.begin(nn::Mode::infer);
  const nn::QueryVectors asked = task.ask_held_out(tape_, 5, task.held_out());
  ASSERT_EQ(asked.targets.size(), task.held_out() - 5);
  for (std::size_t r = 0; r < asked.targets.size(); ++r) {
    EXPECT_EQ(asked.targets[r], 10 + asked.users[r] % 40);
    held_out.insert(asked.users[r]);
  }
  // Each asks from its last token.
  const nn::test::Doubles vectors_asked = nn::test::to_doubles(asked.vectors.value());
  const nn::test::Doubles expected = vectors({0, 3, 2}, {0, 3}, true);
  for (std::size_t c = 0; c < kShape.dim; ++c) EXPECT_NEAR(vectors_asked(40, c), expected(0, c), 1e-5);
  std::size_t learned = 0;
  for (std::uint32_t window = 0; window < task.size(); ++window) {
    tape_.begin(nn::Mode::train);
    const nn::QueryVectors query_users = task.ask(tape_, {&window, 1}, 0);
    const bool has_last = query_users.targets.size() == 3;
    learned += has_last ? 1 : 0;
    EXPECT_FALSE(has_last && held_out.count(query_users.users[0]) > 0) << "user " << query_users.users[0];
  }
  EXPECT_EQ(learned, kUsers - task.held_out());
}

}  // namespace
}  // namespace gusto
