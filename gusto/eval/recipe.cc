#include "gusto/eval/recipe.h"

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>
#include <type_traits>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "gusto/base/file.h"
#include "gusto/base/text.h"
#include "gusto/base/toml_reader.h"
#include "gusto/data/open/open.h"
#include "gusto/data/side/feature_types.h"
#include "gusto/eval/protocol.h"
#include "gusto/models/registry.h"

namespace gusto {
namespace {

// Beside those of kReadingTexts.
constexpr std::array<std::string_view, 19> kOwnKeys{"data",
                                                    "skip_bad_lines",
                                                    "user_features",
                                                    "item_features",
                                                    "feature_types",
                                                    "extras",
                                                    "protocol",
                                                    "split",
                                                    "task",
                                                    "since",
                                                    "positives",
                                                    "min_user_events",
                                                    "min_item_events",
                                                    "like_threshold",
                                                    "k",
                                                    "metrics",
                                                    "seed",
                                                    "repeats",
                                                    "model"};

constexpr auto kRecipeKeys = [] {
  std::array<std::string_view, kOwnKeys.size() + kReadingTexts.size()> keys;
  const auto end = std::copy(kOwnKeys.begin(), kOwnKeys.end(), keys.begin());
  std::transform(kReadingTexts.begin(), kReadingTexts.end(), end, [](const auto& text) { return text.first; });
  return keys;
}();

class RecipeReader {
 public:
  RecipeReader(std::string_view text, std::string_view name) : in_(text, name, "recipe") {}

  CompareSpec read() {
    CompareSpec spec;
    in_.require_known(in_.table(), kRecipeKeys, "a recipe");
    if (const toml::node* node = in_.table().get("data")) spec.data = in_.text(*node, "data");
    read_reading(spec.reading);
    read_features(spec.features);
    const toml::node* protocol = in_.table().get("protocol");
    if (protocol != nullptr) {
      spec.protocol = in_.text(*protocol, "protocol");
      in_.at(*protocol, [&] { apply_protocol(find_protocol(spec.protocol), spec.split, spec.evaluate); });
    }
    if (const toml::node* node = in_.table().get("split")) {
      in_.at(*node, [&] { spec.split.spec = parse_split(in_.text(*node, "split")); });
    }
    if (const toml::node* node = in_.table().get("task")) {
      in_.at(*node, [&] { spec.evaluate.task = parse_task(in_.text(*node, "task")); });
    }
    read_filter(spec.split.filter);
    if (const toml::node* node = in_.table().get("like_threshold")) {
      spec.evaluate.like_threshold = in_.number(*node, "like_threshold");
    }
    if (const toml::node* node = in_.table().get("repeats")) spec.split.repeats = in_.whole(*node, "repeats", 1);
    if (const toml::node* node = in_.table().get("seed")) spec.seed = in_.whole(*node, "seed", 0);
    spec.split.seed = spec.seed;
    if (const toml::node* node = in_.table().get("k")) read_lengths(*node, spec.evaluate);
    if (const toml::node* node = in_.table().get("metrics")) read_metrics(*node, spec.evaluate);
    if (protocol != nullptr) {
      in_.at(*protocol, [&] { check_protocol(find_protocol(spec.protocol), spec.split, spec.evaluate); });
    }
    if (const toml::node* node = in_.table().get("model")) read_models(*node, spec.entries);
    return spec;
  }

 private:
  // Each is checked by itself, so that a complaint names its line.
  void read_reading(ReadingSpec& reading) const {
    for (const auto& [key, text] : kReadingTexts) {
      const toml::node* node = in_.table().get(key);
      if (node == nullptr) continue;
      ReadingSpec alone;
      alone.*text = in_.text(*node, key);
      in_.at(*node, [&] { static_cast<void>(parse_reading(alone)); });
      reading = completed(std::move(reading), alone);
    }
    if (const toml::node* node = in_.table().get("skip_bad_lines")) {
      reading.skip_bad_lines = in_.truth(*node, "skip_bad_lines");
    }
  }

  void read_features(FeatureSources& features) const {
    features.users = read_texts("user_features");
    features.items = read_texts("item_features");
    features.extras = read_texts("extras");
    if (const toml::node* node = in_.table().get("extras")) {
      in_.at(*node, [&] { std::for_each(features.extras.begin(), features.extras.end(), parse_extra); });
    }
    if (const toml::node* node = in_.table().get("feature_types")) {
      features.types = in_.text(*node, "feature_types");
      in_.at(*node, [&] { static_cast<void>(parse_feature_types(features.types)); });
    }
  }

