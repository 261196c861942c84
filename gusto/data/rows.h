#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace gusto {

/// A position in a table of users or of items. Rows of different tables do not convert to one another, nor to numbers.
template <class Table>
struct Row {
  std::uint32_t index = 0;

  constexpr Row() = default;
  constexpr explicit Row(std::uint32_t index_) : index(index_) {}
  constexpr explicit Row(std::size_t index_) : index(static_cast<std::uint32_t>(index_)) {}
  constexpr explicit Row(int index_) : index(static_cast<std::uint32_t>(index_)) {}
  friend constexpr auto operator<=>(Row, Row) = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 misreads it
};

using UserRow = Row<struct UserTable>;
using ItemRow = Row<struct ItemTable>;

}  // namespace gusto

template <class Table>
struct std::hash<gusto::Row<Table>> {
  std::size_t operator()(gusto::Row<Table> row) const noexcept { return std::hash<std::uint32_t>{}(row.index); }
};
