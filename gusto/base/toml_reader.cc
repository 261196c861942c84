#include "gusto/base/toml_reader.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/text.h"

namespace gusto {

TomlReader::TomlReader(std::string_view text, std::string_view name, std::string_view noun) : name_(name) {
  try {
    table_ = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw Error(ErrorCode::invalid_input, fmt::format("{}{}.", place(error.source().begin), error.description()),
                fmt::format("A {} is a TOML file (https://toml.io).", noun));
  }
}

std::string TomlReader::place(toml::source_position position) const {
  return fmt::format("{}:{}:{}: ", name_, position.line, position.column);
}

void TomlReader::fail(toml::source_position position, std::string_view message, std::string hint) const {
  throw Error(ErrorCode::invalid_option, place(position).append(message), std::move(hint));
}

void TomlReader::fail(const toml::node& node, std::string_view message, std::string hint) const {
  fail(node.source().begin, message, std::move(hint));
}

void TomlReader::rethrow(toml::source_position position, const Error& error) const {
  if (error.message().starts_with(name_ + ":")) throw error;
  throw Error(error.code(), place(position) + error.message(), error.hint());
}

void TomlReader::require_known(const toml::table& table, std::span<const std::string_view> keys,
                               std::string_view owner) const {
  for (const auto& [key, node] : table) {
    if (std::find(keys.begin(), keys.end(), key.str()) != keys.end()) continue;
    const auto nearest = nearest_name(key.str(), keys);
    fail(key.source().begin, fmt::format("There is no key {} in {}.", quote(key.str()), owner),
         nearest ? fmt::format("Did you mean {}?", *nearest) : fmt::format("Its keys are {}.", join(keys, ", ")));
  }
}

std::string TomlReader::text(const toml::node& node, std::string_view key) const {
  if (const auto* value = node.as_string()) return value->get();
  fail(node, fmt::format("{} is no text.", key), fmt::format("Write {} = \"…\".", key));
}

bool TomlReader::truth(const toml::node& node, std::string_view key) const {
  if (const auto* value = node.as_boolean()) return value->get();
  fail(node, fmt::format("{} is neither true nor false.", key), fmt::format("Write {} = true.", key));
}

double TomlReader::number(const toml::node& node, std::string_view key) const {
  const std::optional<double> value = node.is_number() ? node.value<double>() : std::nullopt;
  if (value && std::isfinite(*value)) return *value;
  fail(node, fmt::format("{} is no finite number.", key), fmt::format("Write a number, such as {} = 4.", key));
}

std::uint64_t TomlReader::whole(const toml::node& node, std::string_view key, std::int64_t least) const {
  const auto* value = node.as_integer();
  if (value != nullptr && value->get() >= least) return static_cast<std::uint64_t>(value->get());
  fail(node, fmt::format("{} is no whole number of at least {}.", key, least),
       node.is_string() ? "Write one without quotes."
                        : fmt::format("Write a whole number such as {}.", std::max<std::int64_t>(least, 3)));
}

std::size_t TomlReader::choice(const toml::node& node, std::string_view key,
                               std::span<const std::string_view> names) const {
  const std::string typed = text(node, key);
  const auto found = std::find(names.begin(), names.end(), typed);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const auto nearest = nearest_name(typed, names);
  fail(node, fmt::format("{} cannot be {}.", key, quote(typed)),
       nearest ? fmt::format("Did you mean {}?", *nearest) : fmt::format("It is one of {}.", join(names, ", ")));
}

const toml::array& TomlReader::tables(const toml::node& node, std::string_view key) const {
  const toml::array* list = node.as_array();
  if (list != nullptr && list->is_array_of_tables()) return *list;
  fail(node, fmt::format("{} is no list of tables.", key), fmt::format("Begin each with a line [[{}]].", key));
}

const toml::table& TomlReader::table(const toml::node& node, std::string_view key) const {
  if (const toml::table* found = node.as_table()) return *found;
  fail(node, fmt::format("{} is no table.", key), fmt::format("Write its keys under a line [{}].", key));
}

}  // namespace gusto
