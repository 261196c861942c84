#include "gusto/retrieval/update.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"
#include "gusto/data/io/reading_texts.h"
#include "gusto/data/testing/open_text.h"
#include "gusto/models/testing/conformance.h"
#include "gusto/retrieval/recommender.h"

namespace gusto {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Three tastes, with features; and later events: of user u3, of new users n0 … n5, who have old items and the new ones
/// x0 … x2, each of a taste like the users'.
std::shared_ptr<const Dataset> before_data() { return test::with_features(*test::three_tastes(), 3); }

std::shared_ptr<const Dataset> later_data() {
  const auto catalog = std::make_shared<Catalog>();
  std::vector<Event> events;
  const auto add = [&](const std::string& user, const std::string& item, float value) {
    const std::uint32_t u = catalog->users.add(user), i = catalog->items.add(item);
    events.push_back(
        {UserRow(std::size_t{u}), ItemRow(std::size_t{i}), value, 2'000'000 + std::int64_t(events.size())});
  };
  for (int n = 0; n < 6; ++n) {
    for (int i = n % 3; i < 36; i += 3) add("n" + std::to_string(n), "i" + std::to_string(i), 4.5F);
    for (int i = (n + 1) % 3; i < 12; i += 3) add("n" + std::to_string(n), "i" + std::to_string(i), 2);
    add("n" + std::to_string(n), "x" + std::to_string(n % 3), 5);
  }
  for (const char* item : {"x0", "x1", "x2"}) add("u3", item, 5);
  std::vector<std::string> tastes, genres;
  for (std::size_t u = 0; u < catalog->users.size(); ++u) tastes.push_back("kind " + std::to_string(u % 3));
  for (std::size_t i = 0; i < catalog->items.size(); ++i) {
    const std::string id(catalog->items[i]);
    genres.push_back("kind " + std::to_string(std::stoi(id.substr(1)) % 3));
  }
  catalog->user_features = FeatureTable({test::feature("taste", FeatureKind::categorical, tastes)});
  catalog->item_features = FeatureTable({test::feature("genres", FeatureKind::multi, genres)});
  return std::make_shared<const Dataset>(catalog, events);
}

IndexedModel fitted_before(const ModelInfo& info, Task task, Context& context) {
  Settings settings;
  for (const gusto::Field& field : info.fields) {
    if (field.name == "dim") settings.emplace_back("dim", 8);
    if (field.name == "epochs") settings.emplace_back("epochs", info.name == "bayes-fm" ? 60 : 10);
  }
  IndexedModel model;
  model.trained.model = info.make(settings);
  model.trained.model->fit(before_data(), task, context);
  model.trained.record.split = "random:0.1";
  return model;
}

class UpdateTest : public test::ConformanceTest {};

TEST_P(UpdateTest, TakesInNewUsersNewItemsAndNewEventsOfOthers) {
  Context context({.threads = 2});
  IndexedModel old = fitted_before(info(), task(), context);
  const std::shared_ptr<const Model> before = std::move(old.trained.model);
  std::vector<float> was(before->data().item_count());
  const Query u3 = Query::known(UserRow(3));
  was = test::scores_of(*before, u3);
  old.trained.model = info().make(before->settings());
  old.trained.model->load_state(TensorFile::parse(test::state_bytes(*before), "saved"), before->shared_data(), task());

  const OpenedDataset more{later_data()};
  const UpdatedModel updated = update_model(std::move(old), more, {}, context);
  EXPECT_EQ(updated.summary.read, more.data->event_count());
  EXPECT_EQ(updated.summary.new_users, 6U);
  EXPECT_EQ(updated.summary.new_items, 3U);
  EXPECT_EQ(updated.summary.repeated, 0U);
  // Some networks have embeddings whose width depends on how many users there are.
  EXPECT_EQ(updated.summary.anew, !abilities().continues || !updated.summary.notes.empty());
  EXPECT_EQ(updated.summary.events, before->data().event_count() + more.data->event_count());
  EXPECT_EQ(updated.model.trained.record.split, "");

  const std::shared_ptr<const Model> model = info().make(before->settings());
  const_cast<Model&>(*model).load_state(TensorFile::parse(test::state_bytes(*updated.model.trained.model), "saved"),
                                        updated.model.trained.model->shared_data(), task());
  const Catalog& catalog = model->data().catalog();
  const auto user = [&](const char* id) { return Query::known(UserRow(std::size_t{*catalog.users.find(id)})); };
  const auto item = [&](const std::string& id) { return std::size_t{*catalog.items.find(id)}; };
  for (const char* id : {"x0", "x1", "x2"}) EXPECT_TRUE(model->ranks(ItemRow(item(id))));
  const std::vector<float> is = test::scores_of(*model, user("u3"));
  bool moved = false;
  for (std::size_t i = 0; i < was.size(); ++i) moved = moved || was[i] != is[item("i" + std::to_string(i))];
  EXPECT_TRUE(moved);

  // Who is new gets lists of the taste shown.
  Context one({.threads = 1});
  const Recommender recommender(model);
  const RecommendAnswer answer = recommender.recommend({.who = {.user = "n4"}, .k = 5}, one);
  EXPECT_THAT(answer.items, SizeIs(5));
  EXPECT_EQ(answer.popular, info().name == "content" && answer.popular);
}

INSTANTIATE_TEST_SUITE_P(Every, UpdateTest, ::testing::ValuesIn(test::conformance_cases()),
                         [](const auto& one) { return test::name_of(one.param); });

/// A model of these events, and how they were read.
IndexedModel trained_on(const std::string& events, const ReadingSpec& reading, const FilterOptions& filter = {}) {
  Context context({.threads = 1});
  IndexedModel model;
  model.trained.record.reading = reading;
  model.trained.record.filter = filter;
  model.trained.model = make_model("popularity");
  const auto opened = testing_io::read_text(events, parse_reading(reading));
  model.trained.model->fit(filter_dataset(opened.data, filter).data, Task::top_n, context);
  return model;
}

UpdatedModel update(IndexedModel model, const std::string& events, const ReadingSpec& given = {}) {
  Context context({.threads = 1});
  const OpenOptions options = parse_reading(reading_of_update(given, model.trained.record));
  return update_model(std::move(model), testing_io::read_text(events, options), given, context);
}

float value_of(const UpdatedModel& updated, const char* user, const char* item) {
  return testing_io::event_of(updated.model.trained.model->data(), user, item).value;
}

TEST(Update, ReadsNewEventsAsThoseOfTrainingWereRead) {
  const ReadingSpec reading{.columns = "user,item,kind", .weights = "view=1,buy=8"};
  const std::string before = "1,10,view\n2,10,buy\n1,20,view\n3,20,view\n";
  const UpdatedModel updated = update(trained_on(before, reading), "1,10,buy\n4,10,view\n");
  EXPECT_EQ(value_of(updated, "1", "10"), 9);
  EXPECT_EQ(value_of(updated, "4", "10"), 1);
  EXPECT_EQ(updated.summary.repeated, 1U);
  EXPECT_TRUE(updated.model.trained.model->data().catalog().strength.used());
  const UpdatedModel given = update(trained_on(before, reading), "1,10,buy\n4,10,view\n", {.weights = "view=2,buy=4"});
  EXPECT_EQ(value_of(given, "1", "10"), 5);
}

TEST(Update, FiltersNewEventsAsThoseOfTrainingWere) {
  const FilterOptions filter{.positives = 4, .min_user_events = 2};
  const std::string before = "1,10,5\n1,20,4\n2,10,5\n2,20,5\n3,30,1\n";
  const UpdatedModel updated = update(trained_on(before, {}, filter), "1,30,5\n4,10,5\n5,10,4\n5,30,5\n5,40,2\n");
  EXPECT_EQ(updated.summary.events, 7U);
  EXPECT_EQ(updated.summary.new_users, 1U);
  EXPECT_EQ(updated.summary.cold_users, 1U);
  EXPECT_EQ(updated.summary.cold_items, 1U);
  ASSERT_THAT(updated.summary.left_out, SizeIs(2));
  EXPECT_EQ(updated.summary.left_out[0].events, 1U);
  EXPECT_EQ(updated.summary.left_out[1].events, 1U);
}

TEST(Update, MakesAnIndexOfTheSameKindAgain) {
  Context context({.threads = 1});
  IndexedModel old = fitted_before(find_model("ials"), Task::top_n, context);
  old.index = std::make_shared<const Index>(Index::build(*old.trained.model, {.kind = IndexKind::int8}, context));
  const UpdatedModel updated = update_model(std::move(old), {later_data()}, {}, context);
  ASSERT_NE(updated.model.index, nullptr);
  EXPECT_EQ(updated.model.index->kind(), IndexKind::int8);
  EXPECT_TRUE(updated.model.index->belongs_to(*updated.model.trained.model));
}

}  // namespace
}  // namespace gusto
