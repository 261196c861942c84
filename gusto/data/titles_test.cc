#include "gusto/data/titles.h"

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

using testing::HasSubstr;

class Titles : public testing::Test {
 protected:
  Titles() {
    FeatureField titles;
    titles.name = "title";
    titles.kind = FeatureKind::text;
    const auto add = [&](const char* id, const char* title) {
      catalog_.items.add(id);
      titles.append(title);
    };
    add("1", "Toy Story (1995)");
    add("6", "Heat (1995)");
    add("11", "American President, The (1995)");
    add("2571", "Matrix, The (1999)");
    add("6365", "Matrix Reloaded, The (2003)");
    add("29", "City of Lost Children, The (Cité des enfants perdus, La) (1995)");
    add("924", "2001: A Space Odyssey (1968)");
    add("3114", "Toy Story 2 (1999)");
    add("7000", "Emma (1996)");
    add("7001", "Emma (1932)");
    add("4011", "Snatch (2000)");
    add("5", "Crimson Tide (1995)");
    catalog_.item_features = FeatureTable({titles});
  }

  std::string found(const char* typed) const {
    try {
      return std::string(catalog_.items[TitleIndex(catalog_).find(typed).index]);
    } catch (const Error& error) {
      return std::string(to_string(error.code())) + ": " + error.what();
    }
  }
  std::string history(const char* typed) const {
    std::string text;
    try {
      const TypedHistory parsed = TitleIndex(catalog_).parse_history(typed, 9);
      for (const auto& [item, value] : parsed.events) {
        text += std::string(catalog_.items[item.index]) + "=" + std::to_string(value).substr(0, 3) + " ";
      }
      for (const std::string& title : parsed.unknown) text += "unknown " + title + " ";
    } catch (const Error& error) {
      return std::string(to_string(error.code())) + ": " + error.what();
    }
    return text;
  }

  Catalog catalog_;
};

TEST_F(Titles, ByIdTitleAndOtherSpellings) {
  EXPECT_EQ(found("6"), "6");
  EXPECT_EQ(found("Heat (1995)"), "6");
  EXPECT_EQ(found("  heat "), "6");
  EXPECT_EQ(found("Toy Story"), "1");
  EXPECT_EQ(found("The Matrix"), "2571");
  EXPECT_EQ(found("the matrix (1999)"), "2571");
  EXPECT_EQ(found("Matrix"), "2571");
  EXPECT_EQ(found("Matrix, The (1999)"), "2571");
  EXPECT_EQ(found("The American President"), "11");
  EXPECT_EQ(found("La Cité des enfants perdus"), "29");
  EXPECT_EQ(found("The City of Lost Children (1995)"), "29");
  EXPECT_EQ(found("2001: A Space Odyssey"), "924");
}

TEST(TitlesTyped, FindANumbersFilmBeforeTheIdAndAccentsAsTyped) {
  Catalog catalog;
  std::vector<std::string> titles{"1984 (1956)", "Some Film (2000)", "Am\u00e9lie (2001)"};
  for (const char* id : {"5", "1984", "7"}) catalog.items.add(id);
  FeatureField title;
  title.name = "title";
  title.kind = FeatureKind::text;
  title.texts = titles;
  catalog.item_features = FeatureTable({title});
  const TitleIndex index(catalog);
  EXPECT_EQ(index.find_meant("1984"), ItemRow(0));
  EXPECT_EQ(index.find_meant("id:1984"), ItemRow(1));
  EXPECT_EQ(index.find_meant("7"), ItemRow(2));
  EXPECT_EQ(index.find("1984"), ItemRow(1)) << "for programs an id is an id";
  EXPECT_EQ(index.find("amelie"), ItemRow(2));
  EXPECT_EQ(index.find("AME\u0301LIE (2001)"), ItemRow(2));
}

TEST(TitlesTyped, SuggestTheMostPopularAndSayHowManyMore) {
  Catalog catalog;
  FeatureField title;
  title.name = "title";
  title.kind = FeatureKind::text;
  for (int i = 0; i < 6; ++i) {
    catalog.items.add("i" + std::to_string(i));
    title.texts.push_back("Star Wars " + std::to_string(i));
  }
  catalog.item_features = FeatureTable({title});
  const TitleIndex index(catalog, {1, 9, 2, 8, 3, 7});
  const Error error = test::error_of([&] { index.find("star wars"); });
  EXPECT_EQ(error.hint(), "Did you mean Star Wars 1 (id i1), Star Wars 3 (id i3), Star Wars 5 (id i5) and 3 more?");
}

TEST(TitlesTyped, ReadAnExactIdOfAHistoryWhateverIsInIt) {
  Catalog catalog;
  for (const char* id : {"urn:5", "urn:6", "urn", "a,b"}) catalog.items.add(id);
  const TitleIndex index(catalog);
  const auto rows = [&](const char* typed) {
    std::vector<std::pair<ItemRow, float>> events = index.parse_history(typed, 9).events;
    return events;
  };
  EXPECT_EQ(rows("urn:5"), (std::vector<std::pair<ItemRow, float>>{{ItemRow(0), 9.0F}}));
  EXPECT_EQ(rows("urn:5:2,urn:6"), (std::vector<std::pair<ItemRow, float>>{{ItemRow(0), 2.0F}, {ItemRow(1), 9.0F}}));
  EXPECT_EQ(rows("urn:4"), (std::vector<std::pair<ItemRow, float>>{{ItemRow(2), 4.0F}}));
}

