#include "gusto/data/file/data_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/error.h"
#include "gusto/base/hash.h"
#include "gusto/base/json.h"
#include "gusto/base/testing/testing.h"
#include "gusto/base/text.h"
#include "gusto/data/file/data_file_writer.h"
#include "gusto/data/file/dataset_file.h"
#include "gusto/data/movielens/embedded.h"
#include "gusto/data/open/open.h"
#include "gusto/data/testing/feature.h"

namespace gusto {
namespace {

using test::content_of;
using test::feature;
using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<const Catalog> sample_catalog() {
  auto catalog = std::make_shared<Catalog>();
  for (const char* id : {"ann", "bob", "zoë"}) catalog->users.add(id);
  for (const char* id : {"1", "02", ""}) catalog->items.add(id);
  catalog->user_features = FeatureTable({feature("gender", FeatureKind::categorical, {"F", "", "F"}),
                                         feature("age", FeatureKind::number, {"31", "18", ""})});
  catalog->item_features = FeatureTable({feature("title", FeatureKind::text, {"Amélie (2001)", "", "Heat"}),
                                         feature("genres", FeatureKind::multi, {"Comedy|Romance", "", "x"})});
  catalog->item_order = std::vector<ItemRow>{ItemRow(1), ItemRow(0)};
  return catalog;
}

std::shared_ptr<const Dataset> sample(bool timed = true) {
  const std::int64_t time = timed ? 100 : kNoTime;
  return std::make_shared<const Dataset>(
      sample_catalog(), std::vector<Event>{{UserRow(0), ItemRow(1), 4.5F, time},
                                           {UserRow(0), ItemRow(0), 3, time},
                                           {UserRow(2), ItemRow(0), 1, timed ? std::int64_t{-50} : kNoTime}});
}

SourceReport sample_report() {
  SourceReport report;
  report.layout = "delimited";
  report.reason = "It is a single file.";
  report.delimiter = "\t";
  report.header = true;
  report.columns = {"user", "item", "-", "time"};
  report.files = {{"täglich.tsv", "events", 120, 5, 3, 1, false, ""},
                  {"caf\xe9.dat", "items", 9, 1, 1, 0, true, "id=id"}};
  report.duplicates = 1;
  report.bad_lines = 2;
  report.notes = {"Blank lines that were skipped: 1."};
  return report;
}

void expect_equal(const FeatureTable& found, const FeatureTable& expected) {
  ASSERT_EQ(found.fields().size(), expected.fields().size());
  for (std::size_t f = 0; f < expected.fields().size(); ++f) {
    const FeatureField& a = found.fields()[f];
    const FeatureField& b = expected.fields()[f];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.values.text(), b.values.text());
    EXPECT_EQ(a.offsets, b.offsets);
    EXPECT_EQ(a.ids, b.ids);
    EXPECT_EQ(a.texts, b.texts);
    ASSERT_EQ(a.numbers.size(), b.numbers.size());
    for (std::size_t row = 0; row < a.numbers.size(); ++row) {
      EXPECT_TRUE(a.numbers[row] == b.numbers[row] || (std::isnan(a.numbers[row]) && std::isnan(b.numbers[row])));
    }
  }
}

void expect_equal(const Dataset& found, const Dataset& expected) {
  EXPECT_EQ(found.event_count(), expected.event_count());
  EXPECT_EQ(found.has_times(), expected.has_times());
  EXPECT_TRUE(std::ranges::equal(found.offsets(), expected.offsets()));
  EXPECT_TRUE(std::ranges::equal(found.items(), expected.items()));
  EXPECT_TRUE(std::ranges::equal(found.values(), expected.values()));
  EXPECT_TRUE(std::ranges::equal(found.times(), expected.times()));
  EXPECT_EQ(found.scale().low, expected.scale().low);
  EXPECT_EQ(found.scale().high, expected.scale().high);
  const Catalog& a = found.catalog();
  const Catalog& b = expected.catalog();
  for (const auto& [ids, wanted] : {std::pair(&a.users, &b.users), std::pair(&a.items, &b.items)}) {
    ASSERT_EQ(ids->size(), wanted->size());
    EXPECT_EQ(ids->text(), wanted->text());
    for (std::size_t row = 0; row < ids->size(); ++row) {
      ASSERT_EQ((*ids)[row], (*wanted)[row]);
      ASSERT_EQ(ids->find((*wanted)[row]), row);
    }
    EXPECT_EQ(ids->find("no such id"), std::nullopt);
  }
  EXPECT_EQ(a.item_order.get(), b.item_order.get());
  expect_equal(a.user_features, b.user_features);
  expect_equal(a.item_features, b.item_features);
}

class DataFile : public testing::Test {
 protected:
  std::filesystem::path written(const Dataset& data, const std::string& name = "a.gdata") const {
    write_data_file(data, sample_report(), folder_.path() / name);
    return folder_.path() / name;
  }
  test::TemporaryFolder folder_;
};

TEST_F(DataFile, KeepsAllThereIs) {
  for (const bool timed : {true, false}) {
    const auto data = sample(timed);
    const std::filesystem::path path = written(*data);
    EXPECT_TRUE(is_data_file(path));
    const OpenedDataset opened = open_data_file(path);
    expect_equal(*opened.data, *data);
    check_data_file(path);
  }
}

TEST_F(DataFile, TellsHowItsDataWereRead) {
  const OpenedDataset opened = open_data_file(written(*sample()));
  const SourceReport expected = sample_report();
  EXPECT_EQ(opened.report.layout, expected.layout);
  EXPECT_EQ(opened.report.reason, expected.reason);
  EXPECT_EQ(opened.report.delimiter, expected.delimiter);
  EXPECT_EQ(opened.report.header, expected.header);
  EXPECT_EQ(opened.report.columns, expected.columns);
  EXPECT_EQ(opened.report.duplicates, expected.duplicates);
  EXPECT_EQ(opened.report.bad_lines, expected.bad_lines);
  EXPECT_EQ(opened.report.notes, expected.notes);
  ASSERT_EQ(opened.report.files.size(), 2U);
  EXPECT_EQ(opened.report.files[0].path, "täglich.tsv");
  EXPECT_EQ(opened.report.files[0].blank_lines, 1U);
  EXPECT_EQ(opened.report.files[1].path, "caf\xEF\xBF\xBD.dat");
  EXPECT_TRUE(opened.report.files[1].latin1);
  EXPECT_EQ(opened.report.files[1].columns, "id=id");
  ASSERT_TRUE(opened.report.data_file);
  EXPECT_EQ(opened.report.data_file->path, (folder_.path() / "a.gdata").string());
  EXPECT_EQ(opened.report.data_file->bytes, std::filesystem::file_size(folder_.path() / "a.gdata"));
}

TEST_F(DataFile, HoldsARealDataSet) {
  Context context({.threads = 1});
  const OpenedDataset embedded = open_embedded(context);
  write_data_file(*embedded.data, embedded.report, folder_.path() / "films.gdata");
  const OpenedDataset opened = open_dataset(folder_.path() / "films.gdata", {}, context);
  expect_equal(*opened.data, *embedded.data);
  EXPECT_EQ(opened.data->item_events(ItemRow(7)).size(), embedded.data->item_events(ItemRow(7)).size());
  EXPECT_EQ(opened.data->catalog().title(ItemRow(7)), embedded.data->catalog().title(ItemRow(7)));
}

TEST_F(DataFile, OutlivesItsFile) {
  const std::filesystem::path path = written(*sample());
  const std::shared_ptr<const Dataset> data = open_data_file(path).data;
  const std::shared_ptr<const Catalog> catalog = data->shared_catalog();
  std::filesystem::remove(path);
  expect_equal(*data, *sample());
  EXPECT_EQ(catalog->users[2], "zoë");
}

TEST_F(DataFile, MayHoldNothing) {
  const Dataset nothing(std::make_shared<Catalog>(), std::vector<Event>{});
  expect_equal(*open_data_file(written(nothing)).data, nothing);
}

TEST_F(DataFile, IdsOfACopyCanBeAdded) {
  Catalog copy = open_data_file(written(*sample())).data->catalog();
  EXPECT_EQ(copy.users.add("bob"), 1U);
  EXPECT_EQ(copy.users.add("new"), 3U);
  EXPECT_EQ(copy.users.find("zoë"), 2U);
  EXPECT_EQ(copy.users.size(), 4U);
}

TEST_F(DataFile, WhatIsNoDataFileIsRefused) {
  Context context({.threads = 1});
  const auto error = [&](const std::string& path) { return test::error_of([&] { open_dataset(path, {}, context); }); };
  TensorWriter model;
  model.set_metadata("format", "gusto-model");
  const Error of_model = error(folder_.write("m.gusto", model.serialize()));
  EXPECT_EQ(of_model.code(), ErrorCode::invalid_input);
  EXPECT_THAT(of_model.message(), HasSubstr("m.gusto is a model file, and a data set is wanted here."));
  const Error of_others = error(folder_.write("o.safetensors", TensorWriter().serialize()));
  EXPECT_EQ(of_others.code(), ErrorCode::corrupt_file);
  EXPECT_THAT(of_others.message(), HasSubstr("it holds no gusto data"));
  EXPECT_FALSE(is_data_file(folder_.path() / "m.gusto"));
  EXPECT_FALSE(is_data_file(folder_.path() / "o.safetensors"));
  EXPECT_FALSE(is_data_file(folder_.write("ratings.csv", "1,2,3,4\n")));

  TensorWriter later;
  later.set_metadata("format", "gusto-data");
  later.set_metadata("format_version", "2");
  later.set_metadata("engine_version", "9.1.0");
  const Error of_later = error(folder_.write("l.gdata", later.serialize()));
  EXPECT_EQ(of_later.code(), ErrorCode::unsupported);
  EXPECT_THAT(of_later.message(), HasSubstr("has format version 2, and gusto"));
  EXPECT_EQ(of_later.hint(), "Use gusto 9.1.0 or later.");
}

TEST_F(DataFile, OptionsOfReadingAreRefused) {
  Context context({.threads = 1});
  const std::string path = written(*sample()).string();
  OpenOptions columns, delimiter, duplicates, side_files, extras;
  columns.columns = {"user", "item"};
  delimiter.delimiter = ";";
  duplicates.duplicates = DuplicatePolicy::refuse;
  side_files.side_files.items = {"items.csv"};
  extras.extras = {Extra::tags};
  for (const OpenOptions& options : {columns, delimiter, duplicates, side_files, extras}) {
    const Error error = test::error_of([&] { open_dataset(path, options, context); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_option);
    EXPECT_THAT(error.message(), HasSubstr("a.gdata is a data file, whose content has been read already"));
  }
}

std::size_t header_end(const std::string& bytes) {
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  return 8 + length;
}

Json header_of(const std::string& bytes) { return parse_json(bytes.substr(8, header_end(bytes) - 8)); }

// Uses every part, each by the call that would come first.
std::string complaint(std::string bytes) {
  try {
    const std::shared_ptr<const Dataset> data = parse_data_file(std::move(bytes), "a.gdata").data;
    use_all(*data);
  } catch (const Error& error) {
    return error.code() == ErrorCode::corrupt_file ? error.message() : std::string(to_string(error.code()));
  }
  return "no error";
}

TEST_F(DataFile, AnyChangedByteIsDetectedWhenUsed) {
  const std::string intact = serialize_data_file(*sample(), sample_report());
  EXPECT_EQ(complaint(intact), "no error");
  for (std::size_t i = header_end(intact); i < intact.size(); ++i) {
    std::string damaged = intact;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x11);
    ASSERT_THAT(complaint(damaged), testing::StartsWith("a.gdata cannot be used: ")) << "byte " << i;
  }
}

TEST_F(DataFile, AnyCutIsDetectedAtOnce) {
  const std::string intact = serialize_data_file(*sample(), sample_report());
  for (std::size_t size = 0; size < intact.size(); size += 7) {
    ASSERT_THROW(parse_data_file(intact.substr(0, size), "a.gdata"), Error) << size;
  }
}

TEST_F(DataFile, DamageIsFoundByWhoeverUsesThePartFirst) {
  const std::string intact = serialize_data_file(*sample(), sample_report());
  const std::vector<std::pair<std::string, std::function<void(const Dataset&)>>> uses{
      {"data/users/ids", [](const Dataset& d) { (void)d.catalog().users[0]; }},
      {"data/users/ids.offsets", [](const Dataset& d) { d.catalog().users.offsets(); }},
      {"data/items/ids", [](const Dataset& d) { d.catalog().items.find("1"); }},
      {"data/items/ids.offsets", [](const Dataset& d) { d.catalog().items.text(); }},
      {"data/items/order", [](const Dataset& d) { d.catalog().item_order.get(); }},
      {"data/users/gender/values", [](const Dataset& d) { d.catalog().user_features.find("gender"); }},
      {"data/users/age/numbers", [](const Dataset& d) { d.catalog().user_features.fields(); }},
      {"data/items/genres/ids", [](const Dataset& d) { d.catalog().item_features.at("genres"); }},
      {"data/items/genres/offsets", [](const Dataset& d) { d.catalog().item_features.fields(); }},
      {"data/items/title/text", [](const Dataset& d) { d.catalog().title(ItemRow(0)); }},
      {"data/events/offsets", [](const Dataset& d) { d.history(UserRow(0)); }},
      {"data/events/items", [](const Dataset& d) { d.item_events(ItemRow(0)); }},
      {"data/events/values", [](const Dataset& d) { d.scale(); }},
      {"data/events/times", [](const Dataset& d) { d.times(); }},
  };
  for (const auto& entry : uses) {
    const std::string& tensor = entry.first;
    std::string damaged = intact;
    damaged[header_end(damaged) + header_of(damaged)[tensor]["data_offsets"][0].get<std::size_t>()] ^= 1;
    const OpenedDataset opened = parse_data_file(damaged, "a.gdata");
    EXPECT_EQ(opened.data->event_count(), 3U);
    EXPECT_EQ(opened.data->user_count(), 3U);
    for (int again = 0; again < 2; ++again) {
      const Error error = test::error_of([&] { entry.second(*opened.data); });
      EXPECT_EQ(error.message(),
                fmt::format("a.gdata cannot be used: tensor \"{}\" does not match its checksum.", tensor));
      EXPECT_EQ(error.code(), ErrorCode::corrupt_file);
    }
    folder_.write("damaged.gdata", damaged);
    EXPECT_EQ(test::code_of([&] { check_data_file(folder_.path() / "damaged.gdata"); }), ErrorCode::corrupt_file);
  }
}

// A file whose checksums fit, of any events.
std::string complaint_about(std::vector<std::uint64_t> offsets, std::vector<std::uint32_t> items,
                            std::vector<float> values, std::vector<std::int64_t> times,
                            std::vector<std::uint32_t> order = {}) {
  const auto catalog = sample_catalog();
  TensorWriter out;
  out.set_metadata("format", "gusto-data");
  out.set_metadata("format_version", "1");
  out.set_metadata("engine_version", "0.1.0");
  out.set_metadata("source", "{}");
  write_catalog(*catalog, out);
  out.add("data/items/order", order);
  out.add("data/events/offsets", offsets);
  out.add("data/events/items", items);
  out.add("data/events/values", values);
  if (!times.empty()) out.add("data/events/times", times);
  return complaint(out.serialize());
}

TEST(DataFileContent, IsCheckedBehindChecksums) {
  EXPECT_EQ(complaint_about({0, 1, 1, 2}, {2, 0}, {1, 2}, {5, 4}, {2, 1, 0}), "no error");
  const std::string cannot = "a.gdata cannot be used: ";
  EXPECT_EQ(complaint_about({0, 9, 1, 2}, {2, 0}, {1, 2}, {}),
            cannot + "the offsets \"data/events/offsets\" do not ascend from 0 to 2.");
  EXPECT_EQ(complaint_about({0, 1, 2}, {2, 0}, {1, 2}, {}), cannot + "the columns of its events differ in length.");
  EXPECT_EQ(complaint_about({0, 1, 1, 2}, {2, 0}, {1}, {}), cannot + "the columns of its events differ in length.");
  EXPECT_EQ(complaint_about({0, 1, 1, 2}, {2, 0}, {1, 2}, {1}), cannot + "the columns of its events differ in length.");
  EXPECT_EQ(complaint_about({0, 1, 1, 2}, {2, 3}, {1, 2}, {}),
            cannot + "An event names user row 2 and item row 3, but there are 3 users and 3 items.");
  EXPECT_EQ(complaint_about({0, 1, 1, 2}, {2, 1}, {1, NAN}, {}),
            cannot + "The event of user \"zoë\" and item \"02\" has the value nan.");
  EXPECT_EQ(complaint_about({0, 2, 2, 2}, {1, 1}, {1, 2}, {}),
            cannot + "User \"ann\" and item \"02\" have more than one event.");
  EXPECT_EQ(complaint_about({0, 2, 2, 2}, {1, 2}, {1, 2}, {4, 3}),
            cannot + "The events of user \"ann\" are not in order of time.");
  EXPECT_EQ(complaint_about({0, 0, 0, 0}, {}, {}, {}, {3}),
            cannot + "the order \"data/items/order\" names items that there are not.");
  EXPECT_EQ(complaint_about({0, 0, 0, 0}, {}, {}, {}, {0, 1, 2, 0}),
            cannot + "the order \"data/items/order\" is longer than the list of items.");
}

TEST(DataFileContent, OfTheSourceIsChecked) {
  const auto refused = [](std::string_view json) {
    return test::code_of([&] { source_from_json(json, "a.gdata"); }) == ErrorCode::corrupt_file;
  };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("[1]"));
  EXPECT_TRUE(refused(R"({"layout": 3})"));
  EXPECT_TRUE(refused(R"({"files": [3]})"));
  EXPECT_TRUE(refused(R"({"notes": "one"})"));
  EXPECT_TRUE(source_from_json(R"({"of later versions": 1})", "a.gdata").layout.empty());
}

