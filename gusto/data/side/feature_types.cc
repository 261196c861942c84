#include "gusto/data/side/feature_types.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::string_view kSpecial = ",;:=()'\"";
constexpr std::string_view kForms =
    "Write columns by name, such as \"plot=text, imdb=-\", or all of them in order, such as \"id, title=text, -\".";
constexpr std::string_view kTypeNames =
    "Kinds are number, categorical, multi, multi(SEPARATOR), text, id, and - to skip.";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Reads the text from left to right.
class TypesParser {
 public:
  explicit TypesParser(std::string_view text) : text_(text) {}

  std::vector<FileTypes> read() {
    std::vector<FileTypes> files;
    do {
      FileTypes file = read_file();
      // A semicolon may end the last list.
      if (file.columns.empty() && !files.empty()) break;
      if (file.columns.empty())
        throw Error(ErrorCode::invalid_option, "The types name no column.", std::string(kForms));
      check(file);
      files.push_back(std::move(file));
    } while (take(';'));
    if (!at_end()) fail(fmt::format("{} is not expected here", quote(text_.substr(at_, 1))));
    return files;
  }

 private:
  struct Word {
    std::string text;
    bool quoted = false;
  };

  FileTypes read_file() {
    FileTypes file;
    std::optional<std::string> bare;  // a column that stands alone, without "=": this is a list in order
    Word word = read_word();
    if (take(':')) {
      if (word.text.empty()) fail("a file's name is missing before the colon");
      file.file = word.text;
      word = read_word();
    } else if (word.text.empty() && !word.quoted && at_end()) {
      return file;
    }
    while (true) {
      ColumnType type = read_column(word);
      if (take('=')) {
        read_kind(type);
      } else {
        if (!word.quoted && word.text == "-") type.use = ColumnUse::skip;
        if (!word.quoted && to_lower(word.text) == "id") type.use = ColumnUse::id;
        if (!bare || !type.use) bare = type.column;
      }
      file.columns.push_back(std::move(type));
      if (!take(',')) break;
      word = read_word();
    }
    file.in_order = bare.has_value();
    const auto ids = std::count_if(file.columns.begin(), file.columns.end(),
                                   [](const ColumnType& type) { return type.use == ColumnUse::id; });
    if (ids > 1) throw Error(ErrorCode::invalid_option, "Two columns are given as id.", "Keep the one with the ids.");
    if (bare && ids == 0) {
      throw Error(ErrorCode::invalid_option,
                  fmt::format("The column {} is given no kind, and no column is given as id.", quote(*bare)),
                  std::string(kForms));
    }
    return file;
  }

  ColumnType read_column(const Word& word) {
    ColumnType type;
    std::tie(type.column, type.name) = renamed(word);
    if (type.column.empty() || type.name.empty()) fail("a column's name is missing");
    return type;
  }

  // "a as b" of a word that was not quoted, or of "a" with the word as after it.
  std::pair<std::string, std::string> renamed(const Word& column) {
    if (!column.quoted) {
      const std::size_t as = column.text.find(" as ");
      if (as != std::string::npos) {
        return {std::string(trim(column.text.substr(0, as))), std::string(trim(column.text.substr(as + 4)))};
      }
      if (column.text.ends_with(" as") && quote_ahead()) {
        return {std::string(trim(column.text.substr(0, column.text.size() - 3))), read_word().text};
      }
      return {column.text, column.text};
    }
    const std::size_t before = at_;
    const Word next = read_word();
    if (next.text.starts_with("as ")) return {column.text, std::string(trim(next.text.substr(3)))};
    if (next.text == "as" && quote_ahead()) return {column.text, read_word().text};
    if (!next.text.empty()) {
      at_ = before;
      fail("a column's name goes on after its closing quotation mark");
    }
    return {column.text, column.text};
  }

  void read_kind(ColumnType& type) {
    const Word kind = read_word();
    const std::string name = to_lower(kind.text);
    constexpr std::array<std::pair<std::string_view, FeatureKind>, 4> kNames{{{"number", FeatureKind::number},
                                                                              {"categorical", FeatureKind::categorical},
                                                                              {"multi", FeatureKind::multi},
                                                                              {"text", FeatureKind::text}}};
    const auto found =
        std::find_if(kNames.begin(), kNames.end(), [&](const auto& known) { return known.first == name; });
    if (found != kNames.end()) {
      type.use = ColumnUse::feature;
      type.kind = found->second;
    } else if (name == "id") {
      type.use = ColumnUse::id;
    } else if (name == "-") {
      type.use = ColumnUse::skip;
    } else {
      throw Error(ErrorCode::invalid_option,
                  fmt::format("The column {} cannot be of the kind {}.", quote(type.column), quote(kind.text)),
                  std::string(kTypeNames));
    }
    if (take('(')) read_separator(type);
  }

