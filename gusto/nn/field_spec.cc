#include "gusto/nn/field_spec.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto::nn {
namespace {

constexpr std::string_view kPlainEnds = ",()\"";
constexpr std::string_view kTime = "time.";
constexpr std::string_view kCountBefore = "history.count";
constexpr std::string_view kMeanBefore = "history.mean";
constexpr std::string_view kByValue = "value";
constexpr std::string_view kByRecency = "recent";
constexpr std::array kTimeParts = {TimePart::hour, TimePart::weekday, TimePart::month, TimePart::year, TimePart::day};

// A kind of field that is written with parentheses.
struct Function {
  std::string_view name;
  FieldKind kind;
  std::string_view form;
  std::string_view counted;  // what the number counts
  std::uint32_t least;
  std::uint32_t most;
};
constexpr std::uint32_t kMostBuckets = 1U << 24U;
constexpr std::array kFunctions = {
    Function{"bucket", FieldKind::bucket, "bucket(FEATURE, RANGES)", "ranges", 2, 1000},
    Function{"cross", FieldKind::cross, "cross(FIELD, FIELD, …, BUCKETS)", "buckets", 1, kMostBuckets},
    Function{"words", FieldKind::words, "words(TEXT, PIECES)", "pieces", 1, 1000000},
    Function{"hash", FieldKind::hash, "hash(TEXT, BUCKETS)", "buckets", 1, kMostBuckets},
    Function{"history", FieldKind::history, "history(ITEMS) or history(ITEMS, value, recent)", "items", 1, 10000},
    Function{"rated", FieldKind::rated, "rated(ITEMS) or rated(ITEMS, value, recent)", "items", 1, 10000},
};

const Function* function_named(std::string_view name) {
  const auto* found =
      std::find_if(kFunctions.begin(), kFunctions.end(), [&](const Function& f) { return f.name == name; });
  return found == kFunctions.end() ? nullptr : found;
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> candidates,
                         std::string_view otherwise) {
  const std::optional<std::string_view> nearest = nearest_name(name, candidates);
  return nearest ? fmt::format("Did you mean {}?", *nearest) : std::string(otherwise);
}

bool is_keyword(std::string_view name) {
  return name == "user" || name == "item" || name == "auto" || name == kCountBefore || name == kMeanBefore ||
         name.starts_with(kTime);
}

// A feature's name as it must be written.
std::string spelled(std::string_view name) {
  const bool plain = name.find_first_of(kPlainEnds) == std::string_view::npos && trim(name) == name &&
                     !is_keyword(name) && !parse_integer(name);
  if (plain) return std::string(name);
  std::string result = "\"";
  for (const char c : name) {
    if (c == '"') result += c;
    result += c;
  }
  return result + '"';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<FieldSpec> list();

 private:
  struct Name {
    std::string text;
    std::size_t place;
    bool quoted;
  };
  [[noreturn]] void fail(std::size_t place, std::string_view what, std::string hint) const;
  bool ended() const { return at_ == text_.size(); }
  void skip_space() {
    while (!ended() && trim(text_.substr(at_, 1)).empty()) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (ended() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Name name();
  std::string quoted();
  FieldSpec field();
  FieldSpec plain(const Name& name) const;
  FieldSpec function(const Function& function, std::size_t place);
  FieldSpec part(std::size_t place);
  void parts(FieldSpec& spec, const Function& function, std::size_t place);
  std::uint32_t count(const Function& function, std::size_t place);
  void weights(FieldSpec& spec, const Function& function);

  std::string_view text_;
  std::size_t at_ = 0;
};

void Parser::fail(std::size_t place, std::string_view what, std::string hint) const {
  const std::string_view before = text_.substr(0, place);
  const auto characters = std::count_if(before.begin(), before.end(),
                                        [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  throw Error(ErrorCode::invalid_option,
              fmt::format("In the fields {}, at character {}: {}.", quote(text_), characters + 1, what),
              std::move(hint));
}

std::string Parser::quoted() {
  const std::size_t begin = at_++;
  std::string result;
  while (!ended()) {
    const char c = text_[at_++];
    if (c == '"') {
      if (ended() || text_[at_] != '"') return result;
      ++at_;
    }
    result += c;
  }
  fail(begin, "a name in quotes does not end", "Close the quotes.");
}

Parser::Name Parser::name() {
  skip_space();
  Name result{{}, at_, !ended() && text_[at_] == '"'};
  if (result.quoted) {
    result.text = quoted();
  } else {
    const std::size_t end = std::min(text_.find_first_of(kPlainEnds, at_), text_.size());
    result.text = trim(text_.substr(at_, end - at_));
    at_ = end;
  }
  if (result.text.empty()) fail(result.place, "a field's name is missing", "Fields are separated by single commas.");
  skip_space();
  return result;
}

FieldSpec Parser::plain(const Name& name) const {
  FieldSpec spec;
  if (name.quoted) return feature_field(name.text);
  spec.text = name.text;
  if (name.text == "auto") return spec;
  if (name.text == "user" || name.text == "item") {
    spec.kind = name.text == "user" ? FieldKind::user : FieldKind::item;
    return spec;
  }
  if (name.text == kCountBefore || name.text == kMeanBefore) {
    spec.kind = name.text == kCountBefore ? FieldKind::history_count : FieldKind::history_mean;
    return spec;
  }
  if (!name.text.starts_with(kTime)) return feature_field(name.text);
  const std::string_view wanted = std::string_view(name.text).substr(kTime.size());
  for (const TimePart part : kTimeParts) {
    if (to_string(part) != wanted) continue;
    spec.kind = FieldKind::time;
    spec.part = part;
    return spec;
  }
  std::array<std::string_view, kTimeParts.size()> names;
  std::transform(kTimeParts.begin(), kTimeParts.end(), names.begin(), [](TimePart part) { return to_string(part); });
  const std::optional<std::string_view> nearest = nearest_name(wanted, names);
  fail(name.place, fmt::format("a time has no part {}", quote(wanted)),
       nearest ? fmt::format("Did you mean time.{}?", *nearest) : fmt::format("The parts are: {}.", join(names, ", ")));
}

std::uint32_t Parser::count(const Function& function, std::size_t place) {
  skip_space();
  const std::size_t begin = at_;
  const std::size_t end = std::min(text_.find_first_of(",()", at_), text_.size());
  const std::string_view written = trim(text_.substr(begin, end - begin));
  const std::string usage = fmt::format("Write {}.", function.form);
  if (written.empty()) fail(place, fmt::format("{} lacks its number of {}", function.name, function.counted), usage);
  const std::optional<std::int64_t> number = parse_integer(written);
  if (!number) {
    fail(begin, fmt::format("{} is no number of {}", quote(written), function.counted), usage);
  }
  if (*number < function.least || *number > function.most) {
    fail(begin, fmt::format("{} {} are not possible", *number, function.counted),
         fmt::format("Give {} between {} and {} {}.", function.name, function.least, function.most, function.counted));
  }
  at_ = end;
  return static_cast<std::uint32_t>(*number);
}

FieldSpec Parser::part(std::size_t place) {
  FieldSpec spec = field();
  switch (spec.kind) {
    case FieldKind::user:
    case FieldKind::item:
    case FieldKind::bucket:
    case FieldKind::time: return spec;
    case FieldKind::feature:
      if (!spec.is_auto()) return spec;
      break;
    case FieldKind::cross:
    case FieldKind::words:
    case FieldKind::hash:
    case FieldKind::history:
    case FieldKind::rated:
    case FieldKind::history_count:
    case FieldKind::history_mean: break;
  }
  fail(place, fmt::format("{} cannot be a part of a cross", spec.text),
       "Cross ids, features, buckets and parts of the time.");
}

void Parser::parts(FieldSpec& spec, const Function& function, std::size_t place) {
  // The last argument is the number of buckets; a feature whose name is a number is written in quotes.
  while (true) {
    skip_space();
    const std::size_t begin = at_;
    const std::size_t end = std::min(text_.find_first_of(",()", at_), text_.size());
    const std::string_view written = trim(text_.substr(begin, end - begin));
    const bool last = end < text_.size() && text_[end] == ')' && !written.starts_with('"') && spec.parts.size() >= 2;
    if (parse_integer(written) || last) break;
    spec.parts.push_back(part(begin));
    const auto same = [&](const FieldSpec& other) { return other.text == spec.parts.back().text; };
    if (std::count_if(spec.parts.begin(), spec.parts.end(), same) > 1) {
      fail(begin, fmt::format("{} comes twice in one cross", spec.parts.back().text), "Name it once.");
    }
    if (!take(',')) break;
  }
  if (spec.parts.size() < 2 || spec.parts.size() > kMaxParts) {
    fail(place, fmt::format("a cross has 2 to {} fields, not {}", kMaxParts, spec.parts.size()),
         fmt::format("Write {}.", function.form));
  }
}

void Parser::weights(FieldSpec& spec, const Function& function) {
  while (take(',')) {
    const Name found = name();
    const std::array<std::string_view, 2> words = {kByValue, kByRecency};
    if (found.quoted || (found.text != kByValue && found.text != kByRecency)) {
      fail(found.place, fmt::format("{} is no way to weigh items", quote(found.text)),
           did_you_mean(found.text, words, fmt::format("Write {}.", function.form)));
    }
    bool& way = found.text == kByValue ? spec.by_value : spec.by_recency;
    if (way) fail(found.place, fmt::format("{} comes twice in one field", found.text), "Name it once.");
    way = true;
  }
}

FieldSpec Parser::function(const Function& function, std::size_t place) {
  FieldSpec spec;
  spec.kind = function.kind;
  const bool history = function.kind == FieldKind::history || function.kind == FieldKind::rated;
  std::string arguments;
  if (function.kind == FieldKind::cross) {
    parts(spec, function, place);
    for (const FieldSpec& part : spec.parts) arguments += part.text + ", ";
  } else if (!history) {
    spec.feature = name().text;
    if (!take(',')) {
      fail(place, fmt::format("{} lacks its number of {}", function.name, function.counted),
           fmt::format("Write {}.", function.form));
    }
    arguments = spelled(spec.feature) + ", ";
  }
  spec.count = count(function, place);
  if (history) weights(spec, function);
  if (!take(')')) fail(at_, fmt::format("{} is not closed", function.name), fmt::format("Write {}.", function.form));
  spec.text = fmt::format("{}({}{}", function.name, arguments, spec.count);
  if (spec.by_value) spec.text += fmt::format(", {}", kByValue);
  if (spec.by_recency) spec.text += fmt::format(", {}", kByRecency);
  spec.text += ')';
  return spec;
}

FieldSpec Parser::field() {
  const Name found = name();
  const Function* known = found.quoted ? nullptr : function_named(found.text);
  if (take('(')) {
    if (known != nullptr) return function(*known, found.place);
    std::array<std::string_view, kFunctions.size()> names;
    std::transform(kFunctions.begin(), kFunctions.end(), names.begin(), [](const Function& f) { return f.name; });
    fail(found.place, fmt::format("there is no kind of field {}", quote(found.text)),
         did_you_mean(found.text, names, fmt::format("The kinds are: {}.", join(names, ", "))));
  }
  return plain(found);
}

std::vector<FieldSpec> Parser::list() {
  std::vector<FieldSpec> specs;
  std::unordered_set<std::string> texts;
  if (!is_utf8(text_)) fail(0, "the text is not UTF-8", "Write it in UTF-8.");
  if (trim(text_).empty()) fail(0, "no field is named", "Name one at least, such as user, item.");
  do {
    skip_space();
    const std::size_t place = at_;
    specs.push_back(field());
    if (!texts.insert(specs.back().text).second) {
      fail(place, fmt::format("{} comes twice", specs.back().text), "Name each field once.");
    }
    if (specs.size() > kMaxFields) fail(place, fmt::format("there are more than {} fields", kMaxFields), "Name fewer.");
  } while (take(','));
  if (!ended()) {
    fail(at_, fmt::format("{} is not expected here", quote(text_.substr(at_, 1))), "Fields are separated by commas.");
  }
  return specs;
}

}  // namespace

std::string_view to_string(TimePart part) {
  switch (part) {
    case TimePart::hour: return "hour";
    case TimePart::weekday: return "weekday";
    case TimePart::month: return "month";
    case TimePart::year: return "year";
    case TimePart::day: return "day";
  }
  return "hour";
}

FieldSpec feature_field(std::string_view name) {
  FieldSpec spec;
  spec.feature = name;
  spec.text = spelled(name);
  return spec;
}

std::vector<FieldSpec> parse_fields(std::string_view text) { return Parser(text).list(); }

}  // namespace gusto::nn
