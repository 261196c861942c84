#include "gusto/retrieval/user_lists.h"

#include <gmock/gmock.h>

#include "gusto/base/error.h"
#include "gusto/base/json.h"
#include "gusto/base/testing/testing.h"
#include "gusto/base/text.h"
#include "gusto/retrieval/testing/films.h"

namespace gusto {
namespace {

using test::error_of;
using test::fitted_on_films;
using test::one_thread;

struct Written {
  std::string text;
  ListsSummary summary;
};

Written lists_of(const Recommender& recommender, const UserSource& users, ListsFormat format, Context& context) {
  Written result;
  result.summary = write_lists(
      recommender, users, {.k = 3}, format, [&](std::string_view text) { result.text += text; }, context);
  return result;
}

TEST(UserLists, AreThoseOfEachUserAloneAtAnyNumberOfThreads) {
  const Recommender films(fitted_on_films("svd"));
  Context four({.threads = 4});
  const Written written = lists_of(films, all_users(films.data()), ListsFormat::csv, four);
  EXPECT_EQ(written.text, lists_of(films, all_users(films.data()), ListsFormat::csv, one_thread()).text);
  std::string expected = "user,item,title,rank,score\n";
  for (std::size_t u = 0; u < films.data().user_count(); ++u) {
    const std::string id(films.data().catalog().users[u]);
    std::size_t rank = 0;
    for (const AnsweredItem& item : test::ask(films, {.who = {.user = id}, .k = 3}).items) {
      expected += id + "," + item.id + "," + item.title + "," + std::to_string(++rank) + ",";
      const std::string line = written.text.substr(expected.size());
      EXPECT_EQ(static_cast<float>(parse_real(line.substr(0, line.find('\n'))).value()), item.score);
      expected += line.substr(0, line.find('\n')) + "\n";
    }
  }
  EXPECT_EQ(written.text, expected);
  EXPECT_EQ(written.summary.users, 60U);
  EXPECT_EQ(written.summary.popular, 1U) << "u59 has no events";
}

TEST(UserLists, AreALineAUserInJson) {
  const Recommender films(fitted_on_films("svd"));
  const Written written = lists_of(films, all_users(films.data()), ListsFormat::json_lines, one_thread());
  const std::vector<std::string_view> lines = split(trim(written.text), "\n");
  ASSERT_EQ(lines.size(), 60U);
  EXPECT_EQ(parse_json(lines[7])["user"], "u7");
  EXPECT_EQ(parse_json(lines[7])["items"].size(), 3U);
  EXPECT_TRUE(parse_json(lines[59])["popular"].get<bool>());
}

TEST(UserLists, TakeUsersFromAFileInItsOrderOnceEach) {
  const Recommender films(fitted_on_films("svd"));
  const test::TemporaryFolder folder;
  const std::string file =
      folder.write("users.csv", "\xEF\xBB\xBFuserId,country\r\nu9,de\r\n\r\n\"u3\",at\nnobody\nu9\n");
  const Written written = lists_of(films, listed_users(file, films.data()), ListsFormat::json_lines, one_thread());
  const std::vector<std::string_view> lines = split(trim(written.text), "\n");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(parse_json(lines[0])["user"], "u9");
  EXPECT_EQ(parse_json(lines[1])["user"], "u3");
  EXPECT_EQ(written.summary.unknown, 1U);
  EXPECT_EQ(written.summary.first_unknown, "nobody");
  EXPECT_EQ(written.summary.again, 1U);
  EXPECT_EQ(error_of([&] { listed_users(folder.path() / "none.txt", films.data()); }).code(), ErrorCode::not_found);
}

TEST(UserLists, ThrowWhatIsWrongWithTheRequest) {
  const Recommender films(fitted_on_films("svd"));
  const RecommendRequest request{.k = 3, .filter = {.where = {{"genres", "nothing"}}}};
  const auto write = [&] {
    write_lists(
        films, all_users(films.data()), request, ListsFormat::csv, [](std::string_view) {}, one_thread());
  };
  EXPECT_EQ(error_of(write).code(), ErrorCode::not_found);
}

TEST(UserLists, KnowTheirFormatByTheFilesName) {
  EXPECT_EQ(lists_format("a/lists.CSV"), ListsFormat::csv);
  EXPECT_EQ(lists_format("lists.jsonl"), ListsFormat::json_lines);
  EXPECT_EQ(error_of([] { lists_format("lists.parquet"); }).code(), ErrorCode::invalid_option);
}

TEST(UserLists, QuoteFieldsAsCsv) {
  EXPECT_EQ(csv_field("plain"), "plain");
  EXPECT_EQ(csv_field("Matrix, The"), "\"Matrix, The\"");
  EXPECT_EQ(csv_field("say \"yes\""), "\"say \"\"yes\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_field(" blank"), "\" blank\"");
}

}  // namespace
}  // namespace gusto
