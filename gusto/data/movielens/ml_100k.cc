/// ml-100k (GroupLens, 1998): u.data, tab-separated: user, item, rating, time. u.item, separated by '|': id, title,
/// release date, video release date, address, then a flag 0 or 1 for each genre of u.genre. u.user: id, age, gender,
/// occupation, zip code. Latin-1.

#include <string>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/data/movielens/extras.h"
#include "gusto/data/movielens/layouts.h"
#include "gusto/data/side/side_features.h"

namespace gusto {
namespace {

constexpr std::size_t kFieldsBeforeGenres = 5;

std::vector<Column> read_genres(const SourceText& source, DatasetBuilder& builder) {
  std::vector<Column> genres;
  RecordReader reader(source, "|", Quotes::none);
  const Column name{0, "genre"};
  const Column number{1, "number"};
  while (reader.next()) {
    reader.require_fields(2);
    if (reader.value(number) != static_cast<float>(genres.size())) {
      reader.fail(number, fmt::format("stands where {} belongs", genres.size()), "Number the genres from 0.");
    }
    genres.push_back({kFieldsBeforeGenres + genres.size(), std::string(reader.id(name))});
  }
  builder.report().files.push_back(reader.report("genres", genres.size()));
  return genres;
}

}  // namespace

void read_u_item(const SourceText& items, const SourceText& genre_names, DatasetBuilder& builder) {
  const std::vector<Column> genres = read_genres(genre_names, builder);
  DescriptionTable descriptions(
      builder.catalog().items,
      {{"title", FeatureKind::text}, {"year", FeatureKind::number}, {"genres", FeatureKind::multi}});
  RecordReader reader(items, "|", Quotes::none);
  std::uint64_t records = 0;
  for (; reader.next(); ++records) {
    reader.require_fields(kFieldsBeforeGenres + genres.size());
    std::string own;
    for (const Column& genre : genres) {
      const std::string_view flag = reader.field(genre);
      if (flag == "1") {
        own += genre.name + "|";
      } else if (flag != "0") {
        reader.fail(genre, "is neither 0 nor 1", "Write 1 if the item is of that genre, else 0.");
      }
    }
    const std::string title(reader.field({1, "title"}));
    descriptions.add(reader.id({0, "movie id"}), std::vector<std::string>{title, std::string(year_of(title)), own});
  }
  builder.describe(reader, "items", records, descriptions);
  builder.catalog().item_features = descriptions.finish();
}

void read_u_user(const SourceText& users, DatasetBuilder& builder) {
  DescriptionTable descriptions(builder.catalog().users, {{"gender", FeatureKind::categorical},
                                                          {"age", FeatureKind::number},
                                                          {"occupation", FeatureKind::categorical},
                                                          {"zip", FeatureKind::categorical}});
  RecordReader reader(users, "|", Quotes::none);
  const Column age{1, "age"};
  std::uint64_t records = 0;
  for (; reader.next(); ++records) {
    reader.require_fields(5);
    reader.value(age);
    const auto fields = reader.fields();
    descriptions.add(reader.id({0, "user id"}),
                     std::vector<std::string>{std::string(fields[2]), std::string(fields[1]), std::string(fields[3]),
                                              std::string(fields[4])});
  }
  builder.describe(reader, "users", records, descriptions);
  builder.catalog().user_features = descriptions.finish();
}

OpenedDataset read_ml_100k(const FileTree& folder, const OpenOptions& options, Context& context) {
  DatasetBuilder builder(options);
  builder.report().layout = "ml-100k";
  builder.report().reason = "The folder holds u.data, as ml-100k does.";
  builder.read_events(*folder.open("u.data"), four_columns("\t"), context);
  builder.end_events(context);
  if (const auto items = load_if_there(folder, "u.item", Encoding::utf8_or_latin1, builder)) {
    read_u_item(*items, load_source(*folder.open("u.genre"), Encoding::utf8_or_latin1), builder);
  }
  if (const auto users = load_if_there(folder, "u.user", Encoding::utf8_or_latin1, builder)) {
    read_u_user(*users, builder);
  }
  refuse_extras("ml-100k", options.extras);
  read_side_files(options.side_files, builder, context);
  return builder.finish();
}

}  // namespace gusto
