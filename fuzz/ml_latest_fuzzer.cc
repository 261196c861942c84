// Two files of GroupLens' newer layout from anyone, ratings and movies, with a zero byte between them: they are read,
// or refused as invalid input.

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/data/movielens/layouts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = gusto::fuzz::text_of(data, size);
  const std::size_t end = input.find('\0');
  try {
    const auto ratings = gusto::stream_of("ratings.csv", input.substr(0, end));
    std::optional<gusto::SourceText> movies;
    if (end != std::string_view::npos) {
      movies = gusto::check_source("movies.csv", input.substr(end + 1), nullptr, gusto::Encoding::utf8);
    }
    const gusto::OpenedDataset opened = gusto::read_ml_latest(*ratings, movies, {}, gusto::fuzz::context());
    for (const gusto::ItemRow item : opened.data->items()) {
      if (opened.data->catalog().title(item).empty()) std::abort();
    }
  } catch (const gusto::Error& error) {
    using enum gusto::ErrorCode;  // a missing column is not_found
    if (error.code() != invalid_input && error.code() != not_found && error.code() != empty_dataset) std::abort();
  }
  return 0;
}
