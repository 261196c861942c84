#include "gusto/data/io/column_names.h"

#include <algorithm>
#include <iterator>
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

// The same for names that say it less surely.
constexpr std::pair<std::string_view, ColumnRole> kLikelyNames[] = {
    {"users", ColumnRole::user},
    {"username", ColumnRole::user},
    {"userno", ColumnRole::user},
    {"usernumber", ColumnRole::user},
    {"usr", ColumnRole::user},
    {"u", ColumnRole::user},
    {"client", ColumnRole::user},
    {"clientid", ColumnRole::user},
    {"account", ColumnRole::user},
    {"accountid", ColumnRole::user},
    {"buyer", ColumnRole::user},
    {"buyerid", ColumnRole::user},
    {"customerno", ColumnRole::user},
    {"customernumber", ColumnRole::user},
    {"visitor", ColumnRole::user},
    {"viewer", ColumnRole::user},
    {"viewerid", ColumnRole::user},
    {"listener", ColumnRole::user},
    {"listenerid", ColumnRole::user},
    {"reader", ColumnRole::user},
    {"readerid", ColumnRole::user},
    {"player", ColumnRole::user},
    {"playerid", ColumnRole::user},
    {"student", ColumnRole::user},
    {"studentid", ColumnRole::user},
    {"profile", ColumnRole::user},
    {"profileid", ColumnRole::user},
    {"sessionid", ColumnRole::user},
    {"items", ColumnRole::item},
    {"itemno", ColumnRole::item},
    {"itemnumber", ColumnRole::item},
    {"i", ColumnRole::item},
    {"sku", ColumnRole::item},
    {"article", ColumnRole::item},
    {"articleid", ColumnRole::item},
    {"stockcode", ColumnRole::item},
    {"productcode", ColumnRole::item},
    {"productno", ColumnRole::item},
    {"business", ColumnRole::item},
    {"businessid", ColumnRole::item},
    {"venue", ColumnRole::item},
    {"venueid", ColumnRole::item},
    {"place", ColumnRole::item},
    {"placeid", ColumnRole::item},
    {"poi", ColumnRole::item},
    {"poiid", ColumnRole::item},
    {"location", ColumnRole::item},
    {"locationid", ColumnRole::item},
    {"recipe", ColumnRole::item},
    {"recipeid", ColumnRole::item},
    {"anime", ColumnRole::item},
    {"animeid", ColumnRole::item},
    {"beer", ColumnRole::item},
    {"beerid", ColumnRole::item},
    {"joke", ColumnRole::item},
    {"jokeid", ColumnRole::item},
    {"news", ColumnRole::item},
    {"newsid", ColumnRole::item},
    {"video", ColumnRole::item},
    {"videoid", ColumnRole::item},
    {"show", ColumnRole::item},
    {"showid", ColumnRole::item},
    {"course", ColumnRole::item},
    {"courseid", ColumnRole::item},
    {"hotel", ColumnRole::item},
    {"hotelid", ColumnRole::item},
    {"restaurant", ColumnRole::item},
    {"restaurantid", ColumnRole::item},
    {"app", ColumnRole::item},
    {"appid", ColumnRole::item},
    {"offer", ColumnRole::item},
    {"offerid", ColumnRole::item},
    {"parentasin", ColumnRole::item},
    {"contentid", ColumnRole::item},
    {"postid", ColumnRole::item},
    {"jobid", ColumnRole::item},
    {"documentid", ColumnRole::item},
    {"docid", ColumnRole::item},
    {"ratings", ColumnRole::value},
    {"rate", ColumnRole::value},
    {"count", ColumnRole::value},
    {"counts", ColumnRole::value},
    {"quantity", ColumnRole::value},
    {"qty", ColumnRole::value},
    {"clicks", ColumnRole::value},
    {"clicked", ColumnRole::value},
    {"label", ColumnRole::value},
    {"target", ColumnRole::value},
    {"listens", ColumnRole::value},
    {"listencount", ColumnRole::value},
    {"views", ColumnRole::value},
    {"viewcount", ColumnRole::value},
    {"purchases", ColumnRole::value},
    {"purchasecount", ColumnRole::value},
    {"frequency", ColumnRole::value},
    {"freq", ColumnRole::value},
    {"strength", ColumnRole::value},
    {"preference", ColumnRole::value},
    {"like", ColumnRole::value},
    {"liked", ColumnRole::value},
    {"starrating", ColumnRole::value},
    {"userrating", ColumnRole::value},
    {"reviewrating", ColumnRole::value},
    {"reviewscore", ColumnRole::value},
    {"hours", ColumnRole::value},
    {"watchratio", ColumnRole::value},
    {"interactions", ColumnRole::value},
    {"interaction", ColumnRole::value},
    {"date", ColumnRole::time},
    {"day", ColumnRole::time},
    {"ts", ColumnRole::time},
    {"t", ColumnRole::time},
    {"when", ColumnRole::time},
    {"reviewdate", ColumnRole::time},
    {"reviewtime", ColumnRole::time},
    {"ratingdate", ColumnRole::time},
    {"timestampms", ColumnRole::time},
    {"eventtimestamp", ColumnRole::time},
    {"eventdate", ColumnRole::time},
    {"created", ColumnRole::time},
    {"createddate", ColumnRole::time},
    {"creationdate", ColumnRole::time},
    {"updatedat", ColumnRole::time},
    {"dateadded", ColumnRole::time},
    {"purchasedate", ColumnRole::time},
    {"orderdate", ColumnRole::time},
    {"invoicedate", ColumnRole::time},
    {"transactiondate", ColumnRole::time},
    {"visitdate", ColumnRole::time},
    {"playedat", ColumnRole::time},
    {"clicktime", ColumnRole::time},
    {"starttime", ColumnRole::time},
    {"utctime", ColumnRole::time},
    {"epoch", ColumnRole::time},
    {"type", ColumnRole::kind},
    {"eventname", ColumnRole::kind},
    {"interactiontype", ColumnRole::kind},
    {"actiontype", ColumnRole::kind},
    {"verb", ColumnRole::kind},
};

