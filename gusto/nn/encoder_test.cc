#include "gusto/nn/encoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"
#include "gusto/nn/testing/encoder.h"

namespace gusto::nn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using test::asked;
using test::encoded;
using test::encoded_field;
using test::encoder_of;
using test::examples_of;
using test::feature;
using test::films;
using test::text_of;

TEST(Encoder, GivesIdsToRowsWithTrainingEvents) {
  EXPECT_EQ(encoded_field("user"), "1 | 1 | 1 | 2 | 2");
  EXPECT_EQ(encoded_field("item"), "1 | 2 | 3 | 2 | 1");
}

TEST(Encoder, GivesIdsToValuesAndMeansOfSeveral) {
  EXPECT_EQ(encoded_field("gender"), "1 | 1 | 1 | 2 | 2");
  EXPECT_EQ(encoded_field("genres"), "1*0.5 2*0.5 | 2 | 0 | 2 | 1*0.5 2*0.5");
}

TEST(Encoder, StandardizesNumbersOverRowsWithEvents) {
  // Ages 20 and 40: mean 30, deviation 10; cid's 90 does not count.
  EXPECT_EQ(encoded_field("age"), "1*-1. | 1*-1. | 1*-1. | 1 | 1");
}

TEST(Encoder, CutsNumbersAtQuantiles) { EXPECT_EQ(encoded_field("bucket(age, 2)"), "1 | 1 | 1 | 2 | 2"); }

TEST(Encoder, CutsTextsIntoPieces) {
  const Encoder encoder = encoder_of(films(), "words(title, 100)");
  const std::vector<std::string>& pieces = encoder.schema()[0].values;
  const auto id = [&](std::string_view piece) {
    return static_cast<std::size_t>(std::find(pieces.begin(), pieces.end(), piece) - pieces.begin()) + 1;
  };
  ASSERT_LE(id("toy"), pieces.size());
  ASSERT_LE(id("story"), pieces.size());
  const bool toy_first = id("toy") < id("story");
  const std::string toy = std::to_string(id("toy")) + "*0.666667", story = std::to_string(id("story"));
  const std::string both = toy_first ? toy + " " + story + "*0.333333" : story + "*0.333333 " + toy;
  EXPECT_EQ(encoded(encoder, "words(title, 100)"), both + " | " + story + " | 0 | " + story + " | " + both);
}

TEST(Encoder, HashesTheWordsOfATextByTheFieldsOwnName) {
  const Encoder encoder = encoder_of(films(), "hash(title, 1000), hash(title, 1001)");
  Arena arena;
  const Batch batch = encoder.encode(examples_of(encoder.data()), {}, arena);
  EXPECT_EQ(batch[0].offsets[1], 2u);
  EXPECT_FLOAT_EQ(batch[0].weight(0) + batch[0].weight(1), 1);
  EXPECT_NE(batch[0].ids[0], batch[1].ids[0]);
  EXPECT_EQ(batch[0].ids[batch[0].begin(2)], 0u);  // z has no title
  EXPECT_EQ(encoder.schema()[0].rows, 1001u);
}

TEST(Encoder, ReadsPartsOfTheTime) {
  EXPECT_EQ(encoded_field("time.hour"), "2 | 3 | 4 | 5 | 24");
  EXPECT_EQ(encoded_field("time.weekday"), "5 | 5 | 5 | 5 | 5");
  EXPECT_EQ(encoded_field("time.month"), "1 | 1 | 1 | 1 | 1");
  EXPECT_EQ(encoded_field("time.year"), "1 | 1 | 1 | 1 | 1");
  EXPECT_EQ(encoded_field("time.day"), "1*0. | 1*0. | 1*0. | 1*0. | 1*0.");
}