// The header of a small file, made to claim more events than 32 bits can count; the data are a hole in the file, and
// nobody looks at them. What is counted and added up on the way must be 64-bit.
TEST_F(DataFile, MayHoldMoreEventsThan32BitsCount) {
  constexpr std::uint64_t kEvents = 5'000'000'000;
  const std::string small = serialize_data_file(*sample(), sample_report());
  Json header = header_of(small);
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") order.emplace_back(entry["data_offsets"][0].get<std::uint64_t>(), name);
  }
  std::sort(order.begin(), order.end());
  std::uint64_t end = 0;
  for (const auto& [begin, name] : order) {
    Json& entry = header[name];
    std::uint64_t size = entry["data_offsets"][1].get<std::uint64_t>() - begin;
    if (entry["shape"][0] == 3 && name.starts_with("data/events/")) {
      size = size / 3 * kEvents;
      entry["shape"] = {kEvents};
    }
    entry["data_offsets"] = {end, end + size};
    end += size;
  }
  const std::string zeros(16, '0');
  header["__metadata__"]["xxh3_header"] = zeros;
  std::string json = print_json(header);
  json.append((64 - (json.size() + 8) % 64) % 64, ' ');
  const std::string key = "\"xxh3_header\":\"";
  json.replace(json.find(key) + key.size(), 16, to_hex(xxh3(std::as_bytes(std::span(json)), json.size())));
  const std::uint64_t length = json.size();
  const std::string path = folder_.write("large.gdata", std::string(reinterpret_cast<const char*>(&length), 8) + json);
  std::filesystem::resize_file(path, 8 + length + end);

  const OpenedDataset opened = open_data_file(path);
  EXPECT_EQ(opened.data->event_count(), kEvents);
  EXPECT_EQ(opened.data->memory(), 4 * 8 + 16 * kEvents);
  EXPECT_TRUE(opened.data->has_times());
  EXPECT_EQ(opened.report.data_file->bytes, 8 + length + end);
  EXPECT_EQ(test::error_of([&] { (void)opened.data->catalog().users[0]; }).message(),
            path + " cannot be used: tensor \"data/users/ids\" does not match its checksum.");
  std::filesystem::resize_file(path, 8 + length + end - 1);
  EXPECT_THAT(test::error_of([&] { open_data_file(path); }).message(), HasSubstr("before its tensors do"));
}

