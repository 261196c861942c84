#include "gusto/cli/item_filter.h"

#include <algorithm>
#include <string_view>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/model_flags.h"

namespace gusto::cli {
namespace {

ItemCondition condition_of(const std::string& typed) {
  const std::string_view text = typed;
  const std::size_t sign = text.find_first_of("=!<>");
  const std::size_t value = sign == std::string_view::npos ? sign : text.find_first_not_of("=!<>", sign);
  const std::string_view relation = text.substr(std::min(sign, text.size()), value - sign);
  const std::string_view name = trim(text.substr(0, sign));
  if (name.empty() || value == std::string_view::npos || trim(text.substr(value)).empty() || relation == "!") {
    throw Error(ErrorCode::invalid_option, fmt::format("--where {} is no condition.", quote(typed)),
                "Write FIELD=VALUE, such as genre=Comedy, genre!=Comedy or year>=1995, in quotes.");
  }
  return {std::string(name), std::string(trim(text.substr(value))), std::string(relation == "==" ? "=" : relation)};
}

}  // namespace

void add_filter_flags(CLI::App* command, FilterFlags& flags) {
  command
      ->add_option(
          "--where", flags.where,
          "Only items with that value of a feature, such as genre=Comedy, or not of that value, genre!=Comedy; of a "
          "number also year>=1995, <, <= and >. Given again, all must hold.")
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

ItemFilter filter_of(const FilterFlags& flags, const Recommender& recommender) {
  ItemFilter filter;
  for (const std::string& typed : flags.only) filter.only.push_back(typed_item(recommender, typed));
  for (const std::string& typed : flags.exclude) filter.exclude.push_back(typed_item(recommender, typed));
  for (const std::string& typed : flags.where) filter.where.push_back(condition_of(typed));
  filter.with_seen = flags.with_seen;
  return filter;
}

}  // namespace gusto::cli
