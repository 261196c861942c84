#include "gusto/data/io/column_sample.h"

#include <algorithm>
#include <chrono>

#include "gusto/base/text.h"
#include "gusto/data/io/numbers.h"

namespace gusto {
namespace {

constexpr std::size_t kMostKinds = 20;
constexpr std::int64_t kGreatestCode = 31;

}  // namespace

PlausibleTimes::PlausibleTimes() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  constexpr std::int64_t kDay = 86400;
  last = (std::chrono::duration_cast<std::chrono::seconds>(now).count() / kDay + 2) * kDay;
}

void ColumnSample::add(std::string_view cell) {
  const std::string_view text = trim(cell);
  const std::size_t place = cells_++;
  if (text.empty()) return;
  ++filled_;
  if (parse_value(text) || parse_comma_value(text)) ++numbers_;
  if (const std::optional<std::int64_t> number = parse_integer(text)) {
    if (!first_number_) first_number_ = number;
    if (*number == *first_number_ + static_cast<std::int64_t>(place)) ++in_order_;
    if (*number >= -1 && *number <= kGreatestCode) ++codes_;
  }
  if (words_.size() <= kMostKinds) words_.emplace(text);
  const TimeUnit unit = recognize_time_unit(text);
  auto known = std::find_if(units_.begin(), units_.end(), [&](const Unit& own) { return own.unit == unit; });
  if (known == units_.end()) known = units_.insert(known, Unit{unit});
  ++known->cells;
  if (unit == TimeUnit::dmy && is_either_way(text)) ++either_way_;
  const std::optional<std::int64_t> time = parse_time(text, unit);
  if (!time) return;
  ++known->readable;
  if (times_.contain(*time)) ++plausible_;
}

TimeUnit ColumnSample::unit() const {
  if (units_.empty()) return TimeUnit::seconds;
  // Dates that may begin with either begin with the month where others must.
  const auto days_first =
      std::find_if(units_.begin(), units_.end(), [](auto own) { return own.unit == TimeUnit::dmy; });
  if (days_first != units_.end() && days_first->cells == either_way_ &&
      std::any_of(units_.begin(), units_.end(), [](const Unit& own) { return own.unit == TimeUnit::mdy; })) {
    return TimeUnit::mdy;
  }
  // Some numbers of seconds look like dates.
  if (units_.size() > 1 && std::any_of(units_.begin(), units_.end(), [](const Unit& own) {
        return own.unit == TimeUnit::seconds && own.readable > 0;
      })) {
    std::size_t numbers = 0;
    for (const Unit& own : units_) {
      numbers += own.unit == TimeUnit::seconds || own.unit == TimeUnit::yyyymmdd ? own.cells : 0;
    }
    if (2 * numbers > filled_) return TimeUnit::seconds;
  }
  const auto most =
      std::max_element(units_.begin(), units_.end(), [](const Unit& a, const Unit& b) { return a.cells < b.cells; });
  return most->unit;
}

std::size_t ColumnSample::readable_times() const {
  if (units_.empty()) return 0;
  // Numbers can be read in any unit of numbers, dates only as dates of their kind.
  const auto is_date = [](TimeUnit unit) {
    return unit == TimeUnit::iso || unit == TimeUnit::dmy || unit == TimeUnit::mdy;
  };
  const TimeUnit own_unit = unit();
  std::size_t count = 0;
  for (const Unit& own : units_) {
    const bool alike = is_date(own_unit) ? own.unit == own_unit : !is_date(own.unit);
    const bool months_first = own_unit == TimeUnit::mdy && own.unit == TimeUnit::dmy && own.cells == either_way_;
    if (alike || months_first) count += own.readable;
  }
  return count;
}

bool ColumnSample::ambiguous_dates() const { return unit() == TimeUnit::dmy && either_way_ == filled_ && filled_ > 0; }

bool ColumnSample::counts_from(std::size_t first) const {
  return cells_ > 1 && in_order_ == cells_ && first_number_ == static_cast<std::int64_t>(first);
}

bool ColumnSample::few_codes() const {
  return filled_ > 0 && codes_ == filled_ && words_.size() <= kMostKinds && 2 * words_.size() <= filled_;
}

bool ColumnSample::few_words() const {
  return filled_ > 0 && numbers_ == 0 && words_.size() <= kMostKinds && 2 * words_.size() <= filled_;
}

}  // namespace gusto
