/// The files of a simulation: numbers by hand into large buffers, blocks of users in parallel, written in order.

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/json.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/text.h"
#include "gusto/data/simulation/ordered_output.h"
#include "gusto/data/simulation/simulation_sums.h"
#include "gusto/data/simulation/simulation_truth.h"
#include "gusto/data/simulation/simulation_words.h"

namespace gusto {
namespace {

constexpr std::size_t kRowsPerBlock = 4096;
constexpr std::size_t kLongestLine = 48;  // three numbers of up to 20 digits never come together
constexpr std::array<std::string_view, 11> kRatings{"",     "0.5,", "1.0,", "1.5,", "2.0,", "2.5,",
                                                    "3.0,", "3.5,", "4.0,", "4.5,", "5.0,"};

// What has been begun in a folder, to be taken away unless all of it is done.
class NewFolder {
 public:
  explicit NewFolder(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code error;
    made_ = std::filesystem::create_directories(path_, error);
    if (error) {
      throw Error(ErrorCode::io, fmt::format("Cannot make the folder {}: {}.", path_.string(), error.message()),
                  "Check that its parent may be written to, and that no file has this name.");
    }
    const bool empty = std::filesystem::is_empty(path_, error);
    if (error) throw Error(ErrorCode::io, fmt::format("Cannot read {}: {}.", path_.string(), error.message()));
    if (!empty) {
      throw Error(ErrorCode::invalid_input, fmt::format("The folder {} is not empty.", path_.string()),
                  "Name a new folder; gusto overwrites no data.");
    }
  }
  ~NewFolder() {
    std::error_code ignored;
    for (const std::filesystem::path& file : files_) std::filesystem::remove(file, ignored);
    if (made_) std::filesystem::remove(path_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  const std::filesystem::path& file(const char* name) { return files_.emplace_back(path_ / name); }
  void keep() {
    files_.clear();
    made_ = false;
  }

 private:
  std::filesystem::path path_;
  bool made_ = false;
  std::vector<std::filesystem::path> files_;
};

char* put_number(char* out, std::uint64_t number) { return std::to_chars(out, out + 20, number).ptr; }

char* put_text(char* out, std::string_view text) { return std::copy(text.begin(), text.end(), out); }

void append_events(std::string& text, std::size_t user, std::span<const SimulatedEvent> events, bool counts) {
  std::array<char, 24> start{};
  char* const start_end = put_text(put_number(start.data(), user + 1), ",");
  const std::string_view prefix(start.data(), static_cast<std::size_t>(start_end - start.data()));
  const std::size_t begin = text.size();
  text.resize(begin + events.size() * kLongestLine);
  char* out = text.data() + begin;
  for (const SimulatedEvent& event : events) {
    out = put_text(out, prefix);
    out = put_number(out, std::uint64_t{event.item} + 1);
    *out++ = ',';
    out = counts ? put_text(put_number(out, event.level), ",") : put_text(out, kRatings[event.level]);
    out = put_number(out, static_cast<std::uint64_t>(event.time));
    *out++ = '\n';
  }
  text.resize(static_cast<std::size_t>(out - text.data()));
}

TruthFigures write_ratings(const Simulation& simulation, AtomicFile& file, Context& context) {
  RatingSums sums(simulation, context.threads());
  const std::size_t users = RatingSums::users_per_block(simulation);
  std::vector<std::unique_ptr<SimulatedHistory>> histories(context.threads());
  std::atomic<std::uint64_t> done = 0;
  file.append("userId,movieId,rating,timestamp\n");
  write_blocks(file, sums.blocks(), context, [&](std::size_t block, unsigned worker, std::string& text) {
    if (!histories[worker]) histories[worker] = std::make_unique<SimulatedHistory>(simulation);
    SimulatedHistory& history = *histories[worker];
    const std::size_t end = std::min((block + 1) * users, simulation.user_count());
    std::uint64_t written = 0;
    for (std::size_t user = block * users; user < end; ++user) {
      const std::span<const SimulatedEvent> events = history.draw(user);
      sums.add(events, history.user().whole_stars, block, worker);
      append_events(text, user, events, simulation.options().counts);
      written += events.size();
    }
    const std::uint64_t total = done += written;
    // The calling thread is worker 0: progress is told by no other.
    if (worker == 0) context.progress("simulate", total, simulation.event_count());
  });
  context.progress("measure", 0, 0);
  return sums.finish(context);
}

/// A file with a header and a line for each row, in blocks.
template <class Append>
void write_rows(const std::filesystem::path& path, std::string_view header, std::size_t rows, Context& context,
                const Append& append) {
  AtomicFile file(path);
  file.append(header);
  write_blocks(file, (rows + kRowsPerBlock - 1) / kRowsPerBlock, context,
               [&](std::size_t block, unsigned, std::string& text) {
                 const std::size_t end = std::min((block + 1) * kRowsPerBlock, rows);
                 for (std::size_t row = block * kRowsPerBlock; row < end; ++row) append(text, row);
               });
  file.commit();
}

void write_descriptions(const Simulation& simulation, NewFolder& folder, Context& context) {
  const SimulatedItems& items = simulation.items();
  write_rows(folder.file("movies.csv"), "movieId,title,genres\n", items.size(), context,
             [&](std::string& text, std::size_t item) {
               fmt::format_to(std::back_inserter(text), "{},{},{}\n", item + 1,
                              simulated_title(items, simulation.seed(), item), simulated_genres(items, item));
             });
  write_rows(folder.file("item_texts.csv"), "movieId,plot\n", items.size(), context,
             [&](std::string& text, std::size_t item) {
               fmt::format_to(std::back_inserter(text), "{},\"{}\"\n", item + 1,
                              simulated_plot(items, simulation.user_distribution(), item));
             });
  write_rows(folder.file("users.csv"), "userId,gender,age,occupation\n", simulation.user_count(), context,
             [&](std::string& text, std::size_t row) {
               const SimulatedUser user = simulation.user(row);
               fmt::format_to(std::back_inserter(text), "{},{},{},{}\n", row + 1, kGenderNames[user.gender],
                              kAges[user.age_group], kOccupationNames[user.occupation]);
             });
}

void add_users(const Simulation& simulation, TensorWriter& writer, Context& context) {
  const std::size_t users = simulation.user_count();
  const auto fill = [&](const auto& body) {
    parallel_blocks(context, users, kRowsPerBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t user = begin; user < end; ++user) body(user, simulation.user(user));
    });
  };
  {
    Matrix<float> tastes(users, simulation.items().dim());
    fill([&](std::size_t row, const SimulatedUser& user) {
      std::copy(user.taste.begin(), user.taste.end(), tastes.row(row).begin());
    });
    writer.add("user_taste", tastes);
    fill([&](std::size_t row, const SimulatedUser& user) {
      std::copy(user.turn.begin(), user.turn.end(), tastes.row(row).begin());
    });
    writer.add("user_turn", tastes);
  }
  std::vector<float> biases(users), drifts(users);
  std::vector<std::int64_t> joined(users);
  std::vector<std::uint8_t> whole_stars(users);
  std::vector<std::uint32_t> events(users);
  fill([&](std::size_t row, const SimulatedUser& user) {
    biases[row] = user.bias;
    drifts[row] = user.bias_drift;
    joined[row] = user.joined;
    whole_stars[row] = user.whole_stars ? 1 : 0;
    events[row] = simulation.events_of(row);
  });
  writer.add("user_bias", biases);
  writer.add("user_bias_drift", drifts);
  writer.add("user_joined", joined);
  writer.add("user_whole_stars", whole_stars);
  writer.add("user_events", events);
}

void add_items(const SimulatedItems& items, TensorWriter& writer) {
  Matrix<float> tastes(items.size(), items.dim());
  std::vector<float> quality, quality_drift, popularity, popularity_drift;
  std::vector<std::uint32_t> genres;
  for (std::size_t item = 0; item < items.size(); ++item) {
    std::copy_n(items.vector(item), items.dim(), tastes.row(item).begin());
    quality.push_back(items.quality(item));
    quality_drift.push_back(items.quality_drift(item));
    popularity.push_back(items.popularity(item));
    popularity_drift.push_back(items.popularity_drift(item));
    genres.push_back(items.genres(item));
  }
  writer.add("item_taste", tastes);
  writer.add("item_quality", quality);
  writer.add("item_quality_drift", quality_drift);
  writer.add("item_popularity", popularity);
  writer.add("item_popularity_drift", popularity_drift);
  writer.add("item_genres", genres);
  writer.add("genre_taste", items.genre_tastes());
}

OrderedJson simulation_json(const Simulation& simulation) {
  const SimulationOptions& options = simulation.options();
  return {{"users", options.users},           {"items", options.items},       {"events", options.events},
          {"seed", simulation.seed()},        {"dim", options.dim},           {"noise", options.noise},
          {"drift", options.drift},           {"exposure", options.exposure}, {"tail", options.tail},
          {"choosiness", options.choosiness}, {"groups", options.groups},     {"counts", options.counts}};
}

void write_truth(const Simulation& simulation, const TruthFigures& figures, NewFolder& folder, Context& context) {
  const OrderedJson options = simulation_json(simulation);
  TensorWriter writer;
  for (const auto& [name, value] : options.items()) writer.set_metadata(name, print_json(value));
  add_users(simulation, writer, context);
  add_items(simulation.items(), writer);
  writer.write(folder.file("truth.safetensors"));

  OrderedJson json = {{"options", options},
                      {"mean", figures.mean},
                      {"deviation", figures.deviation},
                      {"rmse", figures.rmse},
                      {"rmse_error", figures.rmse_error},
                      {"ndcg@10", figures.ndcg},
                      {"ndcg@10_error", figures.ndcg_error},
                      {"ndcg@10_users", figures.ndcg_users},
                      {"ndcg@10_split", "holdout:0.2"}};
  const std::string text = print_json(json, 2) + "\n";
  write_file_atomically(folder.file("truth.json"), std::as_bytes(std::span(text)));
}

}  // namespace

TruthFigures write_simulation(const Simulation& simulation, const std::filesystem::path& folder, Context& context) {
  NewFolder made(folder);
  AtomicFile ratings(made.file("ratings.csv"));
  const TruthFigures figures = write_ratings(simulation, ratings, context);
  write_descriptions(simulation, made, context);
  write_truth(simulation, figures, made, context);
  context.check_canceled();
  ratings.commit();
  made.keep();
  return figures;
}

std::uint64_t writing_memory(const SimulationOptions& options, unsigned threads) {
  constexpr std::uint64_t kEventsPerBlock = 65536;
  const std::uint64_t simulation =
      sizeof(std::uint32_t) * options.users + SimulatedItems::memory(options.items, options.dim);
  const std::uint64_t largest_user = std::min(options.items, options.events);
  const std::uint64_t text = (kEventsPerBlock + largest_user) * kLongestLine;
  const std::uint64_t drawing = options.items * (sizeof(double) + 16 + 2) + largest_user * sizeof(SimulatedEvent);
  const std::uint64_t truth = options.users * (sizeof(float) * options.dim * 3 + 2 * 21) +
                              options.items * (2 * sizeof(float) * (options.dim + 5));
  return simulation + threads * (3 * text + drawing) + truth;
}

}  // namespace gusto
