#include "gusto/data/bytes/archive.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"
#include "gusto/data/bytes/source.h"
#include "gusto/data/open/open.h"
#include "gusto/data/testing/archives.h"
#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_io::complaint;
using testing_io::packed;
using testing_io::PackedFile;
using testing_io::Packing;

constexpr std::array kArchives{Packing::zip, Packing::zip_stored, Packing::tar, Packing::tar_gz, Packing::tar_zst};

const std::string kRatings = "1::10::5::978300760\n1::20::3::978302109\n2::10::4::978301968\n";
const std::string kMovies = "10::Caf\xe9 (1995)::Comedy\n20::Heat (1995)::Action|Crime\n";
const std::vector<PackedFile> kMl1m{{"ml-1m/README", "words\n"},
                                    {"ml-1m/ratings.dat", kRatings},
                                    {"ml-1m/movies.dat", kMovies},
                                    {"ml-1m/users.dat", "1::F::1::10::48067\n2::M::56::16::70072\n"}};

std::string text_of(ByteStream& stream) { return std::string(load_source(stream, Encoding::utf8).text); }
std::string file_in(const FileTree& folder, std::string_view name) { return text_of(*folder.open(name)); }

OpenedDataset open(const std::filesystem::path& path, const OpenOptions& options = {}) {
  Context context({.threads = 1});
  return open_dataset(path, options, context);
}

/// What is said of an archive, without its path.
std::string said_of(const std::string& path, const std::string& sentence) {
  std::string rest = sentence;
  for (std::size_t at = rest.find(path); at != std::string::npos; at = rest.find(path))
    rest.replace(at, path.size(), "A");
  return rest;
}

TEST(Archive, HoldsTheLayoutsOfMovieLensAsFoldersDo) {
  const TemporaryFolder folder;
  for (const PackedFile& file : kMl1m) {
    std::filesystem::create_directories((folder.path() / file.path).parent_path());
    folder.write(file.path, file.content);
  }
  const OpenedDataset plain = open(folder.path() / "ml-1m");
  for (const Packing packing : kArchives) {
    const std::string path = folder.write("a", packed(packing, kMl1m));
    const OpenedDataset opened = open(path);
    EXPECT_EQ(opened.report.layout, "ml-1m");
    EXPECT_EQ(opened.report.files.at(0).path, path + "/ml-1m/ratings.dat");
    EXPECT_THAT(opened.report.notes, ElementsAre(path + "/ml-1m/movies.dat is in Latin-1 and was converted to UTF-8."));
    EXPECT_EQ(opened.data->events().size(), plain.data->events().size());
    EXPECT_TRUE(opened.report.files.at(1).latin1);
    const auto heat = opened.data->catalog().items.find("20");
    EXPECT_EQ(opened.data->catalog().item_features.at("genres").display(heat.value()), "Action, Crime");
  }
}

TEST(Archive, HoldsTheOtherLayoutsToo) {
  const TemporaryFolder folder;
  const std::string latest = folder.write(
      "b", packed(Packing::zip, {{"ml-latest/", "", AE_IFDIR},
                                 {"ml-latest/ratings.csv", "userId,movieId,rating,timestamp\n1,2,3.5,4\n"},
                                 {"ml-latest/movies.csv", "movieId,title,genres\n2,\"A, B (1990)\",Drama\n"}}));
  EXPECT_EQ(open(latest).report.layout, "ml-latest");
  const std::string old =
      folder.write("c", packed(Packing::tar_gz, {{"ml-100k/u.data", "7\t2\t4\t880000000\n"}, {"ml-100k/README", ""}}));
  const OpenedDataset opened = open(old);
  EXPECT_EQ(opened.report.layout, "ml-100k");
  EXPECT_THAT(opened.report.notes,
              ElementsAre(old + "/ml-100k/u.item is missing, and so are the features that it would hold.",
                          old + "/ml-100k/u.user is missing, and so are the features that it would hold."));
}