// Ids of the crosses of two fields, alone and in one cross.
TEST(Encoder, CrossesEveryCombinationOfItsParts) {
  const Encoder encoder = encoder_of(films(), "cross(gender, genres, 100000), cross(genres, time.hour, 100000)");
  Arena arena;
  const Batch batch = encoder.encode(examples_of(encoder.data()), {}, arena);
  const Bag& bag = batch[0];
  EXPECT_THAT(std::vector(bag.offsets.begin(), bag.offsets.end()), ElementsAre(0, 2, 3, 4, 5, 7));
  EXPECT_THAT(std::vector(bag.weights.begin(), bag.weights.end()), ElementsAre(.5F, .5F, 1, 1, 1, .5F, .5F));
  // f×a f×b | f×b | f×unknown | m×b | m×a m×b
  EXPECT_EQ(bag.ids[1], bag.ids[2]);
  EXPECT_EQ(bag.ids[3], 0u);
  EXPECT_EQ(bag.ids[4], bag.ids[6]);
  const std::set<std::uint32_t> different(bag.ids.begin(), bag.ids.end());
  EXPECT_EQ(different.size(), 5u);
  EXPECT_LT(*different.rbegin(), encoder.schema()[0].rows);
  EXPECT_EQ(batch[1].offsets[5], 7u);
}

TEST(Encoder, CrossesOfOneSideAreThoseOfTheExample) {
  const Encoder encoder = encoder_of(films(), "cross(gender, bucket(age, 2), 1000), cross(gender, age, 1000)");
  EXPECT_EQ(encoder.schema()[0].side, Side::user);
  Arena arena;
  const Batch batch = encoder.encode(examples_of(encoder.data()), {}, arena);
  EXPECT_TRUE(batch[0].offsets.empty());
  EXPECT_NE(batch[0].ids[0], batch[0].ids[3]);
  EXPECT_EQ(batch[0].ids[0], batch[0].ids[2]);
  EXPECT_FLOAT_EQ(batch[1].weight(0), -1);  // a number's weight is handed on
}

TEST(Encoder, AnswersAKnownUserAsTrained) {
  const Encoder encoder = encoder_of(films(), "user, item, gender, age, genres, history(2), rated(9), time.hour");
  const Query ann = Query::known(UserRow(0));
  const std::vector<ItemRow> items{ItemRow(2), ItemRow(3)};
  EXPECT_EQ(asked(encoder, ann, "user", items), "1 | 1");
  EXPECT_EQ(asked(encoder, ann, "item", items), "0 | 3");
  EXPECT_EQ(asked(encoder, ann, "gender", items), "1 | 1");
  EXPECT_EQ(asked(encoder, ann, "age", items), "1*-1. | 1*-1.");
  EXPECT_EQ(asked(encoder, ann, "genres", items), "0*0.5 1*0.5 | 0");  // c is on no film with events
  EXPECT_EQ(asked(encoder, ann, "history(2)", items), "2*0.5 3*0.5 | 1*0.5 2*0.5");
  EXPECT_EQ(asked(encoder, ann, "time.hour", items), "24 | 24");  // the last event's
}

TEST(Encoder, KnowsColdUsersByTheirFeaturesOnly) {
  const Encoder encoder = encoder_of(films(), "user, gender, age, history(2)");
  const Query cid = Query::known(UserRow(2));
  EXPECT_EQ(asked(encoder, cid, "user", {ItemRow(0)}), "0");
  EXPECT_EQ(asked(encoder, cid, "gender", {ItemRow(0)}), "0");
  EXPECT_EQ(asked(encoder, cid, "age", {ItemRow(0)}), "1*6.");
  EXPECT_EQ(asked(encoder, cid, "history(2)", {ItemRow(0)}), "0");
}

TEST(Encoder, TakesAHistoryForTheQueryUsersOwn) {
  const Encoder encoder = encoder_of(films(), "user, gender, history(2), rated(2), time.hour");
  const std::vector<HistoryEvent> events{{ItemRow(3), 1, 100}, {ItemRow(2), 1, 200}, {ItemRow(0), 1, 7200}};
  Query query = Query::with_history(events);
  const std::vector<ItemRow> items{ItemRow(1), ItemRow(0)};
  EXPECT_EQ(asked(encoder, query, "gender", items), "0 | 0");
  EXPECT_EQ(asked(encoder, query, "history(2)", items), "3*0.5 1*0.5 | 3");  // y is unknown and left out
  query.user = UserRow(0);
  EXPECT_EQ(asked(encoder, query, "user", items), "0 | 0");
  EXPECT_EQ(asked(encoder, query, "gender", items), "1 | 1");
  query.time = 3600;
  EXPECT_EQ(asked(encoder, query, "history(2)", items), "3 | 3");  // w came later
  EXPECT_EQ(asked(encoder, query, "rated(2)", items), "3*0.5 1*0.5 | 3");
  EXPECT_EQ(asked(encoder, query, "time.hour", items), "2 | 2");
}