  // What stands in brackets, as it is; quotation marks around it are left out.
  void read_separator(ColumnType& type) {
    if (type.kind != FeatureKind::multi) fail("only multi takes a separator in brackets");
    skip_blanks();
    const bool quoted = quote_ahead();
    if (quoted) {
      type.separator = read_quoted();
    } else {
      const std::size_t end = std::min(text_.find(')', at_), text_.size());
      type.separator = text_.substr(at_, end - at_);
      at_ = end;
    }
    skip_blanks();
    if (!take(')')) fail("the bracket around a separator is not closed");
    // Values lose the blanks around them, so that ", " and "," separate the same way.
    const std::string_view trimmed = trim(type.separator);
    if (!trimmed.empty()) type.separator = std::string(trimmed);
    if (type.separator.empty()) fail("a separator is empty");
    skip_blanks();
  }

  // Each column once, and each file.
  void check(const FileTypes& file) {
    std::set<std::string_view> columns;
    for (const ColumnType& type : file.columns) {
      if (file.in_order && type.name != type.column) {
        throw Error(ErrorCode::invalid_option,
                    fmt::format("The column {} is renamed in a list that names columns in order.", quote(type.column)),
                    "Write the new name alone.");
      }
      if (file.in_order && (type.use == ColumnUse::skip || type.use == ColumnUse::id)) continue;
      if (columns.insert(type.column).second) continue;
      throw Error(ErrorCode::invalid_option, fmt::format("The column {} is named twice.", quote(type.column)),
                  "Name it once.");
    }
    if (files_.insert(file.file).second) return;
    throw Error(ErrorCode::invalid_option,
                file.file.empty() ? std::string("Two lists of columns do not say which file they are for.")
                                  : fmt::format("Two lists of columns are for {}.", quote(file.file)),
                "Write one list for each file, such as \"films.csv: id, title; cast.csv: id, cast=multi\".");
  }

  // Up to the next special character, without blanks around it; or what stands in quotes.
  Word read_word() {
    skip_blanks();
    if (quote_ahead()) {
      Word word{read_quoted(), true};
      skip_blanks();
      return word;
    }
    const std::size_t end = std::min(text_.find_first_of(kSpecial, at_), text_.size());
    Word word{std::string(trim(text_.substr(at_, end - at_))), false};
    at_ = end;
    return word;
  }

  // A quotation mark inside is written twice.
  std::string read_quoted() {
    const char mark = text_[at_];
    std::string inside;
    for (std::size_t from = at_ + 1;; ++from) {
      const std::size_t end = text_.find(mark, from);
      if (end == std::string_view::npos) fail("a quotation mark is not closed");
      inside += text_.substr(from, end - from);
      from = end + 1;
      if (from == text_.size() || text_[from] != mark) {
        at_ = from;
        return inside;
      }
      inside += mark;
    }
  }

  bool quote_ahead() const { return !at_end() && (text_[at_] == '"' || text_[at_] == '\''); }
  bool at_end() const { return at_ == text_.size(); }
  void skip_blanks() {
    while (!at_end() && is_blank(text_[at_])) ++at_;
  }
  bool take(char wanted) {
    if (at_end() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  [[noreturn]] void fail(std::string_view problem) const {
    throw Error(ErrorCode::invalid_option, fmt::format("Types of columns, character {}: {}.", at_ + 1, problem),
                std::string(kForms));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::set<std::string> files_;
};

std::string quoted(const std::string& text) {
  const char mark = text.find('"') == std::string::npos ? '"' : '\'';
  std::string result(1, mark);
  for (const char c : text) result.append(c == mark ? 2 : 1, c);
  return result + mark;
}

std::string written(const std::string& name) {
  const bool plain = !name.empty() && name.find_first_of(kSpecial) == std::string::npos &&
                     name.find(" as ") == std::string::npos && name != "-" && to_lower(name) != "id" &&
                     trim(name).size() == name.size();
  return plain ? name : quoted(name);
}

}  // namespace

bool FileTypes::names(const std::filesystem::path& path) const {
  const std::filesystem::path wanted = std::filesystem::path(file).lexically_normal();
  const std::filesystem::path given = path.lexically_normal();
  auto own = wanted.end();
  auto other = given.end();
  while (own != wanted.begin()) {
    if (other == given.begin() || *--other != *--own) return false;
  }
  return true;
}

std::vector<FileTypes> parse_feature_types(std::string_view text) { return TypesParser(text).read(); }

std::string format_columns(const std::vector<ColumnType>& columns) {
  std::vector<std::string> entries;
  for (const ColumnType& type : columns) {
    if (type.use == ColumnUse::id) {
      entries.emplace_back("id");
    } else if (type.use == ColumnUse::skip) {
      entries.emplace_back("-");
    } else {
      std::string entry = written(type.name);
      if (type.kind) entry += fmt::format("={}", to_string(*type.kind));
      if (type.kind == FeatureKind::multi && type.separator != "|") {
        const bool plain = type.separator.find_first_of("()'\" ") == std::string::npos;
        entry += fmt::format("({})", plain ? type.separator : quoted(type.separator));
      }
      entries.push_back(std::move(entry));
    }
  }
  return join(entries, ", ");
}

}  // namespace gusto
