#include "gusto/retrieval/vector_export.h"

#include <cstring>

#include <gtest/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/base/text.h"
#include "gusto/retrieval/testing/films.h"

namespace gusto {
namespace {

using test::error_of;
using test::fitted_on_films;
using test::one_thread;

std::string text_of(const std::filesystem::path& path) { return std::string(MappedFile::open(path).text()); }

TEST(VectorExport, WritesFloatsThatNumpyReadsWithIdsAndTitlesBeside) {
  const test::TemporaryFolder folder;
  const auto model = fitted_on_films("svd");
  const VectorExport written = export_vectors(*model, folder.path() / "vectors", one_thread());
  EXPECT_EQ(written.items, 40U);
  EXPECT_EQ(written.users, 60U);
  EXPECT_EQ(written.files.size(), 6U);
  const std::string npy = text_of(folder.path() / "vectors/items.npy");
  const std::size_t head = npy.size() - written.items * written.width * sizeof(float);
  EXPECT_EQ(head % 64, 0U);
  EXPECT_EQ(npy.substr(0, 6), "\x93NUMPY");
  EXPECT_NE(npy.find("'shape': (40, " + std::to_string(written.width) + ")"), std::string::npos);
  float value = 0;
  std::memcpy(&value, npy.data() + head + (3 * written.width + 1) * sizeof(float), sizeof(float));
  EXPECT_EQ(value, model->item_vectors()(3, 1));
  const std::string names = text_of(folder.path() / "vectors/items.tsv");
  EXPECT_EQ(split(names, "\n")[0], "id\ttitle");
  EXPECT_EQ(split(names, "\n")[4], "i3\tFilm 3 (1990)");
  const std::string projector = text_of(folder.path() / "vectors/item_vectors.tsv");
  EXPECT_EQ(static_cast<float>(parse_real(split(split(projector, "\n")[3], "\t")[1]).value()), value);
}

TEST(VectorExport, RefusesAModelWithoutVectors) {
  const test::TemporaryFolder folder;
  const auto write = [&] { export_vectors(*fitted_on_films("ease"), folder.path() / "vectors", one_thread()); };
  EXPECT_EQ(error_of(write).code(), ErrorCode::unsupported);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "vectors"));
}

}  // namespace
}  // namespace gusto
