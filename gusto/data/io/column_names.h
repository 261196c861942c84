#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gusto {

/// What a column of events can hold.
enum class ColumnRole : std::size_t { user, item, value, time, kind };
inline constexpr std::array kColumnRoles = {ColumnRole::user, ColumnRole::item, ColumnRole::value, ColumnRole::time,
                                            ColumnRole::kind};
/// As people name it: user, item, rating, time, kind.
std::string_view to_string(ColumnRole role);

/// A column's name without blanks around it, and without the type that RecBole writes behind it: "user_id:token".
std::string_view name_without_type(std::string_view name);

/// The role that a column of this name has. Letters' case, blanks, "_" and "-" make no difference: userId, user_id and
/// User-ID are one name.
std::optional<ColumnRole> role_of_name(std::string_view name);
/// The role that a column of this name has if no other has it, and if its values fit.
std::optional<ColumnRole> likely_role_of_name(std::string_view name);
/// Whether a name tells of numbers that are no values of events: ids, ages, prices, places, rows.
bool names_other_numbers(std::string_view name);
/// Whether a name is what programs call the column in which they number lines: none, index, or "Unnamed: 0" of pandas.
bool names_index(std::string_view name);

/// Where the columns of each role are.
class ColumnPlaces {
 public:
  std::optional<std::size_t>& operator[](ColumnRole role) { return places_[static_cast<std::size_t>(role)]; }
  const std::optional<std::size_t>& operator[](ColumnRole role) const {
    return places_[static_cast<std::size_t>(role)];
  }

 private:
  std::array<std::optional<std::size_t>, kColumnRoles.size()> places_;
};

/// Columns whose names tell their roles; the first one of each.
ColumnPlaces places_by_name(const std::vector<std::string_view>& names);

/// Columns as the caller lists them: "user", "-", "item" …
/// Errors   invalid_option, for a name of no role known, a role named twice, or no user or item
ColumnPlaces places_given(const std::vector<std::string>& columns);

/// Whether columns are given by what they are called: "user=reviewer".
bool given_by_name(const std::vector<std::string>& columns);
/// The same with the places that these names have among `names`; user and item may be missing.
/// Errors   invalid_option, also for a name that is not there
ColumnPlaces places_given(const std::vector<std::string>& columns, const std::vector<std::string_view>& names);

/// A hint that shows how columns are named.
inline constexpr std::string_view kNameColumns =
    "Name the columns with the option `columns`, for example user,item,rating,time.";

}  // namespace gusto
