// Whoever a model knows nothing of gets popular items with a sentence, or a refusal: never the order of rows.

#include <gmock/gmock.h>

#include "gusto/base/error.h"
#include "gusto/base/testing/testing.h"
#include "gusto/retrieval/recommender.h"
#include "gusto/retrieval/testing/films.h"

namespace gusto {
namespace {

using test::ask;
using test::error_of;
using test::fitted_on_films;
using test::one_thread;
using test::scored;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::pair<std::string, float>> popular(std::size_t k) {
  return scored(ask(Recommender(fitted_on_films("popularity")), {.k = k}).items);
}

TEST(SilentModels, GivePopularItemsToAUserWithoutEvents) {
  for (const char* name : {"svd", "bpr", "item-knn", "ease", "ials", "random-walk"}) {
    const RecommendAnswer answer = ask(Recommender(fitted_on_films(name)), {.who = {.user = "u59"}, .k = 4});
    EXPECT_TRUE(answer.popular) << name;
    EXPECT_EQ(scored(answer.items), popular(4)) << name;
    EXPECT_THAT(answer.notes, ElementsAre("Nothing is known of this person: popular items answer.")) << name;
  }
}

TEST(SilentModels, GivePopularItemsWhereFeaturesDoNotCount) {
  for (const char* name : {"item-knn", "ease", "svd"}) {
    const RecommendAnswer answer =
        ask(Recommender(fitted_on_films(name)), {.who = {.features = {{"taste", "t1"}}}, .k = 4});
    EXPECT_TRUE(answer.popular) << name;
    EXPECT_EQ(scored(answer.items), popular(4)) << name;
    EXPECT_THAT(answer.notes, ElementsAre(HasSubstr("popular items answer"))) << name;
  }
  const RecommendAnswer counted =
      ask(Recommender(fitted_on_films("demographic")), {.who = {.features = {{"taste", "t1"}}}, .k = 4});
  EXPECT_FALSE(counted.popular);
  EXPECT_THAT(counted.notes, IsEmpty());
}

TEST(SilentModels, LeaveWhoIsKnownToTheModel) {
  const RecommendAnswer answer = ask(Recommender(fitted_on_films("svd")), {.who = {.user = "u7"}, .k = 1});
  EXPECT_FALSE(answer.popular);
  EXPECT_THAT(answer.notes, IsEmpty());
}

TEST(SilentModels, DrawNoChartWithoutAnOrder) {
  for (const char* name : {"ease", "ials"}) {
    const Error error =
        error_of([&] { Recommender(fitted_on_films(name)).chart({.who = {.user = "u59"}}, one_thread()); });
    EXPECT_EQ(error.code(), ErrorCode::unsupported) << name;
    EXPECT_THAT(error.hint(), HasSubstr("popularity")) << name;
  }
  EXPECT_FALSE(Recommender(fitted_on_films("popularity")).chart({}, one_thread()).groups.empty());
  EXPECT_FALSE(Recommender(fitted_on_films("item-knn")).chart({.who = {.user = "u7"}}, one_thread()).groups.empty());
}

TEST(SilentModels, DrawTheChartOfNobodyForAUserWithoutEvents) {
  const Recommender films(fitted_on_films("bpr"));
  const ChartAnswer nobody = films.chart({}, one_thread());
  const ChartAnswer user = films.chart({.who = {.user = "u59"}}, one_thread());
  ASSERT_FALSE(nobody.groups.empty());
  ASSERT_EQ(user.groups.size(), nobody.groups.size());
  for (std::size_t g = 0; g < nobody.groups.size(); ++g) {
    EXPECT_EQ(scored(user.groups[g].items), scored(nobody.groups[g].items)) << nobody.groups[g].value;
  }
}

TEST(SilentModels, RefuseUnknownFeaturesWithTheNearest) {
  const Recommender films(fitted_on_films("demographic"));
  const auto asked = [&](const char* name, const char* value) {
    return error_of([&] { ask(films, {.who = {.features = {{name, value}}}}); });
  };
  EXPECT_THAT(asked("tast", "t1").hint(), HasSubstr("taste"));
  EXPECT_EQ(asked("taste", "t7").code(), ErrorCode::not_found);
  EXPECT_THAT(asked("taste", "t7").hint(), HasSubstr("t0"));
  EXPECT_EQ(scored(ask(films, {.who = {.features = {{"taste", "T1"}}}}).items),
            scored(ask(films, {.who = {.features = {{"taste", "t1"}}}}).items));
}

TEST(SilentModels, RefuseHistoryValuesOutsideTheScale) {
  const Recommender films(fitted_on_films("item-knn"));
  const Error error = error_of([&] { ask(films, {.who = {.history = {{.item = "i3", .value = 50.0F}}}}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_input);
  EXPECT_THAT(error.message(), HasSubstr("the values trained on are from"));
}

}  // namespace
}  // namespace gusto