  // A list of texts; one alone needs no list.
  std::vector<std::string> read_texts(std::string_view key) const {
    std::vector<std::string> texts;
    const toml::node* node = in_.table().get(key);
    if (node == nullptr) return texts;
    if (const toml::array* list = node->as_array()) {
      for (const toml::node& text : *list) texts.push_back(in_.text(text, fmt::format("each of {}", key)));
    } else {
      texts.push_back(in_.text(*node, key));
    }
    return texts;
  }

  void read_filter(FilterOptions& filter) const {
    if (const toml::node* node = in_.table().get("since")) {
      in_.at(*node, [&] { filter.since = parse_since(since_text(*node)); });
    }
    if (const toml::node* node = in_.table().get("positives")) filter.positives = in_.number(*node, "positives");
    if (const toml::node* node = in_.table().get("min_user_events")) {
      filter.min_user_events = in_.whole(*node, "min_user_events", 1);
    }
    if (const toml::node* node = in_.table().get("min_item_events")) {
      filter.min_item_events = in_.whole(*node, "min_item_events", 1);
    }
  }

  // TOML has dates and times of its own, spelled as ISO 8601 is.
  std::string since_text(const toml::node& node) const {
    std::ostringstream text;
    if (const auto* date = node.as_date()) text << date->get();
    else if (const auto* time = node.as_date_time()) text << time->get();
    else if (const auto* seconds = node.as_integer()) text << seconds->get();
    else return in_.text(node, "since");
    return text.str();
  }

  void read_lengths(const toml::node& node, EvaluateOptions& options) const {
    options.k.clear();
    if (const toml::array* list = node.as_array()) {
      for (const toml::node& length : *list) options.k.push_back(in_.whole(length, "k", 1));
    } else {
      options.k.push_back(in_.whole(node, "k", 1));
    }
    in_.at(node, [&] { static_cast<void>(measured_metrics(options)); });
  }

  void read_metrics(const toml::node& node, EvaluateOptions& options) const {
    const toml::array* list = node.as_array();
    if (list == nullptr) in_.fail(node, "metrics is no list.", "Write metrics = [\"rmse\"].");
    if (list->empty()) in_.fail(node, "metrics is empty.", "Leave it out for all of the task, or name one.");
    options.metrics.clear();
    for (const toml::node& metric : *list) {
      options.metrics.push_back(in_.text(metric, "each of metrics"));
      in_.at(metric, [&] { static_cast<void>(measured_metrics(options)); });
    }
  }

  void read_models(const toml::node& node, std::vector<CompareEntry>& entries) const {
    for (const toml::node& element : in_.tables(node, "model")) {
      const toml::table& table = *element.as_table();
      CompareEntry entry = read_model(table);
      for (const CompareEntry& earlier : entries) {
        if (earlier.label != entry.label) continue;
        const toml::node* label = table.get("label");
        in_.fail(label != nullptr ? *label : element, fmt::format("Two entries have the label {}.", quote(entry.label)),
                 "Give each a label of its own.");
      }
      entries.push_back(std::move(entry));
    }
  }

  CompareEntry read_model(const toml::table& table) const {
    CompareEntry entry;
    const toml::node* name = table.get("name");
    if (name == nullptr) in_.fail(table, "A model has no name.", "Add a line such as name = \"bias\".");
    entry.model = in_.text(*name, "name");
    const ModelInfo* info = nullptr;
    in_.at(*name, [&] { info = &find_model(entry.model); });
    const toml::node* label = table.get("label");
    entry.label = label != nullptr ? in_.text(*label, "label") : entry.model;
    if (entry.label.empty()) in_.fail(*label, "A label is empty.", "Leave it out or fill it in.");
    for (const auto& [key, node] : table) {
      if (key == "name" || key == "label") continue;
      if (key != "options") {
        read_option(*info, key, node, entry.settings);
        continue;
      }
      for (const auto& [inner_key, inner_node] : in_.table(node, "model.options"))
        read_option(*info, inner_key, inner_node, entry.settings);
    }
    return entry;
  }

