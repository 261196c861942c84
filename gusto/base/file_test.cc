#include "gusto/base/file.h"

#include <csignal>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "gusto/base/testing/testing.h"

namespace gusto {
namespace {

using test::code_of;

class FileTest : public testing::Test {
 protected:
  std::vector<std::string> listing() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) names.push_back(entry.path().filename());
    return names;
  }

  test::TemporaryFolder temporary_;
  const std::filesystem::path& folder_ = temporary_.path();
};

void write_text(const std::filesystem::path& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

TEST_F(FileTest, WrittenBytesAreReadBack) {
  write_text(folder_ / "a", "hello");
  EXPECT_EQ(MappedFile::open(folder_ / "a").text(), "hello");
  EXPECT_THAT(listing(), testing::ElementsAre("a"));
}

TEST_F(FileTest, WhatIsWrittenBitByBitAppearsAtOnce) {
  write_text(folder_ / "a", "old");
  {
    AtomicFile file(folder_ / "a");
    file.append("new ");
    file.append("content");
    EXPECT_EQ(MappedFile::open(folder_ / "a").text(), "old");
    file.commit();
    EXPECT_EQ(MappedFile::open(folder_ / "a").text(), "new content");
  }
  EXPECT_THAT(listing(), testing::ElementsAre("a"));
}

TEST_F(FileTest, WhatIsNotCommittedLeavesNoTrace) {
  { AtomicFile(folder_ / "a").append("lost"); }
  EXPECT_THAT(listing(), testing::IsEmpty());
}

TEST_F(FileTest, WhatIsPutAsideIsReadBackInOrder) {
  std::string expected;
  SpillFile file(folder_);
  const std::string large(1'000'000, 'l');
  for (int i = 0; i < 50'000; ++i) {
    const std::string text = i == 30'000 ? large : std::to_string(i) + " ";
    file.append(std::as_bytes(std::span(text)));
    expected += text;
  }
  EXPECT_EQ(file.size(), expected.size());
  SpillFile moved = std::move(file);
  for (int reading = 0; reading < 2; ++reading) {
    std::string read;
    moved.read([&](std::span<const std::byte> piece) {
      read.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    });
    EXPECT_TRUE(read == expected);
  }
  EXPECT_THAT(listing(), testing::IsEmpty());
  EXPECT_EQ(code_of([&] { SpillFile(folder_ / "none"); }), ErrorCode::io);
}

TEST_F(FileTest, EmptyFile) {
  write_text(folder_ / "a", "");
  EXPECT_EQ(MappedFile::open(folder_ / "a").size(), 0U);
}

TEST_F(FileTest, MappingOutlivesMoveAndReplacement) {
  write_text(folder_ / "a", "old");
  MappedFile first = MappedFile::open(folder_ / "a");
  const MappedFile moved = std::move(first);
  write_text(folder_ / "a", "new content");
  EXPECT_EQ(moved.text(), "old");
  EXPECT_EQ(MappedFile::open(folder_ / "a").text(), "new content");
}

TEST_F(FileTest, MissingFilesAndFoldersAreErrors) {
  EXPECT_EQ(code_of([&] { MappedFile::open(folder_ / "none"); }), ErrorCode::not_found);
  EXPECT_EQ(code_of([&] { MappedFile::open(folder_); }), ErrorCode::io);
  EXPECT_EQ(code_of([&] { write_text(folder_ / "none" / "a", "x"); }), ErrorCode::io);
  EXPECT_EQ(code_of([&] { write_text(folder_, "x"); }), ErrorCode::io);
  EXPECT_EQ(code_of([&] { write_text("/dev/null", "x"); }), ErrorCode::io);
}

TEST_F(FileTest, SymbolicLinkIsReplacedNotFollowed) {
  write_text(folder_ / "target", "old");
  std::filesystem::create_symlink("target", folder_ / "link");
  write_text(folder_ / "link", "new");
  EXPECT_EQ(MappedFile::open(folder_ / "target").text(), "old");
  EXPECT_EQ(MappedFile::open(folder_ / "link").text(), "new");
}

// The operating system refuses to write beyond a limit, as it would on a full disk.
TEST_F(FileTest, FailureLeavesTheOldFileAndNothingElse) {
  write_text(folder_ / "a", "old");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limited = before;
  limited.rlim_cur = 4096;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limited), 0);
  const ErrorCode code = code_of([&] { write_text(folder_ / "a", std::string(100'000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  EXPECT_EQ(code, ErrorCode::io);
  EXPECT_EQ(MappedFile::open(folder_ / "a").text(), "old");
  EXPECT_THAT(listing(), testing::ElementsAre("a"));
}

}  // namespace
}  // namespace gusto
