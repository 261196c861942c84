#include "gusto/data/side/side_features.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/assembly/growing_feature.h"
#include "gusto/data/io/numbers.h"
#include "gusto/data/io/text_shape.h"
#include "gusto/data/side/list_cell.h"
#include "gusto/data/side/sparse_features.h"

namespace gusto {
namespace {

constexpr std::uint64_t kLinesBetweenChecks = std::uint64_t{1} << 16;

// A feature of a file, whose kind was said or recognized.
class SideField {
 public:
  SideField(const ColumnType& type, bool recognized)
      : type_(type), recognized_(recognized), feature_(type.name, *type.kind) {}

  const std::string& name() const { return feature_.name(); }
  std::uint64_t replaced() const { return feature_.replaced(); }

  /// Sets a row's value, which is not missing, or adds to it.
  void set(const RecordReader& reader, const Column& place, std::uint32_t row, std::string_view value) {
    switch (feature_.kind()) {
      case FeatureKind::number: feature_.set_number(row, number(reader, place, value)); return;
      case FeatureKind::text:
      case FeatureKind::categorical: feature_.set_value(row, value); return;
      case FeatureKind::multi: break;
    }
    if (const auto list = parse_list_cell(value)) {
      for (const std::string& own : *list) {
        if (!is_missing(own)) feature_.set_value(row, trim(own));
      }
      return;
    }
    for (const std::string_view part : split(value, type_.separator)) {
      if (const std::string_view own = trim(part); !is_missing(own)) feature_.set_value(row, own);
    }
  }

  /// Why the column is not worth keeping, if it was recognized; `described` rows have any.
  std::optional<std::string> reason_to_drop(std::uint64_t described) const {
    if (!recognized_) return std::nullopt;
    switch (feature_.kind()) {
      case FeatureKind::number: {
        const std::span<const double> numbers = feature_.numbers();
        const auto first = std::find_if(numbers.begin(), numbers.end(), [](double n) { return n == n; });
        if (first == numbers.end()) return "it has no value";
        const auto same = std::count(numbers.begin(), numbers.end(), *first);
        if (described >= kLeastRows && static_cast<std::uint64_t>(same) == described) return "all its values are equal";
        return std::nullopt;
      }
      case FeatureKind::categorical: {
        const std::size_t filled = feature_.filled(), categories = feature_.categories();
        if (filled == 0) return "it has no value";
        if (filled >= kLeastRows && 20 * categories >= 19 * filled) return "hardly a value comes twice";
        if (described >= kLeastRows && filled == described && categories == 1) return "all its values are equal";
        return std::nullopt;
      }
      case FeatureKind::multi:
      case FeatureKind::text: break;
    }
    return std::nullopt;
  }

  FeatureField finish(std::size_t rows) && { return std::move(feature_).finish(rows); }

 private:
  double number(const RecordReader& reader, const Column& place, std::string_view value) const {
    if (const std::optional<double> number = parse_real(value)) return *number;
    const std::string_view problem = parse_value(value) ? "is not a number" : value_problem(value);
    reader.fail(
        place, problem,
        recognized_
            ? fmt::format(
                  "Correct it, or say what the column holds, such as \"{}=categorical\" in the option `feature_types`.",
                  type_.column)
            : std::string("Correct it, or leave the field empty."));
  }

  ColumnType type_;
  bool recognized_;
  GrowingFeature feature_;
};

// Which rows a file describes.
struct Coverage {
  std::size_t known = 0;  // rows before the file was read
  std::uint64_t records = 0;
  std::uint64_t rows = 0;
  bool meets_known = false;
  std::vector<bool> described;

  void add(std::uint32_t row) {
    if (described.size() <= row) described.resize(row + std::size_t{1});
    if (!described[row]) ++rows;
    described[row] = true;
    meets_known = meets_known || row < known;
  }
};

// Reads one file.
class SideReader {
 public:
  SideReader(const SourceText& source, Side side, const FileTypes* types, DatasetBuilder& builder)
      : source_(without_preamble(source)),
        side_(side),
        builder_(builder),
        format_(recognize_side(source_, side, types, builder.options().quotes)) {}

  const SideFormat& format() const { return format_; }

