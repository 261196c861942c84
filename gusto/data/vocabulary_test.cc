#include "gusto/data/vocabulary.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/error.h"

namespace gusto {
namespace {

TEST(Vocabulary, GivesRowsInOrderOfAddition) {
  Vocabulary ids;
  EXPECT_EQ(ids.add("b"), 0u);
  EXPECT_EQ(ids.add("a"), 1u);
  EXPECT_EQ(ids.add("b"), 0u);
  EXPECT_EQ(ids.size(), 2u);
  EXPECT_EQ(ids[0], "b");
  EXPECT_EQ(ids[1], "a");
}

TEST(Vocabulary, FindsNothingWhenEmpty) { EXPECT_EQ(Vocabulary().find("a"), std::nullopt); }

TEST(Vocabulary, KeepsTheTextOfNumbers) {
  Vocabulary ids;
  EXPECT_NE(ids.add("7"), ids.add("07"));
}

RC_GTEST_PROP(Vocabulary, AgreesWithAnOrderedMap, (const std::vector<std::string>& added, const std::string& other)) {
  Vocabulary ids;
  std::map<std::string, std::uint32_t> expected;
  for (const std::string& id : added) {
    const auto row = expected.emplace(id, static_cast<std::uint32_t>(expected.size())).first->second;
    RC_ASSERT(ids.add(id) == row);
  }
  RC_ASSERT(ids.size() == expected.size());
  for (const auto& [id, row] : expected) {
    RC_ASSERT(ids[row] == id);
    RC_ASSERT(ids.find(id) == row);
  }
  RC_ASSERT(ids.find(other).has_value() == expected.contains(other));
}

RC_GTEST_PROP(Vocabulary, SurvivesItsStoredForm, (const std::vector<std::string>& added)) {
  Vocabulary ids;
  for (const std::string& id : added) ids.add(id);
  Vocabulary again = Vocabulary::from_parts(std::string(ids.text()), {ids.offsets().begin(), ids.offsets().end()});
  RC_ASSERT(again.size() == ids.size());
  for (std::size_t row = 0; row < ids.size(); ++row) RC_ASSERT(again.find(ids[row]) == row);
  for (const std::string& id : added) RC_ASSERT(again.add(id) == ids.find(id));
}

TEST(Vocabulary, RefusesStoredFormsThatDoNotFit) {
  const auto refused = [](std::string text, std::vector<std::uint64_t> offsets) {
    try {
      Vocabulary::from_parts(std::move(text), std::move(offsets));
    } catch (const Error& error) {
      return error.code() == ErrorCode::corrupt_file;
    }
    return false;
  };
  EXPECT_TRUE(refused("", {}));
  EXPECT_TRUE(refused("ab", {0, 1}));
  EXPECT_TRUE(refused("ab", {1, 2}));
  EXPECT_TRUE(refused("ab", {0, 3, 2}));
  EXPECT_TRUE(refused("aa", {0, 1, 2}));
  EXPECT_FALSE(refused("ab", {0, 1, 2}));
}

}  // namespace
}  // namespace gusto
