#include <algorithm>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/retrieval/index.h"
#include "gusto/retrieval/pipeline.h"
#include "gusto/retrieval/recommender.h"
#include "gusto/retrieval/testing/films.h"

namespace gusto {
namespace {

using test::fitted_on_films;

constexpr std::size_t kMany = 700;

/// People, filters and lengths in turn, and now and then a mistake.
RecommendRequest mixed_request(std::size_t n) {
  RecommendRequest request;
  request.k = 3 + n % 2;
  if (n % 3 != 0) request.who.user = "u" + std::to_string(n % 59);
  if (n % 3 != 1) request.who.history = {{"i" + std::to_string(n % 38), 4.0F}, {"Film 39", 2.0F}};
  if (n % 7 == 0) request.filter.where = {{"genre", "g" + std::to_string(n % 2)}};
  if (n % 11 == 0) request.filter.exclude = {"i" + std::to_string(n % 30)};
  if (n % 50 == 13) request.who.user = "nobody";
  if (n % 50 == 27) request.who.features = {{"shoe", "44"}};
  if (n % 50 == 39) request.filter.where = {{"genre", "none such"}};
  return request;
}

std::vector<RecommendRequest> mixed_requests() {
  std::vector<RecommendRequest> requests;
  for (std::size_t n = 0; n < kMany; ++n) requests.push_back(mixed_request(n));
  return requests;
}

std::vector<RecommendAnswer> answers_of(const Recommender& recommender, const std::vector<RecommendRequest>& requests,
                                        Context& context) {
  std::vector<RecommendAnswer> answers;
  recommender.recommend(
      requests,
      [&](std::size_t place, RecommendAnswer answer) {
        EXPECT_EQ(place, answers.size());
        answers.push_back(std::move(answer));
      },
      context);
  return answers;
}

void expect_same(const RecommendAnswer& a, const RecommendAnswer& b) {
  EXPECT_EQ(a.who.name, b.who.name);
  EXPECT_EQ(a.notes, b.notes);
  ASSERT_EQ(a.items.size(), b.items.size());
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    EXPECT_EQ(a.items[i].id, b.items[i].id);
    EXPECT_EQ(a.items[i].score, b.items[i].score);
    EXPECT_EQ(a.items[i].stages.has_value(), b.items[i].stages.has_value());
    ASSERT_EQ(a.items[i].reasons.size(), b.items[i].reasons.size());
  }
}

/// A batch answers as each request alone does, errors too.
void expect_batch_as_single(const Recommender& recommender, std::vector<RecommendRequest> requests, unsigned threads) {
  Context alone({.threads = 1}), several({.threads = threads});
  const std::vector<RecommendAnswer> answers = answers_of(recommender, requests, several);
  ASSERT_EQ(answers.size(), requests.size());
  std::size_t errors = 0;
  for (std::size_t n = 0; n < requests.size(); ++n) {
    if (answers[n].error) {
      ++errors;
      const Error error = test::error_of([&] { recommender.recommend(requests[n], alone); });
      EXPECT_STREQ(answers[n].error->what(), error.what());
      EXPECT_THAT(answers[n].items, testing::IsEmpty());
    } else {
      expect_same(answers[n], recommender.recommend(requests[n], alone));
    }
  }
  EXPECT_EQ(errors, requests.size() / 50 * 3);
}

TEST(RecommenderBatch, AnswersAsEachRequestAloneDoes) {
  std::vector<RecommendRequest> requests = mixed_requests();
  for (RecommendRequest& request : requests) request.reasons = 2;
  for (const unsigned threads : {1U, 4U}) {
    expect_batch_as_single(Recommender(fitted_on_films("svd")), requests, threads);
    expect_batch_as_single(Recommender(fitted_on_films("item-knn")), requests, threads);
  }
}

TEST(RecommenderBatch, AnswersByAnIndexToo) {
  Context context({.threads = 1});
  const auto model = fitted_on_films("svd");
  const auto index = std::make_shared<const Index>(Index::build(*model, {.kind = IndexKind::int8}, context));
  expect_batch_as_single(Recommender(model, index), mixed_requests(), 4);
}

TEST(RecommenderBatch, AnswersByAPipelineToo) {
  PipelineSpec spec;
  spec.candidates = {{.label = "knn", .model = "item-knn", .count = 15}, {.label = "popular"}};
  spec.ranking = RankingStage{.model = "svd"};
  spec.rerank.diversity = 0.3;
  const Recommender recommender(Pipeline(
      spec, [](const std::filesystem::path& name) -> PipelineModel { return fitted_on_films(name.string()); }));
  for (const unsigned threads : {1U, 4U}) expect_batch_as_single(recommender, mixed_requests(), threads);
}

TEST(RecommenderBatch, HoldsFewRequestsAtATime) {
  const Recommender recommender(fitted_on_films("svd"));
  Context context({.threads = 2});
  constexpr std::size_t kCount = 5000;
  std::size_t taken = 0, given = 0, most = 0;
  recommender.recommend(
      [&](RecommendRequest& request) {
        if (taken == kCount) return false;
        request = mixed_request(taken++);
        most = std::max(most, taken - given);
        return true;
      },
      [&](std::size_t place, const RecommendAnswer& answer) {
        EXPECT_EQ(place, given++);
        if (!answer.error && mixed_request(place).who.user && mixed_request(place).who.history.empty()) {
          EXPECT_EQ(answer.who.name, "user " + *mixed_request(place).who.user);
        }
      },
      context);
  EXPECT_EQ(given, kCount);
  EXPECT_LT(most, 1000u) << "answers come while later requests are still to be read";

  taken = 0;
  recommender.recommend(
      [&](RecommendRequest& request) {
        request.k = 1'000'000;
        return ++taken <= 3;
      },
      [&](std::size_t, const RecommendAnswer& answer) { EXPECT_EQ(answer.items.size(), 39u) << "one has no events"; },
      context);
  EXPECT_EQ(taken, 4u);
}

TEST(RecommenderBatch, EndsWithNothingToDo) {
  const Recommender recommender(fitted_on_films("svd"));
  Context context({.threads = 1});
  EXPECT_THAT(answers_of(recommender, {}, context), testing::IsEmpty());
}

TEST(RecommenderBatch, StopsWhenTheSinkThrowsOrTheWorkIsCanceled) {
  const Recommender recommender(fitted_on_films("svd"));
  const std::vector<RecommendRequest> requests(2000, mixed_request(1));
  CancelToken token;
  Context context({.threads = 2, .cancel = &token});
  std::size_t given = 0;
  const auto stop = [&](std::size_t, const RecommendAnswer&) {
    if (++given == 10) throw std::runtime_error("enough");
  };
  EXPECT_THROW(recommender.recommend(requests, stop, context), std::runtime_error);
  EXPECT_EQ(given, 10u);
  const auto cancel = [&](std::size_t, const RecommendAnswer&) { token.cancel(); };
  EXPECT_EQ(test::code_of([&] { recommender.recommend(requests, cancel, context); }), ErrorCode::canceled);
}

TEST(RecommenderBatch, ServesManyThreadsAtOnce) {
  const Recommender recommender(fitted_on_films("item-knn"));
  Context alone({.threads = 1});
  const std::vector<RecommendRequest> requests = mixed_requests();
  const std::vector<RecommendAnswer> right = answers_of(recommender, requests, alone);
  const Recommender fresh(fitted_on_films("item-knn"));  // whose titles no one has asked for yet
  std::vector<std::vector<RecommendAnswer>> found(6);
  std::vector<std::thread> threads;
  for (std::vector<RecommendAnswer>& answers : found) {
    threads.emplace_back([&] {
      Context own({.threads = 2});
      answers = answers_of(fresh, requests, own);
      fresh.similar_items("Film 3", 3);
      fresh.explain({.user = "u7"}, "Film 9");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<RecommendAnswer>& answers : found) {
    ASSERT_EQ(answers.size(), right.size());
    for (std::size_t n = 0; n < right.size(); ++n) expect_same(answers[n], right[n]);
  }
}

}  // namespace
}  // namespace gusto
