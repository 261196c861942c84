#include "gusto/data/features.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {

std::string_view to_string(FeatureKind kind) {
  switch (kind) {
    case FeatureKind::categorical: return "categorical";
    case FeatureKind::multi: return "multi";
    case FeatureKind::number: return "number";
    case FeatureKind::text: return "text";
  }
  return "categorical";
}

std::size_t FeatureField::rows() const {
  switch (kind) {
    case FeatureKind::number: return numbers.size();
    case FeatureKind::text: return texts.size();
    case FeatureKind::categorical:
    case FeatureKind::multi: break;
  }
  return offsets.empty() ? 0 : offsets.size() - 1;
}

std::span<const std::uint32_t> FeatureField::ids_of(std::size_t row) const {
  return std::span(ids).subspan(offsets[row], offsets[row + 1] - offsets[row]);
}

std::string FeatureField::display(std::size_t row) const {
  if (kind == FeatureKind::text) return texts[row];
  if (kind == FeatureKind::number) return std::isnan(numbers[row]) ? "" : fmt::format("{}", numbers[row]);
  std::string result;
  for (std::uint32_t id : ids_of(row)) {
    if (!result.empty()) result += ", ";
    result += values[id];
  }
  return result;
}

bool FeatureField::matches(std::size_t row, std::string_view value) const {
  if (kind == FeatureKind::number) {
    const std::optional<double> number = parse_real(trim(value));
    return number && numbers[row] == *number;
  }
  const std::string wanted = to_lower(value);
  if (kind == FeatureKind::text) return !wanted.empty() && to_lower(texts[row]).find(wanted) != std::string::npos;
  const std::span<const std::uint32_t> own = ids_of(row);
  return std::any_of(own.begin(), own.end(), [&](std::uint32_t id) { return to_lower(values[id]) == wanted; });
}

void FeatureField::append(std::string_view value) {
  switch (kind) {
    case FeatureKind::text: texts.emplace_back(value); return;
    case FeatureKind::number: {
      const std::optional<double> number = parse_real(value);
      if (!number) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("The feature {} holds {}, which is no number.", name, quote(value)),
                    "Write a number, or leave the value out.");
      }
      numbers.push_back(*number);
      return;
    }
    case FeatureKind::categorical:
      if (offsets.empty()) offsets.push_back(0);
      ids.push_back(values.add(value));
      break;
    case FeatureKind::multi: {
      if (offsets.empty()) offsets.push_back(0);
      const auto first = static_cast<std::ptrdiff_t>(ids.size());
      for (std::string_view part : split(value, "|")) {
        if (part.empty()) continue;
        const std::uint32_t id = values.add(part);
        if (std::find(ids.begin() + first, ids.end(), id) == ids.end()) ids.push_back(id);
      }
      break;
    }
  }
  offsets.push_back(ids.size());
}

void FeatureField::append_missing() {
  switch (kind) {
    case FeatureKind::text: texts.emplace_back(); return;
    case FeatureKind::number: numbers.push_back(std::numeric_limits<double>::quiet_NaN()); return;
    case FeatureKind::categorical:
    case FeatureKind::multi: break;
  }
  if (offsets.empty()) offsets.push_back(0);
  offsets.push_back(ids.size());
}

FeatureTable::FeatureTable(std::vector<FeatureField> fields) {
  check_fields(fields);
  fields_ = std::move(fields);
}

void FeatureTable::extend(std::vector<FeatureField> more, std::size_t rows) {
  std::vector<FeatureField> fields = fields_.get();
  for (FeatureField& field : fields) {
    while (field.rows() < rows) field.append_missing();
  }
  std::move(more.begin(), more.end(), std::back_inserter(fields));
  *this = FeatureTable(std::move(fields));
}

const FeatureField* FeatureTable::find(std::string_view name) const {
  const std::span<const FeatureField> all = fields();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const FeatureField& FeatureTable::at(std::string_view name) const {
  if (const FeatureField* field = find(name)) return *field;
  std::vector<std::string_view> names;
  for (const FeatureField& field : fields()) names.push_back(field.name);
  const std::optional<std::string_view> nearest = nearest_name(name, names);
  const std::string hint = names.empty() ? "This data set has no features here."
                           : nearest     ? fmt::format("Did you mean {}?", *nearest)
                                         : fmt::format("The features are: {}.", join(names, ", "));
  throw Error(ErrorCode::not_found, fmt::format("There is no feature {}.", quote(name)), hint);
}

void require_values(const FeatureField& field, std::string_view use) {
  if (field.has_values()) return;
  throw Error(ErrorCode::invalid_option,
              fmt::format("The feature {} is of kind {}, and {} needs one with values.", field.name,
                          to_string(field.kind), use),
              "Name a categorical or multi-valued feature, such as genres.");
}

void check_fields(std::span<const FeatureField> fields) {
  std::set<std::string_view> names;
  for (const FeatureField& field : fields) {
    if (field.rows() != fields.front().rows()) {
      throw Error(ErrorCode::invalid_input,
                  fmt::format("The feature {} has {} rows, and the feature {} has {}.", fields.front().name,
                              fields.front().rows(), field.name, field.rows()),
                  "Give every feature of a table one value, or a missing one, for each row.");
    }
    if (!names.insert(field.name).second) {
      throw Error(ErrorCode::invalid_input, fmt::format("Two features have the name {}.", quote(field.name)),
                  "Rename one of them.");
    }
  }
}

}  // namespace gusto