TEST(Encoder, PutsAQuerysFeaturesBeforeStoredOnes) {
  const Encoder encoder = encoder_of(films(), "user, gender, age, cross(gender, genres, 1000), bucket(age, 2)");
  std::vector<FeatureValue> features{{"age", " 50 "}};
  Query query = Query::known(UserRow(0));
  query.features = features;
  EXPECT_EQ(asked(encoder, query, "user", {ItemRow(0)}), "1");
  EXPECT_EQ(asked(encoder, query, "gender", {ItemRow(0)}), "1");
  EXPECT_EQ(asked(encoder, query, "age", {ItemRow(0)}), "1*2.");
  EXPECT_EQ(asked(encoder, query, "bucket(age, 2)", {ItemRow(0)}), "2");
  query.user.reset();
  EXPECT_EQ(asked(encoder, query, "gender", {ItemRow(0)}), "0");
  EXPECT_EQ(asked(encoder, query, "cross(gender, genres, 1000)", {ItemRow(1)}), "0");
  features = {{"age", ""}, {"gender", "m"}};
  query.features = features;
  EXPECT_EQ(asked(encoder, query, "age", {ItemRow(0)}), "0");
  EXPECT_EQ(asked(encoder, query, "gender", {ItemRow(0)}), "2");
  EXPECT_EQ(asked(encoder, query, "cross(gender, genres, 1000)", {ItemRow(1)}),
            asked(encoder, Query::known(UserRow(1)), "cross(gender, genres, 1000)", {ItemRow(1)}));
}

TEST(Encoder, HoldsOutliersWithinLimits) {
  const Encoder encoder = encoder_of(films(), "age");
  const std::vector<FeatureValue> features{{"age", "-1e308"}};
  Query query;
  query.features = features;
  EXPECT_EQ(asked(encoder, query, "age", {ItemRow(0)}), "1*-100.");
}

TEST(Encoder, RefusesQueriesThatItCannotRead) {
  const Encoder encoder = encoder_of(films(), "user, age, genres");
  const auto error_of = [&](std::vector<FeatureValue> features) {
    Query query;
    query.features = features;
    return gusto::test::error_of([&] { encoder.encode(query); });
  };
  const Error number = error_of({{"age", "old"}});
  EXPECT_EQ(number.code(), ErrorCode::invalid_input);
  EXPECT_EQ(number.message(), "The feature age holds \"old\", which is no number.");
  const Error unread = error_of({{"gender", "f"}, {"age", "3"}, {"genres", "a"}});
  EXPECT_EQ(unread.code(), ErrorCode::invalid_input);
  EXPECT_THAT(unread.message(), HasSubstr("gender, genres"));
  EXPECT_EQ(unread.hint(), "It takes: age.");
  EXPECT_THAT(error_of({{"age", "1"}, {"age", "2"}}).message(), HasSubstr("given twice"));
  EXPECT_EQ(gusto::test::code_of([&] { encoder.encode(Query::known(UserRow(3))); }), ErrorCode::invalid_input);
  const std::vector<HistoryEvent> outside{{ItemRow(4)}};
  EXPECT_EQ(gusto::test::code_of([&] { encoder.encode(Query::with_history(outside)); }), ErrorCode::invalid_input);
}

TEST(Encoder, RefusesASchemaOfOtherData) {
  const Dataset other(films().shared_catalog(), std::vector<Event>{{UserRow(0), ItemRow(0)}});
  const Schema schema = Schema::learn(films(), parse_fields("user, item"));
  EXPECT_EQ(gusto::test::code_of([&] { Encoder(other, schema); }), ErrorCode::internal);
}

TEST(Encoder, RefusesCrossesWithoutEnd) {
  auto catalog = std::make_shared<Catalog>();
  catalog->users.add("ann");
  catalog->items.add("x");
  std::string values;
  for (int v = 0; v < 300; ++v) values += std::to_string(v) + "|";
  catalog->user_features = FeatureTable({feature("tags", FeatureKind::multi, {"a|b"})});
  catalog->item_features =
      FeatureTable({feature("genres", FeatureKind::multi, {values}), feature("cast", FeatureKind::multi, {values})});
  const Dataset data(catalog, std::vector<Event>{{UserRow(0), ItemRow(0)}});
  const Error option = gusto::test::error_of([&] { encoder_of(data, "cross(genres, cast, 10)"); });
  EXPECT_EQ(option.code(), ErrorCode::invalid_option);
  EXPECT_THAT(option.message(), HasSubstr("cross(genres, cast, 10)"));
  const Encoder encoder = encoder_of(data, "cross(tags, genres, 10)");
  const std::vector<FeatureValue> features{{"tags", values}};
  Query query;
  query.features = features;
  EXPECT_EQ(gusto::test::code_of([&] { encoder.encode(query); }), ErrorCode::invalid_input);
}

