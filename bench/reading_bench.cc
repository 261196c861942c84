// Reading events: rows a second, checks included, beside a plain read of the same bytes.
//
// ml-1m's shape: some 6,000 users and 3,706 items, user by user; as "user::item::rating::time" and as CSV with quotes
// around everything. Shuffled: the same lines in random order. Threads: the argument.

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "bench/floors.h"
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "gusto/base/context.h"
#include "gusto/base/random.h"
#include "gusto/data/bytes/byte_stream.h"
#include "gusto/data/movielens/embedded.h"
#include "gusto/data/open/open.h"

namespace {

constexpr std::uint32_t kItems = 3706;
constexpr std::uint32_t kEventsAUser = 650;
constexpr std::size_t kRows = 4'000'000;

enum class Form { colons, quoted, shuffled };

/// A file of kRows different events, removed at the end.
class EventFile {
 public:
  explicit EventFile(Form form)
      : path_(std::filesystem::temp_directory_path() / fmt::format("gusto_reading_bench_{}", static_cast<int>(form))) {
    std::vector<std::uint32_t> order(kRows);
    std::iota(order.begin(), order.end(), 0U);
    gusto::Random random(1, "reading bench", 0);
    if (form == Form::shuffled) {
      for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.next() % i]);
    }
    std::string text;
    for (const std::uint32_t row : order) {
      const std::uint32_t user = 1 + row / kEventsAUser, nth = row % kEventsAUser;
      const std::uint32_t item = 1 + (user * 7919 + nth * 5) % kItems;
      const std::string_view between = form == Form::quoted ? "\",\"" : "::", around = form == Form::quoted ? "\"" : "";
      fmt::format_to(std::back_inserter(text), "{5}{0}{4}{1}{4}{2}{4}{3}{5}\n", user, item, 1 + random.next() % 5,
                     956703932 + nth, between, around);
    }
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~EventFile() { std::filesystem::remove(path_); }
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

  static const EventFile& of(Form form) {
    static std::array<std::unique_ptr<EventFile>, 3> files;
    std::unique_ptr<EventFile>& file = files[static_cast<std::size_t>(form)];
    if (!file) file = std::make_unique<EventFile>(form);
    return *file;
  }

 private:
  std::filesystem::path path_;
};

void plain_read(benchmark::State& state, Form form) {
  std::vector<char> buffer(std::size_t{1} << 19);
  const std::filesystem::path& path = EventFile::of(form).path();
  for (auto _ : state) {
    const auto stream = gusto::open_stream(path);
    while (stream->read(buffer) == buffer.size()) benchmark::DoNotOptimize(buffer.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRows));
}

void events(benchmark::State& state, Form form) {
  gusto::Context context({.threads = static_cast<unsigned>(state.range(0))});
  const std::filesystem::path& path = EventFile::of(form).path();
  for (auto _ : state) {
    gusto::OpenedDataset opened = gusto::open_dataset(path, {}, context);
    if (opened.data->event_count() != kRows) state.SkipWithError("events are missing");
    state.PauseTiming();
    opened = {};
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRows));
}

void embedded(benchmark::State& state) {
  gusto::Context context({.threads = 1});
  constexpr std::size_t kRatings = 100'004;
  for (auto _ : state) {
    if (gusto::open_embedded(context).data->event_count() != kRatings) state.SkipWithError("ratings are missing");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRatings));
}

BENCHMARK_CAPTURE(plain_read, colons, Form::colons)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(events, colons, Form::colons)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(plain_read, quoted, Form::quoted)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(events, quoted, Form::quoted)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(events, shuffled, Form::shuffled)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(embedded)->Unit(benchmark::kMillisecond);

}  // namespace
