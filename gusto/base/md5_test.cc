#include "gusto/base/md5.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace gusto {
namespace {

std::string md5(std::string_view text, std::size_t part = std::string_view::npos) {
  Md5 sum;
  while (!text.empty()) {
    const std::string_view next = text.substr(0, part);
    sum.update(std::as_bytes(std::span(next)));
    text.remove_prefix(next.size());
  }
  return sum.finish();
}

// The test suite of RFC 1321, appendix A.5.
TEST(Md5, IsThatOfItsSpecification) {
  EXPECT_EQ(md5(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5("a"), "0cc175b9c0f1b6a831c399e269772661");
  EXPECT_EQ(md5("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(md5("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(md5("abcdefghijklmnopqrstuvwxyz"), "c3fcd3d76192e4007dfb496cca67e13b");
  EXPECT_EQ(md5("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"), "d174ab98d277d9f5a5611c2c9f419d9f");
  EXPECT_EQ(md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(Md5, DoesNotDependOnHowTheBytesAreCut) {
  for (std::size_t size = 50; size < 200; ++size) {
    const std::string text(size, 'x');
    for (const std::size_t part : {1U, 7U, 64U, 65U}) EXPECT_EQ(md5(text, part), md5(text)) << size << " by " << part;
  }
}

}  // namespace
}  // namespace gusto