TEST(Encoder, TakesSeveralValuesOfAQueryOnceEach) {
  auto catalog = std::make_shared<Catalog>();
  catalog->users.add("ann");
  catalog->items.add("x");
  catalog->user_features = FeatureTable({feature("tags", FeatureKind::multi, {"a|b"})});
  const Dataset data(catalog, std::vector<Event>{{UserRow(0), ItemRow(0)}});
  const Encoder encoder = encoder_of(data, "tags");
  const auto tags = [&](std::string_view value) {
    const std::vector<FeatureValue> features{{"tags", value}};
    Query query;
    query.features = features;
    return asked(encoder, query, "tags", {ItemRow(0)});
  };
  EXPECT_EQ(tags("b|a||b"), "1*0.5 2*0.5");
  EXPECT_EQ(tags("b|c"), "2*0.5 0*0.5");
  EXPECT_EQ(tags("|"), "0");
}

// Many users of one item each.
Dataset many(int users) {
  auto catalog = std::make_shared<Catalog>();
  std::vector<Event> events;
  std::vector<std::string> genders, ages;
  catalog->items.add("i");
  for (int u = 0; u < users; ++u) {
    catalog->users.add(std::to_string(u));
    genders.emplace_back(u % 2 == 0 ? "f|x" : "m");
    ages.emplace_back(std::to_string(u));
    events.push_back({UserRow(u), ItemRow(0), 1, kNoTime});
  }
  catalog->user_features =
      FeatureTable({feature("gender", FeatureKind::multi, genders), feature("age", FeatureKind::number, ages)});
  return {catalog, events};
}

TEST(Masking, HidesEachFieldOfTheStatedShareOfExamples) {
  const Dataset data = many(20000);
  const Encoder encoder = encoder_of(data, "user, item, gender, age, cross(gender, item, 100), history(3)");
  const std::vector<Example> examples = examples_of(encoder.data());
  Arena arena;
  const Batch batch = encoder.encode(examples, {.probability = 0.1, .key = 5}, arena);
  std::vector<std::vector<bool>> hidden(5);
  for (std::size_t slot = 0; slot < 5; ++slot) {
    int count = 0;
    for (std::size_t r = 0; r < batch.rows; ++r) {
      const std::size_t e = batch[slot].begin(r);
      hidden[slot].push_back(batch[slot].ids[e] == 0);
      if (!hidden[slot][r]) continue;
      ++count;
      ASSERT_EQ(batch[slot].end(r), e + 1);
      ASSERT_EQ(batch[slot].weight(e), 1);
    }
    EXPECT_NEAR(count, 2000, 5 * std::sqrt(20000 * .1 * .9)) << slot;
  }
  int both = 0;
  for (std::size_t r = 0; r < batch.rows; ++r) both += hidden[0][r] && hidden[1][r] ? 1 : 0;
  EXPECT_NEAR(both, 200, 5 * std::sqrt(200));  // draws of different fields don't depend on each other
}

TEST(Masking, IsRepeatableWhateverTheBatch) {
  const Dataset data = many(300);
  const Encoder encoder = encoder_of(data, "user, item, gender, cross(gender, item, 100)");
  const std::vector<Example> examples = examples_of(encoder.data());
  const auto bits = [&](std::uint64_t key, std::size_t shard) {
    std::vector<std::string> texts(4);
    Arena arena;
    for (std::size_t begin = 0; begin < examples.size(); begin += shard) {
      arena.reset();
      const auto part = std::span(examples).subspan(begin, std::min(shard, examples.size() - begin));
      const Batch batch = encoder.encode(part, {.probability = 0.3, .key = key}, arena);
      for (std::size_t slot = 0; slot < 4; ++slot) texts[slot] += text_of(batch[slot]) + " | ";
    }
    return texts;
  };
  EXPECT_EQ(bits(1, 300), bits(1, 7));
  EXPECT_NE(bits(1, 300), bits(2, 300));
}

