// Data files: writing one, opening it, and its first use, which reads and checks all events. Opening must not take
// longer for more events.
//
//   200,000 users, 50,000 items with title and genres, so many events; the file lies in the folder for temporary files

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench/floors.h"
#include <benchmark/benchmark.h>

#include "gusto/base/random.h"
#include "gusto/data/file/data_file.h"
#include "gusto/data/file/data_file_writer.h"

namespace {

constexpr std::size_t kUsers = 200'000, kItems = 50'000;

gusto::Catalog make_catalog() {
  gusto::Catalog catalog;
  for (std::size_t user = 0; user < kUsers; ++user) catalog.users.add("user-" + std::to_string(user));
  gusto::FeatureField title, genres;
  title.name = "title";
  title.kind = gusto::FeatureKind::text;
  genres.name = "genres";
  genres.kind = gusto::FeatureKind::multi;
  for (std::size_t item = 0; item < kItems; ++item) {
    catalog.items.add("item-" + std::to_string(item));
    title.append("The title of item " + std::to_string(item));
    genres.append("genre " + std::to_string(item % 17) + "|genre " + std::to_string(item % 5));
  }
  catalog.item_features = gusto::FeatureTable({title, genres});
  return catalog;
}

// A file of so many events, written once.
std::string file_of(std::uint64_t events) {
  const auto folder = std::filesystem::temp_directory_path();
  const std::string path = (folder / ("gusto-bench-" + std::to_string(events) + ".gdata")).string();
  static const gusto::Catalog catalog = make_catalog();
  gusto::DataFileWriter writer(path);
  std::vector<gusto::ItemRow> items;
  std::vector<float> values;
  std::vector<std::int64_t> times;
  for (std::size_t user = 0; user < kUsers; ++user) {
    const std::size_t count = events * (user + 1) / kUsers - events * user / kUsers;
    gusto::Random random(7, "events", user);
    const std::size_t first = random.below(kItems);
    items.clear(), values.clear(), times.clear();
    for (std::size_t n = 0; n < count; ++n) {
      items.emplace_back((first + 101 * n) % kItems);
      values.push_back(static_cast<float>(1 + random.below(5)));
      times.push_back(static_cast<std::int64_t>(1'000'000'000 + n));
    }
    writer.add_user(items, values, times);
  }
  writer.finish(catalog, {});
  return path;
}

class OwnFile {
 public:
  explicit OwnFile(std::uint64_t events) : path_(file_of(events)) {}
  ~OwnFile() { std::filesystem::remove(path_); }
  OwnFile(const OwnFile&) = delete;
  OwnFile& operator=(const OwnFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void write_user_by_user(benchmark::State& state) {
  const auto events = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    const OwnFile file(events);
    bytes = std::filesystem::file_size(file.path());
  }
  if (bytes < 16 * events) state.SkipWithError("the file is too small");
  state.counters["events"] = benchmark::Counter(static_cast<double>(events) * static_cast<double>(state.iterations()),
                                                benchmark::Counter::kIsRate);
}
BENCHMARK(write_user_by_user)->Arg(20'000'000)->Unit(benchmark::kMillisecond)->Iterations(1);

void open(benchmark::State& state) {
  const auto events = static_cast<std::uint64_t>(state.range(0));
  const OwnFile file(events);
  std::uint64_t found = 0;
  for (auto _ : state) found = gusto::open_data_file(file.path()).data->event_count();
  if (found != events) state.SkipWithError("events are missing");
}
BENCHMARK(open)->Arg(20'000)->Arg(2'000'000)->Arg(20'000'000)->Unit(benchmark::kMicrosecond);

void first_use_of_events(benchmark::State& state) {
  const auto events = static_cast<std::uint64_t>(state.range(0));
  const OwnFile file(events);
  std::uint64_t found = 0;
  for (auto _ : state) {
    const auto data = gusto::open_data_file(file.path()).data;
    found = 0;
    for (std::size_t user = 0; user < kUsers; ++user) found += data->history(gusto::UserRow(user)).size();
  }
  if (found != events) state.SkipWithError("events are missing");
  state.counters["events"] = benchmark::Counter(static_cast<double>(events) * static_cast<double>(state.iterations()),
                                                benchmark::Counter::kIsRate);
}
BENCHMARK(first_use_of_events)->Arg(20'000'000)->Unit(benchmark::kMillisecond);

void first_use_of_catalog(benchmark::State& state) {
  const OwnFile file(20'000);
  bool found = true;
  for (auto _ : state) {
    const auto data = gusto::open_data_file(file.path()).data;
    const gusto::Catalog& catalog = data->catalog();
    found = found && catalog.users.find("user-199999") == 199'999 && catalog.items.find("item-7") == 7 &&
            catalog.title(gusto::ItemRow(7)) == "The title of item 7";
  }
  if (!found) state.SkipWithError("ids or titles are wrong");
}
BENCHMARK(first_use_of_catalog)->Unit(benchmark::kMillisecond);

}  // namespace
