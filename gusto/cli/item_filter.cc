#include "gusto/cli/item_filter.h"

#include <string_view>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto::cli {
namespace {

NamedValue condition_of(const std::string& typed) {
  const std::size_t equals = typed.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == typed.size()) {
    throw Error(ErrorCode::invalid_option, fmt::format("--where {} is no condition.", quote(typed)),
                "Write FIELD=VALUE, such as genre=Comedy or year=1995.");
  }
  const std::string_view text = typed;
  return {std::string(trim(text.substr(0, equals))), std::string(trim(text.substr(equals + 1)))};
}

}  // namespace

void add_filter_flags(CLI::App* command, FilterFlags& flags) {
  command
      ->add_option(
          "--where", flags.where,
          "Only items with that value of a feature, such as genre=Comedy or year=1995; given again, all must hold.")
      ->type_name("FIELD=VALUE")
      ->allow_extra_args(false)
      ->group("Which items");
  command->add_option("--only", flags.only, "Only this item, by title or id; may be given again.")
      ->type_name("ITEM")
      ->allow_extra_args(false)
      ->group("Which items");
  command->add_option("--exclude", flags.exclude, "Never this item, by title or id; may be given again.")
      ->type_name("ITEM")
      ->allow_extra_args(false)
      ->group("Which items");
  command->add_flag("--with-seen", flags.with_seen, "Also items that are in the user's history.")->group("Which items");
}

ItemFilter filter_of(const FilterFlags& flags) {
  ItemFilter filter;
  filter.only = flags.only;
  filter.exclude = flags.exclude;
  for (const std::string& typed : flags.where) filter.where.push_back(condition_of(typed));
  filter.with_seen = flags.with_seen;
  return filter;
}

}  // namespace gusto::cli
