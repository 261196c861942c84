#include "gusto/nn/word_pieces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/testing/testing.h"

namespace gusto::nn {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> cut(const std::vector<std::string>& pieces, std::string_view text) {
  std::vector<std::uint32_t> ids;
  WordPieces(pieces).encode(text, ids);
  std::vector<std::string> result;
  for (const std::uint32_t id : ids) result.push_back(id == 0 ? "?" : pieces[id - 1]);
  return result;
}

TEST(WordsOf, AreRunsOfLettersAndDigitsInLowerCase) {
  EXPECT_THAT(words_of("Toy Story (1995): It's GREAT"), ElementsAre("toy", "story", "1995", "it", "s", "great"));
  EXPECT_THAT(words_of(""), IsEmpty());
  EXPECT_THAT(words_of(" – … !"), IsEmpty());
}

TEST(WordsOf, LowersLettersOfOtherAlphabets) {
  EXPECT_THAT(words_of("ÉCOLE Ωmega ЖИЗНЬ Ёлка ŠKODA Žena"),
              ElementsAre("école", "ωmega", "жизнь", "ёлка", "škoda", "žena"));
  EXPECT_THAT(words_of("七人の侍"), ElementsAre("七人の侍"));
}

TEST(WordsOf, AreDividedByBytesThatAreNoUtf8) {
  EXPECT_THAT(words_of("ab\xff"
                       "cd\xc3"),
              ElementsAre("ab", "cd"));
}

TEST(WordPieces, StartWithTheMostFrequentCharacters) {
  // Starting characters: a 3, b 1. Continuing: ##b 3, ##c 1.
  const std::vector<std::string_view> texts{"ab ab", "ab bc"};
  EXPECT_THAT(WordPieces::learn(texts, 2), ElementsAre("##b", "a"));
  EXPECT_THAT(WordPieces::learn(texts, 4), ElementsAre("##b", "a", "##c", "b"));
}

TEST(WordPieces, MergeTheMostFrequentPairFirst) {
  // Pairs: a ##b 3, ##b ##c 2, b ##c once, which is too rare.
  const std::vector<std::string_view> texts{"ab abc abc", "bc"};
  EXPECT_THAT(WordPieces::learn(texts, 5), ElementsAre("##b", "##c", "a", "b", "ab"));
  EXPECT_THAT(WordPieces::learn(texts, 6), ElementsAre("##b", "##c", "a", "b", "ab", "abc"));
  EXPECT_THAT(WordPieces::learn(texts, 100), ElementsAre("##b", "##c", "a", "b", "ab", "abc"));
}

TEST(WordPieces, MergeRunsOfOneCharacterFromTheLeft) {
  // b ##a 3, ##a ##a 6; then b ##aa 3, ##aa ##a 3: b is the earlier piece.
  const std::vector<std::string_view> texts{"baaa baaa baaa"};
  EXPECT_THAT(WordPieces::learn(texts, 9), ElementsAre("##a", "b", "##aa", "baa", "baaa"));
}

TEST(WordPieces, KeepFrequentWordsWholeAndCutRarerOnes) {
  const std::vector<std::string_view> texts{"toy toy toy toy story story story", "toys stor"};
  const std::vector<std::string> pieces = WordPieces::learn(texts, 13);
  EXPECT_THAT(cut(pieces, "Toy STORY"), ElementsAre("toy", "story"));
  EXPECT_THAT(cut(pieces, "toyst"), ElementsAre("toy", "##s", "##t"));
  EXPECT_THAT(cut(pieces, "!"), IsEmpty());
}

TEST(WordPieces, TakeTheLongestPieceFromTheLeft) {
  const std::vector<std::string> pieces{"un", "una", "##able", "##ble", "##a", "u", "é", "##é"};
  EXPECT_THAT(cut(pieces, "unable"), ElementsAre("una", "##ble"));
  EXPECT_THAT(cut(pieces, "unaable"), ElementsAre("una", "##able"));
  EXPECT_THAT(cut(pieces, "uéxÉ"), ElementsAre("u", "##é", "?", "##é"));
}

TEST(WordPieces, AreUnknownForAnUnknownCharacterAndAnEndlessWord) {
  EXPECT_THAT(cut({"a", "##a"}, "a 七 aa七a"), ElementsAre("a", "?", "a", "##a", "?", "##a"));
  EXPECT_THAT(cut({"a", "##a"}, std::string(WordPieces::kMaxWord + 1, 'a')), ElementsAre("?"));
  EXPECT_THAT(cut({}, "ab"), ElementsAre("?", "?"));
}

TEST(WordPieces, SurviveAVocabularyThatCutsCharacters) {
  EXPECT_THAT(cut({"\xc3", "b"}, "éb"), ElementsAre("\xc3", "?", "?"));
}

TEST(WordPieces, RefuseARepeatedPiece) {
  const std::vector<std::string> twice{"a", "b", "a"};
  EXPECT_EQ(gusto::test::code_of([&] { WordPieces{twice}; }), ErrorCode::corrupt_file);
}

// The pieces that a plain learner finds: it counts all pairs again for every merge.
std::vector<std::string> plain_pieces(const std::vector<std::string>& words, std::size_t count) {
  std::map<std::string, int> characters;
  std::vector<std::vector<std::string>> cuts;
  for (const std::string& word : words) {
    std::vector<std::string>& pieces = cuts.emplace_back();
    for (std::size_t i = 0; i < word.size(); ++i) {
      pieces.push_back((i == 0 ? "" : "##") + std::string(1, word[i]));
      ++characters[pieces.back()];
    }
  }
  std::vector<std::pair<int, std::string>> ordered;
  for (const auto& [text, times] : characters) ordered.emplace_back(-times, text);
  std::sort(ordered.begin(), ordered.end());
  std::vector<std::string> result;
  for (const auto& [times, text] : ordered) result.push_back(text);
  const auto place = [&](const std::string& piece) {
    return std::find(result.begin(), result.end(), piece) - result.begin();
  };
  while (result.size() < count) {
    std::map<std::pair<std::ptrdiff_t, std::ptrdiff_t>, int> pairs;
    for (const auto& pieces : cuts) {
      for (std::size_t i = 0; i + 1 < pieces.size(); ++i) ++pairs[{place(pieces[i]), place(pieces[i + 1])}];
    }
    const auto best =
        std::max_element(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == pairs.end() || best->second < 2) break;
    const std::string first = result[static_cast<std::size_t>(best->first.first)];
    const std::string second = result[static_cast<std::size_t>(best->first.second)];
    const std::string merged = first + second.substr(2);
    for (auto& pieces : cuts) {
      for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
        if (pieces[i] != first || pieces[i + 1] != second) continue;
        pieces[i] = merged;
        pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
    if (std::find(result.begin(), result.end(), merged) == result.end()) result.push_back(merged);
  }
  return result;
}

RC_GTEST_PROP(WordPieces, AreThoseOfAPlainLearner, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(
      rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("abc")))));
  std::string text;
  for (const std::string& word : words) text += word + " ";
  const std::vector<std::string_view> texts{text};
  const std::size_t count = 6 + *rc::gen::inRange<std::size_t>(0, 30);
  RC_ASSERT(WordPieces::learn(texts, count) == plain_pieces(words, count));
}

RC_GTEST_PROP(WordPieces, PutTogetherAreTheWord, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(
      rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcde")))));
  std::string text;
  for (const std::string& word : words) text += word + " ";
  const std::vector<std::string_view> texts{text};
  const std::vector<std::string> pieces = WordPieces::learn(texts, 40);
  std::string together;
  for (const std::string& piece : cut(pieces, text)) {
    together += piece.starts_with("##") ? piece.substr(2) : " " + piece;
  }
  RC_ASSERT(together.substr(words.empty() ? 0 : 1) + (words.empty() ? "" : " ") == text);
}

}  // namespace
}  // namespace gusto::nn
