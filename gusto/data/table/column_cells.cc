#include "gusto/data/table/column_cells.h"

#include <limits>

#include <fmt/core.h>

#include "gusto/base/text.h"

namespace gusto {
namespace {

// The index of a row, which may be anything.
std::size_t index_at(const TableColumn& column, const ColumnChunk& chunk, std::size_t row) {
  const std::size_t size = chunk.of->size();
  const auto index = with_integers(column.type, chunk, [&](const auto* first) -> std::optional<std::size_t> {
    if (std::cmp_less(first[row], 0) || std::cmp_greater_equal(first[row], size)) return std::nullopt;
    return static_cast<std::size_t>(first[row]);
  });
  if (index) return *index;
  throw Error(ErrorCode::invalid_input,
              fmt::format("Column {}: an index is outside its dictionary, which has {} entries.", column.name, size),
              "Give indexes from 0 to the number of entries less 1.");
}

}  // namespace

bool is_integer(CellType type) { return type >= CellType::int8 && type <= CellType::uint64; }
bool is_number(CellType type) { return type >= CellType::int8 && type <= CellType::float64; }
bool is_string(CellType type) { return type >= CellType::utf8 && type <= CellType::string_view; }
bool is_list(CellType type) { return type == CellType::list || type == CellType::list_large; }

bool holds_ids(const TableColumn& column) {
  const auto is_id = [](CellType type) { return is_integer(type) || is_string(type); };
  if (!is_id(column.type)) return false;
  return std::all_of(column.chunks.begin(), column.chunks.end(), [&](const ColumnChunk& chunk) {
    if (chunk.of == nullptr) return !has_dictionary(column);
    return has_dictionary(column) && is_integer(column.type) && is_id(chunk.of->type) && !has_dictionary(*chunk.of);
  });
}

bool all_valid(const ColumnChunk& chunk, std::size_t begin, std::size_t count) {
  if (chunk.validity == nullptr) return true;
  std::size_t at = chunk.offset + begin;
  const std::size_t end = at + count;
  for (; at < end && at % 8 != 0; ++at) {
    if (!bit_at(chunk.validity, at)) return false;
  }
  for (; at + 8 <= end; at += 8) {
    if (chunk.validity[at / 8] != 0xff) return false;
  }
  for (; at < end; ++at) {
    if (!bit_at(chunk.validity, at)) return false;
  }
  return true;
}

std::pair<std::size_t, std::size_t> list_at(CellType type, const ColumnChunk& chunk, std::size_t row) {
  const auto of = [&](const auto* offsets) {
    const auto* const own = offsets + chunk.offset + row;
    return std::pair(static_cast<std::size_t>(own[0]), static_cast<std::size_t>(own[1]));
  };
  if (type == CellType::list) return of(static_cast<const std::int32_t*>(chunk.values));
  return of(static_cast<const std::int64_t*>(chunk.values));
}

std::optional<std::string_view> CellText::operator()(const TableColumn& column, const ColumnChunk& chunk,
                                                     std::size_t row) {
  if (!is_valid(chunk, row)) return std::nullopt;
  if (chunk.of != nullptr && is_integer(column.type)) return (*this)(*chunk.of, index_at(column, chunk, row));
  if (is_string(column.type)) {
    return trim(with_strings(column.type, chunk, [&](const auto& text_of) { return text_of(row); }));
  }
  if (column.type == CellType::boolean) {
    return bit_at(chunk.values, chunk.offset + row) ? std::string_view("true") : std::string_view("false");
  }
  scratch_ = with_numbers(column.type, chunk, [&](const auto* first) { return fmt::format("{}", +first[row]); });
  return scratch_;
}

std::optional<std::string_view> CellText::operator()(const TableColumn& column, std::size_t row) {
  const auto [chunk, own] = find_row(column, row);
  return (*this)(column, *chunk, own);
}

double number_at(CellType type, const ColumnChunk& chunk, std::size_t row) {
  if (!is_valid(chunk, row)) return std::numeric_limits<double>::quiet_NaN();
  if (type == CellType::boolean) return bit_at(chunk.values, chunk.offset + row) ? 1 : 0;
  return with_numbers(type, chunk, [&](const auto* first) { return static_cast<double>(first[row]); });
}

std::pair<const ColumnChunk*, std::size_t> find_row(const TableColumn& column, std::size_t row) {
  std::size_t own = row;
  for (const ColumnChunk& chunk : column.chunks) {
    if (own < chunk.size) return {&chunk, own};
    own -= chunk.size;
  }
  throw Error(ErrorCode::invalid_input, fmt::format("Column {} ends before its row {}.", column.name, row),
              "Give as many elements as the offsets of a list point to.");
}

}  // namespace gusto
