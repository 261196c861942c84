#include "gusto/data/event_table.h"

#include <numeric>
#include <utility>

namespace gusto {

std::string_view to_string(CellType type) {
  switch (type) {
    case CellType::boolean: return "booleans";
    case CellType::int8:
    case CellType::int16:
    case CellType::int32:
    case CellType::int64:
    case CellType::uint8:
    case CellType::uint16:
    case CellType::uint32:
    case CellType::uint64: return "integers";
    case CellType::float32:
    case CellType::float64: return "floating-point numbers";
    case CellType::utf8:
    case CellType::utf8_large:
    case CellType::utf8_view:
    case CellType::string:
    case CellType::string_view: return "strings";
    case CellType::list:
    case CellType::list_large: break;
  }
  return "lists";
}

std::size_t TableColumn::size() const {
  return std::accumulate(chunks.begin(), chunks.end(), std::size_t{0},
                         [](std::size_t sum, const ColumnChunk& chunk) { return sum + chunk.size; });
}

TableColumn TableColumn::one_chunk(CellType type, std::size_t size, const void* values) {
  ColumnChunk chunk;
  chunk.size = size;
  chunk.values = values;
  TableColumn column;
  column.type = type;
  column.chunks.push_back(std::move(chunk));
  return column;
}

TableColumn TableColumn::strings(std::span<const std::string> values) {
  return one_chunk(CellType::string, values.size(), values.data());
}

TableColumn TableColumn::strings(std::span<const std::string_view> values) {
  return one_chunk(CellType::string_view, values.size(), values.data());
}

TableColumn TableColumn::dictionary(std::span<const std::int32_t> indexes, TableColumn strings) {
  TableColumn column = numbers(indexes);
  column.chunks.front().of = std::make_shared<const TableColumn>(std::move(strings));
  return column;
}

TableColumn TableColumn::lists(std::span<const std::int64_t> offsets, TableColumn elements) {
  TableColumn column = one_chunk(CellType::list_large, offsets.empty() ? 0 : offsets.size() - 1, offsets.data());
  column.chunks.front().of = std::make_shared<const TableColumn>(std::move(elements));
  return column;
}

TableColumn TableColumn::times(std::span<const std::int64_t> values, TimeUnit unit) {
  TableColumn column = numbers(values);
  column.time_unit = unit;
  return column;
}

TableColumn TableColumn::named(std::string column_name) && {
  name = std::move(column_name);
  return std::move(*this);
}

}  // namespace gusto