TEST_F(Titles, ByTheStart) {
  EXPECT_EQ(found("crims"), "5");
  EXPECT_EQ(found("the matrix rel"), "6365");
  EXPECT_EQ(found("toy story 2"), "3114");
}

TEST_F(Titles, ByTheClosestSpelling) {
  EXPECT_EQ(found("Toy Stroy (1995)"), "1");
  EXPECT_EQ(found("Crimsen Tide"), "5");
  EXPECT_EQ(found("The Matricks"), "2571");
}

TEST_F(Titles, AmbiguityIsAQuestion) {
  EXPECT_THAT(found("Emma"), testing::AllOf(HasSubstr("invalid_input: 2 items could be meant by \"Emma\"."),
                                            HasSubstr("Did you mean Emma (1996) (id 7000) or Emma (1932) (id 7001)?")));
  EXPECT_THAT(found("Toy"), HasSubstr("invalid_input"));
}

TEST_F(Titles, WhatIsNotThereIsAnErrorWithSuggestions) {
  EXPECT_THAT(found("Crimson Dawn"), testing::AllOf(HasSubstr("not_found"), HasSubstr("Crimson Tide (1995) (id 5)")));
  EXPECT_THAT(found("Zzzzzz"), testing::AllOf(HasSubstr("not_found"), HasSubstr("Type the item's id")));
  EXPECT_THAT(found(" "), HasSubstr("invalid_input"));
}

TEST_F(Titles, HistoriesWithCommasAndColons) {
  EXPECT_EQ(history("Toy Story (1995):5,Heat (1995):4"), "1=5.0 6=4.0 ");
  EXPECT_EQ(history("American President, The (1995):4"), "11=4.0 ");
  EXPECT_EQ(history("American President, The (1995):4, Heat:3.5"), "11=4.0 6=3.5 ");
  EXPECT_EQ(history("2001: A Space Odyssey (1968):2"), "924=2.0 ");
  EXPECT_EQ(history("2001: A Space Odyssey"), "924=9.0 ");
  EXPECT_EQ(history("1:5,6:4"), "1=5.0 6=4.0 ");
}

TEST_F(Titles, HistoriesWithoutValues) {
  EXPECT_EQ(history("Heat"), "6=9.0 ");
  EXPECT_EQ(history("Heat,Toy Story"), "6=9.0 1=9.0 ");
  EXPECT_EQ(history("Heat, American President, The, Toy Story (1995):2, 5"), "6=9.0 11=9.0 1=2.0 5=9.0 ");
  EXPECT_EQ(history("1,6,11"), "1=9.0 6=9.0 11=9.0 ");
}

TEST_F(Titles, MistypedValuesOfHistories) {
  for (const char* value : {"nan", "abc", "4stars", "", "inf", "five stars, no less"}) {
    EXPECT_THAT(history((std::string("Toy Story (1995):") + value).c_str()), HasSubstr("invalid_input")) << value;
  }
  EXPECT_THAT(history("Toy Story (1995):nan"),
              HasSubstr("The history gives Toy Story (1995) the value \"nan\", which is no number."));
  EXPECT_THAT(history("Heat (1995):4,Toy Story:5x"), HasSubstr("gives Toy Story the value \"5x\""));
  EXPECT_THAT(history("1:abc"), HasSubstr("gives 1 the value \"abc\""));
  EXPECT_THAT(history("American President, The (1995):nan,Heat:4"),
              HasSubstr("gives American President, The (1995) the value \"nan\""));
  EXPECT_THAT(history("Toy Story (1995):nan,Heat,Crimson Tide:1"), HasSubstr("the value \"nan\""));
}

TEST_F(Titles, TitlesWithColonsAreNoValues) {
  EXPECT_EQ(history("2001: A Spase Odyssey"), "924=9.0 ");
  EXPECT_EQ(history("2001: A Spa, Heat"), "924=9.0 6=9.0 ");
  // Another item is called by what stands in front of the colon, or this one is.
  catalog_.items.add("2001");
  catalog_.items.add("260");
  FeatureField titles = catalog_.item_features.fields()[0];
  titles.append("Lethal Weapon 2 (1989)");
  titles.append("Star Wars (a.k.a. Star Wars: Episode IV - A New Hope) (1977)");
  catalog_.item_features = FeatureTable({titles});
  EXPECT_EQ(history("2001: A Spase Odyssey"), "924=9.0 ");
  EXPECT_EQ(history("2001:3"), "2001=3.0 ");
  EXPECT_EQ(history("Star Wars: Episode IV"), "260=9.0 ");
  EXPECT_THAT(history("Star Wars: lots"), HasSubstr("gives Star Wars the value \"lots\""));
}

TEST_F(Titles, MisspelledHistories) {
  EXPECT_EQ(history("Amercan President, The (1995):4,Haet (1995):1"), "11=4.0 6=1.0 ");
  EXPECT_EQ(history("Heat (1995),Toy Stroy (1995):1"), "6=9.0 1=1.0 ");
  EXPECT_EQ(history("Heat:1,Qqqqqqqq:2"), "6=1.0 unknown Qqqqqqqq ");
  EXPECT_THAT(history("Qqqqqqqq:2"), HasSubstr("not_found: There is no item \"Qqqqqqqq\"."));
  EXPECT_THAT(history("Heat:1,Heat:2"), HasSubstr("invalid_input: The history names Heat (1995) twice."));
  EXPECT_THAT(history(""), HasSubstr("invalid_input"));
  EXPECT_THAT(history("Heat:1,"), HasSubstr("invalid_input"));
}

}  // namespace
}  // namespace gusto
