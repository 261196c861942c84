#include "gusto/data/bytes/compressed.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "gusto/base/descriptor.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/testing/archives.h"
#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using test::TemporaryFolder;
using testing_io::complaint;
using testing_io::packed;
using testing_io::Packing;

// Lines that shrink, but not all by as much.
std::string some_lines(std::size_t lines) {
  std::string text;
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < lines; ++i) {
    state = state * 1664525U + 1013904223U;
    text += fmt::format("{}::{}::{}::{}\n", i / 20, state >> 20U, 1 + (state >> 8U) % 5, 978300000 + i);
  }
  return text;
}

// Reads in parts of an odd size, as files are rarely a multiple of anything.
std::string all_of(ByteStream& stream) {
  std::string text;
  std::array<char, 7919> part{};
  while (true) {
    const std::size_t got = stream.read(part);
    text.append(part.data(), got);
    if (got < part.size()) return text;
  }
}
std::string all_of(const std::filesystem::path& path) { return all_of(*open_stream(path)); }

TEST(Compressed, FilesReadAsWhatTheyHoldWhateverTheirName) {
  const TemporaryFolder folder;
  const std::string text = some_lines(40'000);
  for (const Packing packing : {Packing::gz, Packing::zst, Packing::xz, Packing::bz2}) {
    const std::string bytes = packed(packing, text);
    ASSERT_LT(bytes.size(), text.size() / 2);
    const auto stream = open_stream(folder.write("ratings.dat", bytes));
    EXPECT_EQ(all_of(*stream), text);
    std::array<char, 1> more{};
    EXPECT_EQ(stream->read(more), 0U);
    EXPECT_EQ(stream->stored_position(), bytes.size());
    EXPECT_EQ(stream->stored_size(), bytes.size());
    EXPECT_EQ(stream->name(), (folder.path() / "ratings.dat").string());
  }
}

TEST(Compressed, FilesEndToEndAreOne) {
  const TemporaryFolder folder;
  for (const Packing packing : {Packing::gz, Packing::zst, Packing::xz, Packing::bz2}) {
    const std::string bytes = packed(packing, "one\n") + packed(packing, "") + packed(packing, "two\n");
    EXPECT_EQ(all_of(folder.write("x", bytes)), "one\ntwo\n");
  }
}

TEST(Compressed, NothingIsWhatEmptyFilesHold) {
  const TemporaryFolder folder;
  for (const Packing packing : {Packing::gz, Packing::zst, Packing::xz, Packing::bz2}) {
    EXPECT_EQ(all_of(folder.write("x", packed(packing, ""))), "");
  }
}

TEST(Compressed, PlainFilesStayAsTheyAre) {
  const TemporaryFolder folder;
  const std::string long_text = some_lines(1000);
  for (const std::string& text : {std::string(), std::string("\x1f"), std::string("PK"), long_text}) {
    EXPECT_EQ(all_of(folder.write("x", text)), text);
  }
}

TEST(Compressed, PipesAreUnpackedToo) {
  const std::string text = some_lines(20'000);
  for (const std::string& bytes : {text, packed(Packing::gz, text), packed(Packing::zst, text)}) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const Descriptor reading(ends[0]);
    std::thread writer([&bytes, end = ends[1]] {
      const Descriptor writing(end);
      std::string_view rest = bytes;
      while (!rest.empty()) {
        const ssize_t sent = ::write(writing.get(), rest.data(), std::min<std::size_t>(rest.size(), 1000));
        if (sent <= 0) return;
        rest.remove_prefix(static_cast<std::size_t>(sent));
      }
    });
    const auto stream = open_stream(fmt::format("/dev/fd/{}", reading.get()));
    EXPECT_EQ(all_of(*stream), text);
    EXPECT_EQ(stream->stored_size(), 0U);
    writer.join();
  }
}

TEST(Compressed, CutFilesAreRefusedWhereverTheyAreCut) {
  const TemporaryFolder folder;
  for (const Packing packing : {Packing::gz, Packing::zst, Packing::xz, Packing::bz2}) {
    const std::string bytes = packed(packing, "1::2::3::4\n1::3::4::5\n");
    for (std::size_t size = 4; size < bytes.size(); ++size) {
      const std::string path = folder.write("x", bytes.substr(0, size));
      EXPECT_EQ(test::code_of([&] { all_of(path); }), ErrorCode::corrupt_file) << size;
    }
  }
}

TEST(Compressed, DamageIsSaid) {
  const TemporaryFolder folder;
  const std::string text = some_lines(100);
  const auto said = [&](const std::string& bytes) {
    const std::string path = folder.write("x", bytes);
    std::string sentence = complaint([&] { all_of(path); }, ErrorCode::corrupt_file);
    return sentence.starts_with(path) ? sentence.substr(path.size()) : sentence;
  };
  std::string gz = packed(Packing::gz, text);
  EXPECT_EQ(said(gz.substr(0, gz.size() / 2)),
            " is damaged or cut short: the compressed data end too early. | Copy or download it again.");
  EXPECT_EQ(said(gz + "and more"), " is damaged or cut short: incorrect header check. | Copy or download it again.");
  gz[gz.size() - 8] ^= 1;  // the checksum
  EXPECT_EQ(said(gz), " is damaged or cut short: incorrect data check. | Copy or download it again.");
  std::string zst = packed(Packing::zst, text);
  EXPECT_EQ(said(zst.substr(0, zst.size() / 2)),
            " is damaged or cut short: Truncated zstd input. | Copy or download it again.");
  zst.back() ^= 1;
  EXPECT_EQ(
      said(zst),
      " is damaged or cut short: Zstd decompression failed: Data corruption detected. | Copy or download it again.");
}

TEST(Compressed, WhatUnpacksToFarMoreThanStoredIsRefusedBeforeMemoryFills) {
  const TemporaryFolder folder;
  const std::string zeros(8 << 20, '0');
  for (const Packing packing : {Packing::gz, Packing::zst, Packing::xz, Packing::bz2}) {
    const std::string path = folder.write("x", packed(packing, zeros));
    const auto read_within = [&](UnpackLimits limits) { return all_of(*decompressed(open_stored(path), limits)); };
    EXPECT_EQ(complaint([&] { read_within({.ratio = 100, .spare = 1 << 20}); }, ErrorCode::corrupt_file),
              path +
                  " unpacks to more than 100 times its stored size. | It is made to fill memory, or damaged: unpack "
                  "it by hand if you trust it.");
    EXPECT_EQ(read_within({.ratio = 100, .spare = 8 << 20}).size(), zeros.size());
    EXPECT_EQ(read_within({.ratio = 1'000'000, .spare = 1 << 20}).size(), zeros.size());
  }
}

}  // namespace
}  // namespace gusto
