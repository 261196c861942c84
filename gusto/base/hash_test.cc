#include "gusto/base/hash.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace gusto {
namespace {

// Golden values made with the reference library, xxHash 0.8.1.
TEST(Hash, AgreesWithTheReferenceImplementation) {
  const auto hash = [](std::string_view text) { return to_hex(xxh3(std::as_bytes(std::span(text)))); };
  EXPECT_EQ(hash(""), "2d06800538d394c2");
  EXPECT_EQ(hash("gusto"), "3694d81dc4531a9d");
}

TEST(Hash, SeedsAndBytesMatter) {
  const std::string_view a = "abc", b = "abd";
  const auto bytes = [](std::string_view text) { return std::as_bytes(std::span(text)); };
  EXPECT_NE(xxh3(bytes(a)), xxh3(bytes(b)));
  EXPECT_NE(xxh3(bytes(a)), xxh3(bytes(a), 1));
}

TEST(Hash, PiecesGiveTheHashOfTheWhole) {
  const std::string text(10'000, 'x');
  const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  Xxh3 hash;
  EXPECT_EQ(hash.digest(), xxh3({}));
  for (std::size_t begin = 0, size = 1; begin < bytes.size();
       begin += size, size = std::min(2 * size, bytes.size() - begin)) {
    hash.add(bytes.subspan(begin, size));
  }
  EXPECT_EQ(hash.digest(), xxh3(bytes));
}

TEST(Hash, HexHasSixteenDigits) {
  EXPECT_EQ(to_hex(0), "0000000000000000");
  EXPECT_EQ(to_hex(0xABCDEF), "0000000000abcdef");
}

}  // namespace
}  // namespace gusto
