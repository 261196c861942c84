#include "gusto/data/bytes/foreign.h"

#include <algorithm>
#include <filesystem>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

struct ForeignFormat {
  std::string_view head;
  std::string_view what;
  std::string_view conversion;  // {in} and {out} stand for files
};

constexpr std::string_view kExcel =
    "Convert it: python3 -c \"import pandas; pandas.read_excel('{in}').to_csv('{out}', index=False)\"";
constexpr std::string_view kPickle =
    "Convert it: python3 -c \"import pandas; pandas.read_pickle('{in}').to_csv('{out}', index=False)\"";
constexpr std::string_view kWebPage = "Download the file itself, perhaps after signing in where the page asks for it.";

constexpr ForeignFormat kForeign[] = {
    {"PAR1", "a Parquet file",
     "Convert it: python3 -c \"import pandas; pandas.read_parquet('{in}').to_csv('{out}', index=False)\""},
    {"ARROW1", "a file of Apache Arrow (Feather)",
     "Convert it: python3 -c \"import pandas; pandas.read_feather('{in}').to_csv('{out}', index=False)\""},
    {"ORC", "an ORC file",
     "Convert it: python3 -c \"import pandas; pandas.read_orc('{in}').to_csv('{out}', index=False)\""},
    {"\x89HDF", "an HDF5 file",
     "Convert it: python3 -c \"import pandas; pandas.read_hdf('{in}').to_csv('{out}', index=False)\""},
    {"\xd0\xcf\x11\xe0", "a workbook of Excel", kExcel},
    {"\x93NUMPY", "an array of NumPy",
     "Convert it: python3 -c \"import numpy; numpy.savetxt('{out}', numpy.load('{in}'), '%.9g', ',')\""},
    {"%%MatrixMarket", "a matrix in the Matrix Market format", "Convert it: grep -v ^% '{in}' | tail -n +2 > '{out}'"},
    {"\x80\x02", "a pickle of Python", kPickle},
    {"\x80\x03", "a pickle of Python", kPickle},
    {"\x80\x04", "a pickle of Python", kPickle},
    {"\x80\x05", "a pickle of Python", kPickle},
    {"SQLite format 3", "a database of SQLite",
     "Convert a table of it: sqlite3 -csv -header '{in}' 'SELECT * FROM events' > '{out}'"},
    {"MATLAB 5.0 MAT-file", "a file of MATLAB", "Write its events as lines of text: user,item,rating."},
    {"%PDF-", "a PDF document", "Give a text file with an event on each line."},
    {"<!doctype html", "a web page", kWebPage},
    {"<html", "a web page", kWebPage},
};

constexpr ForeignFormat kWorkbook = {"", "a workbook of Excel", kExcel};
constexpr ForeignFormat kNumpyArchive = {
    "", "an archive of arrays of NumPy (perhaps a sparse matrix of SciPy)",
    "Convert a sparse matrix: python3 -c \"import numpy, scipy.sparse; m = scipy.sparse.load_npz('{in}').tocoo(); "
    "numpy.savetxt('{out}', numpy.c_[m.row, m.col, m.data], '%.9g', ',')\""};

std::string with_names(std::string_view conversion, const std::string& in) {
  std::string text(conversion);
  std::filesystem::path out = std::filesystem::path(in).filename();
  out.replace_extension(".csv");
  const auto replace = [&](std::string_view mark, const std::string& name) {
    const std::size_t at = text.find(mark);
    if (at != std::string::npos) text.replace(at, mark.size(), name);
  };
  replace("{in}", in);
  replace("{out}", out.string());
  replace("{in}", in);
  return text;
}

[[noreturn]] void refuse(const std::string& name, const ForeignFormat& format) {
  throw Error(ErrorCode::invalid_input, name + " is " + std::string(format.what) + ", which is not read.",
              with_names(format.conversion, name));
}

}  // namespace

void refuse_foreign(const std::string& name, std::string_view head) {
  const std::string lower = to_lower(head);
  for (const ForeignFormat& format : kForeign) {
    const bool text = format.head.front() == '<';
    if (text ? lower.starts_with(format.head) : head.starts_with(format.head)) refuse(name, format);
  }
}

void refuse_foreign_archive(const std::string& name, std::span<const std::string> files) {
  const auto has = [&](std::string_view file) { return std::find(files.begin(), files.end(), file) != files.end(); };
  if (has("[Content_Types].xml") || has("mimetype")) refuse(name, kWorkbook);
  if (std::all_of(files.begin(), files.end(), [](const std::string& file) { return file.ends_with(".npy"); })) {
    refuse(name, kNumpyArchive);
  }
}

}  // namespace gusto
