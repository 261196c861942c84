/// ml-latest and its larger sisters, ml-20m to ml-32m (GroupLens, since 2014): CSV in UTF-8 with a header. ratings.csv:
/// userId, movieId, rating, timestamp. movies.csv: movieId, title, genres separated by '|'. users.csv and
/// item_texts.csv, as `gusto simulate` writes them, are files of features.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/movielens/extras.h"
#include "gusto/data/movielens/layouts.h"
#include "gusto/data/side/side_features.h"

namespace gusto {
namespace {

Column find_column(const SourceText& source, const std::vector<std::string>& header, const std::string& name) {
  for (std::size_t c = 0; c < header.size(); ++c) {
    if (to_lower(trim(header[c])) == to_lower(name)) return {c, name};
  }
  throw Error(ErrorCode::not_found, fmt::format("{}, line 1: there is no column {}.", source.name, name),
              "Give a file of movies with the columns movieId, title and genres.");
}

}  // namespace

void read_movies_csv(const SourceText& movies, DatasetBuilder& builder) {
  RecordReader reader(movies, ",", Quotes::csv);
  if (!reader.next()) {
    throw Error(ErrorCode::invalid_input, fmt::format("{} is empty.", movies.name),
                "Copy or download it again, or remove it.");
  }
  const std::vector<std::string> header(reader.fields().begin(), reader.fields().end());
  const Column id = find_column(movies, header, "movieId");
  const Column title = find_column(movies, header, "title");
  const Column genres = find_column(movies, header, "genres");
  DescriptionTable descriptions(
      builder.catalog().items,
      {{"title", FeatureKind::text}, {"year", FeatureKind::number}, {"genres", FeatureKind::multi}});
  std::uint64_t records = 0;
  for (; reader.next(); ++records) {
    reader.require_fields(header.size());
    const std::string_view own = reader.field(genres);
    const std::string name(reader.field(title));
    descriptions.add(reader.id(id),
                     std::vector<std::string>{name, std::string(year_of(name)),
                                              own == "(no genres listed)" ? std::string() : std::string(own)});
  }
  builder.describe(reader, "items", records, descriptions);
  builder.catalog().item_features = descriptions.finish();
}

namespace {

// What `gusto simulate` writes beside the files that GroupLens has.
constexpr std::pair<std::string_view, Side> kDescriptions[] = {{"users.csv", Side::users},
                                                               {"item_texts.csv", Side::items}};

// The folder is null where there are just these two files.
OpenedDataset read_files(ByteStream& ratings, const std::optional<SourceText>& movies, const FileTree* folder,
                         const OpenOptions& options, Context& context) {
  DatasetBuilder builder(options);
  builder.report().layout = "ml-latest";
  builder.read_events(ratings, std::nullopt, context);
  builder.end_events(context);
  builder.report().reason = "There is ratings.csv, as in ml-latest. " + builder.format().reason;
  if (movies) {
    read_movies_csv(*movies, builder);
  } else {
    builder.note("movies.csv is missing, and so are titles, years and genres.");
  }
  if (folder != nullptr) {
    for (const auto& [name, side] : kDescriptions) {
      if (!folder->has(name)) continue;
      read_side_features(load_source(*folder->open(name), Encoding::utf8), side, nullptr, builder, context);
    }
    read_extras(*folder, options.extras, builder, context);
  } else {
    refuse_extras("movielens-small", options.extras);
  }
  read_side_files(options.side_files, builder, context);
  return builder.finish();
}

}  // namespace

OpenedDataset read_ml_latest(ByteStream& ratings, const std::optional<SourceText>& movies, const OpenOptions& options,
                             Context& context) {
  return read_files(ratings, movies, nullptr, options, context);
}

OpenedDataset read_ml_latest(const FileTree& folder, const OpenOptions& options, Context& context) {
  std::optional<SourceText> movies;
  if (folder.has("movies.csv")) movies = load_source(*folder.open("movies.csv"), Encoding::utf8);
  return read_files(*folder.open("ratings.csv"), movies, &folder, options, context);
}

}  // namespace gusto
