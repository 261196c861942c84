#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gusto/cli/terminal.h"
#include "gusto/data/dataset.h"
#include "gusto/retrieval/request.h"

namespace gusto::cli {

/// Whether any of the items has a title beside its id.
bool have_titles(std::span<const AnsweredItem> items);

/// Items with a number each, best first: place, title, id, genres if known, and under `head` the number with so many
/// decimals.
std::string describe_items(const Catalog& catalog, std::span<const AnsweredItem> items, std::string_view head,
                           int decimals, const Terminal& terminal);

/// Reasons for a score, largest first: at most `most` of them, the others in one line, and their sum.
std::string describe_reasons(std::span<const Reason> reasons, std::size_t most, const Terminal& terminal);

}  // namespace gusto::cli
