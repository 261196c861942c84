#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/assembly/assembler.h"
#include "gusto/data/features.h"
#include "gusto/data/io/records.h"
#include "gusto/data/side/feature_types.h"
#include "gusto/data/side/kind_sample.h"

namespace gusto {

/// How the lines of a file of features are to be read.
struct SideFormat {
  std::string delimiter;
  Quotes quotes = Quotes::none;
  bool header = false;
  std::vector<Column> places;        ///< of each field of a line; names are those of messages
  std::vector<ColumnType> columns;   ///< what each is for: use is set, and kind for features
  std::vector<bool> recognized;      ///< whether that was recognized, rather than said
  std::size_t id = 0;                ///< the column with the ids
  std::optional<std::size_t> title;  ///< the column with titles, if its name tells it
};

/// Recognizes how a file of features is to be read, as far as the types leave it open.
///
/// delimiter  the one of tab, "::", ";", "|" and "," that divides most of the first 100 lines equally; then into most
/// fields header     there is one if the types name columns of it; else if the id's column has a name known for one
/// (id, movieId,
///            user_id …); else if a column of numbers begins with something else
/// ids        the column of the types, or of a known name, or else the first
/// titles     of items: a column of a name known for them (title, name, movie_title …), preferably title. It becomes
///            the text "title", whatever it holds
/// kinds      by the first kSampleRecords records, for values that are not missing:
///            multi        if nineteen of twenty are lists as Python and JSON write them
///            multi        if one of twenty holds "|", or if an id comes again with another value
///            number       if all are numbers without needless zeros before them, unless they are whole numbers and the
///                         column's name ends in "id"
///            text         if most differ from each other, and have two and a half words on average
///            categorical  else
///
/// A type that RecBole writes behind a name, "genre:token_seq", is the kind.
///
/// `types` are those of the file, or null; `quotes` says whether fields may be quoted.
/// Errors   invalid_input, if there are no lines, the delimiter is not recognized, there is no header where one is
///          needed, or it names a column twice; not_found, with the nearest name, for a column that the header lacks
SideFormat recognize_side(const SourceText& source, Side side, const FileTypes* types, bool quotes = true);

}  // namespace gusto
