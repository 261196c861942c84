#include "gusto/data/io/column_roles.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

using Role = ColumnRole;
using Place = std::optional<std::size_t>;

// Without names that are known, columns go by their order: user, item, rating, time.
constexpr std::size_t kColumnsByOrder = 4;
// Events that count 1, 2, 3 … in their first column may be users with one each, where they are few.
constexpr std::size_t kShortSample = 20;

/// One file's columns on their way to roles.
class RoleChooser {
 public:
  RoleChooser(const SampledColumns& columns, const OpenOptions& options)
      : columns_(columns), options_(options), names_(columns.names.begin(), columns.names.end()) {}

  ColumnRoles choose() && {
    const bool header = columns_.what == "header";
    if (options_.columns && (!header || given_by_name(*options_.columns))) {
      roles_.places = places_given(*options_.columns, names_);
      roles_.by = "the columns were named by their header";
    } else if (options_.columns) {
      roles_.places = places_given(*options_.columns);
      roles_.by = columns_.named ? "the columns were named, and the header was skipped" : "the columns were named";
      return std::move(roles_);
    }
    find_index();
    if (columns_.named) choose_by_names();
    else choose_by_order("there is no header, so that columns go by their order");
    choose_by_content();
    require_user_and_item();
    note_unread();
    return std::move(roles_);
  }

 private:
  std::size_t count() const { return columns_.samples.size(); }
  const ColumnSample& sample(std::size_t c) const { return columns_.samples[c]; }
  Place& place(Role role) { return roles_.places[role]; }
  bool taken(std::size_t c) const {
    return index_ == c ||
           std::any_of(kColumnRoles.begin(), kColumnRoles.end(), [&](Role role) { return roles_.places[role] == c; });
  }
  std::string name_of(std::size_t c) const {
    return columns_.named && !names_[c].empty() ? quote(names_[c]) : fmt::format("{}", c + 1);
  }
  void note(std::string sentence) { roles_.notes.push_back(std::move(sentence)); }

  void find_index() {
    if (count() < 3) return;
    const ColumnSample& first = sample(0);
    const bool counts = first.counts_from(0) || first.counts_from(1);
    const bool named = columns_.named && names_index(names_[0]) && (counts || names_[0].empty());
    const bool sure = first.counts_from(0) || (counts && first.cells() >= kShortSample);
    const bool unnamed = !(columns_.named && any_known()) && count() >= kColumnsByOrder && sure;
    if (taken(0) || (!named && !unnamed)) return;
    if (!named && count() == kColumnsByOrder && sample(kColumnsByOrder - 1).all_plausible_times()) {
      // As many users with an event each, a value and a time.
      note(
          fmt::format("The first column of {} counts from 0, and is taken for users all the same; if it numbers the "
                      "lines, set the option `columns` to -,user,item,time.",
                      columns_.file));
      return;
    }
    index_ = 0;
    note(fmt::format("The first column of {} numbers its lines, and is skipped.", columns_.file));
  }
  bool any_known() const {
    return std::any_of(names_.begin(), names_.end(), [](std::string_view name) {
      const Place user = places_by_name({name})[Role::user], item = places_by_name({name})[Role::item];
      return user || item;
    });
  }

  void choose_by_names() {
    for (const Role role : kColumnRoles) choose_named(role, role_of_name);
    for (const Role role : kColumnRoles) choose_named(role, likely_role_of_name);
    const bool ordered = columns_.what == "header";  // keys of JSON are not
    if (ordered && roles_.by.empty() && !place(Role::user) && !place(Role::item)) {
      return choose_by_order("the names in the header are not known, so that columns go by their order");
    }
    if (roles_.by.empty()) roles_.by = "the columns are known by their names in the header";
    for (const Role role : {Role::user, Role::item}) {
      if (place(role)) continue;
      const Place only = only_ids();
      if (!only) continue;
      place(role) = only;
      note(fmt::format("The column {} of {} is taken for the {}, which no name tells.", name_of(*only), columns_.file,
                       to_string(role)));
    }
  }

  // The first column whose name has the role, preferably one whose values fit; one that is known by its name alone need
  // not fit.
  void choose_named(Role role, std::optional<Role> (*role_of)(std::string_view)) {
    if (place(role)) return;
    Place other;
    for (std::size_t c = 0; c < count(); ++c) {
      if (taken(c) || role_of(names_[c]) != role) continue;
      // In what circumstances something happened is said in many columns, of which one may be a time of day.
      if (role == Role::time && count() > kColumnsByOrder && sample(c).few_codes()) continue;
      if (fits(role, sample(c))) {
        place(role) = c;
        return;
      }
      // Numbers are no kinds, unless they are weighed.
      const bool kind = role == Role::kind && sample(c).all_numbers() && options_.weights.empty();
      if (!other && role_of == role_of_name && !kind) other = c;
    }
    if (other) place(role) = other;
  }
  static bool fits(Role role, const ColumnSample& sample) {
    switch (role) {
      case Role::value: return sample.all_numbers();
      case Role::time: return sample.all_times();
      case Role::kind: return sample.few_words();
      case Role::user:
      case Role::item: break;
    }
    return true;
  }

  // The only column that may hold ids: the only one whose name does, or else that holds no numbers, or else that is
  // left.
  Place only_ids() const {
    std::vector<std::size_t> left, named, words;
    for (std::size_t c = 0; c < count(); ++c) {
      if (taken(c) || sample(c).empty() || sample(c).all_plausible_times()) continue;
      left.push_back(c);
      const std::string name = to_lower(name_without_type(names_[c]));
      if (name.ends_with("id") || name.ends_with("code") || name.ends_with("key")) named.push_back(c);
      if (sample(c).no_numbers()) words.push_back(c);
    }
    for (const std::vector<std::size_t>& some : {left, named, words}) {
      if (some.size() == 1) return some.front();
    }
    return std::nullopt;
  }

