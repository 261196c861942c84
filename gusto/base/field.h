#pragma once

/// Field tables: one constant table of a model's options drives flags, recipes, the tuner, schemas and documentation.
///   struct SvdOptions { int dim = 50; Weighting weighting = Weighting::none; };
///   inline constexpr auto kSvdFields = fields(
///       field<&SvdOptions::dim>("dim", between(1, 4096), search_log(8, 512), "Width of the user and item vectors."),
///       choice<&SvdOptions::weighting>("weighting", kWeightingNames, "How events are weighted."));
/// Options that several models have are members of a base struct. The rows of such members name the struct that the
/// table is for, and come from a template, to be joined with the model's own:
///   struct DotOptions : TrainingOptions { int dim = 64; };
///   template <class Options>
///   constexpr auto training_fields() {
///     return fields(field<&TrainingOptions::epochs, Options>("epochs", between(1, 1000), search_none(), "Rounds."));
///   }
///   inline constexpr auto kDotFields = join(fields(field<&DotOptions::dim>(…)), training_fields<DotOptions>());
/// A table is type-erased, so its readers need not know the options' type. Everything here may be used concurrently.

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace gusto {

enum class FieldKind { boolean, integer, real, choice, text };

/// An option's value; a choice is its name.
using FieldValue = std::variant<bool, std::int64_t, double, std::string>;

/// Options by name, in the order given: {{"dim", 64}, {"reg", 0.1}, {"weighting", "none"}, {"biases", true}}.
using Settings = std::vector<std::pair<std::string, FieldValue>>;

/// Inclusive bounds of a number.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};
constexpr Bounds between(double low, double high) { return {low, high}; }
constexpr Bounds at_least(double low) { return {low, std::numeric_limits<double>::infinity()}; }

/// Where the tuner looks.
struct Search {
  enum class Scale { fixed, linear, log } scale = Scale::fixed;
  double low = 0;
  double high = 0;
};
constexpr Search search_none() { return {}; }
constexpr Search search_linear(double low, double high) { return {Search::Scale::linear, low, high}; }
constexpr Search search_log(double low, double high) { return {Search::Scale::log, low, high}; }

/// One row of a field table.
struct Field {
  std::string_view name;
  FieldKind kind;
  Bounds bounds;                              ///< of numbers
  std::span<const std::string_view> choices;  ///< of a choice, in the order of its enumerators
  Search search;
  std::string_view help;  ///< one line
  FieldValue (*get)(const Field& field, const void* options);
  void (*set)(const Field& field, void* options, const FieldValue& value);
  std::string_view former_name{};  ///< what files of earlier versions call it; empty if it was never renamed
};
using Fields = std::span<const Field>;

namespace detail {
/// The double that the shortest text of this float spells: 0.05 for 0.05f, where widening gives 0.05000000074505806.
double spelled(float value);

template <class T>
struct MemberOf;
template <class Owner, class Value>
struct MemberOf<Value Owner::*> {
  using owner = Owner;
  using value = Value;
};
template <auto Member>
using OwnerOf = typename MemberOf<decltype(Member)>::owner;
template <auto Member>
using ValueOf = typename MemberOf<decltype(Member)>::value;

template <auto Member, class Options>
FieldValue get_member(const Field& field, const void* options) {
  using Value = ValueOf<Member>;
  // To the options first: a base need not lie where they begin.
  const auto& value = static_cast<const Options*>(options)->*Member;
  if constexpr (std::is_same_v<Value, bool> || std::is_same_v<Value, std::string>) {
    return value;
  } else if constexpr (std::is_enum_v<Value>) {
    return std::string(field.choices[static_cast<std::size_t>(value)]);
  } else if constexpr (std::is_integral_v<Value>) {
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::is_same_v<Value, float>) {
    return spelled(value);
  } else {
    return value;
  }
}

template <auto Member, class Options>
void set_member(const Field& field, void* options, const FieldValue& value) {
  using Value = ValueOf<Member>;
  auto& target = static_cast<Options*>(options)->*Member;
  if constexpr (std::is_same_v<Value, bool>) {
    target = std::get<bool>(value);
  } else if constexpr (std::is_same_v<Value, std::string>) {
    target = std::get<std::string>(value);
  } else if constexpr (std::is_enum_v<Value>) {
    for (std::size_t i = 0; i < field.choices.size(); ++i) {
      if (field.choices[i] == std::get<std::string>(value)) target = static_cast<Value>(i);
    }
  } else if constexpr (std::is_integral_v<Value>) {
    target = static_cast<Value>(std::get<std::int64_t>(value));
  } else {
    target = static_cast<Value>(std::get<double>(value));
  }
}

template <class Value>
constexpr FieldKind kind_of() {
  if (std::is_same_v<Value, bool>) return FieldKind::boolean;
  return std::is_integral_v<Value> ? FieldKind::integer : FieldKind::real;
}

template <auto Member, class Options>
constexpr Field row(std::string_view name, FieldKind kind, Bounds bounds, std::span<const std::string_view> choices,
                    Search search, std::string_view help) {
  static_assert(std::is_base_of_v<OwnerOf<Member>, Options>, "no member of these options");
  return {name, kind, bounds, choices, search, help, &get_member<Member, Options>, &set_member<Member, Options>};
}
}  // namespace detail

/// A number or a switch; a bool takes no bounds. Options is the struct of the table: the member's, or one derived.
template <auto Member, class Options = detail::OwnerOf<Member>>
constexpr Field field(std::string_view name, Bounds bounds, Search search, std::string_view help) {
  static_assert(std::is_arithmetic_v<detail::ValueOf<Member>>, "an enumeration is a choice<>, a string a text<>");
  return detail::row<Member, Options>(name, detail::kind_of<detail::ValueOf<Member>>(), bounds, {}, search, help);
}
template <auto Member, class Options = detail::OwnerOf<Member>>
constexpr Field field(std::string_view name, std::string_view help) {
  static_assert(std::is_same_v<detail::ValueOf<Member>, bool>, "a number needs bounds");
  return field<Member, Options>(name, {}, {}, help);
}

/// An enumeration whose enumerators are numbered from 0 in the order of `names`.
template <auto Member, class Options = detail::OwnerOf<Member>>
constexpr Field choice(std::string_view name, std::span<const std::string_view> names, std::string_view help) {
  static_assert(std::is_enum_v<detail::ValueOf<Member>>, "choices are enumerations");
  return detail::row<Member, Options>(name, FieldKind::choice, {}, names, {}, help);
}

/// A std::string, taken as it is: what it may say is for the model to check.
template <auto Member, class Options = detail::OwnerOf<Member>>
constexpr Field text(std::string_view name, std::string_view help) {
  static_assert(std::is_same_v<detail::ValueOf<Member>, std::string>, "texts are strings");
  return detail::row<Member, Options>(name, FieldKind::text, {}, {}, {}, help);
}

/// An option that had another name in an earlier version. Model files that say the old name still load; wherever a
/// person types it, it is an error that says the new name.
constexpr Field renamed(Field row, std::string_view former_name) {
  row.former_name = former_name;
  return row;
}

template <class... Rows>
constexpr std::array<Field, sizeof...(Rows)> fields(Rows... rows) {
  return {rows...};
}

/// One table of the rows of several, in that order. All must be for the same options struct.
template <std::size_t... Sizes>
constexpr std::array<Field, (Sizes + ... + 0)> join(const std::array<Field, Sizes>&... tables) {
  std::array<Field, (Sizes + ... + 0)> rows{};
  std::size_t next = 0;
  const auto append = [&](Fields table) {
    for (const Field& row : table) rows[next++] = row;
  };
  (append(tables), ...);
  return rows;
}

/// The row of that name.
/// Errors   invalid_option, naming `owner` and the nearest name, or the new name of a renamed option
const Field& find_field(Fields table, std::string_view owner, std::string_view name);

/// The name that an option has now, of one that a file of an earlier version holds.
std::string_view current_name(Fields table, std::string_view name);

/// The value, checked against kind, bounds and choices. A real field takes an integer too, which becomes a double;
/// nothing else is converted.
/// Errors   invalid_option, naming owner, field, value and what would be accepted
FieldValue check_field(const Field& field, std::string_view owner, const FieldValue& value);

/// The value that `text` spells for this field, checked likewise: for what people type and files hold as text.
/// Errors   as check_field
FieldValue parse_field(const Field& field, std::string_view owner, std::string_view text);

/// A value as text that parse_field reads back to the same bits.
std::string format_field(const FieldValue& value);

/// Sets every (name, value) pair, in order, on the options struct that the table describes.
/// Errors   as find_field and check_field; on an error options keep the values set so far
void apply_settings(Fields table, std::string_view owner, const Settings& settings, void* options);

/// All of an options struct's values, in table order and of their fields' kinds.
Settings list_settings(Fields table, const void* options);

/// What a field accepts, for help and errors: "a whole number from 1 to 4096", "one of cosine, pearson".
std::string describe_domain(const Field& field);

/// Where the tuner looks: "8 to 256, on a logarithmic scale"; nothing if it leaves the field alone.
std::string describe_search(const Search& search);

}  // namespace gusto
