// A table of integers is the same data set, to the byte, as a file with the same content.

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/random.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/file/data_file_writer.h"
#include "gusto/data/open/open.h"
#include "gusto/data/table/make_dataset.h"

namespace gusto {
namespace {

constexpr std::array<std::string_view, 3> kKindNames{"view", "buy", "cancel"};

// Events as columns and as lines, with whatever of them there is.
struct Drawn {
  std::vector<std::int64_t> users;
  std::vector<std::int64_t> items;
  std::vector<double> values;
  std::vector<std::int64_t> times;
  std::vector<std::string_view> kinds;
  bool has_values = false, has_times = false, has_kinds = false;

  static Drawn draw(std::uint64_t seed, std::size_t rows, bool sorted) {
    Random random(seed, "table test");
    Drawn drawn;
    const std::uint64_t range = 1 + random.below(2) * 1'000'000'000'000'000;
    for (std::size_t r = 0; r < rows; ++r) {
      drawn.users.push_back((sorted ? static_cast<std::int64_t>(r / 5) : static_cast<std::int64_t>(random.below(9))) *
                            static_cast<std::int64_t>(range));
      drawn.items.push_back(static_cast<std::int64_t>(random.below(20)) - 4);
      drawn.values.push_back(static_cast<double>(random.below(100)) / 10 - 2);
      drawn.times.push_back(static_cast<std::int64_t>(random.below(200)) * (sorted ? 0 : 1) - 20);
      drawn.kinds.push_back(kKindNames[random.below(kKindNames.size())]);
    }
    return drawn;
  }

  std::string csv() const {
    std::string text = fmt::format("user,item{}{}{}\n", has_values ? ",rating" : "", has_times ? ",time" : "",
                                   has_kinds ? ",kind" : "");
    for (std::size_t r = 0; r < users.size(); ++r) {
      text += fmt::format("{},{}", users[r], items[r]);
      if (has_values) text += fmt::format(",{}", values[r]);
      if (has_times) text += fmt::format(",{}", times[r]);
      if (has_kinds) text += fmt::format(",{}", kinds[r]);
      text += "\n";
    }
    return text;
  }

  EventTable table() const {
    EventTable result;
    result.users = TableColumn::ints(users);
    result.items = TableColumn::ints(items);
    if (has_values) result.values = TableColumn::numbers(values);
    if (has_times) result.times = TableColumn::times(times, TimeUnit::seconds);
    if (has_kinds) result.kinds = TableColumn::strings(kinds);
    return result;
  }
};

// Features as columns and as lines; ids come again, in no order, and some are of nobody.
struct DrawnFeatures {
  std::vector<std::int64_t> ids;
  std::vector<double> sizes;
  std::vector<std::string> towns, words, likes;
  std::vector<std::int64_t> like_offsets{0};
  std::vector<std::string> like_values;

  static DrawnFeatures draw(std::uint64_t seed, const std::vector<std::int64_t>& known) {
    Random random(seed, "feature test");
    DrawnFeatures drawn;
    for (std::size_t r = 0; r < 1 + random.below(30); ++r) {
      drawn.ids.push_back(r == 0 || random.below(4) != 0 ? known[random.below(known.size())]
                                                         : 500 + static_cast<std::int64_t>(random.below(9)));
      drawn.sizes.push_back(random.below(4) == 0 ? std::numeric_limits<double>::quiet_NaN()
                                                 : static_cast<double>(random.below(1000)) / 8);
      drawn.towns.push_back(random.below(4) == 0 ? "" : fmt::format("town {}", random.below(5)));
      drawn.words.push_back(random.below(4) == 0 ? "" : fmt::format("some words {}", random.below(50)));
      std::string joined;
      for (std::size_t i = 0; i < random.below(4); ++i) {
        drawn.like_values.push_back(fmt::format("like {}", random.below(6)));
        joined += (joined.empty() ? "" : "|") + drawn.like_values.back();
      }
      drawn.likes.push_back(joined);
      drawn.like_offsets.push_back(static_cast<std::int64_t>(drawn.like_values.size()));
    }
    return drawn;
  }

  std::string csv() const {
    std::string text = "id,size,town,words,likes\n";
    for (std::size_t r = 0; r < ids.size(); ++r) {
      text += fmt::format("{},{},{},{},{}\n", ids[r], std::isnan(sizes[r]) ? "" : fmt::format("{}", sizes[r]), towns[r],
                          words[r], likes[r]);
    }
    return text;
  }

