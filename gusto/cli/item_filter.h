#pragma once

#include <string>
#include <vector>

#include "gusto/cli/command.h"
#include "gusto/data/dataset.h"
#include "gusto/data/titles.h"
#include "gusto/retrieval/search.h"

namespace gusto::cli {

/// Which items may be recommended, as typed.
struct FilterFlags {
  std::vector<std::string> only;
  std::vector<std::string> exclude;
  std::vector<std::string> where;
  bool with_seen = false;
};
void add_filter_flags(CLI::App* command, FilterFlags& flags);

/// The same in rows. Owns what its SearchFilter borrows.
class ItemFilter {
 public:
  /// Errors   invalid_option, for a condition of another form; not_found, for an unknown title or feature field (with the
  ///          nearest name), or conditions that no item meets
  ItemFilter(const FilterFlags& flags, const Catalogue& catalogue, const TitleIndex& titles);

  SearchFilter search_filter() const;

 private:
  std::vector<ItemRow> allowed_;
  std::vector<ItemRow> denied_;
  bool with_seen_;
};

}  // namespace gusto::cli
