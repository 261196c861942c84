#include "gusto/data/table/column_reader.h"

#include <cmath>
#include <limits>
#include <type_traits>

#include <fmt/core.h>

namespace gusto {
namespace {

constexpr double kGreatestValue = std::numeric_limits<float>::max();

// Readers of text round to double first, and so do these.
template <class Number>
bool to_values(const Number* numbers, std::size_t count, float* values) {
  bool good = true;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<double>(numbers[i]);
    if constexpr (std::is_floating_point_v<Number>) good &= std::abs(number) <= kGreatestValue;
    values[i] = static_cast<float>(number);
  }
  return good;
}

template <std::int64_t per_second, class Number>
bool to_times(const Number* numbers, std::size_t count, std::int64_t* times) {
  bool good = true;
  for (std::size_t i = 0; i < count; ++i) {
    if constexpr (std::is_floating_point_v<Number>) {
      const double seconds = std::floor(static_cast<double>(numbers[i]) / static_cast<double>(per_second));
      const bool fits = std::abs(seconds) <= static_cast<double>(kLatestTime);
      good &= fits;
      times[i] = fits ? static_cast<std::int64_t>(seconds) : kLatestTime;
    } else {
      const auto number = static_cast<std::int64_t>(numbers[i]);
      std::int64_t seconds = number / per_second;
      if constexpr (per_second > 1) seconds -= number % per_second < 0 ? 1 : 0;
      good &= seconds <= kLatestTime && seconds >= -kLatestTime;
      if constexpr (std::is_same_v<Number, std::uint64_t>) good &= number >= 0;
      times[i] = seconds;
    }
  }
  return good;
}

template <class Number>
bool digits_to_times(const Number* numbers, std::size_t count, std::int64_t* times) {
  constexpr double kMost = 1e15;
  bool good = true;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<double>(numbers[i]);  // exact, as far as dates go
    const bool whole = number >= 0 && number < kMost && number == std::floor(number);
    const std::optional<std::int64_t> time =
        whole ? time_of_digits(static_cast<std::int64_t>(numbers[i])) : std::nullopt;
    good &= time.has_value();
    times[i] = time.value_or(kLatestTime);
  }
  return good;
}

template <class Number>
bool to_times(const Number* numbers, std::size_t count, TimeUnit unit, std::int64_t* times) {
  switch (unit) {
    case TimeUnit::milliseconds: return to_times<1'000>(numbers, count, times);
    case TimeUnit::microseconds: return to_times<1'000'000>(numbers, count, times);
    case TimeUnit::nanoseconds: return to_times<1'000'000'000>(numbers, count, times);
    case TimeUnit::yyyymmdd: return digits_to_times(numbers, count, times);
    case TimeUnit::seconds:
    case TimeUnit::iso:
    case TimeUnit::dmy:
    case TimeUnit::mdy: break;
  }
  return to_times<1>(numbers, count, times);
}

TimeUnit unit_of(const TableColumn& column) {
  if (column.time_unit) return *column.time_unit;
  for (const ColumnChunk& chunk : column.chunks) {
    for (std::size_t row = 0; row < chunk.size; ++row) {
      const double first = number_at(column.type, chunk, row);
      if (!std::isfinite(first)) continue;  // null, or to be complained about
      return recognize_time_unit(std::abs(first) < 9e18 ? static_cast<std::int64_t>(first) : std::int64_t{0});
    }
  }
  return TimeUnit::seconds;
}

}  // namespace

bool ValueReader::read(std::size_t count, float* values) {
  bool good = true;
  cursor_.for_parts(count, [&](const ColumnCursor::Part& part, std::size_t done) {
    good &= all_valid(*part.chunk, part.begin, part.count);
    if (column_->type == CellType::boolean) {
      for (std::size_t i = 0; i < part.count; ++i)
        values[done + i] = bit_at(part.chunk->values, part.chunk->offset + part.begin + i) ? 1.0f : 0.0f;
    } else {
      good &= with_numbers(column_->type, *part.chunk,
                           [&](const auto* first) { return to_values(first + part.begin, part.count, values + done); });
    }
  });
  return good;
}

std::optional<CellProblem> ValueReader::problem(std::size_t row) const {
  const std::string kHint = "Correct the value, or leave the row out.";
  const auto [chunk, own] = find_row(*column_, row);
  if (!is_valid(*chunk, own)) return CellProblem{"the value is null", kHint};
  const double number = number_at(column_->type, *chunk, own);
  if (!std::isfinite(number)) return CellProblem{fmt::format("{} is not a finite number", number), kHint};
  if (std::abs(number) > kGreatestValue) return CellProblem{fmt::format("{} is out of range", number), kHint};
  return std::nullopt;
}

TimeReader::TimeReader(const TableColumn& column) : column_(&column), unit_(unit_of(column)), cursor_(column) {}

bool TimeReader::read(std::size_t count, std::int64_t* times) {
  bool good = true;
  cursor_.for_parts(count, [&](const ColumnCursor::Part& part, std::size_t done) {
    good &= all_valid(*part.chunk, part.begin, part.count);
    good &= with_numbers(column_->type, *part.chunk, [&](const auto* first) {
      return to_times(first + part.begin, part.count, unit_, times + done);
    });
  });
  return good;
}

std::optional<CellProblem> TimeReader::problem(std::size_t row) const {
  const auto [chunk, own] = find_row(*column_, row);
  if (!is_valid(*chunk, own)) return CellProblem{"the time is null", "Correct the time, or leave the row out."};
  std::int64_t ignored = 0;
  const std::size_t at = own;
  const bool good =
      with_numbers(column_->type, *chunk, [&](const auto* first) { return to_times(first + at, 1, unit_, &ignored); });
  if (good) return std::nullopt;
  CellText text;
  const std::string written(*text(*column_, *chunk, own));
  const TimeProblem problem = time_problem(written, unit_);
  return CellProblem{fmt::format("{} {}", written, problem.sentence), std::string(problem.hint)};
}

}  // namespace gusto
