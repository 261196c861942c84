/// JSON lines: an object on each line, whose keys say what is what. Ids are texts or whole numbers; values and times
/// are numbers or texts that hold one.

#include <cmath>

#include <fmt/core.h>

#include "gusto/base/json.h"
#include "gusto/base/text.h"
#include "gusto/data/io/event_parser.h"
#include "gusto/data/io/numbers.h"

namespace gusto {
namespace {

constexpr std::string_view kCorrectJson = "Correct the line, or remove it.";

/// One line's object.
class Object {
 public:
  explicit Object(const RecordReader& reader) : reader_(reader), object_(try_parse_json(reader.record())) {
    if (object_.is_object()) return;
    reader.fail_line(
        overflows(reader.record()) ? "a number in the object is out of range" : "the line is no JSON object",
        kCorrectJson);
  }

  /// What stands under a key, as text: a text itself, or a number as JSON writes it.
  std::string text(const Column& key) const {
    const auto found = object_.find(key.name);
    if (found == object_.end()) {
      reader_.fail_line(fmt::format("there is no {} in the object", quote(key.name)), kCorrectJson);
    }
    if (found->is_string()) return std::string(trim(found->get_ref<const std::string&>()));
    if (found->is_number()) return found->dump();
    fail(key, "is neither a text nor a number", kCorrectJson);
  }
  std::string id(const Column& key) const {
    std::string id = text(key);
    if (object_.at(key.name).is_number_float()) {
      fail(key, "is no whole number that can be told from its neighbors",
           "Write such ids as texts, in quotation marks.");
    }
    if (id.empty()) fail(key, "is no id", kCorrectJson);
    if (id.find('\0') != std::string::npos) fail(key, "holds a zero byte", kCorrectJson);
    return id;
  }
  [[noreturn]] void fail(const Column& key, std::string_view problem, std::string_view hint) const {
    const Json& value = object_.at(key.name);
    // Not written out: it may be nested deeper than any stack.
    if (value.is_structured()) {
      reader_.fail_line(fmt::format("the {} is {}", key.name, value.is_array() ? "a list" : "an object"), hint);
    }
    reader_.fail_line(fmt::format("the {} {} {}", key.name, quote(print_json(value)), problem), hint);
  }

 private:
  static bool overflows(std::string_view text) {
    try {
      const auto parsed = parse_json(text);
      return false;
    } catch (const Json::out_of_range&) {
      return true;
    } catch (const Json::exception&) {
      return false;
    }
  }

  const RecordReader& reader_;
  Json object_;
};

}  // namespace

void EventParser::read_json(const RecordReader& reader, std::uint32_t line, EventBlock& out) const {
  const Object object(reader);
  const std::string user = object.id(format_.user);
  const std::string item = object.id(format_.item);
  float value = 1;
  if (format_.value) {
    const std::string text = object.text(*format_.value);
    const std::optional<float> parsed = parse_value(text);
    if (!parsed) object.fail(*format_.value, value_problem(text), kCorrectJson);
    value = *parsed;
  }
  std::int64_t time = kNoTime;
  if (format_.time) {
    const std::string text = object.text(*format_.time);
    const std::optional<std::int64_t> parsed = parse_time(text, format_.time_unit);
    if (!parsed) {
      const TimeProblem problem = time_problem(text, format_.time_unit);
      object.fail(*format_.time, problem.sentence, problem.hint);
    }
    time = *parsed;
  }
  if (format_.kind) {
    const std::string kind = object.text(*format_.kind);
    const std::optional<float> weight = weight_of(kind, out);
    if (!weight) {
      object.fail(*format_.kind, "has no weight",
                  fmt::format("Add {}=… to the option `weights`; weight 0 leaves such events out.", kind));
    }
    if (*weight == 0) {
      ++out.weightless;
      return;
    }
    value *= *weight;
    if (!std::isfinite(value))
      object.fail(*format_.value, "is out of range once its kind has been weighed", kCorrectJson);
  }
  const std::uint32_t user_at = out.users.add(user);
  out.events.push_back({user_at, out.items.add(item), value, line, time});
}

}  // namespace gusto
