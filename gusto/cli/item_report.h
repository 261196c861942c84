#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gusto/cli/terminal.h"
#include "gusto/models/model.h"
#include "gusto/retrieval/search.h"

namespace gusto::cli {

/// Items with a number each, best first: place, title, genres if known, and under `head` the number with so many decimals.
std::string describe_items(const Catalogue& catalogue, std::span<const ScoredItem> items, std::string_view head,
                           int decimals, const Terminal& terminal);

/// Contributions to a score, largest first: at most `most` of them, the others in one line, and their sum.
std::string describe_contributions(const Catalogue& catalogue, std::span<const Contribution> contributions,
                                   std::size_t most, const Terminal& terminal);

}  // namespace gusto::cli
