#include "gusto/eval/recipe.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "gusto/base/file.h"
#include "gusto/base/text.h"
#include "gusto/base/toml_reader.h"
#include "gusto/data/io/reading_texts.h"
#include "gusto/data/open/open.h"
#include "gusto/data/side/feature_types.h"
#include "gusto/eval/experiment.h"
#include "gusto/eval/metrics.h"
#include "gusto/eval/protocol.h"
#include "gusto/models/registry.h"

namespace gusto {
namespace {

// Beside those of kReadingTexts.
constexpr std::array<std::string_view, 23> kOwnKeys{"data",
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
                                                    "budget",
                                                    "set",
                                                    "exclude",
                                                    "pipelines",
                                                    "model"};

constexpr auto kRecipeKeys = [] {
  std::array<std::string_view, kOwnKeys.size() + kReadingTexts.size()> keys;
  const auto end = std::copy(kOwnKeys.begin(), kOwnKeys.end(), keys.begin());
  std::transform(kReadingTexts.begin(), kReadingTexts.end(), end, [](const auto& text) { return text.first; });
  return keys;
}();

// What stands behind the name of folds in the names of their files, see find_fold_files.
constexpr std::array<std::string_view, 2> kFoldEndings{".base", "1.base"};
constexpr std::array<std::string_view, 2> kNoEnding{"", ""};

// A relative path is looked for beside the recipe first.
void look_beside(const std::filesystem::path& folder, std::string& name, std::string_view ending = {}) {
  std::error_code ignored;
  const std::filesystem::path beside = folder / (name + std::string(ending));
  if (name.empty() || std::filesystem::path(name).is_absolute() || !std::filesystem::exists(beside, ignored)) return;
  name = (folder / name).lexically_normal().string();
}

const std::string& called(const CompareEntry& entry) { return entry.label.empty() ? entry.model : entry.label; }

class RecipeReader {
 public:
  RecipeReader(std::string_view text, std::string_view name, FurtherModels further)
      : in_(text, name, "recipe"), folder_(std::filesystem::path(name).parent_path()), further_(further) {}

  Recipe read() {
    in_.require_known(in_.table(), kRecipeKeys, "a recipe");
    if (const toml::node* node = in_.table().get("data")) recipe_.data.name = in_.text(*node, "data");
    read_reading(recipe_.data.reading);
    read_features(recipe_.data.features);
    const toml::node* protocol = in_.table().get("protocol");
    if (protocol != nullptr) recipe_.protocol = read_checked(*protocol, "protocol", find_protocol);
    if (const toml::node* node = in_.table().get("split")) recipe_.split = read_checked(*node, "split", parse_split);
    if (const toml::node* node = in_.table().get("task")) recipe_.task = read_checked(*node, "task", parse_task);
    read_filter(recipe_.filter);
    if (const toml::node* node = in_.table().get("like_threshold")) {
      recipe_.like_threshold = in_.number(*node, "like_threshold");
    }
    if (const toml::node* node = in_.table().get("repeats")) recipe_.repeats = in_.whole(*node, "repeats", 1);
    if (const toml::node* node = in_.table().get("budget")) {
      recipe_.budget = read_checked(*node, "budget", parse_budget);
    }
    if (const toml::node* node = in_.table().get("seed")) recipe_.seed = in_.whole(*node, "seed", 0);
    if (const toml::node* node = in_.table().get("k")) read_lengths(*node);
    if (const toml::node* node = in_.table().get("metrics")) read_metrics(*node);
    if (protocol != nullptr) in_.at(*protocol, [&] { static_cast<void>(checked(resolve_recipe(recipe_))); });
    if (const toml::node* node = in_.table().get("model")) read_models(*node, recipe_.models);
    recipe_.pipelines = read_texts("pipelines");
    for (std::string& file : recipe_.pipelines) look_beside(folder_, file);
    if (const toml::node* node = in_.table().get("pipelines")) {
      in_.at(*node, [&] { static_cast<void>(resolve_recipe(recipe_, further_)); });
    }
    recipe_.exclude = read_texts("exclude");
    if (const toml::node* node = in_.table().get("exclude")) {
      in_.at(*node, [&] { static_cast<void>(resolve_recipe(recipe_, further_)); });
    }
    if (const toml::node* node = in_.table().get("set")) {
      recipe_.sets = read_texts("set");
      in_.at(*node, [&] { static_cast<void>(resolve_recipe(recipe_)); });
    }
    return std::move(recipe_);
  }

 private:
  // A text that a function of the library understands.
  template <class Parse>
  std::string read_checked(const toml::node& node, std::string_view key, const Parse& parse) const {
    std::string text = in_.text(node, key);
    in_.at(node, [&] { static_cast<void>(parse(text)); });
    return text;
  }

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

  // With what has been read so far.
  void check_measures(const toml::node& node) const {
    in_.at(node, [&] { static_cast<void>(measured_metrics(resolve_recipe(recipe_).evaluate)); });
  }

  void read_lengths(const toml::node& node) {
    if (const toml::array* list = node.as_array()) {
      if (list->empty()) in_.fail(node, "k holds no list length.", "Leave it out for 10, or give one, such as k = 10.");
      for (const toml::node& length : *list) recipe_.k.push_back(in_.whole(length, "k", 1));
    } else {
      recipe_.k.push_back(in_.whole(node, "k", 1));
    }
    check_measures(node);
  }

  void read_metrics(const toml::node& node) {
    const toml::array* list = node.as_array();
    if (list == nullptr) in_.fail(node, "metrics is no list.", "Write metrics = [\"rmse\"].");
    if (list->empty()) in_.fail(node, "metrics is empty.", "Leave it out for all of the task, or name one.");
    for (const toml::node& metric : *list) {
      recipe_.metrics.push_back(in_.text(metric, "each of metrics"));
      check_measures(metric);
    }
  }

