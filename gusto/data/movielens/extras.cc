#include "gusto/data/movielens/extras.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/assembly/gathered_values.h"
#include "gusto/data/bytes/text_blocks.h"
#include "gusto/data/movielens/layouts.h"

namespace gusto {
namespace {

// Goes past a header and finds columns of it.
class Header {
 public:
  explicit Header(RecordReader& reader, const std::string& file) : file_(file) {
    if (!reader.next()) {
      throw Error(ErrorCode::invalid_input, fmt::format("{} is empty.", file),
                  "Copy or download it again, or remove it.");
    }
    names_.assign(reader.fields().begin(), reader.fields().end());
  }

  std::size_t size() const { return names_.size(); }
  Column find(const std::string& name) const {
    for (std::size_t c = 0; c < names_.size(); ++c) {
      if (to_lower(trim(names_[c])) == to_lower(name)) return {c, name};
    }
    throw Error(ErrorCode::invalid_input, fmt::format("{}, line 1: there is no column {}.", file_, name),
                "Copy or download it again, or remove it.");
  }

 private:
  std::string file_;
  std::vector<std::string> names_;
};

void add_features(std::vector<FeatureField> fields, DatasetBuilder& builder) {
  builder.catalog().item_features.extend(std::move(fields), builder.catalog().items.size());
}

// Tags of items, and who gave them.
class TagTable {
 public:
  explicit TagTable(DatasetBuilder& builder) : builder_(builder) {}

  void add(const RecordReader& reader, const Column& user, const Column& item, const Column& tag) {
    const std::string text = to_lower(trim(reader.field(tag)));
    const std::uint32_t tagger = taggers_.add(reader.id(user));
    const std::uint32_t row = builder_.catalog().items.add(reader.id(item));
    if (text.empty()) return;
    const std::uint32_t value = all_.values().add(text);
    all_.add(row, value);
    given_.emplace_back(value, tagger);
  }

  void finish(const RecordReader& reader, std::uint64_t records) && {
    std::sort(given_.begin(), given_.end());
    given_.erase(std::unique(given_.begin(), given_.end()), given_.end());
    std::vector<std::size_t> people(all_.values().size());
    for (const auto& [tag, tagger] : given_) ++people[tag];
    GatheredValues kept;
    for (const auto& [row, tag] : all_.pairs()) {
      if (people[tag] >= kLeastTaggers) kept.add(row, all_.values()[tag]);
    }
    builder_.report().files.push_back(reader.report("tags", records));
    builder_.note(fmt::format("Of {} different tags of {}, those count that at least {} people gave: {}.",
                              format_count(all_.values().size()), builder_.report().files.back().path, kLeastTaggers,
                              format_count(kept.values().size())));
    std::vector<FeatureField> fields;
    fields.push_back(std::move(kept).finish("tags", builder_.catalog().items.size()));
    add_features(std::move(fields), builder_);
  }

 private:
  DatasetBuilder& builder_;
  Vocabulary taggers_;
  GatheredValues all_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> given_;  // tag and who gave it
};

// Reads the scores block by block.
class GenomeReader {
 public:
  GenomeReader(const SourceText& tags, DatasetBuilder& builder) : builder_(builder) {
    RecordReader reader(tags, ",", Quotes::csv);
    const Header header(reader, tags.name);
    const Column id = header.find("tagId");
    const Column tag = header.find("tag");
    std::uint64_t records = 0;
    for (; reader.next(); ++records) {
      reader.require_fields(header.size());
      if (ids_.find(reader.id(id)))
        reader.fail(id, "is the id of another tag, too", "Copy or download the file again.");
      ids_.add(reader.id(id));
      names_.push_back(kept_.values().add(reader.id(tag)));
    }
    builder_.report().files.push_back(reader.report("genome tags", records));
  }

  void read(ByteStream& scores, Context& context) {
    file_ = scores.name();
    SourceFile file;
    file.path = file_;
    file.role = "genome";
    TextBlocks blocks(scores);
    TextBlock block;
    std::uint64_t line = 1;
    while (blocks.next(block)) {
      const SourceText source{file_, block.text(), block.text().size(), false, nullptr};
      RecordReader reader(source, ",", Quotes::csv);
      reader.seek(0, line);
      if (block.too_long) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("{}, line {}: the line is longer than {}.", file_, line, format_bytes(kLongestRecord)),
                    "Copy or download the file again.");
      }
      if (line == 1) begin(reader);
      while (reader.next()) {
        add(reader);
        ++file.records;
      }
      line = reader.next_line();
      file.blank_lines += reader.blank_lines();
      context.check_canceled();
      context.progress("reading genome", scores.stored_position(), scores.stored_size(), ProgressUnit::bytes);
    }
    if (line == 1) {
      throw Error(ErrorCode::invalid_input, fmt::format("{} is empty.", file_),
                  "Copy or download it again, or remove it.");
    }
    file.bytes = scores.stored_position();
    file.lines = line - 1;
    builder_.report().files.push_back(file);
    std::vector<FeatureField> fields;
    fields.push_back(std::move(kept_).finish("genome", builder_.catalog().items.size()));
    add_features(std::move(fields), builder_);
  }