TEST(Masking, MayHideAllOrNothing) {
  const Encoder encoder = encoder_of(films(), "user, genres");
  Arena arena;
  const Batch batch = encoder.encode(examples_of(encoder.data()), {.probability = 1, .key = 1}, arena);
  EXPECT_EQ(text_of(batch[0]), "0 | 0 | 0 | 0 | 0");
  EXPECT_EQ(text_of(batch[1]), "0 | 0 | 0 | 0 | 0");
}

// What training saw of the last event of a user is what the user with all before it is answered by.
TEST(Encoder, EncodesAnQueryUserAsItsExample) {
  const Dataset& data = films();
  const std::string fields =
      "item, gender, age, genres, history(2), cross(gender, genres, time.hour, 500), time.hour, "
      "history(2, value, recent), history.count, history.mean";
  const Encoder encoder = encoder_of(data, fields);
  Arena arena;
  const std::vector<Example> last{{4, UserRow(1), ItemRow(0)}};
  const Batch trained = encoder.encode(last, {}, arena);
  const std::vector<HistoryEvent> before{{ItemRow(1), 2, data.times()[3]}};
  Query query = Query::with_history(before);
  query.user = UserRow(1);
  query.time = data.times()[4];
  const std::vector<ItemRow> items{ItemRow(0)};
  const Batch answered = encoder.encode(encoder.encode(query), items, arena);
  for (std::size_t slot = 0; slot < encoder.schema().size(); ++slot) {
    EXPECT_EQ(text_of(trained[slot]), text_of(answered[slot])) << slot;
  }
}

// Fields of each side, of the event, and of both.
constexpr std::string_view kSides =
    "user, item, gender, genres, time.hour, history(2), rated(2, recent), history.count, history.mean, cross(gender, "
    "time.hour, 500), cross(gender, age, "
    "500), "
    "cross(genres, time.hour, 500), cross(gender, genres, 500), cross(time.hour, time.year, 500)";
constexpr std::array kOfQueryUsers = {true, false, true, false, true,  true,  true,
                                      true, true,  true, true,  false, false, true};
constexpr std::array kOfItems = {false, true,  false, true,  false, false, false,
                                 false, false, false, false, false, false, false};

TEST(Encoder, EncodesEachSideByItself) {
  const Encoder encoder = encoder_of(films(), kSides);
  const std::vector<Example> examples = examples_of(films());
  std::vector<ItemRow> items;
  for (const Example& example : examples) items.push_back(example.item);
  Arena arena;
  const Batch all = encoder.encode(examples, {}, arena);
  const Batch of_query_users = encoder.encode_query_users(examples, {}, arena);
  const Batch of_items = encoder.encode_items(items, {}, arena);
  EXPECT_EQ(of_query_users.rows, examples.size());
  EXPECT_EQ(of_items.rows, items.size());
  ASSERT_EQ(encoder.schema().size(), kOfQueryUsers.size());
  for (std::size_t slot = 0; slot < kOfQueryUsers.size(); ++slot) {
    const SchemaField& field = encoder.schema()[slot];
    EXPECT_EQ(field.reads_query_user() && !field.reads_item(), kOfQueryUsers[slot]) << field.spec.text;
    EXPECT_EQ(field.reads_item() && !field.reads_query_user(), kOfItems[slot]) << field.spec.text;
    EXPECT_EQ(text_of(of_query_users[slot]), kOfQueryUsers[slot] ? text_of(all[slot]) : "") << field.spec.text;
    EXPECT_EQ(text_of(of_items[slot]), kOfItems[slot] ? text_of(all[slot]) : "") << field.spec.text;
  }
}

