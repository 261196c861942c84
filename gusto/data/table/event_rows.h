#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/error.h"
#include "gusto/data/table/id_column.h"
#include "gusto/data/table/make_dataset.h"

namespace gusto {

/// The rows of a table of events, checked and turned into numbers block by block, as often as one goes through them.
class EventRows {
 public:
  /// Some rows that follow one another. Users and items are rows of the vocabularies, values are weighed by kind.
  struct Block {
    std::size_t begin, count;
    const std::uint8_t*
        keep;  ///< 0 for each row that is left out; null: none is. What stands in such a row means nothing
    const std::uint32_t* users;
    const std::uint32_t* items;  ///< null the first time
    const float* values;
    const std::int64_t* times;  ///< null: the events have none
  };

  /// Ids are added to the vocabularies, which are empty. All must outlive the rows.
  /// Errors   invalid_input, if columns differ in length or hold what they cannot; invalid_option
  EventRows(const EventTable& table, const TableOptions& options, Vocabulary& users, Vocabulary& items);
  EventRows(const EventRows&) = delete;
  EventRows& operator=(const EventRows&) = delete;

  std::size_t size() const { return size_; }
  bool timed() const { return times_.has_value(); }
  bool weighed() const { return kinds_.has_value(); }
  /// Once gone through:
  std::size_t kept() const { return size_ - left_out_; }
  std::uint64_t bad() const { return bad_; }
  std::uint64_t weightless() const { return weightless_; }
  const std::vector<std::string>& examples() const { return examples_; }

  /// The column of values if it holds floats in one piece, and that of times if it holds seconds as 64-bit integers.
  const ColumnChunk* plain_values() const;
  const ColumnChunk* plain_times() const;
  /// What columns hold, for reports: "user", "rating=stars".
  std::vector<std::string> roles() const;

  /// Calls body(block) for all rows in order. The first time, rows are checked, but for items' ids where none is left
  /// out.
  /// Errors   invalid_input, with column and row, for the first row that is wrong, unless such rows are left out;
  ///          canceled
  template <class Body>
  void for_blocks(Context& context, const Body& body) {
    restart();
    for (std::size_t begin = 0; begin < size_; begin += kBlockRows) {
      if (begin / kBlockRows % kBlocksBetweenChecks == 0) {
        context.check_canceled();
        context.progress("reading", begin, size_);
      }
      body(next_block(begin, std::min(kBlockRows, size_ - begin)));
    }
    checked_ = true;
  }

 private:
  static constexpr std::size_t kBlockRows = 4096;
  static constexpr std::size_t kBlocksBetweenChecks = 64;

  std::vector<const TableColumn*> columns() const;
  void check_columns() const;
  void restart();
  Block next_block(std::size_t begin, std::size_t count);
  /// False if a row is not to be kept, or is wrong.
  bool read_values(std::size_t count, const std::uint8_t* keep);
  std::optional<float> weight_of(std::uint32_t kind);
  void look_at_rows(std::size_t begin, std::size_t count);
  std::optional<Error> problem_of(std::size_t row) const;
  std::optional<float> weight_of_row(std::size_t row) const;
  /// Throws for the first row before `end` that is wrong.
  [[noreturn]] void fail_before(std::size_t end);

  const TableOptions& options_;
  TableColumn user_column_, item_column_;
  std::optional<TableColumn> value_column_, time_column_, kind_column_;
  std::size_t size_;

  std::optional<IdColumn> users_, items_, kinds_;
  std::optional<ValueReader> values_;
  std::optional<TimeReader> times_;
  Vocabulary kind_names_;
  std::vector<std::optional<float>> kind_weights_;

  // One block of rows.
  std::array<std::uint32_t, kBlockRows> user_block_{}, item_block_{}, kind_block_{};
  std::array<float, kBlockRows> value_block_{};
  std::array<std::int64_t, kBlockRows> time_block_{};
  std::array<std::uint8_t, kBlockRows> keep_block_{};

  bool checked_ = false;
  std::vector<bool> kept_;  // by row; empty: all are
  std::size_t left_out_ = 0;
  std::uint64_t bad_ = 0, weightless_ = 0;
  std::vector<std::string> examples_;
};

}  // namespace gusto
