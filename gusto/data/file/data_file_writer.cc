#include "gusto/data/file/data_file_writer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/version.h"
#include "gusto/data/file/data_file.h"
#include "gusto/data/file/dataset_file.h"

namespace gusto {
namespace {

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

TensorWriter start(const Catalog& catalog, const SourceReport& report) {
  TensorWriter out;
  out.set_metadata("format", fmt::format("gusto-{}", kDataFormat));
  out.set_metadata("format_version", std::to_string(kDataFormatVersion));
  out.set_metadata("engine_version", std::string(version()));
  out.set_metadata("source", to_json(report));
  write_catalog(catalog, out);
  const std::vector<ItemRow>& order = catalog.item_order.get();
  if (!order.empty()) out.add_view("data/items/order", TensorType::u32, std::as_bytes(std::span(order)));
  return out;
}

TensorWriter collect(const Dataset& data, const SourceReport& report) {
  TensorWriter out = start(data.catalog(), report);
  write_events(data, out);
  return out;
}

}  // namespace

void DataFileWriter::Column::append(std::span<const std::byte> bytes) {
  hash.add(bytes);
  file.append(bytes);
}

TensorSource DataFileWriter::Column::source() {
  return {file.size(), hash.digest(), [this](const ByteSink& sink) { file.read(sink); }};
}

DataFileWriter::DataFileWriter(std::filesystem::path path)
    : path_(std::move(path)),
      items_{SpillFile(folder_of(path_)), {}},
      values_{SpillFile(folder_of(path_)), {}},
      times_{SpillFile(folder_of(path_)), {}} {}

void DataFileWriter::add_user(std::span<const ItemRow> items, std::span<const float> values,
                              std::span<const std::int64_t> times) {
  const std::uint64_t user = user_count();
  if (values.size() != items.size() || (!times.empty() && times.size() != items.size())) {
    throw Error(ErrorCode::invalid_input, fmt::format("User row {} has {} items, {} values and {} times.", user,
                                                      items.size(), values.size(), times.size()));
  }
  if (!items.empty() && timed_.value_or(!times.empty()) == times.empty()) {
    throw Error(ErrorCode::invalid_input,
                fmt::format("Either all events have times or none have; user row {} differs from those before.", user));
  }
  if (!std::is_sorted(times.begin(), times.end())) {
    throw Error(ErrorCode::invalid_input, fmt::format("The events of user row {} are not in order of time.", user));
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t item = items[i].index;
    if (!std::isfinite(values[i])) {
      throw Error(ErrorCode::not_finite,
                  fmt::format("The event of user row {} and item row {} has the value {}.", user, item, values[i]),
                  "Give every event a finite value.");
    }
    if (item >= last_user_.size()) last_user_.resize(std::max(item + 1, 2 * last_user_.size()), 0);
    if (last_user_[item] == user + 1) {
      throw Error(ErrorCode::invalid_input,
                  fmt::format("User row {} and item row {} have more than one event.", user, item),
                  "Keep one event for each pair of user and item.");
    }
    last_user_[item] = static_cast<std::uint32_t>(user + 1);
  }
  items_.append(std::as_bytes(items));
  values_.append(std::as_bytes(values));
  times_.append(std::as_bytes(times));
  if (!items.empty()) timed_ = !times.empty();
  offsets_.push_back(offsets_.back() + items.size());
}

void DataFileWriter::finish(const Catalog& catalog, const SourceReport& report) {
  const auto last = std::find_if(last_user_.rbegin(), last_user_.rend(), [](std::uint32_t user) { return user != 0; });
  const auto items = static_cast<std::size_t>(last_user_.rend() - last);
  if (user_count() > catalog.users.size() || items > catalog.items.size()) {
    throw Error(ErrorCode::invalid_input,
                fmt::format("There are events of {} users and {} items, and the catalog has {} and {}.", user_count(),
                            items, catalog.users.size(), catalog.items.size()));
  }
  offsets_.resize(catalog.users.size() + 1, offsets_.back());

  const std::uint64_t events = event_count();
  TensorWriter out = start(catalog, report);
  out.add_view("data/events/offsets", std::span<const std::uint64_t>(offsets_));
  out.add_source("data/events/items", TensorType::u32, {events}, items_.source());
  out.add_source("data/events/values", TensorType::f32, {events}, values_.source());
  if (timed_.value_or(false)) out.add_source("data/events/times", TensorType::i64, {events}, times_.source());
  out.write(path_);
}

void write_data_file(const Dataset& data, const SourceReport& report, const std::filesystem::path& path) {
  collect(data, report).write(path);
}

std::string serialize_data_file(const Dataset& data, const SourceReport& report) {
  return collect(data, report).serialize();
}

}  // namespace gusto