TEST(Encoder, EncodesSeveralQueryUsersAtOnce) {
  const Encoder encoder = encoder_of(films(), kSides);
  const std::vector<HistoryEvent> events{{ItemRow(3), 1, 100}, {ItemRow(2), 1, 200}, {ItemRow(0), 1, 7200}};
  Query known = Query::known(UserRow(1)), own = Query::with_history(events);
  own.time = 3600;
  const std::vector<EncodedQueryUser> query_users{encoder.encode(known), encoder.encode(own), encoder.encode(Query{})};
  Arena arena;
  const Batch batch = encoder.encode_query_users(query_users, arena);
  const auto text = [&](std::string_view field) { return text_of(batch[encoder.schema().slot(field)]); };
  EXPECT_EQ(batch.rows, 3u);
  EXPECT_EQ(text("user"), "2 | 0 | 0");
  EXPECT_EQ(text("gender"), "2 | 0 | 0");
  EXPECT_EQ(text("time.hour"), "24 | 2 | 24");
  EXPECT_EQ(text("history(2)"),
            "2*0.5 1*0.5 | 3 | 0");  // no item is left out; of the second user's, y is unknown and w later
  EXPECT_EQ(text("rated(2, recent)"), "2*0.414214 1*0.585786 | 3*0.414214 1*0.585786 | 0");
  EXPECT_EQ(text("history.mean"), "1*-1.778002 | 1*-2.159002 | 0");
  EXPECT_EQ(text("item"), "");
  // Beside an item that is in no history, each is encoded as alone.
  for (std::size_t slot = 0; slot < kOfQueryUsers.size(); ++slot) {
    if (!kOfQueryUsers[slot]) continue;
    std::string rows;
    for (const EncodedQueryUser& query_user : query_users) {
      const ItemRow unknown(2);
      const std::string beside = text_of(encoder.encode(query_user, {&unknown, 1}, arena)[slot]);
      EXPECT_EQ(text_of(encoder.encode_query_user(query_user, arena)[slot]), beside)
          << encoder.schema()[slot].spec.text;
      rows += (rows.empty() ? "" : " | ") + beside;
    }
    EXPECT_EQ(text_of(batch[slot]), rows) << encoder.schema()[slot].spec.text;
  }
}

TEST(Masking, OfQueryUsersIsThatOfTheirExamples) {
  const Dataset data = many(300);
  const Encoder encoder = encoder_of(data, "item, user, gender, cross(gender, item, 100), age");
  const std::vector<Example> examples = examples_of(data);
  const Masking masking{.probability = 0.3, .key = 4};
  Arena arena;
  const Batch all = encoder.encode(examples, masking, arena),
              of_query_users = encoder.encode_query_users(examples, masking, arena);
  for (const std::size_t slot : {1, 2, 4}) EXPECT_EQ(text_of(of_query_users[slot]), text_of(all[slot]));
}

TEST(Masking, OfItemsDependsOnKeyAndItemOnly) {
  auto catalog = std::make_shared<Catalog>();
  std::vector<Event> events;
  catalog->users.add("u");
  for (std::uint32_t i = 0; i < 20000; ++i) {
    catalog->items.add(std::to_string(i));
    events.push_back({UserRow(0), ItemRow(i)});
  }
  const Dataset data(catalog, events);
  const Encoder encoder = encoder_of(data, "user, item");
  const auto hidden = [&](std::uint64_t key, std::size_t first, std::size_t step) {
    std::vector<ItemRow> items;
    for (std::size_t i = first; i < 20000; i += step) items.emplace_back(i);
    Arena arena;
    const Batch batch = encoder.encode_items(items, {.probability = 0.1, .key = key}, arena);
    std::set<std::uint32_t> rows;
    for (std::size_t r = 0; r < items.size(); ++r) {
      if (batch[1].ids[r] == 0) rows.insert(items[r].index);
    }
    return rows;
  };
  const std::set<std::uint32_t> all = hidden(7, 0, 1);
  EXPECT_NEAR(static_cast<double>(all.size()), 2000, 5 * std::sqrt(20000 * .1 * .9));
  EXPECT_NE(hidden(8, 0, 1), all);
  std::set<std::uint32_t> parts = hidden(7, 0, 2);
  parts.merge(hidden(7, 1, 2));
  EXPECT_EQ(parts, all);
}

TEST(Encoder, EncodesNothing) {
  const Encoder encoder = encoder_of(films(), "user, genres, history(2), cross(gender, genres, 10)");
  Arena arena;
  const Batch batch = encoder.encode(std::span<const Example>{}, {}, arena);
  EXPECT_EQ(batch.rows, 0u);
  for (std::size_t slot = 0; slot < 4; ++slot) EXPECT_THAT(batch[slot].ids, IsEmpty());
}

}  // namespace
}  // namespace gusto::nn
