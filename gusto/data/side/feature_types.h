#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/features.h"

namespace gusto {

/// What a column of a file of features is for.
enum class ColumnUse {
  id,       ///< the ids of users or items
  skip,     ///< not read
  feature,  ///< a feature
};

/// What is said of one column.
struct ColumnType {
  std::string column;               ///< its name in the header; in a list in order, the name that it gets
  std::string name;                 ///< of the feature; differs from `column` after "as"
  std::optional<ColumnUse> use;     ///< none: a feature whose kind is recognized
  std::optional<FeatureKind> kind;  ///< of a feature; none: recognized
  std::string separator = "|";      ///< of a multi-valued one
};

/// What is said of the columns of one file, or of all.
struct FileTypes {
  std::string file;  ///< empty: not said which
  bool in_order = false;
  std::vector<ColumnType> columns;

  /// Whether `path` is the file that is meant: it ends in `file`, by whole folders.
  bool names(const std::filesystem::path& path) const;
};

/// What columns of files of features hold, as the option `feature_types` says it:
///
///   plot=text, year=number, imdb=-           columns by their names in the header; others are recognized
///   genres=multi, cast=multi(;)              several values in a field, separated by | or by what stands in brackets
///   asin=id                                  the column of the ids, if its name does not tell
///   director_name as directors=multi         under another name
///   id, -, title=text, year                  columns in order, of a file with or without a header: the list names id.
///                                            Columns after the last one named are not read
///   films.dat: id, title; cast.csv: id, cast=multi   lists for several files
///
/// Kinds are number, categorical, multi, text, id, and - for a column that is not read. Names that hold one of , ; : =
/// ( ) or quotation marks, or " as ", stand in single or double quotes, and so may separators; a quotation mark inside
/// is written twice.
/// Errors   invalid_option, with the place, what is wrong and what to write
std::vector<FileTypes> parse_feature_types(std::string_view text);

/// Columns as a list in order, which parse_feature_types understands: "id, -, cast=multi(,)".
std::string format_columns(const std::vector<ColumnType>& columns);

}  // namespace gusto
