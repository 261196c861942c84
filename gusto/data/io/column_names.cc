#include "gusto/data/io/column_names.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

using Role = ColumnRole;

// In lower case without blanks, "_" and "-".
constexpr std::pair<std::string_view, Role> kColumnNames[] = {
    {"user", Role::user},          {"userid", Role::user},         {"uid", Role::user},
    {"reviewer", Role::user},      {"reviewerid", Role::user},     {"customer", Role::user},
    {"customerid", Role::user},    {"visitorid", Role::user},      {"member", Role::user},
    {"memberid", Role::user},      {"person", Role::user},         {"personid", Role::user},
    {"item", Role::item},          {"itemid", Role::item},         {"iid", Role::item},
    {"movie", Role::item},         {"movieid", Role::item},        {"film", Role::item},
    {"filmid", Role::item},        {"book", Role::item},           {"bookid", Role::item},
    {"isbn", Role::item},          {"product", Role::item},        {"productid", Role::item},
    {"asin", Role::item},          {"song", Role::item},           {"songid", Role::item},
    {"track", Role::item},         {"trackid", Role::item},        {"artist", Role::item},
    {"artistid", Role::item},      {"game", Role::item},           {"gameid", Role::item},
    {"rating", Role::value},       {"value", Role::value},         {"score", Role::value},
    {"stars", Role::value},        {"overall", Role::value},       {"weight", Role::value},
    {"bookrating", Role::value},   {"plays", Role::value},         {"playcount", Role::value},
    {"time", Role::time},          {"timestamp", Role::time},      {"datetime", Role::time},
    {"eventtime", Role::time},     {"createdat", Role::time},      {"unixtime", Role::time},
    {"unixtimestamp", Role::time}, {"unixreviewtime", Role::time}, {"kind", Role::kind},
    {"event", Role::kind},         {"eventtype", Role::kind},      {"action", Role::kind},
    {"behavior", Role::kind},      {"behaviortype", Role::kind},   {"interaction", Role::kind},
};

void require_user_and_item(const ColumnPlaces& places) {
  for (const Role role : {Role::user, Role::item}) {
    if (places[role]) continue;
    throw Error(ErrorCode::invalid_option, fmt::format("The columns given lack {}.", to_string(role)),
                std::string(kNameColumns));
  }
}

void place(ColumnPlaces& places, std::string_view name, std::size_t column) {
  const std::optional<Role> role = role_of_name(name);
  if (!role) {
    throw Error(ErrorCode::invalid_option, fmt::format("The column {} is of no kind known.", quote(name)),
                "Columns are user, item, rating, time and kind, and - for one that is not read.");
  }
  if (places[*role]) {
    throw Error(ErrorCode::invalid_option, fmt::format("The column {} is named twice.", to_string(*role)),
                "Name it once, and write - for a column that is not read.");
  }
  places[*role] = column;
}

}  // namespace

std::string_view to_string(ColumnRole role) {
  switch (role) {
    case Role::user: return "user";
    case Role::item: return "item";
    case Role::value: return "rating";
    case Role::time: return "time";
    case Role::kind: break;
  }
  return "kind";
}

std::optional<ColumnRole> role_of_name(std::string_view name) {
  std::string plain = to_lower(trim(name));
  plain.erase(std::remove_if(plain.begin(), plain.end(), [](char c) { return c == '_' || c == '-' || c == ' '; }),
              plain.end());
  for (const auto& [known, role] : kColumnNames) {
    if (known == plain) return role;
  }
  return std::nullopt;
}

ColumnPlaces places_by_name(const std::vector<std::string_view>& names) {
  ColumnPlaces places;
  for (std::size_t c = 0; c < names.size(); ++c) {
    const std::optional<Role> role = role_of_name(names[c]);
    if (role && !places[*role]) places[*role] = c;
  }
  return places;
}

ColumnPlaces places_given(const std::vector<std::string>& columns) {
  ColumnPlaces places;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (!columns[c].empty() && columns[c] != "-") place(places, columns[c], c);
  }
  require_user_and_item(places);
  return places;
}

bool given_by_name(const std::vector<std::string>& columns) {
  return std::any_of(columns.begin(), columns.end(),
                     [](const std::string& column) { return column.find('=') != std::string::npos; });
}

ColumnPlaces places_given(const std::vector<std::string>& columns, const std::vector<std::string_view>& names) {
  ColumnPlaces places;
  for (const std::string& column : columns) {
    const std::size_t equals = column.find('=');
    const std::string_view called =
        equals == std::string::npos ? std::string_view(column) : std::string_view(column).substr(equals + 1);
    const auto found = std::find_if(names.begin(), names.end(), [&](std::string_view n) { return trim(n) == called; });
    if (found == names.end()) {
      throw Error(ErrorCode::invalid_option, fmt::format("There is no column {}.", quote(called)),
                  fmt::format("The columns are: {}.", fmt::join(names, ", ")));
    }
    place(places, std::string_view(column).substr(0, equals), static_cast<std::size_t>(found - names.begin()));
  }
  require_user_and_item(places);
  return places;
}

}  // namespace gusto
