#include "gusto/base/field.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

// The value in the field's own kind, or nothing if it has another.
std::optional<FieldValue> as_kind(FieldKind kind, const FieldValue& value) {
  const auto* integer = std::get_if<std::int64_t>(&value);
  if (kind == FieldKind::real && integer != nullptr) return static_cast<double>(*integer);
  const bool same =
      (kind == FieldKind::boolean && std::holds_alternative<bool>(value)) ||
      (kind == FieldKind::integer && integer != nullptr) ||
      (kind == FieldKind::real && std::holds_alternative<double>(value)) ||
      ((kind == FieldKind::choice || kind == FieldKind::text) && std::holds_alternative<std::string>(value));
  return same ? std::optional(value) : std::nullopt;
}

bool accepts(const Field& field, const FieldValue& value) {
  const auto inside = [&](double number) { return number >= field.bounds.low && number <= field.bounds.high; };
  switch (field.kind) {
    case FieldKind::boolean: return true;
    case FieldKind::integer: return inside(static_cast<double>(std::get<std::int64_t>(value)));
    case FieldKind::real: return inside(std::get<double>(value));
    case FieldKind::choice:
      return std::find(field.choices.begin(), field.choices.end(), std::get<std::string>(value)) != field.choices.end();
    // Model files and JSON hold nothing else.
    case FieldKind::text: return is_utf8(std::get<std::string>(value));
  }
  return false;
}

// What the text spells, in the field's kind.
std::optional<FieldValue> read_value(FieldKind kind, std::string_view text) {
  switch (kind) {
    case FieldKind::boolean:
      for (std::string_view yes : {"true", "yes", "on", "1"}) {
        if (text == yes) return true;
      }
      for (std::string_view no : {"false", "no", "off", "0"}) {
        if (text == no) return false;
      }
      return std::nullopt;
    case FieldKind::integer: return parse_integer(text);
    case FieldKind::real: return parse_real(text);
    case FieldKind::choice:
    case FieldKind::text: return std::string(text);
  }
  return std::nullopt;
}

[[noreturn]] void refuse(const Field& field, std::string_view owner, std::string_view shown) {
  throw Error(ErrorCode::invalid_option, fmt::format("{}.{} cannot be {}.", owner, field.name, shown),
              fmt::format("It takes {}.", describe_domain(field)));
}

// Texts in quotes, and numbers so that a whole real is told from an integer.
std::string show(const FieldValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return quote(*text);
  const auto* real = std::get_if<double>(&value);
  const bool whole = real != nullptr && std::isfinite(*real) && *real == std::trunc(*real);
  return whole ? fmt::format("{:#}", *real) : format_field(value);
}

std::string describe_bounds(const Bounds& bounds) {
  const bool low = std::isfinite(bounds.low);
  const bool high = std::isfinite(bounds.high);
  if (low && high) return fmt::format(" from {} to {}", bounds.low, bounds.high);
  if (low) return fmt::format(" of at least {}", bounds.low);
  if (high) return fmt::format(" of at most {}", bounds.high);
  return "";
}

}  // namespace

double detail::spelled(float value) {
  if (!std::isfinite(value)) return value;
  double widened = value;
  const std::string text = fmt::format("{}", value);
  std::from_chars(text.data(), text.data() + text.size(), widened);
  return widened;
}

const Field& find_field(Fields table, std::string_view owner, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Field& field : table) {
    if (field.name == name) return field;
    if (!field.former_name.empty() && field.former_name == name) {
      throw Error(ErrorCode::invalid_option, fmt::format("{} has no option {}.", owner, quote(name)),
                  fmt::format("It is called {} now.", field.name));
    }
    names.push_back(field.name);
  }
  const auto nearest = nearest_name(name, names);
  throw Error(ErrorCode::invalid_option, fmt::format("{} has no option {}.", owner, quote(name)),
              nearest         ? fmt::format("Did you mean {}?", *nearest)
              : names.empty() ? "It has no options."
                              : fmt::format("It has: {}.", join(names, ", ")));
}

std::string_view current_name(Fields table, std::string_view name) {
  for (const Field& field : table) {
    if (!field.former_name.empty() && field.former_name == name) return field.name;
  }
  return name;
}

FieldValue check_field(const Field& field, std::string_view owner, const FieldValue& value) {
  auto own = as_kind(field.kind, value);
  if (!own || !accepts(field, *own)) refuse(field, owner, show(value));
  return *std::move(own);
}

FieldValue parse_field(const Field& field, std::string_view owner, std::string_view text) {
  auto value = read_value(field.kind, text);
  if (!value || !accepts(field, *value)) refuse(field, owner, quote(text));
  return *std::move(value);
}

std::string format_field(const FieldValue& value) {
  struct Format {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const {
      // Options are stored as float or double: the shortest text that gives the same float is what a person typed.
      const auto narrow = static_cast<float>(v);
      return static_cast<double>(narrow) == v ? fmt::format("{}", narrow) : fmt::format("{}", v);
    }
    std::string operator()(const std::string& v) const { return v; }
  };
  return std::visit(Format{}, value);
}

void apply_settings(Fields table, std::string_view owner, const Settings& settings, void* options) {
  for (const auto& [name, value] : settings) {
    const Field& field = find_field(table, owner, name);
    field.set(field, options, check_field(field, owner, value));
  }
}

Settings list_settings(Fields table, const void* options) {
  Settings settings;
  for (const Field& field : table) {
    settings.emplace_back(std::string(field.name), field.get(field, options));
  }
  return settings;
}

std::string describe_domain(const Field& field) {
  switch (field.kind) {
    case FieldKind::boolean: return "true or false";
    case FieldKind::integer: return "a whole number" + describe_bounds(field.bounds);
    case FieldKind::real: return "a number" + describe_bounds(field.bounds);
    case FieldKind::choice: return fmt::format("one of {}", join(field.choices, ", "));
    case FieldKind::text: return "UTF-8 text";
  }
  return "";
}

std::string describe_search(const Search& search) {
  if (search.scale == Search::Scale::fixed) return "";
  return fmt::format("{:g} to {:g}{}", search.low, search.high,
                     search.scale == Search::Scale::log ? ", on a logarithmic scale" : "");
}

}  // namespace gusto
