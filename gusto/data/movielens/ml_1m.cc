/// ml-1m and ml-10m (GroupLens, 2003 and 2009), separated by "::". ratings.dat: user, movie, rating, time. movies.dat:
/// id, title, genres separated by '|'. users.dat, in ml-1m only: id, gender, age (the lowest of its group), occupation
/// (a number, of which the README gives the name), zip code. Latin-1.

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/movielens/extras.h"
#include "gusto/data/movielens/layouts.h"
#include "gusto/data/movielens/occupations.h"
#include "gusto/data/side/side_features.h"

namespace gusto {

void read_movies_dat(const SourceText& movies, DatasetBuilder& builder) {
  DescriptionTable descriptions(
      builder.catalog().items,
      {{"title", FeatureKind::text}, {"year", FeatureKind::number}, {"genres", FeatureKind::multi}});
  RecordReader reader(movies, "::", Quotes::none);
  std::uint64_t records = 0;
  for (; reader.next(); ++records) {
    reader.require_fields(3);
    const std::string title(reader.field({1, "title"}));
    const std::string_view genres = reader.field({2, "genres"});
    descriptions.add(reader.id({0, "movie id"}),
                     std::vector<std::string>{title, std::string(year_of(title)),
                                              genres == "(no genres listed)" ? std::string() : std::string(genres)});
  }
  builder.describe(reader, "items", records, descriptions);
  builder.catalog().item_features = descriptions.finish();
}

void read_users_dat(const SourceText& users, DatasetBuilder& builder) {
  DescriptionTable descriptions(builder.catalog().users, {{"gender", FeatureKind::categorical},
                                                          {"age", FeatureKind::number},
                                                          {"occupation", FeatureKind::categorical},
                                                          {"zip", FeatureKind::categorical}});
  RecordReader reader(users, "::", Quotes::none);
  const Column age{2, "age"};
  const Column occupation{3, "occupation"};
  std::uint64_t records = 0;
  for (; reader.next(); ++records) {
    reader.require_fields(5);
    reader.value(age);
    const float code = reader.value(occupation);
    if (code != std::floor(code) || code < 0 || code >= static_cast<float>(kOccupationNames.size())) {
      reader.fail(occupation, "is no occupation", "Write a whole number from 0 to 20, as the README of ml-1m lists.");
    }
    const auto fields = reader.fields();
    descriptions.add(reader.id({0, "user id"}),
                     std::vector<std::string>{std::string(fields[1]), std::string(fields[2]),
                                              std::string(kOccupationNames[static_cast<std::size_t>(code)]),
                                              std::string(fields[4])});
  }
  builder.describe(reader, "users", records, descriptions);
  builder.catalog().user_features = descriptions.finish();
}

OpenedDataset read_ml_1m(const FileTree& folder, const OpenOptions& options, Context& context) {
  DatasetBuilder builder(options);
  builder.report().layout = "ml-1m";
  builder.report().reason = "The folder holds ratings.dat, as ml-1m and ml-10m do.";
  builder.read_events(*folder.open("ratings.dat"), four_columns("::"), context);
  builder.end_events(context);
  if (const auto movies = load_if_there(folder, "movies.dat", Encoding::utf8_or_latin1, builder)) {
    read_movies_dat(*movies, builder);
  }
  if (const auto users = load_if_there(folder, "users.dat", Encoding::utf8_or_latin1, builder)) {
    read_users_dat(*users, builder);
  }
  read_extras(folder, options.extras, builder, context);
  read_side_files(options.side_files, builder, context);
  return builder.finish();
}

}  // namespace gusto