  void read_models(const toml::node& node, std::vector<CompareEntry>& entries) const {
    for (const toml::node& element : in_.tables(node, "model")) {
      const toml::table& table = *element.as_table();
      CompareEntry entry = read_model(table);
      for (const CompareEntry& earlier : entries) {
        if (called(earlier) != called(entry)) continue;
        const toml::node* label = table.get("label");
        in_.fail(label != nullptr ? *label : element,
                 fmt::format("Two entries have the label {}.", quote(called(entry))), "Give each a label of its own.");
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
    in_.at(*name, [&] { info = &find_model(entry.model, further_); });
    if (std::find(further_.begin(), further_.end(), info) != further_.end()) entry.info = info;
    const toml::node* label = table.get("label");
    if (label != nullptr) entry.label = in_.text(*label, "label");
    if (label != nullptr && entry.label.empty()) in_.fail(*label, "A label is empty.", "Leave it out or fill it in.");
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
  std::filesystem::path folder_;  // of the recipe
  FurtherModels further_;
  Recipe recipe_;
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

Recipe completed(Recipe first, const Recipe& second) {
  first.data = completed(std::move(first.data), second.data);
  if (first.protocol.empty()) {
    first.protocol = second.protocol;
    if (first.split.empty()) first.split = second.split;
    if (first.task.empty()) first.task = second.task;
    first.filter = completed(first.filter, second.filter);
    if (first.k.empty()) first.k = second.k;
    if (first.metrics.empty()) first.metrics = second.metrics;
  }
  if (!first.like_threshold) first.like_threshold = second.like_threshold;
  if (!first.seed) first.seed = second.seed;
  if (!first.repeats) first.repeats = second.repeats;
  if (first.budget.empty()) first.budget = second.budget;
  if (first.pipelines.empty()) first.pipelines = second.pipelines;
  if (first.exclude.empty()) first.exclude = second.exclude;
  if (first.models.empty()) {
    first.models = second.models;
    first.sets.insert(first.sets.begin(), second.sets.begin(), second.sets.end());
  }
  return first;
}

double parse_budget(std::string_view text) {
  if (text.empty()) return 0;
  if (const std::optional<double> seconds = parse_duration(text)) return *seconds;
  throw Error(ErrorCode::invalid_option, fmt::format("The budget {} is no length of time.", quote(text)),
              "Write a number with a unit, such as 30s, 2m or 1.5h.");
}

Recipe parse_recipe(std::string_view toml, std::string_view name, FurtherModels further) {
  return RecipeReader(toml, name, further).read();
}

Recipe read_recipe(const std::filesystem::path& path, FurtherModels further) {
  Recipe recipe = parse_recipe(MappedFile::open(path).text(), path.string(), further);
  const std::filesystem::path folder = path.parent_path();
  look_beside(folder, recipe.data.name);
  for (std::string& file : recipe.data.features.users) look_beside(folder, file);
  for (std::string& file : recipe.data.features.items) look_beside(folder, file);
  for (const std::string_view kind : {"test:", "negatives:", "folds:"}) {
    if (!recipe.split.starts_with(kind)) continue;
    std::string file = recipe.split.substr(kind.size());
    for (const std::string_view ending : kind == "folds:" ? kFoldEndings : kNoEnding) look_beside(folder, file, ending);
    recipe.split = std::string(kind) + file;
  }
  return recipe;
}

std::string format_recipe(const Recipe& recipe) {
  if (recipe.seed && *recipe.seed > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw Error(ErrorCode::invalid_option, fmt::format("The seed {} is too large for TOML.", *recipe.seed),
                "Choose one below 2^63.");
  }
  std::string out;
  const auto line = [&](std::string_view key, std::string_view value) { out += fmt::format("{} = {}\n", key, value); };
  const auto text = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) line(key, toml_text(value));
  };
  const auto list = [&](std::string_view key, const std::vector<std::string>& texts) {
    std::vector<std::string> quoted;
    for (const std::string& each : texts) quoted.push_back(toml_text(each));
    if (!texts.empty()) line(key, fmt::format("[{}]", join(quoted, ", ")));
  };
  const auto number = [&](std::string_view key, const auto& value) {
    if (value) line(key, fmt::format("{}", *value));
  };
  text("data", recipe.data.name);
  for (const auto& [key, member] : kReadingTexts) text(key, recipe.data.reading.*member);
  if (recipe.data.reading.skip_bad_lines) line("skip_bad_lines", "true");
  list("user_features", recipe.data.features.users);
  list("item_features", recipe.data.features.items);
  list("extras", recipe.data.features.extras);
  text("feature_types", recipe.data.features.types);
  text("protocol", recipe.protocol);
  text("split", recipe.split);
  text("task", recipe.task);
  if (const auto since = recipe.filter.since) line("since", toml_text(format_time(*since)));
  number("positives", recipe.filter.positives);
  number("min_user_events", recipe.filter.min_user_events);
  number("min_item_events", recipe.filter.min_item_events);
  number("repeats", recipe.repeats);
  text("budget", recipe.budget);
  number("like_threshold", recipe.like_threshold);
  if (!recipe.k.empty()) line("k", fmt::format("[{}]", fmt::join(recipe.k, ", ")));
  list("metrics", recipe.metrics);
  number("seed", recipe.seed);
  list("set", recipe.sets);
  list("pipelines", recipe.pipelines);
  list("exclude", recipe.exclude);
  for (const CompareEntry& entry : recipe.models) {
    out += "\n[[model]]\n";
    line("name", toml_text(entry.model));
    text("label", entry.label);
    for (const auto& setting : entry.settings) line(setting.first, option_toml(entry, setting));
  }
  return out;
}

}  // namespace gusto
