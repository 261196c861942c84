#include "gusto/data/side/list_cell.h"

#include <algorithm>
#include <utility>

#include "gusto/base/json.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

using Values = std::optional<std::vector<std::string>>;

Values values_of_json(const Json& list) {
  std::vector<std::string> values;
  for (const Json& entry : list) {
    const Json& value = entry.is_object() && entry.contains("name") ? entry["name"] : entry;
    if (value.is_null()) continue;
    if (value.is_structured()) return std::nullopt;
    values.push_back(value.is_string() ? value.get<std::string>() : print_json(value));
  }
  return values;
}

/// Reads a list as Python prints it, from left to right.
class PythonList {
 public:
  explicit PythonList(std::string_view text) : text_(text) {}

  Values read() {
    if (!take('[')) return std::nullopt;
    std::vector<std::string> values;
    while (!take(']')) {
      const bool object = take('{');
      std::optional<std::string> value = object ? read_object() : read_scalar();
      if (!value) return std::nullopt;
      if (*value != "None" && *value != "nan") values.push_back(std::move(*value));
      take(',');
    }
    skip_blanks();
    return at_ == text_.size() ? Values(std::move(values)) : std::nullopt;
  }

 private:
  // The value of the key "name", behind the opening brace.
  std::optional<std::string> read_object() {
    std::optional<std::string> name;
    while (!take('}')) {
      const std::optional<std::string> key = read_scalar();
      if (!key || !take(':')) return std::nullopt;
      std::optional<std::string> value = read_scalar();
      if (!value) return std::nullopt;
      if (*key == "name") name = std::move(value);
      take(',');
    }
    return name;
  }

  std::optional<std::string> read_scalar() {
    skip_blanks();
    if (at_ == text_.size()) return std::nullopt;
    const char mark = text_[at_];
    std::string value;
    if (mark != '\'' && mark != '"') {
      const std::size_t end = std::min(text_.find_first_of(",]}: '\"[{", at_), text_.size());
      value = text_.substr(at_, end - at_);
      at_ = end;
      return value.empty() ? std::nullopt : std::optional(std::move(value));
    }
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == mark) {
        ++at_;
        return value;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value += text_[at_];
    }
    return std::nullopt;
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  bool take(char wanted) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool looks_like_list(std::string_view cell) { return cell.size() > 1 && cell.front() == '[' && cell.back() == ']'; }

Values parse_list_cell(std::string_view cell) {
  if (!looks_like_list(cell)) return std::nullopt;
  if (const auto json = try_parse_json(cell); json.is_array()) return values_of_json(json);
  return PythonList(cell).read();
}

}  // namespace gusto