TEST(Archive, ShowsTheFolderWhereItsFilesBeginToPart) {
  const TemporaryFolder folder;
  const auto tree = [&](const std::vector<PackedFile>& files) {
    return open_tree(folder.write("a", packed(Packing::tar, files)));
  };
  EXPECT_EQ(file_in(*tree({{"x.csv", "1"}, {"y.csv", "2"}}), "y.csv"), "2");
  EXPECT_EQ(file_in(*tree({{"./x.csv", "1"}, {"./y.csv", "2"}}), "x.csv"), "1");
  EXPECT_EQ(file_in(*tree({{"top/x.csv", "1"}, {"top/sub/y.csv", "2"}}), "sub/y.csv"), "2");
  EXPECT_EQ(file_in(*tree({{"a/b//x.csv", "1"}, {"a/b/y.csv", "2"}}), "x.csv"), "1");
  EXPECT_TRUE(tree({{"ab/x.csv", "1"}, {"ac/x.csv", "2"}})->has("ab/x.csv"));
  const auto litter = tree({{"top/x.csv", "1"}, {"top/y.csv", "2"}, {"__MACOSX/top/._x.csv", "?"}, {"._top", "?"}});
  EXPECT_THAT(dynamic_cast<const ArchiveFolder&>(*litter).files(), ElementsAre("x.csv", "y.csv"));
  EXPECT_FALSE(litter->has("z.csv"));
  EXPECT_EQ(litter->path_of("x.csv"), (folder.path() / "a/top/x.csv").string());
}

TEST(Archive, OfOneFileIsThatFile) {
  const TemporaryFolder folder;
  for (const Packing packing : kArchives) {
    const std::string path = folder.write("a", packed(packing, {{"deep/in/events.txt", "u1;i1;5\nu1;i2;4\n"}}));
    EXPECT_EQ(text_of(*open_stream(path)), "u1;i1;5\nu1;i2;4\n");
    OpenOptions options;
    options.delimiter = ";";
    const OpenedDataset opened = open(path, options);
    EXPECT_EQ(opened.report.layout, "delimited");
    EXPECT_EQ(opened.report.files.at(0).path, path + "/deep/in/events.txt");
    EXPECT_EQ(opened.data->events().size(), 2U);
  }
}

TEST(Archive, FilesInItAreNamedByTheirPath) {
  const TemporaryFolder folder;
  for (const Packing packing : kArchives) {
    const std::string path = folder.write("a", packed(packing, kMl1m));
    const auto stream = open_stream(path + "/ml-1m/ratings.dat");
    EXPECT_EQ(stream->stored_size(), kRatings.size());
    EXPECT_EQ(text_of(*stream), kRatings);
    EXPECT_EQ(stream->stored_position(), kRatings.size());
    EXPECT_EQ(said_of(path, complaint([&] { open_stream(path + "/ml-1m/tags.dat"); }, ErrorCode::not_found)),
              "There is no file A/ml-1m/tags.dat. | The archive holds ml-1m/README and 3 more.");
    EXPECT_EQ(said_of(path, complaint([&] { open_stream(path); })),
              "A holds 4 files, and one is expected. | Name the one that is meant, as A/ml-1m/README.");
  }
}

TEST(Archive, NamesBeyondAsciiAreKept) {
  const TemporaryFolder folder;
  // Packed by others: the flag says that names are in UTF-8.
  std::string zip = packed(Packing::zip_stored, {{"M__rz.csv", "1,2\n"}, {"x.csv", ""}});
  for (std::size_t at = zip.find("M__rz"); at != std::string::npos; at = zip.find("M__rz", at + 1)) {
    zip.replace(at, 3, "M\xc3\xa4");
    const std::size_t flags = zip.substr(at - 30, 4) == std::string("PK\x03\x04", 4) ? at - 30 + 6 : at - 46 + 8;
    zip[flags + 1] = static_cast<char>(zip[flags + 1] | 8);
  }
  const auto tree = open_tree(folder.write("a", zip));
  EXPECT_EQ(file_in(*tree, "M\xc3\xa4rz.csv"), "1,2\n");
}

TEST(Archive, ErrorsInItsFilesNameBoth) {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("ml.zip", packed(Packing::zip, {{"m/ratings.dat", "1::2::x::4\n"}, {"m/README", ""}}));
  EXPECT_EQ(said_of(path, complaint([&] { open(path); })),
            "A/m/ratings.dat, line 1, column rating: \"x\" is not a number. | Correct the line, or remove it.");
}

struct Refusal {
  std::vector<PackedFile> files;
  std::string said;
};