 private:
  void begin(RecordReader& reader) {
    const Header header(reader, file_);
    fields_ = header.size();
    item_ = header.find("movieId");
    tag_ = header.find("tagId");
    relevance_ = header.find("relevance");
  }

  void add(const RecordReader& reader) {
    reader.require_fields(fields_);
    const std::string_view item = reader.id(item_);
    // Scores come film by film.
    if (last_item_ != item) {
      require_plain_text(file_, item, reader.line());
      row_ = builder_.catalog().items.add(item);
      last_item_ = item;
    }
    const std::optional<std::uint32_t> tag = ids_.find(reader.id(tag_));
    if (!tag) reader.fail(tag_, "is the id of no tag in genome-tags.csv", "Take both files from the same set.");
    const float relevance = reader.value(relevance_);
    if (relevance < 0 || relevance > 1) {
      reader.fail(relevance_, "is no relevance", "Relevances are numbers from 0 to 1.");
    }
    if (relevance >= kLeastRelevance) kept_.add(row_, names_[*tag]);
  }

  DatasetBuilder& builder_;
  Vocabulary ids_;                    // of tags
  std::vector<std::uint32_t> names_;  // of a tag, its place among the values
  GatheredValues kept_;
  std::size_t fields_ = 0;
  std::string file_;
  Column item_, tag_, relevance_;
  std::string last_item_;  // no id is empty
  std::uint32_t row_ = 0;
};

}  // namespace

void read_tags_csv(const SourceText& tags, DatasetBuilder& builder) {
  RecordReader reader(tags, ",", Quotes::csv);
  const Header header(reader, tags.name);
  const Column user = header.find("userId");
  const Column item = header.find("movieId");
  const Column tag = header.find("tag");
  TagTable table(builder);
  std::uint64_t records = 0;
  for (; reader.next(); ++records) {
    reader.require_fields(header.size());
    table.add(reader, user, item, tag);
  }
  std::move(table).finish(reader, records);
}

void read_tags_dat(const SourceText& tags, DatasetBuilder& builder) {
  RecordReader reader(tags, "::", Quotes::none);
  TagTable table(builder);
  std::uint64_t records = 0;
  for (; reader.next(); ++records) {
    reader.require_fields(4);
    table.add(reader, {0, "user id"}, {1, "movie id"}, {2, "tag"});
  }
  std::move(table).finish(reader, records);
}

void read_links_csv(const SourceText& links, DatasetBuilder& builder) {
  RecordReader reader(links, ",", Quotes::csv);
  const Header header(reader, links.name);
  const Column item = header.find("movieId");
  const Column imdb = header.find("imdbId");
  const Column tmdb = header.find("tmdbId");
  // Beside the catalog's own ids, so that the features cover exactly its rows.
  DescriptionTable descriptions(builder.catalog().items, {{"imdb", FeatureKind::text}, {"tmdb", FeatureKind::text}});
  std::uint64_t records = 0;
  for (; reader.next(); ++records) {
    reader.require_fields(header.size());
    descriptions.add(reader.id(item), std::vector<std::string>{std::string(trim(reader.field(imdb))),
                                                               std::string(trim(reader.field(tmdb)))});
  }
  builder.describe(reader, "links", records, descriptions);
  const FeatureTable table = descriptions.finish();
  add_features({table.fields().begin(), table.fields().end()}, builder);
}

void read_genome(ByteStream& scores, const SourceText& tags, DatasetBuilder& builder, Context& context) {
  GenomeReader(tags, builder).read(scores, context);
}

void read_extras(const FileTree& folder, std::span<const Extra> extras, DatasetBuilder& builder, Context& context) {
  const auto asked = [&](Extra extra) { return std::find(extras.begin(), extras.end(), extra) != extras.end(); };
  if (asked(Extra::tags)) {
    if (folder.has("tags.dat")) {
      read_tags_dat(load_source(*folder.open("tags.dat"), Encoding::utf8_or_latin1), builder);
    } else if (const auto tags = load_if_there(folder, "tags.csv", Encoding::utf8, builder)) {
      read_tags_csv(*tags, builder);
    }
  }
  if (asked(Extra::links)) {
    if (const auto links = load_if_there(folder, "links.csv", Encoding::utf8, builder)) read_links_csv(*links, builder);
  }
  if (!asked(Extra::genome)) return;
  const auto tags = load_if_there(folder, "genome-tags.csv", Encoding::utf8, builder);
  if (!tags) return;
  if (folder.has("genome-scores.csv")) {
    read_genome(*folder.open("genome-scores.csv"), *tags, builder, context);
  } else {
    builder.note(
        fmt::format("{} is missing, and so are the features that it would hold.", folder.path_of("genome-scores.csv")));
  }
}

void refuse_extras(std::string_view layout, std::span<const Extra> extras) {
  if (extras.empty()) return;
  throw Error(ErrorCode::invalid_option,
              fmt::format("Data of the layout {} have no {}.", layout, to_string(extras.front())),
              "Tags come with ml-10m; tags, links and the genome with ml-latest and its sisters. Files of your own can "
              "be named in the option `item_features`.");
}

}  // namespace gusto
