// A description file of MovieLens from anyone, by whichever reader the first byte picks: its tables fit the ids, or it
// is refused with a sentence.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/data/movielens/layouts.h"

namespace {

using namespace gusto;

void read(std::uint8_t reader, const SourceText& source, Context& context) {
  const OpenOptions options;
  DatasetBuilder builder(options);
  builder.read_events(*stream_of("events", "1::2::3::4\n"), {}, context);
  builder.end_events(context);
  switch (reader % 6) {
    case 0: read_u_item(source, check_source("genres", "Action|0\nDrama|1\n", nullptr, Encoding::utf8), builder); break;
    case 1: read_u_item(check_source("items", "2|T (1995)|||x|0|1\n", nullptr, Encoding::utf8), source, builder); break;
    case 2: read_u_user(source, builder); break;
    case 3: read_movies_dat(source, builder); break;
    case 4: read_users_dat(source, builder); break;
    default: read_movies_csv(source, builder); break;
  }
  const OpenedDataset opened = builder.finish();
  const Catalog& catalog = opened.data->catalog();
  for (const FeatureField& field : catalog.item_features.fields()) {
    if (field.rows() != catalog.items.size()) std::abort();
    for (std::size_t row = 0; row < field.rows(); ++row) field.display(row);
  }
  for (const FeatureField& field : catalog.user_features.fields()) {
    if (field.rows() != catalog.users.size()) std::abort();
    for (std::size_t row = 0; row < field.rows(); ++row) field.display(row);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = fuzz::text_of(data + 1, size - 1);
  try {
    read(data[0], check_source("fuzz", text, nullptr, Encoding::utf8_or_latin1), fuzz::context());
  } catch (const Error& error) {
    const bool expected = error.code() == ErrorCode::invalid_input || error.code() == ErrorCode::not_found;
    if (!expected || error.message().empty()) std::abort();
  }
  return 0;
}