TEST(Archive, IsRefusedAsAWholeWhereItsNamesAreSuspect) {
  const TemporaryFolder folder;
  const std::string again = " | Pack it again from the files alone, or unpack it and name the folder.";
  const std::vector<Refusal> refusals{
      {{{"../ratings.dat", ""}}, "A holds an entry \"../ratings.dat\", which leads out of the archive."},
      {{{"a/../../ratings.dat", ""}}, "A holds an entry \"a/../../ratings.dat\", which leads out of the archive."},
      {{{"/etc/passwd", ""}}, "A holds an entry \"/etc/passwd\", which leads out of the archive."},
      {{{"..\\x/ratings.dat", ""}}, "A holds an entry \"..\\\\x/ratings.dat\", which leads out of the archive."},
      {{{"C:/ratings.dat", ""}}, "A holds an entry \"C:/ratings.dat\", which leads out of the archive."},
      {{{"x\x1b[2J", ""}}, "A holds an entry whose name \"x\\x1b[2J\" is no file name."},
      {{{"u.data", "1"}, {"u.data", "2"}}, "A holds \"u.data\" twice."},
      {{{"u.data", "1"}, {"./u.data", "2"}}, "A holds \"u.data\" twice."},
  };
  for (const Packing packing : {Packing::zip, Packing::tar_gz}) {
    for (const Refusal& refusal : refusals) {
      const std::string path = folder.write("a", packed(packing, refusal.files));
      EXPECT_EQ(said_of(path, complaint([&] { open(path); })), refusal.said + again);
    }
    const std::string empty = folder.write("a", packed(packing, {{"ml-1m/", "", AE_IFDIR}}));
    EXPECT_EQ(said_of(empty, complaint([&] { open(empty); })),
              "A holds no files. | Name an archive of a folder, or of a file of events.");
  }
}

TEST(Archive, WithNoLayoutKnownSaysSo) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", packed(Packing::zip, {{"d/a.csv", "1"}, {"d/b.csv", "2"}}));
  EXPECT_EQ(said_of(path, complaint([&] { open(path); }, ErrorCode::not_found)),
            "The archive A holds none of u.data, ratings.dat and ratings.csv. | Name the file of events in it, as "
            "A/d/events.csv.");
}

TEST(Archive, EntriesThatAreNoFilesAreNotRead) {
  const TemporaryFolder folder;
  for (const Packing packing : {Packing::zip, Packing::tar}) {
    const std::string path =
        folder.write("a", packed(packing, {{"d/ratings.dat", "", AE_IFLNK, "/etc/passwd"}, {"d/x", ""}}));
    EXPECT_EQ(
        said_of(path, complaint([&] { open(path); })),
        "A/d/ratings.dat is a link, which is not followed. | Pack it again from the files alone, or unpack it and name "
        "the folder.");
  }
  const std::string pipe = folder.write("a", packed(Packing::tar, {{"ratings.dat", "", AE_IFIFO}, {"x", ""}}));
  EXPECT_EQ(
      said_of(pipe, complaint([&] { open(pipe); })),
      "A/ratings.dat is no regular file. | Pack it again from the files alone, or unpack it and name the folder.");
}

TEST(Archive, EncryptedFilesAndArchivesWithinAreRefused) {
  const TemporaryFolder folder;
  const std::string secret = folder.write("a", packed(Packing::zip_encrypted, kMl1m));
  EXPECT_EQ(said_of(secret, complaint([&] { open(secret); })),
            "A/ml-1m/ratings.dat is encrypted. | Unpack the archive with its password, and name the folder.");
  for (const Packing inner : {Packing::zip, Packing::tar, Packing::tar_gz, Packing::zst}) {
    const std::string path = folder.write("a", packed(Packing::zip, {{"ml.zip", packed(inner, {kMl1m.at(1)})}}));
    EXPECT_EQ(
        said_of(path, complaint([&] { open(path); })),
        "A/ml.zip is compressed or an archive, inside an archive. | Unpack the outer one, and name what was in it.");
  }
  const std::string twice = folder.write("a", packed(Packing::gz, packed(Packing::zip, kMl1m)));
  EXPECT_EQ(said_of(twice, complaint([&] { open(twice); })),
            "A is an archive inside a compressed file. | Unpack the outer one, and name what was in it.");
}

TEST(Archive, DamageIsSaid) {
  const TemporaryFolder folder;
  const auto said = [&](std::string bytes) {
    const std::string path = folder.write("a", bytes);
    return said_of(path, complaint([&] { open(path); }, ErrorCode::corrupt_file));
  };
  std::string zip = packed(Packing::zip_stored, kMl1m);
  EXPECT_EQ(said(zip.substr(0, zip.size() / 2)),
            "A is damaged or cut short: the list of files at its end is missing. | Copy or download it again.");
  zip[zip.find(kRatings) + 3] = '9';
  EXPECT_THAT(said(zip), testing::MatchesRegex("A/ml-1m/ratings.dat is damaged or cut short: ZIP bad CRC: 0x[0-9a-f]+ "
                                               "should be 0x[0-9a-f]+. . Copy or download it again."));
  const std::string tar = packed(Packing::tar, kMl1m);
  EXPECT_EQ(said(tar.substr(0, tar.find(kRatings) + 5)),
            "A is damaged or cut short: Truncated input file (needed 512 bytes, only 5 available). | Copy or download "
            "it again.");
  const std::string tar_gz = packed(Packing::tar_gz, kMl1m);
  EXPECT_EQ(said(tar_gz.substr(0, tar_gz.size() - 30)),
            "A is damaged or cut short: the compressed data end too early. | Copy or download it again.");
}

