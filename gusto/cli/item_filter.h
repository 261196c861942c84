#pragma once

#include <string>
#include <vector>

#include "gusto/cli/command.h"
#include "gusto/retrieval/recommender.h"

namespace gusto::cli {

/// Which items may be recommended, as typed.
struct FilterFlags {
  std::vector<std::string> only;
  std::vector<std::string> exclude;
  std::vector<std::string> where;
  bool with_seen = false;
};
void add_filter_flags(CLI::App* command, FilterFlags& flags);

/// Errors   invalid_option, for a condition of another form; those of typed_item
ItemFilter filter_of(const FilterFlags& flags, const Recommender& recommender);

}  // namespace gusto::cli
