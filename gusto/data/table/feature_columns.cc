#include "gusto/data/table/feature_columns.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/assembly/growing_feature.h"
#include "gusto/data/bytes/source.h"
#include "gusto/data/side/kind_sample.h"
#include "gusto/data/table/column_cells.h"

namespace gusto {
namespace {

// Adds the features of one table.
class FeatureColumnsReader {
 public:
  FeatureColumnsReader(const FeatureColumns& columns, Side side, const std::shared_ptr<const void>& owner,
                       DatasetAssembler& assembler)
      : columns_(columns), side_(side), owner_(owner), assembler_(assembler), ids_(columns.ids) {
    if (ids_.name.empty()) ids_.name = side == Side::users ? "user" : "item";
  }

  void read(Context& context) {
    const std::size_t known = assembler_.ids(side_).size();
    read_ids(known);
    const std::size_t rows = assembler_.ids(side_).size();
    std::vector<FeatureField> fields;
    std::uint64_t replaced = 0;
    for (const FeatureColumn& feature : columns_.features) {
      context.check_canceled();
      fields.push_back(read_feature(feature, rows, replaced));
    }
    assembler_.features(side_).extend(std::move(fields), rows);
    if (rows > known) {
      assembler_.note(fmt::format("{} that the column {} adds to those known: {}.",
                                  side_ == Side::users ? "Users" : "Items", ids_.name, format_count(rows - known)));
    }
    if (replaced > 0) {
      assembler_.note(
          fmt::format("Values of {} left out because the id came again with another: {}; the last one counts.",
                      to_string(side_), format_count(replaced)));
    }
  }

 private:
  [[noreturn]] void fail(const TableColumn& column, std::size_t row, std::string_view problem,
                         std::string_view hint) const {
    throw Error(ErrorCode::invalid_input, fmt::format("Column {}, row {}: {}.", column.name, row, problem),
                std::string(hint));
  }

  void read_ids(std::size_t known) {
    if (!holds_ids(ids_)) {
      throw Error(ErrorCode::invalid_input, fmt::format("Column {} holds {}.", ids_.name, to_string(ids_.type)),
                  "Give integers, strings, or indexes into a dictionary of either.");
    }
    bool meets_known = false;
    CellText text;
    for_rows(ids_, [&](const ColumnChunk& chunk, std::size_t own, std::size_t row) {
      const auto id = text(ids_, chunk, own);
      if (!id) fail(ids_, row, "the id is null", kHint);
      if (id->empty()) fail(ids_, row, "the id is empty", kHint);
      if (!is_plain_text(*id)) fail(ids_, row, fmt::format("the id {} is not UTF-8 text", quote(*id)), kHint);
      rows_.push_back(assembler_.ids(side_).add(*id));
      in_order_ = in_order_ && rows_.back() == row;
      meets_known = meets_known || rows_.back() < known;
    });
    if (meets_known) return;
    throw Error(ErrorCode::invalid_input,
                rows_.empty() ? fmt::format("Column {} is empty.", ids_.name)
                              : fmt::format("Column {}: none of its ids, such as {}, is among the {}.", ids_.name,
                                            quote(assembler_.ids(side_)[rows_.front()]), to_string(side_)),
                "Write ids as the events do.");
  }

  template <class Body>
  static void for_rows(const TableColumn& column, const Body& body) {
    std::size_t row = 0;
    for (const ColumnChunk& chunk : column.chunks) {
      for (std::size_t own = 0; own < chunk.size; ++own) body(chunk, own, row++);
    }
  }

  // Lists and texts that hold several values are of one kind of column, a number of another.
  FeatureKind kind_of(const FeatureColumn& feature) const {
    const TableColumn& column = feature.column;
    const bool number = is_number(column.type) && !has_dictionary(column);
    const FeatureKind natural = number                   ? FeatureKind::number
                                : is_list(column.type)   ? FeatureKind::multi
                                : is_string(column.type) ? recognized_kind(feature)
                                                         : FeatureKind::categorical;
    const FeatureKind kind = feature.kind.value_or(natural);
    const bool fits = kind == FeatureKind::number ? number : is_list(column.type) ? kind == FeatureKind::multi : true;
    if (fits) return kind;
    throw Error(ErrorCode::invalid_input,
                fmt::format("Column {} holds {}, of which no feature of kind {} can be made.", column.name,
                            to_string(column.type), to_string(kind)),
                "Name another kind, or none.");
  }

  FeatureKind recognized_kind(const FeatureColumn& feature) const {
    if (feature.kind) return *feature.kind;
    KindSample sample;
    CellText text;
    for_rows(feature.column, [&](const ColumnChunk& chunk, std::size_t own, std::size_t row) {
      if (row >= kSampleRecords) return;
      if (const auto value = text(feature.column, chunk, own)) sample.add(assembler_.ids(side_)[rows_[row]], *value);
    });
    // Digits in a column of strings are codes.
    const FeatureKind kind = sample.kind(feature.column.name);
    return kind == FeatureKind::number ? FeatureKind::categorical : kind;
  }

