#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gusto/data/bytes/source.h"

namespace gusto {

/// A file of features whose lines name what they have, as libsvm and sparse tables are written, as a table of columns.
struct SparseFeatures {
  SourceText table;                ///< delimited by tabs, with a header; its lines have the numbers that they had
  std::vector<std::string> notes;  ///< sentences: what was made of the pairs
};

/// An id on each line and then pairs "feature:value", between blanks, tabs or commas: "7 1:1 5:0.5", "7 genre:Drama".
/// Where all values are 1, or there are more than kSparseColumns features of numbers, the features that an id has are
/// one multi-valued feature, "features", of those with a value above 0. Else each feature is a column: a number, which
/// is 0 where a line does not name it; or, where some values are words, what the line gives, or nothing.
/// Nothing if the file has another form.
/// Errors   invalid_input, with file and line, for a line of another form below such lines
/// Cost     the text's size of memory
std::optional<SparseFeatures> read_sparse_features(const SourceText& source);
inline constexpr std::size_t kSparseColumns = 100;

}  // namespace gusto
