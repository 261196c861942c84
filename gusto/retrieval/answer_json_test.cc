#include "gusto/retrieval/answer_json.h"

#include <gmock/gmock.h>

#include "gusto/base/json.h"
#include "gusto/retrieval/testing/films.h"

namespace gusto {
namespace {

using test::fitted_on_films;
using test::one_thread;

std::vector<std::string> keys_of(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

TEST(AnswerJson, GivesIdsTitlesRanksAndScores) {
  const Recommender films(fitted_on_films("ease"));
  const RecommendRequest request{.who = {.user = "u7"}, .k = 3, .reasons = 1};
  const RecommendAnswer answer = films.recommend(request, one_thread());
  const Json json = parse_json(to_json(answer));
  EXPECT_EQ(json["who"]["name"], "user u7");
  ASSERT_EQ(json["items"].size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(json["items"][i]["rank"], i + 1);
    EXPECT_EQ(json["items"][i]["item"], answer.items[i].id);
    EXPECT_EQ(json["items"][i]["title"], answer.items[i].title);
    EXPECT_EQ(json["items"][i]["score"].get<float>(), answer.items[i].score);
    EXPECT_EQ(json["items"][i]["reasons"][0]["item"], answer.items[i].reasons[0].item.value());
  }
  EXPECT_FALSE(json.contains("popular"));
}

TEST(AnswerJson, WritesNumbersInTheirShortestForm) {
  RecommendAnswer answer;
  answer.items.push_back({.row = ItemRow(0), .id = "1", .title = "One \"quoted\"", .score = 0.1F});
  EXPECT_EQ(list_line("u,1", answer),
            R"({"user":"u,1","items":[{"rank":1,"item":"1","title":"One \"quoted\"","score":0.1}]})");
}

TEST(AnswerJson, HasTheSameShapeForEveryKindOfAnswer) {
  const Recommender films(fitted_on_films("item-knn"));
  const Person someone{.history = {{.item = "i3", .value = 5.0F}, {.item = "nothing of this name"}}};
  const Json similar = parse_json(to_json(films.similar_items("i3", 2)));
  EXPECT_THAT(keys_of(similar["items"][0]), ::testing::ElementsAre("item", "rank", "similarity", "title"));
  const Json explained = parse_json(to_json(films.explain({.user = "u7"}, "i9")));
  EXPECT_THAT(keys_of(explained), ::testing::ElementsAre("item", "reasons", "score", "title", "who"));
  const Json predicted = parse_json(to_json(films.predict(someone, std::vector<std::string>{"i9"})));
  EXPECT_EQ(predicted["items"][0]["item"], "i9");
  EXPECT_TRUE(predicted["items"][0]["prediction"].is_number());
  EXPECT_EQ(predicted["who"]["history"][0]["item"], "i3");
  EXPECT_EQ(predicted["who"]["unknown"][0], "nothing of this name");
  const Json chart = parse_json(to_json(films.chart({.who = someone, .k = 1}, one_thread())));
  EXPECT_EQ(chart["by"], "genres");
  EXPECT_THAT(keys_of(chart["groups"][0]), ::testing::ElementsAre("events", "items", "value"));
  const Json users = parse_json(to_json(Recommender(fitted_on_films("user-knn")).similar_users({.user = "u7"}, 2)));
  EXPECT_THAT(keys_of(users["users"][0]), ::testing::ElementsAre("events", "rank", "similarity", "user"));
}

}  // namespace
}  // namespace gusto