  void read(Context& context) {
    const FeatureTable& there = side_ == Side::users ? catalog().user_features : catalog().item_features;
    std::vector<SideField> fields;
    std::vector<std::size_t> places;
    std::set<std::string> names;
    name_titles(there);
    for (std::size_t c = 0; c < format_.columns.size(); ++c) {
      const ColumnType& type = format_.columns[c];
      if (type.use != ColumnUse::feature) continue;
      require_free(type, there, names);
      fields.emplace_back(type, format_.recognized[c]);
      places.push_back(c);
    }
    if (fields.empty()) {
      throw Error(ErrorCode::invalid_input, fmt::format("{} has no column of features.", source_.name),
                  "Name one beside the ids, or leave the file out.");
    }

    Vocabulary& ids = side_ == Side::users ? catalog().users : catalog().items;
    Coverage coverage;
    coverage.known = ids.size();
    RecordReader reader(source_, format_.delimiter, format_.quotes);
    if (format_.header) reader.next();
    const Column& id_place = format_.places[format_.id];
    std::string first_id;
    for (; reader.next(); ++coverage.records) {
      reader.require_fields(format_.places.size());
      const std::string_view id = reader.id(id_place);
      if (coverage.records == 0) first_id = id;
      const std::uint32_t row = ids.add(id);
      coverage.add(row);
      for (std::size_t f = 0; f < fields.size(); ++f) {
        const Column& place = format_.places[places[f]];
        const std::string_view value = trim(reader.field(place));
        if (!is_missing(value)) fields[f].set(reader, place, row, value);
      }
      if (coverage.records % kLinesBetweenChecks == 0) {
        context.check_canceled();
        context.progress("reading features", reader.position(), source_.text.size(), ProgressUnit::bytes);
      }
    }
    if (coverage.records == 0) {
      throw Error(ErrorCode::invalid_input, fmt::format("{} holds a header and nothing else.", source_.name),
                  fmt::format("Give a file with an id of the {} on each line.", to_string(side_)));
    }
    if (!coverage.meets_known) {
      throw Error(
          ErrorCode::invalid_input,
          fmt::format("{}, column {}: none of its ids, such as {}, is among the {}.", source_.name, id_place.name,
                      quote(first_id), to_string(side_)),
          "Say which column holds the ids with the option `feature_types`, for example \"code=id\", and write ids as "
          "the events do.");
    }
    finish(reader, coverage, std::move(fields), places);
  }

 private:
  Catalog& catalog() { return builder_.catalog(); }

  // What shows items needs a text of that name.
  void name_titles(const FeatureTable& there) {
    if (!format_.title) return;
    ColumnType& type = format_.columns[*format_.title];
    if (type.name == "title" || there.find("title") != nullptr) return;
    type.name = "title";
    builder_.note(fmt::format("The column {} of {} is taken for the titles.", quote(type.column), source_.name));
  }

  void require_free(const ColumnType& type, const FeatureTable& there, std::set<std::string>& names) const {
    if (!names.insert(type.name).second) {
      throw Error(ErrorCode::invalid_input,
                  fmt::format("{}: two columns would give the feature {}.", source_.name, quote(type.name)),
                  "Rename one with the option `feature_types`, such as \"year as release_year=number\".");
    }
    if (there.find(type.name) == nullptr) return;
    throw Error(
        ErrorCode::invalid_input,
        fmt::format("{}, column {}: the {} already have a feature {}.", source_.name, type.column, to_string(side_),
                    quote(type.name)),
        fmt::format(
            "Leave it out with the option `feature_types`, as \"{0}=-\", or rename it, as \"{0} as other_{0}={1}\".",
            type.column, to_string(*type.kind)));
  }

  void finish(const RecordReader& reader, const Coverage& coverage, std::vector<SideField> fields,
              const std::vector<std::size_t>& places) {
    const std::size_t rows = side_ == Side::users ? catalog().users.size() : catalog().items.size();
    FeatureTable& table = side_ == Side::users ? catalog().user_features : catalog().item_features;
    std::vector<FeatureField> kept;
    std::uint64_t replaced = 0;
    for (std::size_t f = 0; f < fields.size(); ++f) {
      if (const std::optional<std::string> reason = fields[f].reason_to_drop(coverage.rows)) {
        format_.columns[places[f]].use = ColumnUse::skip;
        builder_.note(
            fmt::format("The column {} of {} is left out: {}.", quote(fields[f].name()), source_.name, *reason));
        continue;
      }
      replaced += fields[f].replaced();
      kept.push_back(std::move(fields[f]).finish(rows));
    }
    table.extend(std::move(kept), rows);

    SourceFile file = reader.report(to_string(side_), coverage.records);
    file.columns = format_columns(format_.columns);
    builder_.report().files.push_back(std::move(file));
    if (rows > coverage.known) {
      builder_.note(fmt::format("{} that {} adds to those known: {}.", side_ == Side::users ? "Users" : "Items",
                                source_.name, format_count(rows - coverage.known)));
    }
    if (replaced > 0) {
      builder_.note(
          fmt::format("Values of {} left out because the id came again with another: {}; the last one counts.",
                      source_.name, format_count(replaced)));
    }
  }