TEST_F(DataFile, WrittenUserByUserIsTheSame) {
  for (const bool timed : {true, false}) {
    const auto data = sample(timed);
    DataFileWriter writer(folder_.path() / "b.gdata");
    for (std::size_t user = 0; user < data->user_count(); ++user) {
      const History history = data->history(UserRow(user));
      writer.add_user(history.items, history.values, history.times);
    }
    EXPECT_EQ(writer.event_count(), 3U);
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "b.gdata"));
    writer.finish(data->catalog(), sample_report());
    const std::string bytes = serialize_data_file(*data, sample_report());
    EXPECT_EQ(content_of(folder_.path() / "b.gdata"), bytes);
    EXPECT_EQ(content_of(written(*data)), bytes);
    std::filesystem::remove(folder_.path() / "b.gdata");
  }
}

TEST_F(DataFile, WriterLeavesTheLastUsersWithoutEvents) {
  DataFileWriter writer(folder_.path() / "b.gdata");
  const std::vector<ItemRow> items{ItemRow(2)};
  writer.add_user(items, std::vector<float>{4}, {});
  writer.finish(*sample_catalog(), {});
  EXPECT_THAT(open_data_file(folder_.path() / "b.gdata").data->offsets(), ElementsAre(0, 1, 1, 1));
}

