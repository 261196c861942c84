// What an encoder tells of a user's history.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/nn/testing/encoder.h"

namespace gusto::nn {
namespace {

using test::asked;
using test::encoded;
using test::encoded_field;
using test::encoder_of;
using test::examples_of;
using test::films;
using test::text_of;

TEST(Histories, RemembersWhatCameBefore) {
  EXPECT_EQ(encoded_field("history(9)"), "0 | 1 | 1*0.5 2*0.5 | 0 | 2");
  EXPECT_EQ(encoded_field("history(1)"), "0 | 1 | 2 | 0 | 2");
  EXPECT_EQ(encoded_field("rated(9)"), "2*0.5 3*0.5 | 1*0.5 3*0.5 | 1*0.5 2*0.5 | 1 | 2");
  EXPECT_EQ(encoded_field("rated(1)"), "3 | 3 | 2 | 1 | 2");
}

TEST(Histories, LeavesOutTheEventsItemAndTheExamplesOfAPairThatIsNone) {
  const Encoder encoder = encoder_of(films(), "history(9), rated(9)");
  Arena arena;
  const std::vector<Example> pairs{{2, UserRow(0), ItemRow(1)}, {1, UserRow(0), ItemRow(2)}};
  const Batch batch = encoder.encode(pairs, {}, arena);
  EXPECT_EQ(text_of(batch[0]), "1 | 1");
  EXPECT_EQ(text_of(batch[1]), "1 | 1*0.5 3*0.5");
}

// Ann gave w 5, x 4 and z 3; ben x 2 and w 1: on this scale, an item's share is its value.
TEST(Histories, WeighMoreWhatWasValuedMore) {
  EXPECT_EQ(encoded_field("history(9, value)"), "0 | 1 | 1*0.555556 2*0.444444 | 0 | 2");
  EXPECT_EQ(encoded_field("history(1, value)"), "0 | 1 | 2 | 0 | 2");
  EXPECT_EQ(encoded_field("rated(9, value)"),
            "2*0.571429 3*0.428571 | 1*0.625 3*0.375 | 1*0.555556 2*0.444444 | 1 | 2");
}

TEST(Histories, WeighMoreWhatCameLast) {
  // 1 / sqrt(2) and 1.
  EXPECT_EQ(encoded_field("history(9, recent)"), "0 | 1 | 1*0.414214 2*0.585786 | 0 | 2");
  EXPECT_EQ(encoded_field("rated(9, recent)"),
            "2*0.414214 3*0.585786 | 1*0.414214 3*0.585786 | 1*0.414214 2*0.585786 | 1 | 2");
  // 5 / sqrt(2) and 4.
  EXPECT_EQ(encoded_field("history(9, value, recent)"), "0 | 1 | 1*0.469182 2*0.530818 | 0 | 2");
}

TEST(Histories, OfEqualValuesAreMeans) {
  auto catalog = std::make_shared<Catalog>();
  catalog->users.add("ann");
  catalog->users.add("ben");
  std::vector<Event> events;
  for (int i = 0; i < 6; ++i) {
    catalog->items.add(std::to_string(i));
    events.push_back({UserRow(0), ItemRow(i), 2, i});
  }
  for (const bool varied : {false, true}) {  // for others, that is
    if (varied) events.push_back({UserRow(1), ItemRow(0), 4, 0});
    const Dataset data(catalog, events);
    const Encoder encoder = encoder_of(data, "history(9, value)");
    Arena arena;
    const Example last{5, UserRow(0), ItemRow(5)};
    const Bag bag = encoder.encode({&last, 1}, {}, arena)[0];
    ASSERT_EQ(bag.ids.size(), 5u);
    for (const float weight : bag.weights) EXPECT_FLOAT_EQ(weight, 0.2F);
  }
}

TEST(Histories, WeighAQuerysEventsOnTheScaleOfTraining) {
  const Encoder encoder = encoder_of(films(), "history(9, value), rated(9, value, recent)");
  // Of w, x and z; y is unknown, and 100 and -9 count as the scale's ends.
  const std::vector<HistoryEvent> events{
      {ItemRow(0), 100, 100}, {ItemRow(2), 5, 150}, {ItemRow(1), -9, 200}, {ItemRow(3), 2, 300}};
  Query query = Query::with_history(events);
  EXPECT_EQ(asked(encoder, query, "history(9, value)", {ItemRow(2)}), "1*0.625 2*0.125 3*0.25");
  EXPECT_EQ(asked(encoder, query, "history(9, value)", {ItemRow(0)}), "2*0.333333 3*0.666667");
  EXPECT_EQ(asked(encoder, query, "rated(9, value, recent)", {ItemRow(1)}), "1*0.638698 3*0.361302");
  query.time = 200;
  EXPECT_EQ(asked(encoder, query, "history(9, value)", {ItemRow(2)}), "1*0.833333 2*0.166667");
}

TEST(HistoryNumbers, TellOfWhatCameBefore) {
  // log 1, 2 and 3; mean 0.497, deviation 0.432.
  EXPECT_EQ(encoded_field("history.count"), "1*-1.150554 | 1*0.45414 | 1*1.392826 | 1*-1.150554 | 1*0.45414");
  // 5, 4.5 and 2; mean 3.833, deviation 1.312.
  EXPECT_EQ(encoded_field("history.mean"), "0 | 1*0.889001 | 1*0.508 | 0 | 1*-1.397001");
}

TEST(HistoryNumbers, LeaveOutTheItemOfAPair) {
  const Encoder encoder = encoder_of(films(), "history.count, history.mean");
  Arena arena;
  // x came before z; nobody knows y; z came after x.
  const std::vector<Example> pairs{{2, UserRow(0), ItemRow(1)},
                                   {2, UserRow(0), ItemRow(2)},
                                   {1, UserRow(0), ItemRow(3)},
                                   {3, UserRow(1), ItemRow(0)}};
  const Batch batch = encoder.encode(pairs, {.probability = 1, .key = 1}, arena);  // which hides no history
  EXPECT_EQ(text_of(batch[0]), "1*0.45414 | 1*1.392826 | 1*0.45414 | 1*-1.150554");
  EXPECT_EQ(text_of(batch[1]), "1*0.889001 | 1*0.508 | 1*0.889001 | 0");
}

TEST(HistoryNumbers, TellOfAnQueryUsersHistory) {
  const Encoder encoder = encoder_of(films(), "history.count, history.mean");
  Query query = Query::known(UserRow(0));
  const std::vector<ItemRow> items{ItemRow(2), ItemRow(3), ItemRow(0)};
  EXPECT_EQ(asked(encoder, query, "history.count", items), "1*2.058835 | 1*1.392826 | 1*1.392826");
  EXPECT_EQ(asked(encoder, query, "history.mean", items), "1*0.127 | 1*0.508 | 1*-0.254");
  query.time = films().times()[1];
  EXPECT_EQ(asked(encoder, query, "history.count", items), "1*1.392826 | 1*1.392826 | 1*0.45414");
  EXPECT_EQ(asked(encoder, query, "history.mean", items), "1*0.508 | 1*0.508 | 1*0.127");
  const std::vector<HistoryEvent> unknown{{ItemRow(2), 5, 0}};
  for (const Query& empty : {Query{}, Query::known(UserRow(2)), Query::with_history(unknown)}) {
    EXPECT_EQ(asked(encoder, empty, "history.count", {ItemRow(0)}), "1*-1.150554");
    EXPECT_EQ(asked(encoder, empty, "history.mean", {ItemRow(0)}), "0");
  }
}

// Some of all pairs of users and items, with few different times, so that many are equal.
Dataset some_events() {
  constexpr int kUsers = 4, kItems = 12;
  auto catalog = std::make_shared<Catalog>();
  for (int u = 0; u < kUsers; ++u) catalog->users.add(std::to_string(u));
  for (int i = 0; i < kItems; ++i) catalog->items.add(std::to_string(i));
  std::vector<Event> events;
  for (int u = 0; u < kUsers; ++u) {
    for (int i = 0; i < kItems; ++i) {
      if (*rc::gen::inRange(0, 3) == 2) continue;
      events.push_back({UserRow(u), ItemRow(i), static_cast<float>(*rc::gen::inRange(1, 6)), *rc::gen::inRange(0, 5)});
    }
  }
  // The ends of the scale, whatever the others.
  catalog->users.add("scale");
  for (int i = 0; i < 2; ++i) events.push_back({UserRow(kUsers), ItemRow(i), i == 0 ? 1.0F : 5.0F, 0});
  return {catalog, events};
}

// Examples that are events, and examples that are not.
RC_GTEST_PROP(EncoderProperty, HistoriesNeverHoldTheTargetNorAnythingLater, ()) {
  const Dataset data = some_events();
  const auto cap = std::to_string(*rc::gen::inRange(1, 14));
  const std::vector<std::string> ways = {"", ", value", ", recent", ", value, recent"};
  std::string fields = "history.count, history.mean";
  for (const std::string& way : ways) fields += ", history(" + cap + way + "), rated(" + cap + way + ")";
  const Encoder encoder = encoder_of(data, fields);
  const std::vector<std::uint32_t> ids = training_ids(data, Side::item);
  std::vector<Example> examples = examples_of(data);
  for (std::size_t e = 0, n = examples.size(); e < n; ++e) {
    examples.push_back({examples[e].event, examples[e].user, ItemRow(*rc::gen::inRange<std::size_t>(0, ids.size()))});
  }
  Arena arena;
  const Batch batch = encoder.encode(examples, {}, arena);
  for (std::size_t slot = 0; slot < encoder.schema().size(); ++slot) {
    const SchemaField& field = encoder.schema()[slot];
    const bool all = field.spec.kind == FieldKind::rated;
    for (std::size_t r = 0; r < examples.size(); ++r) {
      // The plain rule: all that is allowed, in stored order, and of that the last.
      const Example& example = examples[r];
      std::vector<std::uint64_t> allowed;
      const std::uint64_t end = all ? data.offsets()[example.user.index + 1] : example.event;
      for (std::uint64_t e = data.offsets()[example.user.index]; e < end; ++e) {
        const ItemRow item = data.items()[e];
        if (item != example.item && item != data.items()[example.event]) allowed.push_back(e);
      }
      std::vector<std::uint32_t> expected;
      std::vector<double> weights;
      if (field.is_number()) {
        double x = std::log(1 + static_cast<double>(allowed.size()));
        if (field.spec.kind == FieldKind::history_mean) {
          x = 0;
          for (const std::uint64_t e : allowed) x += data.values()[e] / static_cast<double>(allowed.size());
        }
        const bool missing = field.spec.kind == FieldKind::history_mean && allowed.empty();
        expected = {missing ? 0U : 1U};
        weights = {missing ? 1 : (x - field.mean) / field.deviation};
      } else {
        const std::size_t size = std::min<std::size_t>(allowed.size(), field.spec.count);
        double sum = 0;
        for (std::size_t k = size; k-- > 0;) {
          const std::uint64_t e = allowed[allowed.size() - 1 - k];
          const double place = (static_cast<double>(data.values()[e]) - 1) / 4;
          expected.push_back(ids[data.items()[e].index]);
          weights.push_back((field.spec.by_value ? 1 + 4 * place : 1) /
                            (field.spec.by_recency ? std::sqrt(1 + static_cast<double>(k)) : 1));
          sum += weights.back();
        }
        for (double& weight : weights) weight /= sum;
        if (expected.empty()) expected = {0}, weights = {1};
      }
      const Bag& bag = batch[slot];
      RC_ASSERT(bag.end(r) - bag.begin(r) == expected.size());
      const bool plain = !field.is_number() && !field.spec.by_value && !field.spec.by_recency;
      for (std::size_t e = bag.begin(r), n = 0; e < bag.end(r); ++e, ++n) {
        RC_ASSERT(bag.ids[e] == expected[n]);
        RC_ASSERT(std::abs(bag.weight(e) - weights[n]) < 1e-5);
        if (plain) RC_ASSERT(bag.weight(e) == 1.0F / static_cast<float>(expected.size()));
      }
    }
  }
}

// Whatever the target and all later events are, the fields of the past stay as they are.
RC_GTEST_PROP(EncoderProperty, TheTargetAndTheFutureTellNothing, ()) {
  const Dataset data = some_events();
  const std::string fields = "history(5), history(5, value, recent), history.count, history.mean";
  const Schema schema = Schema::learn(data, parse_fields(fields));
  const std::vector<Example> examples = examples_of(data);
  const Example& example = examples[*rc::gen::inRange<std::size_t>(0, examples.size() - 2)];
  std::vector<Event> events = data.events();
  // From the target on, the user's items in another order, and other values; the last user keeps the scale.
  const auto first = events.begin() + example.event;
  const auto last = events.begin() + static_cast<std::ptrdiff_t>(data.offsets()[example.user.index + 1]);
  std::vector<ItemRow> items;
  std::transform(first, last, std::back_inserter(items), [](const Event& event) { return event.item; });
  std::rotate(items.begin(), items.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, last - first), items.end());
  for (auto event = first; event != last; ++event) {
    event->item = items[static_cast<std::size_t>(event - first)];
    event->value = 6 - event->value;
  }
  const Dataset changed(data.shared_catalog(), events);
  const Example again{example.event, example.user, changed.items()[example.event]};
  const Encoder before(data, schema), after(changed, schema);
  Arena arena;
  const Batch a = before.encode({&example, 1}, {}, arena), b = after.encode({&again, 1}, {}, arena);
  for (std::size_t slot = 0; slot < schema.size(); ++slot) RC_ASSERT(text_of(a[slot]) == text_of(b[slot]));
}

}  // namespace
}  // namespace gusto::nn
