#include "gusto/cli/item_filter.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto::cli {
namespace {

/// The field of that name; "genre" means genres too.
const FeatureField& field_named(const FeatureTable& table, const std::string& name) {
  if (const FeatureField* field = table.find(name); field != nullptr) return *field;
  if (const FeatureField* field = table.find(name + "s"); field != nullptr) return *field;
  return table.at(name);
}

std::vector<ItemRow> items_where(const Catalogue& catalogue, const std::string& condition) {
  const std::size_t equals = condition.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == condition.size()) {
    throw Error(ErrorCode::invalid_option, fmt::format("--where {} is no condition.", quote(condition)),
                "Write FIELD=VALUE, such as genre=Comedy or year=1995.");
  }
  const std::string value(trim(std::string_view(condition).substr(equals + 1)));
  const FeatureField& field = field_named(catalogue.item_features, std::string(trim(condition.substr(0, equals))));
  std::vector<ItemRow> rows;
  for (std::size_t row = 0; row < catalogue.items.size(); ++row) {
    if (field.matches(row, value)) rows.emplace_back(row);
  }
  if (rows.empty()) {
    std::vector<std::string_view> values;
    for (std::size_t i = 0; i < field.values.size(); ++i) values.push_back(field.values[i]);
    const auto nearest = nearest_name(value, values);
    throw Error(
        ErrorCode::not_found, fmt::format("No item has {} {}.", field.name, quote(value)),
        nearest ? fmt::format("Did you mean {}?", *nearest) : "`gusto inspect MODEL` lists the features of items.");
  }
  return rows;
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

ItemFilter::ItemFilter(const FilterFlags& flags, const Catalogue& catalogue, const TitleIndex& titles)
    : with_seen_(flags.with_seen) {
  for (const std::string& title : flags.exclude) denied_.push_back(titles.find(title));
  for (const std::string& title : flags.only) allowed_.push_back(titles.find(title));
  std::sort(allowed_.begin(), allowed_.end());
  bool restricted = !flags.only.empty();
  for (const std::string& condition : flags.where) {
    std::vector<ItemRow> rows = items_where(catalogue, condition);
    if (restricted) {
      std::vector<ItemRow> both;
      std::set_intersection(allowed_.begin(), allowed_.end(), rows.begin(), rows.end(), std::back_inserter(both));
      rows = std::move(both);
    }
    allowed_ = std::move(rows);
    restricted = true;
  }
  if (restricted && allowed_.empty()) {
    throw Error(ErrorCode::not_found, "No item meets all of these conditions.", "Leave one of --where and --only out.");
  }
}

SearchFilter ItemFilter::search_filter() const {
  SearchFilter filter;
  filter.exclude_seen = !with_seen_;
  filter.allowed = allowed_;
  filter.denied = denied_;
  return filter;
}

}  // namespace gusto::cli
