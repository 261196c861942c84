#pragma once

/// Lists for many users at once, as text that streams.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "gusto/base/context.h"
#include "gusto/data/dataset.h"
#include "gusto/retrieval/recommender.h"

namespace gusto {

enum class ListsFormat {
  csv,         ///< user,item,title,rank,score with a header, quoted as RFC 4180 says; a line an item
  json_lines,  ///< a line a user, see list_line()
};
/// By the end of the file's name: .csv, .jsonl or .ndjson. Error(invalid_option) for another.
ListsFormat lists_format(const std::filesystem::path& file);

/// Puts the next user's id into its argument, or returns false: there are no more.
using UserSource = std::function<bool(std::string& id)>;
/// All users of a data set, which must outlive the source, in its order.
UserSource all_users(const Dataset& data);
/// The users of a file: an id on each line, or in its first column; a header is left out. Of a delimited file's line
/// the text before the first tab, semicolon or comma counts, unless the whole line is a user's id. "-" is standard
/// input.
/// Errors   not_found; io
UserSource listed_users(const std::filesystem::path& file, const Dataset& data);

/// Gets text, piece by piece.
using TextSink = std::function<void(std::string_view text)>;

struct ListsSummary {
  std::uint64_t users = 0;    ///< that have a list
  std::uint64_t items = 0;    ///< in all lists
  std::uint64_t empty = 0;    ///< users for whom nothing is left
  std::uint64_t popular = 0;  ///< users whom popular items were given
  std::uint64_t again = 0;    ///< users named again: left out
  std::uint64_t unknown = 0;  ///< users that the training data does not have: left out
  std::string first_unknown;
};

/// A list for each user, in the order of the source, each user once. `request` says all but the user.
///
/// Errors   those of Recommender::recommend, of the source and of the sink
/// Cost     as Recommender::recommend for many requests, and about 0.3 µs a line of CSV
/// Memory   that of Recommender::recommend, and a bit a user
ListsSummary write_lists(const Recommender& recommender, const UserSource& users, const RecommendRequest& request,
                         ListsFormat format, const TextSink& sink, Context& context);

/// A field as CSV (RFC 4180): quoted where it holds a comma, a quotation mark or a line end, or begins or ends in a
/// blank.
std::string csv_field(std::string_view text);

}  // namespace gusto
