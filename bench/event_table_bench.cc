// Making a data set of columns in memory: events a second on one thread, and the most memory taken beside the source.
//
// 10 million events with values and times, of 100,000 users and 20,000 items: in order of time, so that users come in
// no order, or user by user. Ids are 64-bit integers that lie close or far apart, or strings of 7 or of 14 bytes. In
// place: the table has an owner, so that values and times stay where they are. Memory is the most that the process
// holds meanwhile, less what it held before.

#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "bench/floors.h"
#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <malloc.h>

#include "gusto/base/context.h"
#include "gusto/base/random.h"
#include "gusto/data/table/make_dataset.h"

namespace {

constexpr std::size_t kEvents = 10'000'000;
constexpr std::uint64_t kUsers = 100'000;
constexpr std::uint64_t kItems = 20'000;
constexpr std::uint64_t kStep = 1'000'003;  // between large ids

enum class Order { time, user };
enum class Ids { close, large, short_strings, long_strings };

/// Columns, of which those of ids are made when asked for.
struct Source {
  std::vector<std::uint32_t> users, items;
  std::vector<float> values;
  std::vector<std::int64_t> times;

  static std::shared_ptr<const Source> of(Order order) {
    static std::array<std::shared_ptr<const Source>, 2> sources;
    auto& source = sources[static_cast<std::size_t>(order)];
    if (!source) source = std::make_shared<const Source>(draw(order));
    return source;
  }

 private:
  // A user goes through the items by steps that their number has no divisor of, so that no pair comes twice.
  static Source draw(Order order) {
    Source source;
    gusto::Random random(1, "event table bench");
    std::vector<std::uint32_t> next(kUsers, 0);
    for (std::size_t e = 0; e < kEvents; ++e) {
      const auto user =
          static_cast<std::uint32_t>(order == Order::user ? e / (kEvents / kUsers) : random.below(kUsers));
      const std::uint64_t nth = next[user]++;
      source.users.push_back(user);
      source.items.push_back(static_cast<std::uint32_t>((user * std::uint64_t{7919} + nth * 37) % kItems));
      source.values.push_back(static_cast<float>(1 + random.below(5)));
      source.times.push_back(956'703'932 + static_cast<std::int64_t>(e));
    }
    return source;
  }
};

/// Ids in one of the forms.
class IdSource {
 public:
  IdSource(const std::vector<std::uint32_t>& numbers, Ids form) {
    for (const std::uint32_t number : numbers) {
      switch (form) {
        case Ids::close: integers_.push_back(number + 1); break;
        case Ids::large: integers_.push_back(number * kStep); break;
        case Ids::short_strings:
        case Ids::long_strings:
          fmt::format_to(std::back_inserter(text_), "{}{:06}", form == Ids::short_strings ? "u" : "customer", number);
          offsets_.push_back(static_cast<std::int64_t>(text_.size()));
      }
    }
  }
  gusto::TableColumn column() const {
    if (!integers_.empty()) return gusto::TableColumn::numbers(integers_);
    gusto::TableColumn result;
    result.type = gusto::CellType::utf8_large;
    result.chunks.push_back({offsets_.size() - 1, 0, nullptr, offsets_.data(), text_.data(), {}, nullptr});
    return result;
  }

 private:
  std::vector<std::uint64_t> integers_;
  std::string text_;
  std::vector<std::int64_t> offsets_{0};
};

/// A line of /proc/self/status in bytes; the peak starts again.
std::uint64_t memory(std::string_view line) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kilobytes = 0;
    if (word == line && status >> kilobytes) return 1024 * kilobytes;
  }
  return 0;
}
void begin_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

/// Whether a data set has as many users, items and events as the table, and the same values and times in sum.
bool is_that_of(const gusto::Dataset& data, const Source& source, bool in_place) {
  const auto sum = [](const auto& numbers) {
    return std::accumulate(numbers.begin(), numbers.end(), std::int64_t{0},
                           [](std::int64_t all, auto number) { return all + static_cast<std::int64_t>(number); });
  };
  return data.event_count() == kEvents && data.user_count() == kUsers && data.item_count() == kItems &&
         sum(data.values()) == sum(source.values) && sum(data.times()) == sum(source.times) &&
         (data.values().data() == source.values.data()) == in_place;
}

void make(benchmark::State& state, Order order, Ids ids, bool owned) {
  const auto source = Source::of(order);
  const IdSource users(source->users, ids), items(source->items, ids);
  gusto::EventTable table;
  table.users = users.column();
  table.items = items.column();
  table.values = gusto::TableColumn::numbers(source->values);
  table.times = gusto::TableColumn::times(source->times, gusto::TimeUnit::seconds);
  if (owned) table.owner = source;
  gusto::Context context({.threads = 1});
  std::uint64_t peak = 0;
  for (auto _ : state) {
    state.PauseTiming();
    ::malloc_trim(0);
    begin_peak();
    const std::uint64_t before = memory("VmRSS:");
    state.ResumeTiming();
    const gusto::OpenedDataset opened = gusto::make_dataset(table, {}, context);
    state.PauseTiming();
    peak = std::max(peak, memory("VmHWM:") - before);
    if (!is_that_of(*opened.data, *source, owned)) state.SkipWithError("The data set is not that of the table.");
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kEvents));
  state.counters["bytes_an_event"] = static_cast<double>(peak) / static_cast<double>(kEvents);
}

BENCHMARK_CAPTURE(make, integers, Order::time, Ids::close, false)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(make, integers_by_user, Order::user, Ids::close, false)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(make, large_integers, Order::time, Ids::large, false)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(make, strings, Order::time, Ids::short_strings, false)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(make, long_strings, Order::time, Ids::long_strings, false)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(make, in_place, Order::user, Ids::close, true)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();

}  // namespace
