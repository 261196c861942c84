#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/times.h"

namespace gusto {

/// The times that people's events have: from 1990 to the end of tomorrow, in seconds.
struct PlausibleTimes {
  std::int64_t first = 631152000;
  std::int64_t last;
  PlausibleTimes();
  bool contain(std::int64_t time) const { return time >= first && time <= last; }
};

/// What the first cells of a column tell of it. Empty cells tell nothing.
class ColumnSample {
 public:
  void add(std::string_view cell);

  std::size_t cells() const { return cells_; }
  bool empty() const { return filled_ == 0; }
  /// Whether all are numbers, with a decimal point or a comma: what is read of them is said elsewhere.
  bool all_numbers() const { return filled_ > 0 && numbers_ == filled_; }
  bool no_numbers() const { return numbers_ == 0; }
  /// Whether all cells are times, in whatever unit; and times that events have.
  bool all_times() const { return filled_ > 0 && readable_times() == filled_; }
  bool all_plausible_times() const { return filled_ > 0 && plausible_ == filled_ && readable_times() == filled_; }
  /// How most times are written.
  TimeUnit unit() const;
  /// Whether nothing tells the days of these dates from their months: 03/04/2017.
  bool ambiguous_dates() const;
  /// Whether the cells count 0, 1, 2 …, or from 1 on.
  bool counts_from(std::size_t first) const;
  /// Whether there are a few words that come again, as kinds of events do.
  bool few_words() const;
  /// Whether there are a few small whole numbers that come again: days of the week, seasons, codes.
  bool few_codes() const;

 private:
  struct Unit {
    TimeUnit unit;
    std::size_t cells = 0, readable = 0;
  };
  std::size_t readable_times() const;

  std::size_t cells_ = 0, filled_ = 0, numbers_ = 0, plausible_ = 0;
  std::size_t in_order_ = 0;    // cells that are their number
  std::size_t codes_ = 0;       // small whole numbers
  std::size_t either_way_ = 0;  // dates whose day may be their month
  std::optional<std::int64_t> first_number_;
  std::vector<Unit> units_;  // in the order met
  std::set<std::string, std::less<>> words_;
  PlausibleTimes times_;
};

}  // namespace gusto
