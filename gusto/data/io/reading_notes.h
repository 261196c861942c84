#pragma once

/// Sentences about what reading met that its owner may not have meant.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gusto/data/io/event_block.h"
#include "gusto/data/vocabulary.h"

namespace gusto {

/// Kinds of events that all count alike, with weights to begin with; nothing if there are none.
std::optional<std::string> note_kinds(std::string_view column, const KindCounts& kinds);
/// Times before 1990 or after tomorrow.
std::optional<std::string> note_times(std::int64_t first, std::int64_t last);
/// Records of several lines in a file whose other fields are hardly quoted.
std::optional<std::string> note_spanning(std::string_view file, std::uint64_t records, std::uint64_t quoted,
                                         std::uint64_t spanning, std::uint64_t first_line);
/// Ids that are others with ".0" behind them.
std::optional<std::string> note_similar_ids(std::string_view what, const Vocabulary& ids);

}  // namespace gusto
