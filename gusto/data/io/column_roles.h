#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/io/column_names.h"
#include "gusto/data/io/column_sample.h"
#include "gusto/data/open_options.h"

namespace gusto {

/// The columns of a file of events, as its first records show them.
struct SampledColumns {
  std::string file;                   ///< in messages
  bool named = false;                 ///< by a header, or by JSON's keys; else names are empty
  std::vector<std::string> names;     ///< as written, without blanks around them
  std::vector<ColumnSample> samples;  ///< below the names
  std::string_view what = "header";   ///< that names them, in messages
};

/// What the columns hold, and what was assumed on the way.
struct ColumnRoles {
  ColumnPlaces places;
  std::string by;                  ///< the end of a sentence: by what they are known
  std::vector<std::string> notes;  ///< sentences: what is taken for what without a name that says so; what is not read
};

/// Recognizes what columns hold, as far as the option `columns` leaves it open. What comes first counts:
///
///   the option        all columns in order; or some by name, and then the others are recognized
///   names known       see role_of_name, and then likely_role_of_name where values fit
///   content           a column of plausible times is the time; the only other column of numbers is the value, if its
///                     name does not tell of something else
///   order             without a header, or below names of which none is known: user, item, and then by content, or
///                     else value, time. A column before them that counts 0, 1, 2 … is an index, and is skipped
///
/// Errors   invalid_option, invalid_input, if there is no user or no item, or too many columns without a known name
ColumnRoles recognize_roles(const SampledColumns& columns, const OpenOptions& options);

}  // namespace gusto
