#include "gusto/data/simulation/simulation_truth.h"

#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <numbers>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gusto/base/json.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/base/text.h"
#include "gusto/data/open/open.h"

namespace gusto {
namespace {

using test::content_of;
using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr std::array kFiles{"ratings.csv", "movies.csv",        "item_texts.csv",
                            "users.csv",   "truth.safetensors", "truth.json"};

TruthFigures write(const std::filesystem::path& folder, const SimulationOptions& options, unsigned threads = 2) {
  Context context({.threads = threads});
  return write_simulation(Simulation(options, context), folder, context);
}

std::vector<std::string> listing(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

TEST(SimulationFiles, SameBytesAtAnyNumberOfThreads) {
  const SimulationOptions options{.users = 6000, .items = 300, .events = 70'000, .seed = 11};
  const test::TemporaryFolder folder;
  for (const unsigned threads : {1U, 2U, 7U}) write(folder.path() / std::to_string(threads), options, threads);
  for (const char* file : kFiles) {
    const std::string one = content_of(folder.path() / "1" / file);
    EXPECT_FALSE(one.empty());
    EXPECT_TRUE(one == content_of(folder.path() / "2" / file)) << file;
    EXPECT_TRUE(one == content_of(folder.path() / "7" / file)) << file;
  }
}

TEST(SimulationFiles, HoldTheDataSetInMemory) {
  const SimulationOptions options{.users = 80, .items = 150, .events = 3000, .seed = 11};
  Context context({.threads = 2});
  const Simulation simulation(options, context);
  const test::TemporaryFolder folder;
  write_simulation(simulation, folder.path(), context);
  EXPECT_THAT(listing(folder.path()), UnorderedElementsAre("ratings.csv", "movies.csv", "item_texts.csv", "users.csv",
                                                           "truth.safetensors", "truth.json"));

  const auto read = open_dataset(folder.path(), {}, context).data;
  const auto made = simulate_dataset(simulation, context);
  ASSERT_EQ(read->event_count(), 3000U);
  ASSERT_EQ(made->event_count(), 3000U);
  ASSERT_EQ(read->item_count(), made->item_count());
  for (std::size_t u = 0; u < made->user_count(); ++u) EXPECT_EQ(read->catalog().users[u], made->catalog().users[u]);
  for (std::size_t i = 0; i < made->item_count(); ++i) EXPECT_EQ(read->catalog().items[i], made->catalog().items[i]);
  EXPECT_EQ(read->catalog().item_order.get(), made->catalog().item_order.get());
  for (std::size_t e = 0; e < 3000; ++e) {
    EXPECT_EQ(read->items()[e], made->items()[e]);
    EXPECT_EQ(read->values()[e], made->values()[e]);
    EXPECT_EQ(read->times()[e], made->times()[e]);
  }
  for (const char* name : {"title", "year", "genres"}) {
    for (std::size_t i = 0; i < made->item_count(); ++i) {
      EXPECT_EQ(read->catalog().item_features.at(name).display(i), made->catalog().item_features.at(name).display(i));
    }
  }
  EXPECT_EQ(made->catalog().user_features.fields().size(), 3U);
}

// Goes by the files alone and by the formulas as they are written down.
TEST(SimulationFiles, TruthReproducesTheFloor) {
  const test::TemporaryFolder folder;
  const TruthFigures figures = write(folder.path(), {.users = 300, .items = 200, .events = 12'000, .dim = 5});
  const auto json = parse_json(content_of(folder.path() / "truth.json"));
  EXPECT_EQ(json["rmse"], figures.rmse);
  EXPECT_EQ(json["ndcg@10"], figures.ndcg);

  const TensorFile truth = TensorFile::open(folder.path() / "truth.safetensors");
  const double drift = std::stod(truth.metadata("drift"));
  const double noise = std::stod(truth.metadata("noise"));
  const Matrix<float> taste = truth.matrix<float>("user_taste", 300, 5);
  const Matrix<float> turn = truth.matrix<float>("user_turn", 300, 5);
  const Matrix<float> item_taste = truth.matrix<float>("item_taste", 200, 5);
  const auto number = [&](const char* name, std::size_t row) {
    return static_cast<double>(truth.values<float>(name)[row]);
  };

  std::istringstream lines(content_of(folder.path() / "ratings.csv"));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "userId,movieId,rating,timestamp");
  double errors = 0;
  std::vector<std::uint32_t> events(300);
  while (std::getline(lines, line)) {
    const std::vector<std::string_view> fields = split(line, ",");
    const auto user = static_cast<std::size_t>(*parse_integer(fields[0]) - 1);
    const auto item = static_cast<std::size_t>(*parse_integer(fields[1]) - 1);
    const double rating = *parse_real(fields[2]);
    const std::int64_t joined = truth.values<std::int64_t>("user_joined")[user];
    const std::int64_t days = (*parse_integer(fields[3]) - joined) / 86'400;
    const double years = static_cast<double>(days) / 365.25;
    const double x = 2.0 * static_cast<double>(joined + days * 86'400 - 946'684'800) / (3652.0 * 86'400) - 1;
    double opinion = 3.25 + number("user_bias", user) + number("user_bias_drift", user) * years +
                     number("item_quality", item) + number("item_quality_drift", item) * x;
    for (std::size_t k = 0; k < 5; ++k) {
      const double of_user = std::cos(0.3 * drift * years) * static_cast<double>(taste(user, k)) +
                             std::sin(0.3 * drift * years) * static_cast<double>(turn(user, k));
      opinion += of_user * static_cast<double>(item_taste(item, k));
    }
    const double step = truth.values<std::uint8_t>("user_whole_stars")[user] != 0 ? 1 : 0.5;
    double expected = step;
    for (double above = 2 * step; above <= 5; above += step) {
      expected += step * 0.5 * std::erfc((above - step / 2 - opinion) / (noise * std::numbers::sqrt2));
    }
    errors += (rating - expected) * (rating - expected);
    ++events[user];
  }
  EXPECT_NEAR(std::sqrt(errors / 12'000), figures.rmse, 1e-5);
  EXPECT_THAT(events, testing::ElementsAreArray(truth.values<std::uint32_t>("user_events")));
}

TEST(TruthFigures, AreTheSameInMemory) {
  const SimulationOptions options{.users = 100, .items = 80, .events = 2000, .seed = 11};
  const test::TemporaryFolder folder;
  const TruthFigures written = write(folder.path(), options);
  Context context({.threads = 3});
  const TruthFigures measured = measure_truth(Simulation(options, context), context);
  EXPECT_EQ(written.rmse, measured.rmse);
  EXPECT_EQ(written.rmse_error, measured.rmse_error);
  EXPECT_EQ(written.deviation, measured.deviation);
  EXPECT_EQ(written.ndcg, measured.ndcg);
  EXPECT_EQ(written.ndcg_users, 100U);
}

TEST(TruthFigures, MoreNoiseMeansAHigherFloorAndTastesAreOfUse) {
  Context context({.threads = 2});
  const TruthFigures quiet =
      measure_truth(Simulation({.users = 200, .items = 200, .events = 6000, .noise = 0.3}, context), context);
  const TruthFigures loud =
      measure_truth(Simulation({.users = 200, .items = 200, .events = 6000, .noise = 1.2}, context), context);
  EXPECT_LT(quiet.rmse, 0.4);
  EXPECT_GT(loud.rmse, 0.9);
  EXPECT_LT(loud.rmse, loud.deviation - 0.05);
  EXPECT_GT(quiet.ndcg, 0.3);
}

TEST(TruthNdcg, CountsWithheldItemsAmongTheTenHeaviest) {
  const std::vector<std::uint32_t> items{0, 1, 2, 3};  // one of them is withheld
  const std::vector<std::uint8_t> present(30, 1);
  std::vector<double> weights(30, 1.0);
  for (const std::uint32_t item : items) weights[item] = 5;
  EXPECT_DOUBLE_EQ(truth_ndcg(1, 2, items, weights, present), 1);
  weights[9] = 6;
  EXPECT_DOUBLE_EQ(truth_ndcg(1, 2, items, weights, present), 1 / std::log2(3.0));
  for (const std::uint32_t item : items) weights[item] = 0.5;
  EXPECT_DOUBLE_EQ(truth_ndcg(1, 2, items, weights, present), 0);
  std::vector<std::uint8_t> only_own(30, 0);
  for (const std::uint32_t item : items) only_own[item] = 1;
  EXPECT_DOUBLE_EQ(truth_ndcg(1, 2, items, weights, only_own), 1);
}

TEST(SimulationFiles, NothingIsOverwritten) {
  const test::TemporaryFolder folder;
  folder.write("notes.txt", "mine");
  const Error error = error_of([&] { write(folder.path(), {.users = 5, .items = 5, .events = 10}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_input);
  EXPECT_THAT(error.what(), HasSubstr("is not empty"));
  EXPECT_THAT(listing(folder.path()), ElementsAre("notes.txt"));
  EXPECT_EQ(error_of([&] { write(folder.path() / "notes.txt", {.users = 5, .items = 5, .events = 10}); }).code(),
            ErrorCode::io);
}

TEST(SimulationFiles, WhatIsStoppedLeavesNothing) {
  const test::TemporaryFolder folder;
  CancelToken cancel;
  const auto stop_at = [&](const char* stage) {
    return [&cancel, stage](const ProgressEvent& event) {
      if (event.stage == stage) cancel.cancel();
    };
  };
  Context context({.threads = 3, .cancel = &cancel, .progress = stop_at("simulate")});
  const Simulation simulation({.users = 400, .items = 2000, .events = 400'000}, context);
  EXPECT_EQ(error_of([&] { write_simulation(simulation, folder.path() / "new", context); }).code(),
            ErrorCode::canceled);
  EXPECT_THAT(listing(folder.path()), ElementsAre());
}

}  // namespace
}  // namespace gusto
