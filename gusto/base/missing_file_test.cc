#include "gusto/base/missing_file.h"

#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

TEST(MissingFile, TheNearestNameInItsFolderIsProposed) {
  const test::TemporaryFolder folder;
  folder.write("ratings.csv", "");
  const auto error = [&](const std::string& name) {
    return test::error_of([&] { fail_for_missing_file(folder.path() / name); });
  };
  EXPECT_EQ(error("raitings.csv").code(), ErrorCode::not_found);
  EXPECT_EQ(error("raitings.csv").hint(), "Did you mean " + (folder.path() / "ratings.csv").string() + "?");
  EXPECT_EQ(error("films.toml").hint(), "Check the path.");
  EXPECT_EQ(error("none/ratings.csv").hint(),
            "There is no folder " + (folder.path() / "none").string() + " either: check the path.");
}

}  // namespace
}  // namespace gusto
