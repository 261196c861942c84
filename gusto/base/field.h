#pragma once

/// Field tables: one constant table of a model's options drives flags, recipes, the tuner, schemas and documentation.
///
///   struct SvdOptions { int dim = 50; Weighting weighting = Weighting::none; };
///   inline constexpr auto kSvdFields = fields(
///       field<&SvdOptions::dim>("dim", between(1, 4096), search_log(8, 512), "Width of the user and item vectors."),
///       choice<&SvdOptions::weighting>("weighting", kWeightingNames, "How events are weighted."));
///
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

enum class FieldKind { boolean, integer, real, choice };

/// An option's value; a choice is its name.
using FieldValue = std::variant<bool, std::int64_t, double, std::string>;

/// Options as text, in the order given: {"dim", "64"}.
using Settings = std::vector<std::pair<std::string, std::string>>;

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
};
using Fields = std::span<const Field>;

namespace detail {
template <class T>
struct MemberOf;
template <class Owner, class Value>
struct MemberOf<Value Owner::*> {
  using owner = Owner;
  using value = Value;
};

template <auto Member>
FieldValue get_member(const Field& field, const void* options) {
  using Traits = MemberOf<decltype(Member)>;
  const auto& value = static_cast<const typename Traits::owner*>(options)->*Member;
  using Value = typename Traits::value;
  if constexpr (std::is_same_v<Value, bool>) {
    return value;
  } else if constexpr (std::is_enum_v<Value>) {
    return std::string(field.choices[static_cast<std::size_t>(value)]);
  } else if constexpr (std::is_integral_v<Value>) {
    return static_cast<std::int64_t>(value);
  } else {
    return static_cast<double>(value);
  }
}

template <auto Member>
void set_member(const Field& field, void* options, const FieldValue& value) {
  using Traits = MemberOf<decltype(Member)>;
  using Value = typename Traits::value;
  auto& target = static_cast<typename Traits::owner*>(options)->*Member;
  if constexpr (std::is_same_v<Value, bool>) {
    target = std::get<bool>(value);
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
}  // namespace detail

/// A number or a switch; a bool takes no bounds.
template <auto Member>
constexpr Field field(std::string_view name, Bounds bounds, Search search, std::string_view help) {
  using Value = typename detail::MemberOf<decltype(Member)>::value;
  return {name,
          detail::kind_of<Value>(),
          bounds,
          {},
          search,
          help,
          &detail::get_member<Member>,
          &detail::set_member<Member>};
}
template <auto Member>
constexpr Field field(std::string_view name, std::string_view help) {
  static_assert(std::is_same_v<typename detail::MemberOf<decltype(Member)>::value, bool>, "a number needs bounds");
  return field<Member>(name, {}, {}, help);
}

/// An enumeration whose enumerators are numbered from 0 in the order of `names`.
template <auto Member>
constexpr Field choice(std::string_view name, std::span<const std::string_view> names, std::string_view help) {
  return {name, FieldKind::choice, {}, names, {}, help, &detail::get_member<Member>, &detail::set_member<Member>};
}

template <class... Rows>
constexpr std::array<Field, sizeof...(Rows)> fields(Rows... rows) {
  return {rows...};
}

/// The row of that name.
/// Errors   invalid_option, naming `owner` and the nearest name
const Field& find_field(Fields table, std::string_view owner, std::string_view name);

/// The value that `text` spells for this field, checked against kind, bounds and choices.
/// Errors   invalid_option, naming owner, field, value and what would be accepted
FieldValue parse_field(const Field& field, std::string_view owner, std::string_view text);

/// A value as text that parse_field reads back to the same bits.
std::string format_field(const FieldValue& value);

/// Sets every (name, text) pair, in order, on the options struct that the table describes.
/// Errors   as find_field and parse_field; on an error options keep the values set so far
void apply_settings(Fields table, std::string_view owner, const Settings& settings, void* options);

/// All of an options struct's values as settings, in table order.
Settings list_settings(Fields table, const void* options);

/// What a field accepts, for help and errors: "a whole number from 1 to 4096", "one of cosine, pearson", "true or
/// false".
std::string describe_domain(const Field& field);

}  // namespace gusto
