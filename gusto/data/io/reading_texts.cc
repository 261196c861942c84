#include "gusto/data/io/reading_texts.h"

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/value_profile.h"

namespace gusto {
namespace {

// The value that goes with a word; Error(invalid_option) that names all words. Nothing for an empty text.
template <class Value, std::size_t n>
std::optional<Value> one_of(std::string_view option, std::string_view text,
                            const std::pair<std::string_view, Value> (&words)[n]) {
  if (text.empty()) return std::nullopt;
  std::vector<std::string_view> names;
  for (const auto& [name, value] : words) {
    if (name == text) return value;
    names.push_back(name);
  }
  throw Error(ErrorCode::invalid_option, fmt::format("{} cannot be {}.", option, quote(text)),
              fmt::format("Choose one of {}.", join(names, ", ")));
}

std::vector<std::pair<std::string, float>> parse_weights(const std::string& text) {
  std::vector<std::pair<std::string, float>> weights;
  if (text.empty()) return weights;
  for (const std::string_view part : split(text, ",")) {
    const std::size_t equals = part.rfind('=');
    const std::string kind(trim(part.substr(0, equals)));
    const auto weight = equals == std::string_view::npos ? std::nullopt : parse_real(trim(part.substr(equals + 1)));
    if (kind.empty() || !weight || std::abs(*weight) > std::numeric_limits<float>::max()) {
      throw Error(ErrorCode::invalid_option, fmt::format("Weights {}: {} is no kind with a weight.", text, quote(part)),
                  "Write each kind with its weight, such as view=1,cart=3,buy=8.");
    }
    for (const auto& [known, ignored] : weights) {
      if (known != kind) continue;
      throw Error(ErrorCode::invalid_option, fmt::format("Weights {}: {} is there twice.", text, kind), "Keep one.");
    }
    weights.emplace_back(kind, static_cast<float>(*weight));
  }
  return weights;
}

// In seconds.
std::optional<double> parse_half_life(const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (const std::optional<double> seconds = parse_duration(text)) return seconds;
  throw Error(ErrorCode::invalid_option, fmt::format("The half-life {} is no length of time.", quote(text)),
              "Write a number with a unit, such as 12h, 30d, 8w or 1y.");
}

constexpr std::pair<std::string_view, bool> kHeader[] = {{"yes", true}, {"no", false}};
constexpr std::pair<std::string_view, DuplicatePolicy> kDuplicates[] = {
    {"last", DuplicatePolicy::keep_last}, {"first", DuplicatePolicy::keep_first}, {"mean", DuplicatePolicy::mean},
    {"sum", DuplicatePolicy::sum},        {"max", DuplicatePolicy::max},          {"error", DuplicatePolicy::refuse},
    {"refuse", DuplicatePolicy::refuse}};
constexpr std::pair<std::string_view, bool> kQuote[] = {{"csv", true}, {"none", false}};
constexpr std::pair<std::string_view, bool> kDecimal[] = {{".", false}, {",", true}};
constexpr std::pair<std::string_view, TimeUnit> kTimeUnits[] = {{"seconds", TimeUnit::seconds},
                                                                {"milliseconds", TimeUnit::milliseconds},
                                                                {"microseconds", TimeUnit::microseconds},
                                                                {"nanoseconds", TimeUnit::nanoseconds},
                                                                {"iso", TimeUnit::iso},
                                                                {"yyyymmdd", TimeUnit::yyyymmdd},
                                                                {"dmy", TimeUnit::dmy},
                                                                {"mdy", TimeUnit::mdy}};
constexpr std::pair<std::string_view, ValueUse> kValueUses[] = {
    {"auto", ValueUse::automatic}, {"strength", ValueUse::strength}, {"ignore", ValueUse::ignore}};

}  // namespace

ReadingSpec completed(ReadingSpec first, const ReadingSpec& second) {
  for (const auto& [name, text] : kReadingTexts) {
    if ((first.*text).empty()) first.*text = second.*text;
  }
  first.skip_bad_lines = first.skip_bad_lines || second.skip_bad_lines;
  return first;
}

OpenOptions parse_reading(const ReadingSpec& spec) {
  OpenOptions options;
  if (!spec.columns.empty()) {
    options.columns.emplace();
    for (const std::string_view name : split(spec.columns, ",")) options.columns->emplace_back(trim(name));
  }
  if (!spec.delimiter.empty()) options.delimiter = spec.delimiter;
  options.header = one_of("The header", spec.header, kHeader);
  options.quotes = one_of("The quotation marks", spec.quote, kQuote).value_or(true);
  options.decimal_comma = one_of("The decimal point", spec.decimal, kDecimal).value_or(false);
  // Strengths of several events add up.
  const DuplicatePolicy usual = spec.weights.empty() ? options.duplicates : DuplicatePolicy::sum;
  options.duplicates = one_of("What counts of duplicates", spec.duplicates, kDuplicates).value_or(usual);
  options.time_unit = one_of("The unit of times", spec.time_unit, kTimeUnits);
  options.weights = parse_weights(spec.weights);
  options.half_life = parse_half_life(spec.half_life);
  parse_value_transform(spec.transform);
  options.transform = spec.transform;
  options.values = one_of("The use of values", spec.values, kValueUses).value_or(options.values);
  options.skip_bad_lines = spec.skip_bad_lines;
  return options;
}

}  // namespace gusto
