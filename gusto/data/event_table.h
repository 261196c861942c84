#pragma once

/// Events and features that lie in memory as columns: what make_dataset (gusto/data/table/make_dataset.h) takes. All of
/// it is borrowed, in the forms that Apache Arrow has (https://arrow.apache.org/docs/format/Columnar.html), so that
/// arrays of other programs are described and not copied. Everything that a column points to must stay until
/// make_dataset returns; or, if the table has an owner, as long as that lives.
///   std::vector<std::int64_t> users = …, items = …;
///   std::vector<float> stars = …;
///   EventTable table;
///   table.users = TableColumn::numbers(users);
///   table.items = TableColumn::numbers(items);
///   table.values = TableColumn::numbers(stars);

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gusto/data/features.h"
#include "gusto/data/times.h"

namespace gusto {

/// How the values of a column lie in memory; Arrow's format in brackets.
enum class CellType : std::uint8_t {
  boolean,  ///< bits, lowest first (b)
  int8,     ///< (c, s, i, l)
  int16,
  int32,
  int64,
  uint8,  ///< (C, S, I, L)
  uint16,
  uint32,
  uint64,
  float32,  ///< (f, g)
  float64,
  utf8,         ///< 32-bit offsets into a text (u)
  utf8_large,   ///< 64-bit offsets into a text (U)
  utf8_view,    ///< 16 bytes each, with short strings inside (vu)
  string,       ///< std::string
  string_view,  ///< std::string_view
  list,         ///< 32-bit offsets into a column of elements (+l)
  list_large,   ///< 64-bit offsets (+L)
};
std::string_view to_string(CellType type);

struct TableColumn;

/// A part of a column, all of whose rows lie together. Positions in all arrays begin at `offset`, as in an ArrowArray.
struct ColumnChunk {
  std::size_t size = 0;    ///< rows
  std::size_t offset = 0;  ///< of the first row
  /// Bit offset + i, lowest bits first, is 0 where row i is null. Null pointer: no row is.
  const std::uint8_t* validity = nullptr;
  /// Numbers; bits of booleans; std strings; 16 bytes a view; rows + 1 offsets of texts and lists.
  const void* values = nullptr;
  const char* text = nullptr;             ///< of utf8 and utf8_large: what the offsets point into
  std::span<const char* const> texts{};   ///< of utf8_view: where long strings lie
  std::shared_ptr<const TableColumn> of;  ///< of lists: their elements; of integers: the dictionary they point into
};

/// A column in one or several chunks, of which each may have a dictionary of its own.
struct TableColumn {
  CellType type = CellType::int64;      ///< of a dictionary-encoded column: that of the indexes
  std::string name{};                   ///< for messages; empty: what the column is for
  std::optional<TimeUnit> time_unit{};  ///< of times; none: recognized by the first one, as in a file
  std::vector<ColumnChunk> chunks{};

  std::size_t size() const;

  /// Integers of any width, float or double, of anything that lies in one piece.
  template <std::ranges::contiguous_range Values>
  requires(std::ranges::borrowed_range<Values>&& std::is_arithmetic_v<std::ranges::range_value_t<Values>> &&
           !std::is_same_v<std::ranges::range_value_t<Values>, bool>) static TableColumn numbers(Values&& values) {
    using Number = std::ranges::range_value_t<Values>;
    return one_chunk(type_of<Number>(), std::ranges::size(values), std::ranges::data(values));
  }
  static TableColumn ints(std::span<const std::int64_t> values) { return numbers(values); }
  static TableColumn strings(std::span<const std::string> values);
  static TableColumn strings(std::span<const std::string_view> values);
  /// Row i has strings[indexes[i]].
  static TableColumn dictionary(std::span<const std::int32_t> indexes, TableColumn strings);
  /// Row i has the elements [offsets[i], offsets[i + 1]); there is one offset more than rows.
  static TableColumn lists(std::span<const std::int64_t> offsets, TableColumn elements);
  static TableColumn times(std::span<const std::int64_t> values, TimeUnit unit);

  TableColumn named(std::string column_name) &&;

 private:
  template <class Number>
  static constexpr CellType type_of() {
    if constexpr (std::is_same_v<Number, float>) return CellType::float32;
    if constexpr (std::is_floating_point_v<Number>) return CellType::float64;
    constexpr int kSmallest = static_cast<int>(std::is_signed_v<Number> ? CellType::int8 : CellType::uint8);
    return static_cast<CellType>(kSmallest + std::countr_zero(sizeof(Number)));
  }
  static TableColumn one_chunk(CellType type, std::size_t size, const void* values);
};

/// A feature: a column, and of what kind it is. None: numbers are of kind number; booleans ("true", "false") and
/// dictionaries categorical; lists of strings multi; of strings it is recognized as in a file, see side_format.h.
struct FeatureColumn {
  TableColumn column;  ///< its name is the feature's
  std::optional<FeatureKind> kind{};
};

/// Features of users or of items, a row for each id that `ids` names. Null values are missing, and so are empty strings
/// and NaN. A string of kind multi holds values between "|".
struct FeatureColumns {
  TableColumn ids;
  std::vector<FeatureColumn> features{};
};

/// Events, a row each.
struct EventTable {
  /// Integers of any width, which get the ids "7", "-1" …; strings; dictionary-encoded either.
  TableColumn users;
  TableColumn items;
  std::optional<TableColumn> values{};  ///< numbers or booleans; none: all events have the value 1
  std::optional<TableColumn> times{};   ///< since 1970, UTC: integers, or floats whose fractions are left out
  std::optional<TableColumn> kinds{};   ///< as ids; read where kinds are weighed
  std::vector<FeatureColumns> user_features{};
  std::vector<FeatureColumns> item_features{};
  /// Keeps all that the columns point to alive and unchanged, so that numbers may stay. Null: all is copied.
  std::shared_ptr<const void> owner{};
};

}  // namespace gusto