  void choose_by_order(std::string by) {
    std::vector<std::size_t> left;
    for (std::size_t c = 0; c < count(); ++c) {
      if (!taken(c)) left.push_back(c);
    }
    if (left.size() < 2) fail("the line has 1 field instead of at least a user and an item", std::string(kNameColumns));
    if (left.size() > kColumnsByOrder) fail_for_many();
    roles_.by = std::move(by);
    place(Role::user) = left[0];
    place(Role::item) = left[1];
    if (columns_.named) {
      note(
          fmt::format("The header {} of {} names nothing known: {} is taken for the user and {} for the item. If not, "
                      "set the option `columns`, such as user={},item={}.",
                      listed(), columns_.file, name_of(left[0]), name_of(left[1]), names_[left[1]], names_[left[0]]));
      return;
    }
    left.erase(left.begin(), left.begin() + 2);
    choose_rest_by_order(left);
  }

  // A value and then a time, unless content says otherwise.
  void choose_rest_by_order(const std::vector<std::size_t>& left) {
    for (const std::size_t c : left) {
      const ColumnSample& own = sample(c);
      const bool time = own.all_plausible_times() || (c != left.front() && place(Role::value));
      if (time && !place(Role::time)) {
        place(Role::time) = c;
        if (c == left.front()) note_content(c, Role::time, "it holds times");
      } else if (own.few_words() && !place(Role::kind)) {
        place(Role::kind) = c;
        note_content(c, Role::kind, "it holds a few words");
      } else if (!place(Role::value)) {
        place(Role::value) = c;
      }
    }
  }

  void choose_by_content() {
    if (!columns_.named) return;
    std::vector<std::size_t> times, values;
    for (std::size_t c = 0; c < count(); ++c) {
      if (taken(c) || names_other_numbers(names_[c]) || names_index(names_[c])) continue;
      if (sample(c).all_plausible_times()) times.push_back(c);
      else if (sample(c).all_numbers() && likely_role_of_name(names_[c]) != Role::time) values.push_back(c);
    }
    if (!place(Role::time) && !times.empty()) {
      place(Role::time) = times.front();
      note_content(times.front(), Role::time, "it holds times");
    }
    if (place(Role::value) || values.empty()) return;
    // Below names that are not known, the first column of numbers is the one that order would give.
    const bool by_order = roles_.by.ends_with("order");
    if (values.size() == 1 || by_order) {
      place(Role::value) = values.front();
      note_content(values.front(), Role::value, "it holds numbers");
      return;
    }
    std::vector<std::string> names;
    for (const std::size_t c : values) names.push_back(name_of(c));
    note(
        fmt::format("Several columns of {} may hold the value: {}. None is read, so that all values are 1; name one "
                    "with the option `columns`, such as rating={}.",
                    columns_.file, join(names, ", "), names_[values.front()]));
  }

  void note_content(std::size_t c, Role role, std::string_view why) {
    note(fmt::format("The column {} of {} is taken for the {}: {}.", name_of(c), columns_.file, to_string(role), why));
  }

  void note_unread() {
    std::vector<std::string> unread;
    for (std::size_t c = 0; c < count(); ++c) {
      if (!taken(c)) unread.push_back(name_of(c));
    }
    if (unread.empty()) return;
    note(fmt::format("{} of {} that {} not read: {}.", unread.size() == 1 ? "A column" : "Columns", columns_.file,
                     unread.size() == 1 ? "is" : "are", join(unread, ", ")));
  }

  void require_user_and_item() {
    for (const Role role : {Role::user, Role::item}) {
      if (place(role)) continue;
      std::string example;
      for (std::size_t c = count(); c-- > 0;) {
        if (!taken(c) && !sample(c).all_plausible_times()) example = names_[c];
      }
      fail(fmt::format("the {} {} has no {} known to hold the {}", columns_.what, listed(),
                       columns_.what == "header" ? "column" : "name", to_string(role)),
           example.empty() ? "Give a file with a user and an item in each event."
                           : fmt::format("Say which one does with the option `columns`, for example {}={}.",
                                         to_string(role), example));
    }
  }

  [[noreturn]] void fail_for_many() const {
    if (!columns_.named) {
      fail(fmt::format("the line has {} fields, and no header known says what they are", count()),
           std::string(kNameColumns));
    }
    std::vector<std::string_view> names;
    for (std::size_t c = 0; c < count() && names.size() < 2; ++c) {
      if (!taken(c)) names.push_back(names_[c]);
    }
    fail(fmt::format("the {} {} names no user and no item known", columns_.what, listed()),
         fmt::format("Name them with the option `columns`, for example user={},item={}.", names[0], names[1]));
  }
  [[noreturn]] void fail(std::string_view problem, std::string hint) const {
    throw Error(ErrorCode::invalid_input, fmt::format("{}, line 1: {}.", columns_.file, problem), std::move(hint));
  }
  std::string listed() const { return quote(join(names_, ", ")); }

  const SampledColumns& columns_;
  const OpenOptions& options_;
  std::vector<std::string_view> names_;
  ColumnRoles roles_;
  Place index_;
};

}  // namespace

ColumnRoles recognize_roles(const SampledColumns& columns, const OpenOptions& options) {
  return RoleChooser(columns, options).choose();
}

}  // namespace gusto