  FeatureField read_feature(const FeatureColumn& feature, std::size_t rows, std::uint64_t& replaced) {
    const TableColumn& column = feature.column;
    if (column.name.empty()) {
      throw Error(ErrorCode::invalid_input, fmt::format("A feature of the {} has no name.", to_string(side_)),
                  "Name its column.");
    }
    if (column.size() != rows_.size()) {
      throw Error(ErrorCode::invalid_input,
                  fmt::format("Column {} has {} rows, and column {} has {}.", column.name, column.size(), ids_.name,
                              rows_.size()),
                  "Give columns of one length.");
    }
    require_plain_elements(column);
    GrowingFeature growing(column.name, kind_of(feature));
    if (growing.kind() == FeatureKind::number) return read_numbers(column, rows, std::move(growing), replaced);
    CellText text;
    for_rows(column, [&](const ColumnChunk& chunk, std::size_t own, std::size_t row) {
      if (!is_list(column.type)) {
        set(growing, column, row, text(column, chunk, own));
      } else if (is_valid(chunk, own)) {
        const auto [first, end] = list_at(column.type, chunk, own);
        for (std::size_t element = first; element < end; ++element) {
          const auto value = text(*chunk.of, element);
          if (value && !value->empty()) growing.set_value(rows_[row], checked(column, row, *value));
        }
      }
    });
    replaced += growing.replaced();
    return std::move(growing).finish(rows);
  }

  // Of lists and dictionaries: strings, numbers or booleans.
  static void require_plain_elements(const TableColumn& column) {
    for (const ColumnChunk& chunk : column.chunks) {
      if (chunk.size == 0 || (chunk.of == nullptr && !is_list(column.type))) continue;
      if (chunk.of != nullptr && !is_list(chunk.of->type)) continue;
      throw Error(ErrorCode::invalid_input,
                  fmt::format("Column {} holds lists of {}.", column.name, chunk.of == nullptr ? "nothing" : "lists"),
                  "Give lists of strings, numbers or booleans.");
    }
  }

  void set(GrowingFeature& growing, const TableColumn& column, std::size_t row, std::optional<std::string_view> value) {
    if (!value || value->empty()) return;
    checked(column, row, *value);
    const bool strings =
        is_string(column.type) || (has_dictionary(column) && is_string(column.chunks.front().of->type));
    if (growing.kind() != FeatureKind::multi || !strings) return growing.set_value(rows_[row], *value);
    for (const std::string_view part : split(*value, "|")) {
      if (const std::string_view own = trim(part); !own.empty()) growing.set_value(rows_[row], own);
    }
  }

  std::string_view checked(const TableColumn& column, std::size_t row, std::string_view value) const {
    if (!is_plain_text(value)) fail(column, row, fmt::format("{} is not UTF-8 text", quote(value)), kHint);
    return value;
  }

  FeatureField read_numbers(const TableColumn& column, std::size_t rows, GrowingFeature growing,
                            std::uint64_t& replaced) {
    for_rows(column, [&](const ColumnChunk& chunk, std::size_t own, std::size_t row) {
      const double number = number_at(column.type, chunk, own);
      if (std::isinf(number)) fail(column, row, fmt::format("{} is not a finite number", number), kHint);
    });
    const bool plain = column.type == CellType::float64 && column.chunks.size() == 1 &&
                       all_valid(column.chunks[0], 0, column.chunks[0].size);
    if (plain && owner_ != nullptr && in_order_ && rows == rows_.size()) {
      FeatureField field;
      field.name = column.name;
      field.kind = FeatureKind::number;
      const auto* const first = static_cast<const double*>(column.chunks[0].values) + column.chunks[0].offset;
      field.numbers = SharedArray<double>(owner_, {first, rows});
      return field;
    }
    for_rows(column, [&](const ColumnChunk& chunk, std::size_t own, std::size_t row) {
      const double number = number_at(column.type, chunk, own);
      if (!std::isnan(number)) growing.set_number(rows_[row], number);
    });
    replaced += growing.replaced();
    return std::move(growing).finish(rows);
  }

  static constexpr std::string_view kHint = "Correct it, or leave the row out.";

  const FeatureColumns& columns_;
  Side side_;
  const std::shared_ptr<const void>& owner_;
  DatasetAssembler& assembler_;
  TableColumn ids_;
  std::vector<std::uint32_t> rows_;  // of the ids
  bool in_order_ = true;             // the ids' rows are 0, 1, 2 …
};

}  // namespace

void add_features(const FeatureColumns& columns, Side side, const std::shared_ptr<const void>& owner,
                  DatasetAssembler& assembler, Context& context) {
  FeatureColumnsReader(columns, side, owner, assembler).read(context);
}

}  // namespace gusto
