#include "gusto/base/field.h"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

bool inside(const Bounds& bounds, double value) { return value >= bounds.low && value <= bounds.high; }

std::optional<FieldValue> parse_value(const Field& field, std::string_view text) {
  switch (field.kind) {
    case FieldKind::boolean:
      for (std::string_view yes : {"true", "yes", "on", "1"}) {
        if (text == yes) return true;
      }
      for (std::string_view no : {"false", "no", "off", "0"}) {
        if (text == no) return false;
      }
      return std::nullopt;
    case FieldKind::integer:
      if (const auto value = parse_integer(text); value && inside(field.bounds, static_cast<double>(*value))) {
        return *value;
      }
      return std::nullopt;
    case FieldKind::real:
      if (const auto value = parse_real(text); value && inside(field.bounds, *value)) return *value;
      return std::nullopt;
    case FieldKind::choice:
      for (std::string_view name : field.choices) {
        if (text == name) return std::string(name);
      }
      return std::nullopt;
    case FieldKind::text:
      // Model files and JSON hold nothing else.
      if (is_utf8(text)) return std::string(text);
      return std::nullopt;
  }
  return std::nullopt;
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
                              : fmt::format("It has: {}.", fmt::join(names, ", ")));
}

Settings with_current_names(Fields table, Settings settings) {
  for (auto& setting : settings) {
    for (const Field& field : table) {
      if (!field.former_name.empty() && field.former_name == setting.first) setting.first = field.name;
    }
  }
  return settings;
}

FieldValue parse_field(const Field& field, std::string_view owner, std::string_view text) {
  if (auto value = parse_value(field, text)) return *std::move(value);
  throw Error(ErrorCode::invalid_option, fmt::format("{}.{} cannot be {}.", owner, field.name, quote(text)),
              fmt::format("It takes {}.", describe_domain(field)));
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
  for (const auto& [name, text] : settings) {
    const Field& field = find_field(table, owner, name);
    field.set(field, options, parse_field(field, owner, text));
  }
}

Settings list_settings(Fields table, const void* options) {
  Settings settings;
  for (const Field& field : table) {
    settings.emplace_back(std::string(field.name), format_field(field.get(field, options)));
  }
  return settings;
}

std::string describe_domain(const Field& field) {
  switch (field.kind) {
    case FieldKind::boolean: return "true or false";
    case FieldKind::integer: return "a whole number" + describe_bounds(field.bounds);
    case FieldKind::real: return "a number" + describe_bounds(field.bounds);
    case FieldKind::choice: return fmt::format("one of {}", fmt::join(field.choices, ", "));
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
