#include "gusto/retrieval/pair_predictions.h"

#include <gmock/gmock.h>

#include "gusto/base/error.h"
#include "gusto/base/testing/testing.h"
#include "gusto/base/text.h"
#include "gusto/retrieval/testing/films.h"

namespace gusto {
namespace {

using test::error_of;
using test::fitted_on_films;
using test::one_thread;
using ::testing::StartsWith;

std::vector<std::string> predicted(const std::string& text, PairsSummary* summary = nullptr) {
  const test::TemporaryFolder folder;
  std::string out;
  const PairsSummary sums = predict_pairs(
      Recommender(fitted_on_films("bias")), folder.write("pairs.csv", text), {},
      [&](std::string_view piece) { out += piece; }, one_thread());
  if (summary != nullptr) *summary = sums;
  std::vector<std::string> lines;
  for (const std::string_view line : split(trim(out), "\n")) lines.emplace_back(line);
  return lines;
}

TEST(PairPredictions, KeepTheFilesOrderRowsAndColumns) {
  PairsSummary summary;
  const auto lines = predicted("item,weight,user\ni9,\"a, b\",u7\ni2,,u3\ni9,x,u7\ni2,y,nobody\n", &summary);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0], "item,weight,user,prediction,fallback");
  EXPECT_THAT(lines[1], StartsWith("i9,\"a, b\",u7,"));
  EXPECT_TRUE(lines[1].ends_with(",")) << lines[1];
  EXPECT_THAT(lines[2], StartsWith("i2,,u3,"));
  EXPECT_EQ(lines[1].substr(14), lines[3].substr(9)) << "the same pair again";
  EXPECT_TRUE(lines[4].ends_with(",item mean")) << lines[4];
  EXPECT_EQ(summary.pairs, 4U);
  EXPECT_EQ(summary.fallbacks, 1U);
}

TEST(PairPredictions, NameTheColumnsOfAFileWithoutAHeader) {
  const auto lines = predicted("u7\ti9\nu3\ti2\n");
  EXPECT_EQ(lines[0], "user,item,prediction,fallback");
  EXPECT_THAT(lines[1], StartsWith("u7,i9,"));
}

TEST(PairPredictions, AreThoseOfTheRecommender) {
  const Recommender films(fitted_on_films("bias"));
  const auto values = films.predict(std::vector<UserItem>{{"u7", "i9"}});
  const auto lines = predicted("user,item\nu7,i9\n");
  EXPECT_NEAR(parse_real(lines[1].substr(6, lines[1].size() - 7)).value(), values[0]->value, 5e-5);
}

TEST(PairPredictions, RefuseAFileOfAnotherForm) {
  EXPECT_EQ(error_of([] {
              predicted("{\"user\": \"u7\", \"item\": \"i9\"}\n{\"user\": \"u7\", \"item\": \"i8\"}\n");
            }).code(),
            ErrorCode::invalid_input);
}

}  // namespace
}  // namespace gusto
