#include "gusto/data/side/feature_types.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using testing_io::complaint;

std::string refusal(std::string_view types) {
  return complaint([&] { parse_feature_types(types); }, ErrorCode::invalid_option);
}

TEST(FeatureTypes, NameColumnsAndTheirKinds) {
  const std::vector<FileTypes> lists = parse_feature_types("plot=text, year=number,genres=multi,imdb=-,asin=ID");
  ASSERT_EQ(lists.size(), 1U);
  EXPECT_FALSE(lists[0].in_order);
  EXPECT_EQ(lists[0].file, "");
  ASSERT_EQ(lists[0].columns.size(), 5U);
  EXPECT_EQ(lists[0].columns[0].column, "plot");
  EXPECT_EQ(lists[0].columns[0].kind, FeatureKind::text);
  EXPECT_EQ(lists[0].columns[1].kind, FeatureKind::number);
  EXPECT_EQ(lists[0].columns[2].separator, "|");
  EXPECT_EQ(lists[0].columns[3].use, ColumnUse::skip);
  EXPECT_EQ(lists[0].columns[4].use, ColumnUse::id);
}

TEST(FeatureTypes, AListThatNamesIdIsInOrder) {
  const FileTypes list = parse_feature_types("id, -, title, -, year=number").at(0);
  EXPECT_TRUE(list.in_order);
  ASSERT_EQ(list.columns.size(), 5U);
  EXPECT_EQ(list.columns[0].use, ColumnUse::id);
  EXPECT_EQ(list.columns[1].use, ColumnUse::skip);
  EXPECT_EQ(list.columns[2].use, std::nullopt);
  EXPECT_EQ(list.columns[2].kind, std::nullopt);
  EXPECT_EQ(list.columns[4].kind, FeatureKind::number);
}

TEST(FeatureTypes, SeparatorsStandInBracketsAndBlanksAroundThemDoNotCount) {
  for (const std::string_view types :
       {"cast=multi(,)", "cast=multi(', ')", "cast=multi(\",\")", "cast = multi ( , )"}) {
    EXPECT_EQ(parse_feature_types(types).at(0).columns.at(0).separator, ",") << types;
  }
  EXPECT_EQ(parse_feature_types("a=multi(;)").at(0).columns.at(0).separator, ";");
  EXPECT_EQ(parse_feature_types("a=multi(')')").at(0).columns.at(0).separator, ")");
  EXPECT_EQ(parse_feature_types("a=multi(' ')").at(0).columns.at(0).separator, " ");
}

TEST(FeatureTypes, NamesMayBeQuotedAndChanged) {
  const FileTypes list = parse_feature_types("'a, b'=text, year as \"release: year\"=number, \"x\" as y=-").at(0);
  ASSERT_EQ(list.columns.size(), 3U);
  EXPECT_EQ(list.columns[0].column, "a, b");
  EXPECT_EQ(list.columns[0].name, "a, b");
  EXPECT_EQ(list.columns[1].column, "year");
  EXPECT_EQ(list.columns[1].name, "release: year");
  EXPECT_EQ(list.columns[2].column, "x");
  EXPECT_EQ(list.columns[2].name, "y");
}

TEST(FeatureTypes, ListsOfSeveralFilesNameThem) {
  const std::vector<FileTypes> lists = parse_feature_types("films.dat: id, title; people/cast.csv: cast=multi(,);");
  ASSERT_EQ(lists.size(), 2U);
  EXPECT_TRUE(lists[0].names("films.dat"));
  EXPECT_TRUE(lists[0].names("/data/films.dat"));
  EXPECT_FALSE(lists[0].names("/data/myfilms.dat"));
  EXPECT_TRUE(lists[1].names("/data/people/cast.csv"));
  EXPECT_FALSE(lists[1].names("/data/cast.csv"));
  EXPECT_TRUE(lists[0].in_order);
  EXPECT_FALSE(lists[1].in_order);
}

