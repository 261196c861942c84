#include "gusto/nn/learned_rows.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/same_ids.h"
#include "gusto/data/vocabulary.h"

namespace gusto::nn {
namespace {

using Rows = std::vector<std::optional<std::uint32_t>>;

// The owner's ids of a side's training ids; at id 0 nothing.
Vocabulary names_of(const Dataset& data, Side side) {
  const std::vector<std::uint32_t> ids = training_ids(data, side);
  const Vocabulary& all = side == Side::user ? data.catalog().users : data.catalog().items;
  Vocabulary names;
  names.add("");
  for (std::size_t row = 0; row < ids.size(); ++row) {
    if (ids[row] != 0) names.add(all[row]);
  }
  return names;
}

Vocabulary names_of(const std::vector<std::string>& values) {
  Vocabulary names;
  names.add("");
  for (const std::string& value : values) names.add(value);
  return names;
}

bool hashes_the_same(const SchemaField& a, const SchemaField& b) {
  return a.values == b.values && a.bounds == b.bounds &&
         std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(), hashes_the_same);
}

Rows same_places(std::size_t rows, std::size_t others) {
  Rows result(rows);
  for (std::size_t id = 0; id < std::min(rows, others); ++id) result[id] = static_cast<std::uint32_t>(id);
  return result;
}

}  // namespace

std::vector<std::optional<std::uint32_t>> same_ids_of_field(const SchemaField& field, const Dataset& data,
                                                            const SchemaField& other, const Dataset& other_data) {
  switch (field.spec.kind) {
    case FieldKind::user: return same_ids(names_of(data, Side::user), names_of(other_data, Side::user));
    case FieldKind::item:
    case FieldKind::history:
    case FieldKind::rated: return same_ids(names_of(data, Side::item), names_of(other_data, Side::item));
    case FieldKind::cross:
      if (!hashes_the_same(field, other)) return Rows(field.rows);
      break;
    default: break;
  }
  if (field.values.empty() || other.values.empty()) return same_places(field.rows, other.rows);
  return same_ids(names_of(field.values), names_of(other.values));
}

void copy_learned(const Parameter& from, std::span<const std::optional<std::uint32_t>> rows, Parameter& to) {
  const bool fits = from.values.cols() == to.values.cols() &&
                    (rows.empty() ? from.values.rows() == to.values.rows() : rows.size() == to.values.rows());
  if (!fits) {
    throw Error(ErrorCode::invalid_option,
                fmt::format("The model to go on from has another {}: {} x {} numbers, not {} x {}.", quote(to.name),
                            from.values.rows(), from.values.cols(), to.values.rows(), to.values.cols()),
                "Train it anew, or leave its options and features as they were.");
  }
  if (rows.empty()) {
    to.values = from.values;
    return;
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (rows[r]) std::copy_n(from.values.row(*rows[r]).data(), from.values.cols(), to.values.row(r).data());
  }
}

void copy_learned(const LearnedNetwork& from, ParameterSet& parameters, const Schema& schema, const Dataset& data) {
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    Parameter& parameter = parameters[p];
    const Parameter* const learned = from.parameters.find(parameter.name);
    const auto other = parameter.field.empty() ? std::nullopt : from.schema.find(parameter.field);
    if (learned == nullptr || (!parameter.field.empty() && !other)) {
      throw Error(ErrorCode::invalid_option, fmt::format("The model to go on from has no {}.", quote(parameter.name)),
                  "Train it anew, or leave its options and features as they were.");
    }
    Rows rows;
    if (other) {
      rows = same_ids_of_field(schema[schema.slot(parameter.field)], data, from.schema[*other], from.data);
    }
    copy_learned(*learned, rows, parameter);
  }
}

}  // namespace gusto::nn