TEST(Archive, CutOrDamagedAnywhereIsReadOrRefused) {
  const TemporaryFolder folder;
  std::size_t refused = 0;
  for (const Packing packing : kArchives) {
    const std::string bytes = packed(packing, kMl1m);
    for (std::size_t at = 0; at < bytes.size(); at += bytes.size() / 40) {
      std::string other = bytes;
      other[at] = static_cast<char>(other[at] ^ 0x55);
      for (const std::string& damaged : {bytes.substr(0, at), other}) {
        const std::string path = folder.write("a", damaged);
        try {
          open(path);
        } catch (const Error& error) {
          EXPECT_FALSE(error.message().empty());
          ++refused;
        }
      }
    }
  }
  EXPECT_GT(refused, 200U);
}

TEST(Archive, WhatUnpacksToFarMoreThanStoredIsRefused) {
  const TemporaryFolder folder;
  const UnpackLimits limits{.ratio = 100, .spare = 1 << 20};
  const std::vector<PackedFile> bomb{{"m/ratings.dat", std::string(8 << 20, '0')}, {"m/README", "x"}};
  const std::string end =
      " unpacks to more than 100 times its stored size. | It is made to fill memory, or damaged: unpack it by hand if "
      "you "
      "trust it.";
  const std::string zip = folder.write("a", packed(Packing::zip, bomb));
  EXPECT_EQ(said_of(zip, complaint([&] { file_in(*open_tree(zip, limits), "ratings.dat"); }, ErrorCode::corrupt_file)),
            "A/m/ratings.dat" + end);
  EXPECT_EQ(file_in(*open_tree(zip, limits), "README"), "x");
  // A compressed tar is gone through at once.
  for (const Packing packing : {Packing::tar_gz, Packing::tar_zst}) {
    const std::string tar = folder.write("b", packed(packing, bomb));
    EXPECT_EQ(said_of(tar, complaint([&] { open_tree(tar, limits); }, ErrorCode::corrupt_file)), "A" + end);
  }
}

TEST(Archive, ReadingStartsNoThreadAndWritesNothing) {
  const TemporaryFolder folder;
  const auto count = [](const char* path) {
    return std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator());
  };
  for (const Packing packing : kArchives) {
    const std::string path = folder.write("a", packed(packing, kMl1m));
    const auto threads = count("/proc/self/task");
    const auto tree = open_tree(path);
    const auto stream = tree->open("ratings.dat");
    EXPECT_EQ(count("/proc/self/task"), threads);
    EXPECT_EQ(count(folder.path().c_str()), 1);
  }
}

TEST(Archive, IsNotTakenFromAPipe) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", packed(Packing::zip, kMl1m));
  const auto stream = ::popen(fmt::format("cat {}", path).c_str(), "r");
  ASSERT_NE(stream, nullptr);
  const std::string pipe = fmt::format("/dev/fd/{}", ::fileno(stream));
  EXPECT_EQ(
      said_of(pipe, complaint([&] { open(pipe); })),
      "A is an archive, and no regular file. | Write it to a file first, since an archive can't be read through a "
      "pipe.");
  ::pclose(stream);
}

TEST(FileTree, OfNeitherFolderNorArchiveIsNone) {
  const TemporaryFolder folder;
  EXPECT_EQ(open_tree(folder.write("a", kRatings)), nullptr);
  EXPECT_EQ(open_tree(folder.write("a", packed(Packing::gz, kRatings))), nullptr);
  EXPECT_EQ(open_tree(folder.path() / "none"), nullptr);
  EXPECT_EQ(complaint([&] { open_stream(folder.path() / "a/b"); }, ErrorCode::not_found),
            fmt::format("There is no file {0}/a/b. | There is no folder {0}/a either: check the path.",
                        folder.path().string()));
}

}  // namespace
}  // namespace gusto