TEST(FeatureTypes, MistakesGetASentence) {
  constexpr std::string_view kForms =
      "Write columns by name, such as \"plot=text, imdb=-\", or all of them in order, such as \"id, title=text, -\".";
  const auto with_forms = [&](std::string_view problem) { return std::string(problem) + " | " + std::string(kForms); };
  EXPECT_EQ(refusal(""), with_forms("The types name no column."));
  EXPECT_EQ(refusal("title"), with_forms("The column \"title\" is given no kind, and no column is given as id."));
  EXPECT_EQ(refusal("a=text,,b=text"), with_forms("Types of columns, character 8: a column's name is missing."));
  EXPECT_EQ(refusal("a=multi(,"),
            with_forms("Types of columns, character 10: the bracket around a separator is not closed."));
  EXPECT_EQ(refusal("a=multi()"), with_forms("Types of columns, character 10: a separator is empty."));
  EXPECT_EQ(refusal("a=text(,)"),
            with_forms("Types of columns, character 8: only multi takes a separator in brackets."));
  EXPECT_EQ(refusal("\"a=text"), with_forms("Types of columns, character 1: a quotation mark is not closed."));
  EXPECT_EQ(refusal("\"a\" b=text"),
            with_forms("Types of columns, character 5: a column's name goes on after its closing quotation mark."));
  EXPECT_EQ(refusal(": id, a"),
            with_forms("Types of columns, character 2: a file's name is missing before the colon."));
  EXPECT_EQ(refusal("a=text)"), with_forms("Types of columns, character 7: \")\" is not expected here."));
  EXPECT_EQ(
      refusal("a=txt"),
      "The column \"a\" cannot be of the kind \"txt\". | Kinds are number, categorical, multi, multi(SEPARATOR), text, "
      "id, and - to skip.");
  EXPECT_EQ(refusal("a=id,b=id"), "Two columns are given as id. | Keep the one with the ids.");
  EXPECT_EQ(refusal("a=text,a=number"), "The column \"a\" is named twice. | Name it once.");
  EXPECT_EQ(refusal("id, a as b"),
            "The column \"a\" is renamed in a list that names columns in order. | Write the new name alone.");
  EXPECT_EQ(refusal("f: id, a; f: id, b"),
            "Two lists of columns are for \"f\". | Write one list for each file, such as \"films.csv: id, title; "
            "cast.csv: id, "
            "cast=multi\".");
}

RC_GTEST_PROP(FeatureTypes, WhatIsWrittenIsReadBack, ()) {
  const auto name =
      rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab ,;:=()-\"'id"))));
  std::vector<ColumnType> columns(1);
  columns[0].use = ColumnUse::id;
  for (const std::string& own : *rc::gen::unique<std::vector<std::string>>(name)) {
    ColumnType type{own, own, {}, {}, "|"};
    if (*rc::gen::arbitrary<bool>()) {
      type.use = ColumnUse::feature;
      type.kind =
          *rc::gen::element(FeatureKind::number, FeatureKind::categorical, FeatureKind::multi, FeatureKind::text);
      if (type.kind == FeatureKind::multi)
        type.separator = *rc::gen::element<std::string>("|", ",", ";", ")", " ", "'");
    }
    columns.push_back(type);
  }
  const std::string text = format_columns(columns);
  const std::vector<FileTypes> lists = parse_feature_types(text);
  RC_ASSERT(lists.size() == 1U);
  RC_ASSERT(lists[0].in_order);
  RC_ASSERT(lists[0].columns.size() == columns.size());
  for (std::size_t c = 1; c < columns.size(); ++c) {
    RC_ASSERT(lists[0].columns[c].name == columns[c].name);
    RC_ASSERT(lists[0].columns[c].use == columns[c].use);
    RC_ASSERT(lists[0].columns[c].kind == columns[c].kind);
    RC_ASSERT(lists[0].columns[c].separator == columns[c].separator);
  }
}

}  // namespace
}  // namespace gusto