constexpr std::string_view kOtherNumbers[] = {"age",       "year", "price", "cost",    "latitude", "longitude", "lat",
                                              "lon",       "lng",  "zip",   "zipcode", "month",    "hour",      "week",
                                              "dayofweek", "row",  "line",  "rank",    "position"};

// In lower case without blanks, "_" and "-".
std::string plain_name(std::string_view name) {
  std::string plain = to_lower(name_without_type(name));
  plain.erase(std::remove_if(plain.begin(), plain.end(), [](char c) { return c == '_' || c == '-' || c == ' '; }),
              plain.end());
  return plain;
}

template <class Names>
std::optional<ColumnRole> role_in(const Names& names, std::string_view name) {
  const std::string plain = plain_name(name);
  for (const auto& [known, role] : names) {
    if (known == plain) return role;
  }
  return std::nullopt;
}

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

std::string_view name_without_type(std::string_view name) {
  name = trim(name);
  for (const std::string_view type : {":token", ":token_seq", ":float", ":float_seq"}) {
    if (name.size() > type.size() && name.ends_with(type)) return name.substr(0, name.size() - type.size());
  }
  return name;
}

std::optional<ColumnRole> role_of_name(std::string_view name) { return role_in(kColumnNames, name); }

std::optional<ColumnRole> likely_role_of_name(std::string_view name) { return role_in(kLikelyNames, name); }

bool names_other_numbers(std::string_view name) {
  const std::string plain = plain_name(name);
  return plain.ends_with("id") ||
         std::find(std::begin(kOtherNumbers), std::end(kOtherNumbers), plain) != std::end(kOtherNumbers);
}

bool names_index(std::string_view name) {
  const std::string plain = plain_name(name);
  return plain.empty() || plain == "index" || plain.starts_with("unnamed:");
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
    auto found = std::find_if(names.begin(), names.end(), [&](std::string_view n) { return trim(n) == called; });
    if (found == names.end()) {
      found = std::find_if(names.begin(), names.end(), [&](auto n) { return name_without_type(n) == called; });
    }
    if (found == names.end()) {
      throw Error(ErrorCode::invalid_option, fmt::format("There is no column {}.", quote(called)),
                  fmt::format("The columns are: {}.", join(names, ", ")));
    }
    place(places, std::string_view(column).substr(0, equals), static_cast<std::size_t>(found - names.begin()));
  }
  return places;
}

}  // namespace gusto