  FeatureColumns columns(bool lists) const {
    FeatureColumns result;
    result.ids = TableColumn::ints(ids);
    result.features.push_back({TableColumn::numbers(sizes).named("size"), std::nullopt});
    result.features.push_back({TableColumn::strings(towns).named("town"), FeatureKind::categorical});
    result.features.push_back({TableColumn::strings(words).named("words"), FeatureKind::text});
    if (lists) {
      result.features.push_back(
          {TableColumn::lists(like_offsets, TableColumn::strings(like_values)).named("likes"), std::nullopt});
    } else {
      result.features.push_back({TableColumn::strings(likes).named("likes"), FeatureKind::multi});
    }
    return result;
  }
};
constexpr std::string_view kFeatureTypes = "id=id, size=number, town=categorical, words=text, likes=multi";

struct Outcome {
  std::string bytes;
  std::string error;
  std::uint64_t duplicates = 0;
  std::vector<std::string> value_changes;

  friend bool operator==(const Outcome&, const Outcome&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    return out << outcome.bytes.size() << " bytes, " << outcome.duplicates << " duplicates " << outcome.error;
  }
};

template <class Make>
Outcome outcome_of(const Make& make) {
  try {
    Context context({.threads = 2});
    const OpenedDataset opened = make(context);
    return {serialize_data_file(*opened.data, {}), "", opened.report.duplicates, opened.report.value_changes};
  } catch (const Error& error) {
    return {"", std::string(to_string(error.code())) + error.hint(), 0, {}};
  }
}

RC_GTEST_PROP(SameAsFile, WhateverPolicyWeightsAndHalfLife, ()) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const bool sorted = *rc::gen::arbitrary<bool>();
  Drawn drawn = Drawn::draw(seed, *rc::gen::inRange<std::size_t>(1, 60), sorted);
  drawn.has_values = *rc::gen::arbitrary<bool>();
  drawn.has_times = *rc::gen::arbitrary<bool>();
  drawn.has_kinds = *rc::gen::arbitrary<bool>();
  TableOptions options;
  options.duplicates = *rc::gen::element(DuplicatePolicy::keep_last, DuplicatePolicy::keep_first, DuplicatePolicy::mean,
                                         DuplicatePolicy::sum, DuplicatePolicy::refuse);
  if (*rc::gen::arbitrary<bool>()) options.weights = {{"view", 1.0f}, {"buy", 2.5f}, {"cancel", 0.0f}};
  if (*rc::gen::arbitrary<bool>()) options.half_life = 50;
  OpenOptions reading;
  reading.duplicates = options.duplicates;
  reading.weights = options.weights;
  reading.half_life = options.half_life;
  EventTable table = drawn.table();
  const auto self = std::shared_ptr<const void>(&drawn, [](const void*) {});
  if (*rc::gen::arbitrary<bool>()) table.owner = self;

  const Outcome made = outcome_of([&](Context& context) { return make_dataset(table, options, context); });
  const Outcome read =
      outcome_of([&](Context& context) { return read_delimited("events.csv", drawn.csv(), reading, context); });
  RC_ASSERT(made.bytes == read.bytes);
  RC_ASSERT(made.error.empty() == read.error.empty());
  RC_ASSERT(made.duplicates == read.duplicates);
  RC_ASSERT(made.value_changes == read.value_changes);
}

RC_GTEST_PROP(SameAsFile, WithFeaturesOfBothSides, ()) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  Drawn drawn = Drawn::draw(seed, *rc::gen::inRange<std::size_t>(1, 40), false);
  const DrawnFeatures people = DrawnFeatures::draw(seed, drawn.users),
                      things = DrawnFeatures::draw(seed + 1, drawn.items);
  const test::TemporaryFolder folder;
  folder.write("people.csv", people.csv());
  folder.write("things.csv", things.csv());
  OpenOptions reading;
  reading.side_files.users = {folder.path() / "people.csv"};
  reading.side_files.items = {folder.path() / "things.csv"};
  reading.side_files.types = kFeatureTypes;
  EventTable table = drawn.table();
  table.user_features = {people.columns(*rc::gen::arbitrary<bool>())};
  table.item_features = {things.columns(*rc::gen::arbitrary<bool>())};

  const Outcome made = outcome_of([&](Context& context) { return make_dataset(table, {}, context); });
  const Outcome read =
      outcome_of([&](Context& context) { return read_delimited("events.csv", drawn.csv(), reading, context); });
  RC_ASSERT(made.error == "");
  RC_ASSERT(read.error == "");
  RC_ASSERT(made.bytes == read.bytes);
}

}  // namespace
}  // namespace gusto
