#include "gusto/data/titles.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <tuple>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/fold_text.h"

namespace gusto {
namespace {

constexpr std::size_t kSuggestions = 3;

// Articles that GroupLens moves behind a comma, in lower case.
constexpr std::array<std::string_view, 24> kArticles = {"the", "a",  "an",  "la",  "le",  "les", "l'",  "il",
                                                        "lo",  "i",  "gli", "el",  "los", "las", "das", "der",
                                                        "die", "un", "une", "una", "den", "det", "ein", "eine"};

bool is_year(std::string_view text) {
  return text.size() == 4 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "matrix, the" → {"matrix", "the"}; an empty article if there is none.
std::pair<std::string_view, std::string_view> split_article(std::string_view name) {
  const std::size_t comma = name.rfind(", ");
  if (comma == std::string_view::npos) return {name, {}};
  const std::string_view article = name.substr(comma + 2);
  if (std::find(kArticles.begin(), kArticles.end(), article) == kArticles.end()) return {name, {}};
  return {name.substr(0, comma), article};
}

// Adds a name, the name with its article in front, and without; each with what follows it and alone.
void add_spellings(std::string_view name, std::string_view year, std::vector<std::string>& out) {
  const auto [bare, article] = split_article(name);
  std::vector<std::string> forms{std::string(name)};
  if (!article.empty()) {
    forms.push_back(fmt::format("{}{}{}", article, article.ends_with('\'') ? "" : " ", bare));
    forms.emplace_back(bare);
  }
  for (const std::string& form : forms) {
    out.push_back(form);
    if (!year.empty()) out.push_back(fmt::format("{} ({})", form, year));
  }
}

// All ways to write a title, in lower case: "x, the (le x) (1999)" has the parts "x, the", "le x" and "1999".
std::vector<std::string> spellings_of(std::string_view title) {
  const std::string lowered = fold_text(trim(title));
  std::string_view rest = lowered;
  std::vector<std::string_view> names;
  std::string_view year;
  while (rest.ends_with(')')) {
    const std::size_t open = rest.rfind(" (");
    if (open == std::string_view::npos) break;
    std::string_view part = rest.substr(open + 2, rest.size() - open - 3);
    rest = trim(rest.substr(0, open));
    if (year.empty() && names.empty() && is_year(part)) {
      year = part;
      continue;
    }
    if (part.starts_with("a.k.a. ")) part.remove_prefix(7);
    names.push_back(part);
  }
  if (!rest.empty()) names.push_back(rest);
  std::vector<std::string> result{lowered};
  for (const std::string_view name : names) add_spellings(name, year, result);
  return result;
}

// How far a spelling may be from what was typed and still be taken for it: one letter in four.
std::size_t tolerance(std::string_view typed) { return typed.size() / 4; }

void keep_first_of_each(std::vector<ItemRow>& items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

// A part of a typed history: "Heat (1995):4" and what it stands for. Without a number, the value is none.
struct Segment {
  std::string_view titles;
  std::optional<float> value;
};

// Cuts after every ":number" that is followed by a comma or the end, and after every id.
std::vector<Segment> cut_at_values(std::string_view typed, const Vocabulary& ids) {
  std::vector<Segment> result;
  std::size_t begin = 0;
  for (std::size_t end = 0; end <= typed.size(); ++end) {
    if (begin > typed.size() || (end < typed.size() && typed[end] != ',')) continue;
    const std::string_view text = typed.substr(begin, end - begin);
    const std::string_view last = text.substr(text.rfind(',') + 1);  // of several titles
    if (ids.find(trim(text)) || ids.find(trim(last))) {
      result.push_back({text, std::nullopt});
      begin = end + 1;
      continue;
    }
    const std::size_t colon = text.rfind(':');
    const std::optional<double> value =
        colon == std::string_view::npos ? std::nullopt : parse_real(trim(text.substr(colon + 1)));
    if (value) {
      result.push_back({text.substr(0, colon), static_cast<float>(*value)});
      begin = end + 1;
    } else if (end == typed.size()) {
      result.push_back({text, std::nullopt});
    }
  }
  return result;
}

}  // namespace

TitleIndex::TitleIndex(const Catalog& catalog, std::vector<std::uint32_t> events)
    : catalog_(&catalog), events_(std::move(events)) {
  for (std::size_t row = 0; row < catalog.items.size(); ++row) {
    const ItemRow item(row);
    const std::string title = catalog.title(item);
    for (std::string& spelling : spellings_of(title)) spellings_.push_back({std::move(spelling), item});
    titles_.push_back({title, item});
  }
  const auto by_text = [](const Spelling& a, const Spelling& b) {
    return std::tie(a.text, a.item) < std::tie(b.text, b.item);
  };
  const auto same = [](const Spelling& a, const Spelling& b) { return a.item == b.item && a.text == b.text; };
  std::sort(spellings_.begin(), spellings_.end(), by_text);
  spellings_.erase(std::unique(spellings_.begin(), spellings_.end(), same), spellings_.end());
  std::sort(titles_.begin(), titles_.end(), by_text);
}

std::vector<ItemRow> TitleIndex::exact_matches(std::string_view typed) const {
  if (const std::optional<std::uint32_t> row = catalog_->items.find(typed)) return {ItemRow(*row)};
  std::vector<ItemRow> items;
  auto found = std::lower_bound(titles_.begin(), titles_.end(), typed, before);
  for (; found != titles_.end() && found->text == typed; ++found) items.push_back(found->item);
  if (!items.empty()) return items;

  const std::string lowered = fold_text(typed);
  found = std::lower_bound(spellings_.begin(), spellings_.end(), lowered, before);
  for (; found != spellings_.end() && found->text == lowered; ++found) items.push_back(found->item);
  keep_first_of_each(items);
  return items;
}

std::vector<ItemRow> TitleIndex::matches(std::string_view typed) const {
  std::vector<ItemRow> items = exact_matches(typed);
  if (!items.empty()) return items;
  const std::string lowered = fold_text(typed);
  auto found = std::lower_bound(spellings_.begin(), spellings_.end(), lowered, before);
  for (; found != spellings_.end() && found->text.starts_with(lowered); ++found) items.push_back(found->item);
  keep_first_of_each(items);
  return items;
}

std::vector<ItemRow> TitleIndex::spelled_like(std::string_view typed, std::size_t limit) const {
  const std::string lowered = fold_text(typed);
  std::vector<std::size_t> distances(catalog_->items.size(), limit + 1);
  for (const Spelling& spelling : spellings_) {
    std::size_t& least = distances[spelling.item.index];
    if (least > 0) least = std::min(least, edit_distance(lowered, spelling.text, least - 1));
  }
  std::vector<std::pair<std::size_t, ItemRow>> order;
  for (std::size_t row = 0; row < distances.size(); ++row) {
    if (distances[row] <= limit) order.emplace_back(distances[row], ItemRow(row));
  }
  std::sort(order.begin(), order.end());
  // Within the tolerance only the closest count; beyond it, all are mere suggestions.
  const std::size_t last = order.empty() || order.front().first > tolerance(typed) ? limit : order.front().first;
  std::vector<ItemRow> items;
  for (const auto& [distance, item] : order) {
    if (distance <= last) items.push_back(item);
  }
  return items;
}

std::string TitleIndex::suggest(std::vector<ItemRow> items) const {
  if (items.empty()) return "Type the item's id or the start of its title.";
  if (!events_.empty()) {
    std::stable_sort(items.begin(), items.end(),
                     [this](ItemRow a, ItemRow b) { return events_[a.index] > events_[b.index]; });
  }
  std::string list;
  const std::size_t count = std::min(items.size(), kSuggestions);
  const std::size_t more = items.size() - count;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) list += i + 1 == count && more == 0 ? " or " : ", ";
    list += fmt::format("{} (id {})", catalog_->title(items[i]), catalog_->items[items[i].index]);
  }
  if (more > 0) list += fmt::format(" and {} more", more);
  return fmt::format("Did you mean {}?", list);
}

std::vector<ItemRow> TitleIndex::candidates(std::string_view typed) const {
  typed = trim(typed);
  std::vector<ItemRow> items = matches(typed);
  if (items.empty()) items = spelled_like(typed, tolerance(typed));
  return items;
}

std::optional<ItemRow> TitleIndex::find_known(std::string_view typed) const {
  typed = trim(typed);
  if (typed.empty()) throw Error(ErrorCode::invalid_input, "An item's name is empty.", suggest({}));
  const std::vector<ItemRow> items = candidates(typed);
  if (items.empty()) return std::nullopt;
  if (items.size() == 1) return items.front();
  throw Error(ErrorCode::invalid_input, fmt::format("{} items could be meant by {}.", items.size(), quote(typed)),
              suggest(items));
}

ItemRow TitleIndex::find_meant(std::string_view typed) const {
  constexpr std::string_view kId = "id:";
  typed = trim(typed);
  const Vocabulary& ids = catalog_->items;
  const std::optional<std::uint32_t> known = ids.find(typed);
  if (!known && typed.starts_with(kId)) {
    if (const auto row = ids.find(typed.substr(kId.size()))) return ItemRow(*row);
  }
  const bool number = std::all_of(typed.begin(), typed.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (known && number) {
    std::vector<ItemRow> titled;
    auto found = std::lower_bound(spellings_.begin(), spellings_.end(), typed, before);
    for (; found != spellings_.end() && found->text == typed; ++found) titled.push_back(found->item);
    keep_first_of_each(titled);
    if (titled.size() == 1) return titled.front();
  }
  return find(typed);
}

ItemRow TitleIndex::find(std::string_view typed) const {
  if (const std::optional<ItemRow> item = find_known(typed)) return *item;
  typed = trim(typed);
  throw Error(ErrorCode::not_found, fmt::format("There is no item {}.", quote(typed)),
              suggest(spelled_like(typed, typed.size() / 2)));
}

// What follows the last colon of "Heat (1995):x", where a value belongs: an item is named in front of it, and the whole
// is no title, and no misspelled one of another item, as "2001: A Space Odissey" is beside an item 2001.
std::optional<std::string_view> TitleIndex::mistyped_value(std::string_view typed) const {
  typed = trim(typed);
  const std::size_t colon = typed.rfind(':');
  if (colon == std::string_view::npos || typed.find(',', colon) != std::string_view::npos) return std::nullopt;
  const std::vector<ItemRow> named = exact_matches(trim(typed.substr(0, colon)));
  if (named.empty()) return std::nullopt;
  if (!matches(typed).empty()) return std::nullopt;
  const std::vector<ItemRow> whole = spelled_like(typed, tolerance(typed));
  const bool another = std::find_first_of(whole.begin(), whole.end(), named.begin(), named.end()) == whole.end();
  if (!whole.empty() && another) return std::nullopt;
  return trim(typed.substr(colon + 1));
}

// Titles hold commas, so that "American President, The,Heat" is cut where every piece is an item, into as few as can
// be. If it cannot, a text that ends with a value is one misspelled title if it is close to one, and else every comma
// cuts.
std::vector<std::string_view> TitleIndex::divide(std::string_view titles, bool valued) const {
  std::vector<std::string_view> pieces = split(titles, ",");
  if (pieces.size() == 1) return pieces;
  const auto join = [&](std::size_t first, std::size_t last) {
    const char* const begin = pieces[first].data();
    return trim({begin, static_cast<std::size_t>(pieces[last].data() + pieces[last].size() - begin)});
  };
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  constexpr std::size_t kLongest = 8;  // pieces that one title may have
  std::vector<std::size_t> fewest(pieces.size() + 1, kNone), from(pieces.size() + 1, 0);
  fewest[0] = 0;
  for (std::size_t end = 1; end <= pieces.size(); ++end) {
    for (std::size_t begin = end > kLongest ? end - kLongest : 0; begin < end; ++begin) {
      if (fewest[begin] == kNone || fewest[begin] + 1 >= fewest[end]) continue;
      const std::string_view text = join(begin, end - 1);
      if (text.empty() || (matches(text).empty() && !mistyped_value(text))) continue;
      fewest[end] = fewest[begin] + 1;
      from[end] = begin;
    }
  }
  if (fewest.back() == kNone) {
    const std::string_view whole = trim(titles);
    if (valued && !spelled_like(whole, tolerance(whole)).empty()) return {whole};
    return pieces;
  }
  std::vector<std::string_view> result;
  for (std::size_t end = pieces.size(); end > 0; end = from[end]) result.push_back(join(from[end], end - 1));
  std::reverse(result.begin(), result.end());
  return result;
}

TypedHistory TitleIndex::parse_history(std::string_view typed, float usual) const {
  TypedHistory result;
  for (const Segment& segment : cut_at_values(typed, catalog_->items)) {
    const bool is_id = catalog_->items.find(trim(segment.titles)).has_value();
    const std::vector<std::string_view> titles =
        is_id ? std::vector{trim(segment.titles)} : divide(segment.titles, segment.value.has_value());
    for (std::size_t i = 0; i < titles.size(); ++i) {
      if (const auto value = mistyped_value(titles[i])) {
        const std::string_view title = trim(titles[i].substr(0, titles[i].rfind(':')));
        throw Error(ErrorCode::invalid_input,
                    fmt::format("The history gives {} the value {}, which is no number.", title, quote(*value)),
                    fmt::format("Write a number behind the colon, as in {}:4, or neither.", title));
      }
      if (!trim(titles[i]).empty() && candidates(titles[i]).empty()) {
        result.unknown.emplace_back(trim(titles[i]));
        continue;
      }
      const ItemRow item = find(titles[i]);
      if (std::any_of(result.events.begin(), result.events.end(), [&](const auto& e) { return e.first == item; })) {
        throw Error(ErrorCode::invalid_input, fmt::format("The history names {} twice.", catalog_->title(item)),
                    "Name every item once.");
      }
      result.events.emplace_back(item, i + 1 == titles.size() ? segment.value.value_or(usual) : usual);
    }
  }
  if (result.events.empty()) find(result.unknown.front());  // says what is near
  return result;
}

}  // namespace gusto
