// A data file from anyone: it is opened and every part of it used, or it is refused; nothing else happens.
//
// An input is tried as a file, and as a script of edits to a file that gusto has written, with checksums made to fit.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/fuzz.h"
#include "fuzz/tensor_edits.h"

#include "gusto/base/error.h"
#include "gusto/data/file/data_file.h"
#include "gusto/data/file/data_file_writer.h"

namespace {

using gusto::FeatureKind, gusto::ItemRow, gusto::UserRow;

gusto::FeatureField field(const char* name, FeatureKind kind, std::array<const char*, 3> values) {
  gusto::FeatureField result;
  result.name = name;
  result.kind = kind;
  for (const char* value : values) {
    if (*value == 0) {
      result.append_missing();
    } else {
      result.append(value);
    }
  }
  return result;
}

std::string sample(bool timed) {
  auto catalog = std::make_shared<gusto::Catalog>();
  for (const char* id : {"a", "bé", "c"}) catalog->users.add(id);
  for (const char* id : {"x", "", "zz"}) catalog->items.add(id);
  catalog->user_features = gusto::FeatureTable(
      {field("age", FeatureKind::number, {"1", "", "3"}), field("gender", FeatureKind::categorical, {"f", "m", ""})});
  catalog->item_features = gusto::FeatureTable(
      {field("title", FeatureKind::text, {"X", "", "Zé"}), field("genres", FeatureKind::multi, {"p|q", "q", ""})});
  catalog->item_order = std::vector<ItemRow>{ItemRow(2), ItemRow(0), ItemRow(1)};
  const auto time = [&](std::int64_t t) { return timed ? t : gusto::kNoTime; };
  const gusto::Dataset data(std::move(catalog), std::vector<gusto::Event>{{UserRow(0), ItemRow(0), 5, time(1)},
                                                                          {UserRow(0), ItemRow(1), 3, time(2)},
                                                                          {UserRow(2), ItemRow(2), 4, time(3)},
                                                                          {UserRow(2), ItemRow(0), 2, time(3)}});
  gusto::SourceReport report;
  report.layout = "delimited";
  report.columns = {"user", "item"};
  report.files = {{"a.csv", "events", 9, 4, 4, 0, false, ""}};
  report.notes = {"A note."};
  return gusto::serialize_data_file(data, report);
}

// What a part gives, or throws, must not depend on which part was used first.
template <class Use>
void use(const Use& part) {
  try {
    part();
  } catch (const gusto::Error& error) {
    gusto::fuzz::require(error.code() == gusto::ErrorCode::corrupt_file && !error.message().empty());
  }
}

void use_features(const gusto::FeatureTable& table, std::size_t rows) {
  for (const gusto::FeatureField& found : table.fields()) {
    gusto::fuzz::require(found.rows() == rows);
    for (std::size_t row = 0; row < rows; ++row) {
      static_cast<void>(found.display(row));
      static_cast<void>(found.matches(row, "q"));
    }
  }
}

void use_data(const gusto::Dataset& data) {
  const gusto::Catalog& catalog = data.catalog();
  use([&] {
    std::size_t events = 0;
    for (std::size_t user = 0; user < data.user_count(); ++user) {
      for (const ItemRow item : data.history(UserRow(user)).items) {
        gusto::fuzz::require(item.index < data.item_count());
        ++events;
      }
    }
    gusto::fuzz::require(events == data.event_count());
  });
  use([&] {
    std::size_t events = 0;
    for (std::size_t item = 0; item < data.item_count(); ++item) events += data.item_events(ItemRow(item)).size();
    gusto::fuzz::require(events == data.event_count());
  });
  use([&] { gusto::fuzz::require(data.scale().low <= data.scale().high); });
  use([&] { gusto::fuzz::require(data.events().size() == data.event_count()); });
  for (const gusto::Vocabulary* ids : {&catalog.users, &catalog.items}) {
    use([&] {
      for (std::size_t row = 0; row < ids->size(); ++row) gusto::fuzz::require((*ids)[row].size() < 1000);
    });
    use([&] {
      for (std::size_t row = 0; row < ids->size(); ++row) gusto::fuzz::require(ids->find((*ids)[row]) == row);
    });
  }
  use([&] { use_features(catalog.user_features, data.user_count()); });
  use([&] { use_features(catalog.item_features, data.item_count()); });
  use([&] {
    for (std::size_t item = 0; item < data.item_count(); ++item) static_cast<void>(catalog.title(ItemRow(item)));
  });
  use([&] {
    for (const ItemRow item : catalog.item_order.get()) gusto::fuzz::require(item.index < data.item_count());
  });
}

void open(std::string bytes) {
  try {
    const gusto::OpenedDataset opened = gusto::parse_data_file(std::move(bytes), "input");
    use_data(*opened.data);
  } catch (const gusto::Error& error) {
    using gusto::ErrorCode;
    const bool expected = error.code() == ErrorCode::corrupt_file || error.code() == ErrorCode::unsupported ||
                          error.code() == ErrorCode::invalid_input;  // a model file
    gusto::fuzz::require(expected && !error.message().empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<gusto::fuzz::TensorParts> samples{gusto::fuzz::take_apart(sample(true)),
                                                             gusto::fuzz::take_apart(sample(false))};
  const std::string_view input = gusto::fuzz::text_of(data, size);
  open(std::string(input));
  if (std::optional<std::string> bytes = gusto::fuzz::edited(samples, input)) open(std::move(*bytes));
  return 0;
}
