#include "gusto/eval/transfer.h"

#include <gmock/gmock.h>

#include "gusto/base/error.h"
#include "gusto/models/registry.h"

namespace gusto {
namespace {

std::shared_ptr<const Catalog> make_catalog(const std::vector<std::string>& users,
                                            const std::vector<std::string>& items) {
  auto catalog = std::make_shared<Catalog>();
  for (const std::string& id : users) catalog->users.add(id);
  for (const std::string& id : items) catalog->items.add(id);
  return catalog;
}

class TransferTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::vector<Event> events{
        {UserRow(0), ItemRow(0), 5}, {UserRow(0), ItemRow(1), 3}, {UserRow(1), ItemRow(0), 4}};
    model_ = make_model("bias");
    Context context({.threads = 1});
    model_->fit(std::make_shared<Dataset>(make_catalog({"ann", "bob"}, {"heat", "jaws"}), events), Task::ratings,
                context);
  }
  std::unique_ptr<Model> model_;
};

TEST_F(TransferTest, FindsRowsByIdAndCountsWhatIsUnknown) {
  const auto other = make_catalog({"cem", "bob"}, {"jaws", "alien", "heat"});
  const std::vector<Event> test{{UserRow(0), ItemRow(0), 1}, {UserRow(1), ItemRow(0), 2}, {UserRow(1), ItemRow(1), 3}};
  const std::vector<ItemRow> candidates{ItemRow(0), ItemRow(1), ItemRow(2)};
  const TransferredTest result = transfer_test(*model_, *other, test, candidates);
  ASSERT_EQ(result.fold.test.size(), 1U);
  EXPECT_EQ(result.fold.test[0].user, UserRow(1));
  EXPECT_EQ(result.fold.test[0].item, ItemRow(1));
  EXPECT_EQ(result.unknown_users, 1U);
  EXPECT_EQ(result.unknown_items, 1U);
  EXPECT_EQ(result.unknown_candidates, 1U);
  EXPECT_THAT(result.candidates, ::testing::ElementsAre(ItemRow(0), ItemRow(1)));
  EXPECT_EQ(result.fold.receipt.test_events, 1U);
}

TEST_F(TransferTest, RefusesEventsThatTheModelWasTrainedOn) {
  const auto same = make_catalog({"ann", "bob"}, {"heat", "jaws"});
  const std::vector<Event> test{{UserRow(0), ItemRow(1), 3}, {UserRow(1), ItemRow(1), 3}};
  try {
    transfer_test(*model_, *same, test, {});
    FAIL() << "overlap went unnoticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_input);
    EXPECT_THAT(error.message(), ::testing::HasSubstr("1 of the 2 test events, such as user \"ann\", item \"jaws\""));
  }
}

TEST_F(TransferTest, RefusesATestWithoutAnythingKnown) {
  const auto other = make_catalog({"cem"}, {"heat"});
  const std::vector<Event> test{{UserRow(0), ItemRow(0), 3}};
  EXPECT_THROW(transfer_test(*model_, *other, test, {}), Error);
}

TEST_F(TransferTest, CarriesHistoriesOver) {
  // bob had alien, jaws and then the test event, heat; the model does not know alien. cem is unknown altogether.
  const auto other = make_catalog({"cem", "bob"}, {"jaws", "alien", "heat"});
  auto trained = make_model("bias");
  Context context({.threads = 1});
  trained->fit(std::make_shared<Dataset>(make_catalog({"ann", "bob"}, {"heat", "jaws"}),
                                         std::vector<Event>{{UserRow(0), ItemRow(0), 5}, {UserRow(0), ItemRow(1), 3}}),
               Task::ratings, context);
  Fold fold;
  fold.train = std::make_shared<Dataset>(other, std::vector<Event>{{UserRow(0), ItemRow(1)}});
  fold.test = {{UserRow(0), ItemRow(0)}, {UserRow(1), ItemRow(2)}};
  fold.histories.users = {UserRow(0), UserRow(1)};
  fold.histories.offsets = {0, 2, 5};
  fold.histories.events = {{ItemRow(1)}, {ItemRow(0)}, {ItemRow(1), 2}, {ItemRow(0), 3}, {ItemRow(2), 4}};
  fold.histories.before = {1, 2};
  const TransferredTest result = transfer_test(*trained, *other, fold, {});
  ASSERT_EQ(result.fold.test.size(), 1U);
  const Query query = result.fold.query(0);
  EXPECT_EQ(query.user, UserRow(1));
  ASSERT_EQ(query.history.size(), 1U);
  EXPECT_EQ(query.history[0].item, ItemRow(1));
  EXPECT_EQ(query.history[0].value, 3);
  EXPECT_TRUE(result.fold.receipt.each_event);
}

TEST_F(TransferTest, CarriesGivenCandidatesOver) {
  // bob tests jaws among heat, alien and jaws; the model knows neither alien nor cem.
  const auto other = make_catalog({"cem", "bob"}, {"jaws", "alien", "heat"});
  Fold fold;
  fold.train = std::make_shared<Dataset>(other, std::vector<Event>{{UserRow(0), ItemRow(1)}});
  fold.test = {{UserRow(0), ItemRow(0)}, {UserRow(1), ItemRow(0)}};
  fold.given.users = {UserRow(0), UserRow(1)};
  fold.given.offsets = {0, 1, 4};
  fold.given.items = {ItemRow(0), ItemRow(0), ItemRow(1), ItemRow(2)};
  fold.receipt.numbered = true;
  const TransferredTest result = transfer_test(*model_, *other, fold, {});
  EXPECT_THAT(result.fold.given.users, ::testing::ElementsAre(UserRow(1)));
  EXPECT_THAT(result.fold.given.items, ::testing::ElementsAre(ItemRow(0), ItemRow(1)));
  EXPECT_THAT(result.fold.given.offsets, ::testing::ElementsAre(0U, 2U));
  EXPECT_EQ(result.unknown_candidates, 1U);
  EXPECT_EQ(result.fold.receipt.negatives, 1U);
  EXPECT_TRUE(result.fold.receipt.numbered);
}

TEST_F(TransferTest, ListsItemsWithEvents) {
  EXPECT_THAT(items_with_events(model_->data(), {}), ::testing::ElementsAre(ItemRow(0), ItemRow(1)));
}

}  // namespace
}  // namespace gusto
