#include "gusto/retrieval/fusion.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace gusto {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::FloatEq;
using testing::IsEmpty;

std::vector<ScoredItem> list_of(const std::vector<int>& items) {
  std::vector<ScoredItem> list;
  for (const int item : items) list.push_back({ItemRow(item), static_cast<float>(100 - list.size())});
  return list;
}

std::vector<std::uint32_t> rows_of(const std::vector<MergedItem>& merged) {
  std::vector<std::uint32_t> rows;
  for (const MergedItem& entry : merged) rows.push_back(entry.item.index);
  return rows;
}

TEST(Relevances, FollowTheirFormulas) {
  const std::vector<float> scores{-1, 3, 1, 3};
  EXPECT_THAT(relevances(scores, ScoreScale::min_max), ElementsAre(0, 1, 0.5, 1));
  EXPECT_THAT(relevances(scores, ScoreScale::rank),
              ElementsAre(0, FloatEq(1 - 0.5F / 3), FloatEq(1.0F / 3), FloatEq(1 - 0.5F / 3)));
  EXPECT_THAT(relevances(scores, ScoreScale::softmax),
              ElementsAre(FloatEq(std::exp(-4.0F)), 1, FloatEq(std::exp(-2.0F)), 1));
}

TEST(Relevances, AreAllOneWhereScoresTellNothing) {
  for (const ScoreScale scale : {ScoreScale::min_max, ScoreScale::rank, ScoreScale::softmax}) {
    EXPECT_THAT(relevances({}, scale), IsEmpty());
    EXPECT_THAT(relevances(std::vector<float>{-7}, scale), ElementsAre(1));
    EXPECT_THAT(relevances(std::vector<float>{2, 2, 2}, scale), Each(1));
  }
}

TEST(Relevances, StayInBoundsForExtremeScores) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  EXPECT_THAT(relevances(std::vector<float>{-kLargest, 0, kLargest}, ScoreScale::min_max), ElementsAre(0, 0.5, 1));
  EXPECT_THAT(relevances(std::vector<float>{-kLargest, kLargest}, ScoreScale::softmax), ElementsAre(0, 1));
}

RC_GTEST_PROP(Relevances, KeepTheOrderOfScores, (const std::vector<std::int8_t>& values)) {
  const std::vector<float> scores(values.begin(), values.end());
  for (const ScoreScale scale : {ScoreScale::min_max, ScoreScale::rank, ScoreScale::softmax}) {
    const std::vector<float> found = relevances(scores, scale);
    for (std::size_t a = 0; a < scores.size(); ++a) {
      RC_ASSERT(found[a] >= 0 && found[a] <= 1);
      for (std::size_t b = 0; b < scores.size(); ++b) {
        if (scores[a] >= scores[b]) RC_ASSERT(found[a] >= found[b]);
        if (scores[a] == scores[b]) RC_ASSERT(found[a] == found[b]);
      }
    }
  }
}

TEST(MergeLists, ReciprocalRanksAddUp) {
  const std::vector<std::vector<ScoredItem>> lists{list_of({5, 7, 9}), list_of({7, 9, 4})};
  const std::vector<MergedItem> merged = merge_lists(lists, Merge::reciprocal_rank);
  EXPECT_THAT(rows_of(merged), ElementsAre(7, 9, 5, 4));
  EXPECT_DOUBLE_EQ(merged[0].merged, 1.0 / 62 + 1.0 / 61);
  EXPECT_EQ(merged[0].list, 1u);
  EXPECT_EQ(merged[0].place, 1u);
  EXPECT_EQ(merged[0].score, 100);
  EXPECT_DOUBLE_EQ(merged[3].merged, 1.0 / 63);
  EXPECT_EQ(merged[3].score, 98);
}

TEST(MergeLists, BestRanksTakeTurns) {
  const std::vector<std::vector<ScoredItem>> lists{list_of({5, 7, 9}), list_of({8, 9, 4})};
  const std::vector<MergedItem> merged = merge_lists(lists, Merge::best_rank);
  EXPECT_THAT(rows_of(merged), ElementsAre(5, 8, 7, 9, 4));
  EXPECT_DOUBLE_EQ(merged[3].merged, 0.5);
  EXPECT_EQ(merged[3].list, 1u);
}

RC_GTEST_PROP(MergeLists, HoldEveryItemOnceAndKeepASingleListAsItIs,
              (const std::vector<std::vector<std::uint8_t>>& drawn)) {
  std::vector<std::vector<ScoredItem>> lists;
  std::set<std::uint32_t> all;
  for (const std::vector<std::uint8_t>& items : drawn) {
    std::vector<int> distinct;
    for (const std::uint8_t item : items) {
      if (std::find(distinct.begin(), distinct.end(), item) == distinct.end()) distinct.push_back(item);
    }
    all.insert(distinct.begin(), distinct.end());
    lists.push_back(list_of(distinct));
  }
  for (const Merge merge : {Merge::reciprocal_rank, Merge::best_rank}) {
    const std::vector<MergedItem> merged = merge_lists(lists, merge);
    const std::vector<std::uint32_t> rows = rows_of(merged);
    RC_ASSERT(rows.size() == all.size());
    RC_ASSERT(std::set<std::uint32_t>(rows.begin(), rows.end()) == all);
    for (const MergedItem& entry : merged) {
      RC_ASSERT(lists[entry.list][entry.place - 1].item == entry.item);
      RC_ASSERT(lists[entry.list][entry.place - 1].score == entry.score);
    }
    if (lists.empty()) continue;
    const std::vector<MergedItem> single = merge_lists({&lists.front(), 1}, merge);
    for (std::size_t i = 0; i < single.size(); ++i) RC_ASSERT(single[i].item == lists.front()[i].item);
  }
}

}  // namespace
}  // namespace gusto
