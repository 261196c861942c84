// A file of features from anyone, and what is said of its columns, before a zero byte: the features fit the ids, or the
// file is refused with a sentence.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/data/side/side_features.h"

namespace {

using namespace gusto;
using gusto::fuzz::require;

void check(const FeatureTable& features, std::size_t rows) {
  for (const FeatureField& field : features.fields()) {
    require(field.rows() == rows);
    require(!field.name.empty());
    for (std::size_t row = 0; row < rows; ++row) field.display(row);
  }
}

void read(Side side, std::string_view types, std::string_view text) {
  const OpenOptions options;
  DatasetBuilder builder(options);
  builder.read_events(*stream_of("events", "1,2\n3,4\n"), std::nullopt, fuzz::context());
  builder.end_events(fuzz::context());
  std::vector<FileTypes> lists;
  if (!types.empty()) lists = parse_feature_types(types);
  read_side_features(check_source("fuzz", text, nullptr, Encoding::utf8_or_latin1), side,
                     lists.empty() ? nullptr : &lists.front(), builder, fuzz::context());
  const OpenedDataset opened = builder.finish();
  const Catalog& catalog = opened.data->catalog();
  check(catalog.user_features, catalog.user_features.fields().empty() ? 0 : catalog.users.size());
  check(catalog.item_features, catalog.item_features.fields().empty() ? 0 : catalog.items.size());
  // What was recognized can be said in so many words.
  const FileTypes again = parse_feature_types(opened.report.files.at(1).columns).at(0);
  require(again.in_order);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input = fuzz::text_of(data + 1, size - 1);
  const std::size_t end = input.find('\0');
  const std::string_view types = end == std::string_view::npos ? std::string_view() : input.substr(0, end);
  const std::string_view text = end == std::string_view::npos ? input : input.substr(end + 1);
  try {
    read(data[0] % 2 == 0 ? Side::items : Side::users, types, text);
  } catch (const Error& error) {
    using enum ErrorCode;
    require(error.code() == invalid_input || error.code() == invalid_option || error.code() == not_found);
    require(!error.message().empty() && !error.hint().empty());
  }
  return 0;
}
