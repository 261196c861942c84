#include "gusto/data/movielens/embedded.h"

#include <string_view>

#include "gusto/data/movielens/layouts.h"

// The assembler copies a file's bytes into the read-only data of the program. CMake gives the folder, and compiles this
// file again when the data change.
// clang-format off
#define GUSTO_EMBED(symbol, file)                                \
  __asm__(".pushsection .rodata, \"a\", @progbits\n"             \
          ".global " #symbol "_begin, " #symbol "_end\n"         \
          ".hidden " #symbol "_begin, " #symbol "_end\n"         \
          #symbol "_begin:\n"                                    \
          ".incbin \"" GUSTO_EMBEDDED_FOLDER "/" file "\"\n"     \
          #symbol "_end:\n"                                      \
          ".popsection\n");                                      \
  extern "C" const char symbol##_begin[];                        \
  extern "C" const char symbol##_end[]
// clang-format on

GUSTO_EMBED(gusto_embedded_ratings, "ratings.csv");
GUSTO_EMBED(gusto_embedded_movies, "movies.csv");

namespace gusto {
namespace {

std::string_view bytes(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

}  // namespace

OpenedDataset open_embedded(Context& context, const OpenOptions& options) {
  require_no_columns("the embedded set", options);
  const auto ratings =
      stream_of("embedded ratings.csv", bytes(gusto_embedded_ratings_begin, gusto_embedded_ratings_end));
  const SourceText movies = check_source(
      "embedded movies.csv", bytes(gusto_embedded_movies_begin, gusto_embedded_movies_end), nullptr, Encoding::utf8);
  OpenedDataset opened = read_ml_latest(*ratings, movies, options, context);
  opened.report.reason = "It is the data set that is part of gusto: MovieLens latest-small of 2016.";
  opened.source = source_of(opened.report, {}, options);
  return opened;
}

}  // namespace gusto