  SourceText source_;
  Side side_;
  DatasetBuilder& builder_;
  SideFormat format_;
};

// Which list of types is for which file, and what the lists name that no file has.
class TypesOfFiles {
 public:
  explicit TypesOfFiles(std::string_view text) : lists_(parse_feature_types(text)), found_(lists_.size()) {}

  const FileTypes* of(const std::filesystem::path& path) {
    std::size_t best = lists_.size();
    for (std::size_t l = 0; l < lists_.size(); ++l) {
      if (!lists_[l].file.empty() && lists_[l].names(path)) best = l;
      if (lists_[l].file.empty() && best == lists_.size()) best = l;
    }
    if (best == lists_.size()) return nullptr;
    if (lists_[best].file.empty() && lists_[best].in_order && found_[best].files > 0) {
      throw Error(ErrorCode::invalid_option,
                  fmt::format("A list names columns in order, and does not say whether of {} or of another file.",
                              quote(path.filename().string())),
                  "Say it in the option `feature_types`, such as \"films.csv: id, title; cast.csv: id, cast=multi\".");
    }
    ++found_[best].files;
    return &lists_[best];
  }

  void note_columns(const FileTypes& list, const SideFormat& format) {
    Found& found = found_[static_cast<std::size_t>(&list - lists_.data())];
    for (const Column& place : format.places) found.names.insert(place.name);
  }

  /// Once all files have been recognized.
  void require_all_found() const {
    for (std::size_t l = 0; l < lists_.size(); ++l) {
      if (found_[l].files == 0) {
        throw Error(ErrorCode::not_found,
                    lists_[l].file.empty() ? std::string("A list of types of columns is for no file.")
                                           : fmt::format("No file of features is named {}.", quote(lists_[l].file)),
                    "Name files as in the option `user_features` and the option `item_features`, with or without their "
                    "folders.");
      }
      if (lists_[l].in_order) continue;
      for (const ColumnType& type : lists_[l].columns) {
        if (found_[l].names.contains(type.column)) continue;
        const std::vector<std::string_view> names(found_[l].names.begin(), found_[l].names.end());
        const std::optional<std::string_view> nearest = nearest_name(type.column, names);
        throw Error(ErrorCode::not_found, fmt::format("No file of features has the column {}.", quote(type.column)),
                    nearest ? fmt::format("Did you mean {}?", *nearest)
                            : fmt::format("The columns are: {}.", join(names, ", ")));
      }
    }
  }

 private:
  struct Found {
    std::size_t files = 0;
    std::set<std::string> names;  // of these files' columns
  };
  std::vector<FileTypes> lists_;
  std::vector<Found> found_;
};

}  // namespace

void read_side_features(const SourceText& source, Side side, const FileTypes* types, DatasetBuilder& builder,
                        Context& context) {
  SideReader(source, side, types, builder).read(context);
}

void read_side_files(const SideFiles& files, DatasetBuilder& builder, Context& context) {
  if (files.users.empty() && files.items.empty()) {
    if (files.types.empty()) return;
    throw Error(ErrorCode::invalid_option, "There are types of columns, and no file of features that they are for.",
                "Name the file in the option `user_features` or the option `item_features`.");
  }
  std::optional<TypesOfFiles> types;
  if (!files.types.empty()) types.emplace(files.types);
  const auto read = [&](const std::filesystem::path& path, Side side) {
    SourceText source = load_source(path, Encoding::utf8_or_latin1);
    const FileTypes* own = types ? types->of(path) : nullptr;
    if (own == nullptr || !own->in_order) {
      if (auto sparse = read_sparse_features(without_preamble(source))) {
        for (std::string& note : sparse->notes) builder.note(std::move(note));
        source = std::move(sparse->table);
      }
    }
    SideReader reader(source, side, own, builder);
    if (own != nullptr) types->note_columns(*own, reader.format());
    reader.read(context);
  };
  for (const std::filesystem::path& path : files.users) read(path, Side::users);
  for (const std::filesystem::path& path : files.items) read(path, Side::items);
  if (types) types->require_all_found();
}

}  // namespace gusto
