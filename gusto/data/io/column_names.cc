#include "gusto/data/io/column_names.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

// In lower case without blanks, "_" and "-".
constexpr std::pair<std::string_view, ColumnRole> kColumnNames[] = {
    {"user", ColumnRole::user},          {"userid", ColumnRole::user},         {"uid", ColumnRole::user},
    {"reviewer", ColumnRole::user},      {"reviewerid", ColumnRole::user},     {"customer", ColumnRole::user},
    {"customerid", ColumnRole::user},    {"visitorid", ColumnRole::user},      {"member", ColumnRole::user},
    {"memberid", ColumnRole::user},      {"person", ColumnRole::user},         {"personid", ColumnRole::user},
    {"item", ColumnRole::item},          {"itemid", ColumnRole::item},         {"iid", ColumnRole::item},
    {"movie", ColumnRole::item},         {"movieid", ColumnRole::item},        {"film", ColumnRole::item},
    {"filmid", ColumnRole::item},        {"book", ColumnRole::item},           {"bookid", ColumnRole::item},
    {"isbn", ColumnRole::item},          {"product", ColumnRole::item},        {"productid", ColumnRole::item},
    {"asin", ColumnRole::item},          {"song", ColumnRole::item},           {"songid", ColumnRole::item},
    {"track", ColumnRole::item},         {"trackid", ColumnRole::item},        {"artist", ColumnRole::item},
    {"artistid", ColumnRole::item},      {"game", ColumnRole::item},           {"gameid", ColumnRole::item},
    {"rating", ColumnRole::value},       {"value", ColumnRole::value},         {"score", ColumnRole::value},
    {"stars", ColumnRole::value},        {"overall", ColumnRole::value},       {"weight", ColumnRole::value},
    {"bookrating", ColumnRole::value},   {"plays", ColumnRole::value},         {"playcount", ColumnRole::value},
    {"time", ColumnRole::time},          {"timestamp", ColumnRole::time},      {"datetime", ColumnRole::time},
    {"eventtime", ColumnRole::time},     {"createdat", ColumnRole::time},      {"unixtime", ColumnRole::time},
    {"unixtimestamp", ColumnRole::time}, {"unixreviewtime", ColumnRole::time}, {"kind", ColumnRole::kind},
    {"event", ColumnRole::kind},         {"eventtype", ColumnRole::kind},      {"action", ColumnRole::kind},
    {"behavior", ColumnRole::kind},      {"behaviortype", ColumnRole::kind},   {"interaction", ColumnRole::kind},
};

void require_user_and_item(const ColumnPlaces& places) {
  for (const ColumnRole role : {ColumnRole::user, ColumnRole::item}) {
    if (places[role]) continue;
    throw Error(ErrorCode::invalid_option, fmt::format("The columns given lack {}.", to_string(role)),
                std::string(kNameColumns));
  }
}

void place(ColumnPlaces& places, std::string_view name, std::size_t column) {
  const std::optional<ColumnRole> role = role_of_name(name);
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
    case ColumnRole::user: return "user";
    case ColumnRole::item: return "item";
    case ColumnRole::value: return "rating";
    case ColumnRole::time: return "time";
    case ColumnRole::kind: break;
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
    const std::optional<ColumnRole> role = role_of_name(names[c]);
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
                  fmt::format("The columns are: {}.", join(names, ", ")));
    }
    place(places, std::string_view(column).substr(0, equals), static_cast<std::size_t>(found - names.begin()));
  }
  require_user_and_item(places);
  return places;
}

}  // namespace gusto
