#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/testing/testing.h"
#include "gusto/data/testing/archives.h"
#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using testing::HasSubstr;
using testing_io::packed;
using testing_io::Packing;

std::string said_of(const test::TemporaryFolder& folder, const std::string& name, const std::string& bytes) {
  const auto path = folder.write(name, bytes);
  Context context({.threads = 1});
  return testing_io::complaint([&] { open_dataset(path, {}, context); });
}

TEST(Foreign, FormatsThatAreNotReadAreNamedWithAConversion) {
  const test::TemporaryFolder folder;
  const auto expect = [&](const std::string& name, const std::string& bytes, const std::string& what,
                          const std::string& conversion) {
    const std::string said = said_of(folder, name, bytes);
    EXPECT_THAT(said, HasSubstr(name + " is " + what));
    EXPECT_THAT(said, HasSubstr(conversion));
  };
  expect("a.parquet", std::string("PAR1\x15\0\x15", 7), "a Parquet file", "read_parquet('");
  expect("a.feather", std::string("ARROW1\0\0", 8), "a file of Apache Arrow", "read_feather('");
  expect("a.h5", "\x89HDF\r\n\x1a\n", "an HDF5 file", "to_csv('a.csv', index=False)");
  expect("a.npy", "\x93NUMPY\x01", "an array of NumPy", "numpy.load('");
  expect("a.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 5\n",
         "a matrix in the Matrix Market format", "tail -n +2 > 'a.csv'");
  expect("a.html", "<!DOCTYPE html>\n<html></html>\n", "a web page", "Download the file itself");
  expect("a.xlsx", packed(Packing::zip, {{"[Content_Types].xml", "x"}, {"xl/workbook.xml", "y"}}),
         "a workbook of Excel", "read_excel('");
  expect("a.npz", packed(Packing::zip, {{"data.npy", "x"}, {"indptr.npy", "y"}}), "an archive of arrays of NumPy",
         "scipy.sparse.load_npz('");
}

// What the hint's command writes for a matrix of the Matrix Market.
TEST(Foreign, AMatrixWithoutItsHeadIsRead) {
  const OpenedDataset opened = testing_io::read_text("1 1 5\n1 2 3\n2 1 4\n");
  EXPECT_EQ(testing_io::event_of(*opened.data, "1", "2").value, 3);
}

}  // namespace
}  // namespace gusto
