#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "gusto/base/error.h"
#include "gusto/data/event_table.h"

namespace gusto {

inline bool has_dictionary(const TableColumn& column) {
  return !column.chunks.empty() && column.chunks[0].of != nullptr;
}
bool is_integer(CellType type);
bool is_number(CellType type);
bool is_string(CellType type);
bool is_list(CellType type);
/// Whether a column holds integers or strings, plain or dictionary-encoded, the same in all chunks.
bool holds_ids(const TableColumn& column);

/// A bit of Arrow's bitmaps.
inline bool bit_at(const void* bits, std::size_t position) {
  return (static_cast<const std::uint8_t*>(bits)[position / 8] >> (position % 8) & 1) != 0;
}
inline bool is_valid(const ColumnChunk& chunk, std::size_t row) {
  return chunk.validity == nullptr || bit_at(chunk.validity, chunk.offset + row);
}
/// Whether no row of [begin, begin + count) is null.
bool all_valid(const ColumnChunk& chunk, std::size_t begin, std::size_t count);

/// Calls body(first), first being the address of the chunk's row 0, by the integers' own type.
template <class Body>
decltype(auto) with_integers(CellType type, const ColumnChunk& chunk, const Body& body) {
  const auto call = [&]<class Number>(std::type_identity<Number>) -> decltype(auto) {
    return body(static_cast<const Number*>(chunk.values) + chunk.offset);
  };
  switch (type) {
    case CellType::int8: return call(std::type_identity<std::int8_t>());
    case CellType::int16: return call(std::type_identity<std::int16_t>());
    case CellType::int32: return call(std::type_identity<std::int32_t>());
    case CellType::int64: return call(std::type_identity<std::int64_t>());
    case CellType::uint8: return call(std::type_identity<std::uint8_t>());
    case CellType::uint16: return call(std::type_identity<std::uint16_t>());
    case CellType::uint32: return call(std::type_identity<std::uint32_t>());
    case CellType::uint64: return call(std::type_identity<std::uint64_t>());
    default: throw Error(ErrorCode::internal, "A column that holds no integers was read as if it did.");
  }
}

/// The same for floats as well.
template <class Body>
decltype(auto) with_numbers(CellType type, const ColumnChunk& chunk, const Body& body) {
  if (type == CellType::float32) return body(static_cast<const float*>(chunk.values) + chunk.offset);
  if (type == CellType::float64) return body(static_cast<const double*>(chunk.values) + chunk.offset);
  return with_integers(type, chunk, body);
}

/// Row i of strings whose offsets are of one width.
template <class Offset>
struct TextsByOffset {
  const Offset* offsets;
  const char* text;
  std::string_view operator()(std::size_t row) const {
    return {text + offsets[row], static_cast<std::size_t>(offsets[row + 1] - offsets[row])};
  }
};
/// Row i of Arrow's views: a length, and then up to 12 bytes, or 4 bytes, the number of a buffer, and the place in it.
struct TextsByView {
  const char* views;
  std::span<const char* const> texts;
  std::string_view operator()(std::size_t row) const {
    constexpr std::size_t kViewBytes = 16, kInside = 12;
    const char* const view = views + row * kViewBytes;
    std::int32_t fields[4];
    std::memcpy(fields, view, kViewBytes);
    const auto size = static_cast<std::size_t>(fields[0]);
    if (size <= kInside) return {view + sizeof(std::int32_t), size};
    return {texts[static_cast<std::size_t>(fields[2])] + fields[3], size};
  }
};
template <class Text>
struct TextsAsObjects {
  const Text* texts;
  std::string_view operator()(std::size_t row) const { return texts[row]; }
};

/// Calls body(text_of), where text_of(i) is row i of the chunk.
template <class Body>
decltype(auto) with_strings(CellType type, const ColumnChunk& chunk, const Body& body) {
  switch (type) {
    case CellType::utf8:
      return body(
          TextsByOffset<std::int32_t>{static_cast<const std::int32_t*>(chunk.values) + chunk.offset, chunk.text});
    case CellType::utf8_large:
      return body(
          TextsByOffset<std::int64_t>{static_cast<const std::int64_t*>(chunk.values) + chunk.offset, chunk.text});
    case CellType::utf8_view:
      return body(TextsByView{static_cast<const char*>(chunk.values) + 16 * chunk.offset, chunk.texts});
    case CellType::string:
      return body(TextsAsObjects<std::string>{static_cast<const std::string*>(chunk.values) + chunk.offset});
    case CellType::string_view:
      return body(TextsAsObjects<std::string_view>{static_cast<const std::string_view*>(chunk.values) + chunk.offset});
    default: throw Error(ErrorCode::internal, "A column that holds no strings was read as if it did.");
  }
}

/// The elements of a row of a list: [first, second) of the column `of`.
std::pair<std::size_t, std::size_t> list_at(CellType type, const ColumnChunk& chunk, std::size_t row);

/// Reads cells one by one as text, for what is rare or short.
class CellText {
 public:
  /// A cell as text, without blanks around a string: numbers in decimal, booleans as true and false. Nothing for null.
  /// The view lasts until the next call.
  /// Errors   invalid_input, if an index is outside its dictionary
  std::optional<std::string_view> operator()(const TableColumn& column, const ColumnChunk& chunk, std::size_t row);
  /// The same by the column's row.
  std::optional<std::string_view> operator()(const TableColumn& column, std::size_t row);

 private:
  std::string scratch_;
};

/// A number as a double; NaN for null.
double number_at(CellType type, const ColumnChunk& chunk, std::size_t row);

/// The chunk that a column's row lies in, and its row there.
std::pair<const ColumnChunk*, std::size_t> find_row(const TableColumn& column, std::size_t row);

/// Goes through a column part by part.
class ColumnCursor {
 public:
  struct Part {
    const ColumnChunk* chunk;
    std::size_t begin, count;
  };
  explicit ColumnCursor(const TableColumn& column) : column_(&column) {}

  void restart() { chunk_ = row_ = 0; }
  /// Calls body(part, done) for parts that cover the next `count` rows, which there are; `done` of them come before the
  /// part.
  template <class Body>
  void for_parts(std::size_t count, const Body& body) {
    for (std::size_t done = 0; done < count;) {
      const ColumnChunk& chunk = column_->chunks[chunk_];
      const std::size_t size = std::min(chunk.size - row_, count - done);
      if (size > 0) body(Part{&chunk, row_, size}, done);
      done += size;
      row_ += size;
      if (row_ == chunk.size) ++chunk_, row_ = 0;
    }
  }

 private:
  const TableColumn* column_;
  std::size_t chunk_ = 0, row_ = 0;
};

}  // namespace gusto