TEST_F(DataFile, WriterRefusesWhatNoDataSetHolds) {
  const auto refusal = [&](std::vector<ItemRow> items, std::vector<float> values, std::vector<std::int64_t> times) {
    DataFileWriter writer(folder_.path() / "b.gdata");
    writer.add_user(std::vector<ItemRow>{ItemRow(0)}, std::vector<float>{1}, std::vector<std::int64_t>{5});
    return test::error_of([&] {
             writer.add_user(items, values, times);
             writer.finish(*sample_catalog(), {});
           })
        .message();
  };
  const ItemRow a(0), b(1);
  EXPECT_EQ(refusal({b, a}, {1, 2}, {3, 3}), "no error");
  EXPECT_EQ(refusal({a}, {1, 2}, {3}), "User row 1 has 1 items, 2 values and 1 times.");
  EXPECT_EQ(refusal({a}, {1}, {}), "Either all events have times or none have; user row 1 differs from those before.");
  EXPECT_EQ(refusal({a, b}, {1, 2}, {3, 2}), "The events of user row 1 are not in order of time.");
  EXPECT_EQ(refusal({a, a}, {1, 2}, {3, 3}), "User row 1 and item row 0 have more than one event.");
  EXPECT_EQ(refusal({a}, {INFINITY}, {3}), "The event of user row 1 and item row 0 has the value inf.");
  EXPECT_EQ(refusal({ItemRow(3)}, {1}, {3}), "There are events of 2 users and 4 items, and the catalog has 3 and 3.");
  EXPECT_EQ(test::code_of([&] { DataFileWriter(folder_.path() / "none" / "b.gdata"); }), ErrorCode::io);
}

