#include "gusto/data/side/sparse_features.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::size_t kSparseLines = 100;  // that tell the form
constexpr std::string_view kBetween = " \t,";

struct Pair {
  std::string_view feature, text;
  std::optional<double> number;
};

std::optional<Pair> pair_of(std::string_view word) {
  const std::size_t colon = word.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || word[colon - 1] == ':') return std::nullopt;
  const Pair pair{word.substr(0, colon), word.substr(colon + 1), parse_real(word.substr(colon + 1))};
  // Neither 12:30 nor an address of the web is a pair.
  const char first = word.front();
  const bool named = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_';
  if (!pair.number && (!named || pair.text.empty() || pair.text.front() == '/')) return std::nullopt;
  return pair;
}

struct SparseLine {
  std::string_view id;
  std::vector<Pair> pairs;
  std::string_view wrong;  // what is no pair
};

// Nothing for a blank line.
std::optional<SparseLine> parse_sparse_line(std::string_view line) {
  SparseLine result;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(kBetween), line.size()));
    if (line.empty()) break;
    const std::string_view word = line.substr(0, line.find_first_of(kBetween));
    line.remove_prefix(word.size());
    if (result.id.empty()) {
      result.id = word;
    } else if (const auto pair = pair_of(word)) {
      result.pairs.push_back(*pair);
    } else if (result.wrong.empty()) {
      result.wrong = word;
    }
  }
  if (result.id.empty()) return std::nullopt;
  return result;
}

// Calls body(line, its number from 0) until it says no.
template <class Body>
void for_each_line(std::string_view text, Body body) {
  for (std::uint64_t number = 0; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!body(line, number)) return;
  }
}

// Whether the first lines are of the form; a pair at least is on one of them, and none begins with one.
bool looks_sparse(std::string_view text) {
  std::size_t lines = 0, pairs = 0;
  bool sparse = true;
  for_each_line(text, [&](std::string_view line, std::uint64_t) {
    const auto parsed = parse_sparse_line(line);
    if (!parsed) return true;
    sparse = parsed->wrong.empty() && parsed->id.find(':') == std::string_view::npos;
    pairs += parsed->pairs.size();
    return sparse && ++lines < kSparseLines;
  });
  return sparse && pairs > 0;
}

// What a number is called as a column; a bare number would look like an item's id.
std::string column_name(std::string_view feature) {
  return parse_integer(feature) ? fmt::format("feature_{}", feature) : std::string(feature);
}

}  // namespace

std::optional<SparseFeatures> read_sparse_features(const SourceText& source) {
  if (!looks_sparse(source.text)) return std::nullopt;
  std::vector<std::pair<std::uint64_t, SparseLine>> lines;
  std::map<std::string_view, std::size_t> columns;  // in the order met
  std::vector<std::string_view> names;
  bool ones = true, below = false, numbers = true;
  for_each_line(source.text, [&](std::string_view text, std::uint64_t number) {
    auto line = parse_sparse_line(text);
    if (!line) return true;
    if (!line->wrong.empty()) {
      throw Error(ErrorCode::invalid_input,
                  fmt::format("{}, line {}: {} is no feature with a value.", source.name,
                              source.lines_before + number + 1, quote(line->wrong)),
                  "Write an id and then pairs such as 5:0.5 on each line.");
    }
    for (const Pair& pair : line->pairs) {
      numbers = numbers && pair.number;
      ones = ones && pair.number == 1;
      below = below || pair.number <= 0;
      if (columns.emplace(pair.feature, names.size()).second) names.push_back(pair.feature);
    }
    lines.emplace_back(number, std::move(*line));
    return true;
  });

  const bool several = ones || (numbers && names.size() > kSparseColumns);
  auto text = std::make_shared<std::string>("id");
  if (several) *text += "\tfeatures";
  for (std::size_t c = 0; !several && c < names.size(); ++c) *text += '\t' + column_name(names[c]);
  *text += '\n';
  std::uint64_t written = 0;
  for (const auto& [number, line] : lines) {
    text->append(number - std::exchange(written, number + 1), '\n');
    *text += std::string(line.id) + '\t';
    std::vector<std::string> cells(several ? 0 : names.size(), numbers ? "0" : "");
    for (const Pair& pair : line.pairs) {
      if (several) {
        if (pair.number > 0) cells.emplace_back(pair.feature);
        continue;
      }
      std::string& cell = cells[columns.at(pair.feature)];
      if (numbers || cell.empty()) cell = pair.text;
      else (cell += '|') += pair.text;
    }
    *text += join(cells, several ? "|" : "\t") + '\n';
  }

  SparseFeatures result;
  result.table = source;
  result.table.text = *text;
  result.table.owner = text;
  --result.table.lines_before;  // the header is no line of the file
  result.notes.push_back(several ? fmt::format("The pairs of {} become one feature, features, of {} values.",
                                               source.name, format_count(names.size()))
                                 : fmt::format("The pairs of {} become {} features{}.", source.name,
                                               format_count(names.size()),
                                               numbers ? ", which are 0 where a line does not name them" : ""));
  if (several && !ones) {
    result.notes.push_back(fmt::format("Numbers of {} are read as present{}, since there are more than {} features.",
                                       source.name, below ? " if above 0" : "", kSparseColumns));
  }
  return result;
}

}  // namespace gusto
