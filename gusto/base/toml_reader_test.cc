#include "gusto/base/toml_reader.h"

#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

using test::error_of;
using testing::StartsWith;

TEST(TomlReader, RefusesWhatIsNoTomlAtItsPlace) {
  using namespace std::string_literals;
  for (const std::string& text : {"a = 1\n[!]"s, "a = 1\n[= x]"s, "a = 1\n[.b]"s, "a = 1\n[\0b]"s, "a = 1\n[[\t\0b]]"s,
                                  "a = 1\n\0 = 3"s, "a = 1\nb = [\0]"s, "a = 1\n[b"s}) {
    const Error error = error_of([&] { TomlReader(text, "x.toml", "recipe"); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_input) << text;
    EXPECT_THAT(error.message(), StartsWith("x.toml:2:")) << text;
    EXPECT_EQ(error.hint(), "A recipe is a TOML file (https://toml.io).");
  }
}

TEST(TomlReader, GivesValuesOfTheRightType) {
  const TomlReader in("t = \"x\"\nn = 1.5\nw = 7\nc = \"two\"\n[part]\n[[list]]\n", "x.toml", "recipe");
  const toml::table& table = in.table();
  constexpr std::array<std::string_view, 2> kNames{"one", "two"};
  EXPECT_EQ(in.text(*table.get("t"), "t"), "x");
  EXPECT_EQ(in.number(*table.get("n"), "n"), 1.5);
  EXPECT_EQ(in.number(*table.get("w"), "w"), 7);
  EXPECT_EQ(in.whole(*table.get("w"), "w", 7), 7u);
  EXPECT_EQ(in.choice(*table.get("c"), "c", kNames), 1u);
  EXPECT_TRUE(in.table(*table.get("part"), "part").empty());
  EXPECT_EQ(in.tables(*table.get("list"), "list").size(), 1u);
}

TEST(TomlReader, NamesThePlaceOfWhatIsWrong) {
  const TomlReader in("t = 3\nn = inf\nw = 7.0\nc = \"tow\"\n", "x.toml", "recipe");
  const toml::table& table = in.table();
  constexpr std::array<std::string_view, 2> kNames{"one", "two"};
  const auto message = [](const auto& call) { return error_of(call).message(); };
  EXPECT_EQ(message([&] { in.text(*table.get("t"), "t"); }), "x.toml:1:5: t is no text.");
  EXPECT_EQ(message([&] { in.number(*table.get("n"), "n"); }), "x.toml:2:5: n is no finite number.");
  EXPECT_EQ(message([&] { in.whole(*table.get("w"), "w", 1); }), "x.toml:3:5: w is no whole number of at least 1.");
  EXPECT_EQ(message([&] { in.whole(*table.get("t"), "t", 4); }), "x.toml:1:5: t is no whole number of at least 4.");
  const auto hint = [](const auto& call) { return error_of(call).hint(); };
  EXPECT_EQ(hint([&] { in.whole(*table.get("w"), "w", 1); }), "Write a whole number such as 3.");
  EXPECT_EQ(hint([&] { in.whole(*table.get("t"), "t", 4); }), "Write a whole number such as 4.");
  EXPECT_EQ(hint([&] { in.whole(*table.get("c"), "c", 1); }), "Write one without quotes.");
  EXPECT_EQ(message([&] { in.choice(*table.get("c"), "c", kNames); }), "x.toml:4:5: c cannot be \"tow\".");
  EXPECT_EQ(message([&] { in.table(*table.get("t"), "t"); }), "x.toml:1:5: t is no table.");
  EXPECT_EQ(message([&] { in.tables(*table.get("t"), "t"); }), "x.toml:1:5: t is no list of tables.");
  EXPECT_EQ(message([&] { in.require_known(table, kNames, "a recipe"); }),
            "x.toml:4:1: There is no key \"c\" in a recipe.");
}

TEST(TomlReader, AddsThePlaceToWhatOthersRefuseOnce) {
  const TomlReader in("a = 1", "x.toml", "recipe");
  const toml::node& node = *in.table().get("a");
  const auto refuse = [] { throw Error(ErrorCode::not_found, "No such thing.", "Look again."); };
  const Error once = error_of([&] { in.at(node, refuse); });
  EXPECT_EQ(once.code(), ErrorCode::not_found);
  EXPECT_EQ(once.message(), "x.toml:1:5: No such thing.");
  EXPECT_EQ(error_of([&] { in.at(node, [&] { in.at(node, refuse); }); }).message(), once.message());
}

}  // namespace
}  // namespace gusto