  void read_option(const ModelInfo& info, const toml::key& key, const toml::node& node, Settings& settings) const {
    const std::string name(key.str());
    for (const auto& setting : settings) {
      if (setting.first == name)
        in_.fail(key.source().begin, fmt::format("{} is given twice.", name), "Keep one of them.");
    }
    const Field* field = nullptr;
    in_.at(key.source().begin, [&] { field = &find_field(info.fields, info.name, name); });
    if (!node.is_string() && !node.is_number() && !node.is_boolean()) {
      in_.fail(node, fmt::format("{} is neither a number nor text nor true or false.", name), "Write a single value.");
    }
    in_.at(node, [&] { settings.emplace_back(name, option_value(*field, info.name, node)); });
  }

  // A text may spell a value of any kind, as on the command line.
  static FieldValue option_value(const Field& field, std::string_view model, const toml::node& node) {
    if (const auto* text = node.as_string()) return parse_field(field, model, text->get());
    if (const auto* integer = node.as_integer()) return check_field(field, model, integer->get());
    if (const auto* real = node.as_floating_point()) return check_field(field, model, real->get());
    return check_field(field, model, node.as_boolean()->get());
  }

  TomlReader in_;
};

std::string toml_text(const std::string& text) {
  std::ostringstream out;
  // Strings of several lines would lose a line break at their beginning.
  out << toml::toml_formatter(toml::value<std::string>(text), toml::format_flags::none);
  return out.str();
}

std::string option_toml(const CompareEntry& entry, const std::pair<std::string, FieldValue>& setting) {
  const Field& field = find_field(entry.kind().fields, entry.model, setting.first);
  const FieldValue value = check_field(field, entry.model, setting.second);
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? toml_text(*text) : format_field(value);
}

}  // namespace

CompareSpec parse_recipe(std::string_view toml, std::string_view name) { return RecipeReader(toml, name).read(); }

CompareSpec read_recipe(const std::filesystem::path& path) {
  return parse_recipe(MappedFile::open(path).text(), path.string());
}

std::string format_recipe(const CompareSpec& spec) {
  if (spec.seed > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw Error(ErrorCode::invalid_option, fmt::format("The seed {} is too large for TOML.", spec.seed),
                "Choose one below 2^63.");
  }
  std::string out;
  const auto line = [&](std::string_view key, std::string_view value) { out += fmt::format("{} = {}\n", key, value); };
  if (!spec.data.empty()) line("data", toml_text(spec.data));
  const auto list = [&](std::string_view key, const std::vector<std::string>& texts) {
    std::vector<std::string> quoted;
    for (const std::string& text : texts) quoted.push_back(toml_text(text));
    if (!texts.empty()) line(key, fmt::format("[{}]", fmt::join(quoted, ", ")));
  };
  for (const auto& [key, text] : kReadingTexts) {
    if (!(spec.reading.*text).empty()) line(key, toml_text(spec.reading.*text));
  }
  if (spec.reading.skip_bad_lines) line("skip_bad_lines", "true");
  list("user_features", spec.features.users);
  list("item_features", spec.features.items);
  list("extras", spec.features.extras);
  if (!spec.features.types.empty()) line("feature_types", toml_text(spec.features.types));
  if (!spec.protocol.empty()) line("protocol", toml_text(spec.protocol));
  line("split", toml_text(spec.split.spec.text()));
  line("task", toml_text(std::string(to_string(spec.evaluate.task))));
  const auto number = [&](std::string_view key, const auto& value) {
    if (value) line(key, fmt::format("{}", *value));
  };
  if (const auto since = spec.split.filter.since) line("since", toml_text(format_time(*since)));
  number("positives", spec.split.filter.positives);
  number("min_user_events", spec.split.filter.min_user_events);
  number("min_item_events", spec.split.filter.min_item_events);
  if (spec.split.repeats > 1) line("repeats", fmt::format("{}", spec.split.repeats));
  line("like_threshold", fmt::format("{}", spec.evaluate.like_threshold));
  line("k", fmt::format("[{}]", fmt::join(spec.evaluate.k, ", ")));
  list("metrics", spec.evaluate.metrics);
  line("seed", fmt::format("{}", spec.seed));
  for (const CompareEntry& entry : spec.entries) {
    out += "\n[[model]]\n";
    line("name", toml_text(entry.model));
    if (!entry.label.empty()) line("label", toml_text(entry.label));
    for (const auto& setting : entry.settings) line(setting.first, option_toml(entry, setting));
  }
  return out;
}

}  // namespace gusto
