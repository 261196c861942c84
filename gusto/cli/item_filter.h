#pragma once

#include <string>
#include <vector>

#include "gusto/cli/command.h"
#include "gusto/retrieval/request.h"

namespace gusto::cli {

/// Which items may be recommended, as typed.
struct FilterFlags {
  std::vector<std::string> only;
  std::vector<std::string> exclude;
  std::vector<std::string> where;
  bool with_seen = false;
};
void add_filter_flags(CLI::App* command, FilterFlags& flags);

/// Error(invalid_option), for a condition of another form.
ItemFilter filter_of(const FilterFlags& flags);

}  // namespace gusto::cli
