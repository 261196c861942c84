#include "gusto/data/fold_text.h"

#include <gtest/gtest.h>

namespace gusto {
namespace {

TEST(FoldText, LeavesOutCaseAndAccentsHoweverTheyAreWritten) {
  EXPECT_EQ(fold_text("Am\u00e9lie"), "amelie");
  EXPECT_EQ(fold_text("Ame\u0301lie"), "amelie");
  EXPECT_EQ(fold_text("AM\u00c9LIE"), "amelie");
  EXPECT_EQ(fold_text("Stra\u00dfe, \u0152uvre, Sm\u00f8rrebr\u00f8d, \u0141\u00f3d\u017a"),
            "strasse, oeuvre, smorrebrod, lodz");
  EXPECT_EQ(fold_text("\u00d7\u00f7"), "\u00d7\u00f7");
}

TEST(FoldText, LowersGreekAndCyrillic) {
  EXPECT_EQ(fold_text("\u0421\u043e\u043b\u044f\u0440\u0438\u0441"), "\u0441\u043e\u043b\u044f\u0440\u0438\u0441");
  EXPECT_EQ(fold_text("\u0396\u0395\u03a5\u03a3"), "\u03b6\u03b5\u03c5\u03c3");
  EXPECT_EQ(fold_text("\u0419\u0451"), fold_text("\u0438\u0306\u0435\u0308"));
}

TEST(FoldText, ReadsTypographyAsTyped) {
  EXPECT_EQ(fold_text("Schindler\u2019s List \u2013 1993"), "schindler's list - 1993");
}

TEST(FoldText, KeepsOtherCharactersAndBytes) { EXPECT_EQ(fold_text("\u5343\u3068 \xff\xc3"), "\u5343\u3068 \xff\xc3"); }

}  // namespace
}  // namespace gusto