RC_GTEST_PROP(DataFileProperty, AnyDataSetSurvives, ()) {
  const auto ids = *rc::gen::container<std::set<std::string>>(rc::gen::string<std::string>());
  const auto pairs =
      *rc::gen::container<std::set<std::pair<int, int>>>(rc::gen::pair(rc::gen::inRange(0, 9), rc::gen::inRange(0, 9)));
  const bool timed = *rc::gen::arbitrary<bool>();
  auto catalog = std::make_shared<Catalog>();
  for (const std::string& id : ids) {
    if (is_utf8(id)) catalog->items.add(id);
  }
  for (int n = 0; n < 9; ++n) {
    catalog->users.add(std::to_string(n));
    catalog->items.add("i" + std::to_string(n));
  }
  std::vector<Event> events;
  for (const auto& [user, item] : pairs) {
    const auto value = static_cast<float>(*rc::gen::inRange(-5, 5)) / 2;
    events.push_back({UserRow(user), ItemRow(item), value, timed ? *rc::gen::arbitrary<std::int32_t>() : kNoTime});
  }
  const Dataset data(catalog, events);
  const std::shared_ptr<const Dataset> found = parse_data_file(serialize_data_file(data, {}), "a.gdata").data;
  RC_ASSERT(found->has_times() == data.has_times());
  RC_ASSERT(found->catalog().items.text() == catalog->items.text());
  const std::vector<Event> stored = found->events();
  const std::vector<Event> expected = data.events();
  RC_ASSERT(stored.size() == expected.size());
  for (std::size_t e = 0; e < stored.size(); ++e) {
    RC_ASSERT(stored[e].user == expected[e].user && stored[e].item == expected[e].item);
    RC_ASSERT(stored[e].value == expected[e].value && stored[e].time == expected[e].time);
  }
}

// A file that version 1 of the format has written.
TEST(DataFileSample, Version1IsStillRead) {
  const OpenedDataset opened = open_data_file(GUSTO_SOURCE_DIR "/tests/data/data-v1.gdata");
  use_all(*opened.data);
  expect_equal(*opened.data, *sample());
  EXPECT_EQ(opened.report.notes, sample_report().notes);
}

}  // namespace
}  // namespace gusto
