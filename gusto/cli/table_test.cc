#include "gusto/cli/table.h"

#include <gmock/gmock.h>

#include "gusto/base/text.h"

namespace gusto::cli {
namespace {

using ::testing::ElementsAre;

TEST(TerminalText, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("Heat"), 4U);
  EXPECT_EQ(display_width("Cité"), 4U);
  EXPECT_EQ(display_width("Cite\u0301"), 4U);  // a combining accent
  EXPECT_EQ(display_width("千と千尋"), 8U);
  EXPECT_EQ(display_width("\xff\xfe"), 2U);  // no UTF-8
  EXPECT_EQ(display_width(""), 0U);
}

TEST(TerminalText, ShortensBetweenCharacters) {
  EXPECT_EQ(shorten("Heat", 4), "Heat");
  EXPECT_EQ(shorten("Amélie", 4), "Amé…");
  EXPECT_EQ(shorten("千と千尋", 4), "千…");
  EXPECT_EQ(shorten("Heat", 0), "");
}

TEST(TerminalText, WrapsAtSpacesAndBreaksWhatIsTooLong) {
  EXPECT_THAT(wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("abcdefgh ij", 4), ElementsAre("abcd", "efgh", "ij"));
  EXPECT_THAT(wrap("embedding-dense", 12), ElementsAre("embedding-", "dense"));
  EXPECT_THAT(wrap("one\ntwo", 10), ElementsAre("one", "two"));
  EXPECT_THAT(wrap("", 10), ElementsAre(""));
}

TEST(TerminalText, DrawsBarsInEighths) {
  EXPECT_EQ(bar(0, 4), "");
  EXPECT_EQ(bar(1, 2), "██");
  EXPECT_EQ(bar(0.5, 1), "▌");
  EXPECT_EQ(bar(1e-9, 4), "▏");  // there, though too small to draw
}

TEST(TerminalText, PaintsOnlyWhereColorsAre) {
  Terminal plain;
  Terminal colored;
  colored.color = true;
  EXPECT_EQ(paint(plain, Style::bad, "x"), "x");
  EXPECT_EQ(paint(colored, Style::bad, "x"), "\033[31mx\033[0m");
}

TEST(Table, AlignsColumnsAndEndsNoLineInSpaces) {
  Table table({{"model"}, {"rmse", Align::right}, {"note"}});
  table.add({"bias", ".9"});
  table.add({"Amélie", "1.0000", "x"});
  EXPECT_EQ(table.render(Terminal{}),
            "model     rmse  note\n"
            "────────────────────\n"
            "bias        .9\n"
            "Amélie  1.0000  x\n");
}

TEST(TerminalText, IsHarmlessToTheTerminalAndToOtherLines) {
  EXPECT_EQ(harmless("Amélie (2001) 千"), "Amélie (2001) 千");
  EXPECT_EQ(harmless("a\x1b[31mb\nc\td"), "a�[31mb�c�d");
  EXPECT_EQ(harmless("\u202Eabc\u2028\u0085"), "�abc��");
  EXPECT_EQ(harmless("x\xffy"), "x�y");
}

TEST(Table, LeavesColumnsOutOnNarrowTerminalsTheLeastImportantFirst) {
  Table table({{"model"},
               {"rmse", Align::right},
               {"interval", Align::right, Overflow::keep, 1},
               {"seconds", Align::right, Overflow::keep, 2}});
  table.add({"embedding-dense", ".8450 ±.0031", "+.0010…+.0020", "12.10"});
  const auto head = [&](std::size_t columns) {
    Terminal terminal;
    terminal.columns = columns;
    const std::string text = table.render(terminal);
    EXPECT_NE(text.find("embedding-dense"), std::string::npos);
    return text.substr(0, text.find('\n'));
  };
  EXPECT_EQ(head(80), "model                    rmse       interval  seconds");
  EXPECT_EQ(head(50), "model                    rmse       interval");
  EXPECT_EQ(head(40), "model                    rmse");
  EXPECT_EQ(head(20), "model                    rmse") << "names are never split";
}

TEST(Table, CutsNothingInAFile) {
  Table table({{"title", Align::left, Overflow::cut}, {"genres", Align::left, Overflow::cut, 1}});
  table.add({Cell(std::string(300, 'a')), "Drama"});
  EXPECT_NE(table.render(Terminal{}).find(std::string(300, 'a') + "  Drama"), std::string::npos);
}

TEST(Table, StaysWithinTheWidth) {
  Table table({{"title", Align::left, Overflow::cut}, {"about", Align::left, Overflow::wrap}, {"n", Align::right}});
  table.add({Cell(std::string(90, 'a')),
             Cell("many words that go on and on, well beyond what one line of a table holds"), "1"});
  table.add({"千と千尋の神隠し", "short", "12345"});
  for (std::size_t width : {40U, 60U, 80U}) {
    Terminal terminal;
    terminal.columns = width;
    const std::string text = table.render(terminal);
    for (const std::string_view line : split(text, "\n")) EXPECT_LE(display_width(line), width);
  }
}

}  // namespace
}  // namespace gusto::cli
