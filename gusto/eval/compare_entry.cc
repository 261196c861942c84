#include "gusto/eval/compare_entry.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {

std::vector<CompareEntry> default_entries(Task task, FurtherModels further) {
  std::vector<CompareEntry> entries;
  for (const ModelInfo* info : all_models(further)) {
    const Abilities& can = info->abilities;
    const bool predicts = can.predicts_ratings || (can.probabilities && task == Task::likes);
    if (task == Task::top_n || predicts) entries.push_back({std::string(info->name), std::string(info->name), {}});
  }
  return entries;
}

void fill_labels(std::vector<CompareEntry>& entries, FurtherModels further) {
  for (CompareEntry& entry : entries) {
    const auto own =
        std::find_if(further.begin(), further.end(), [&](auto* info) { return info->name == entry.model; });
    if (entry.info == nullptr && own != further.end()) entry.info = *own;
    const ModelInfo& info = entry.info != nullptr ? *entry.info : find_model(entry.model, further);
    if (entry.model.empty()) entry.model = info.name;
    if (entry.label.empty()) entry.label = entry.model;
  }
}

void apply_set(std::vector<CompareEntry>& entries, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::string_view target = assignment.substr(0, equals);
  const std::size_t dot = target.rfind('.');
  if (equals == std::string_view::npos || dot == std::string_view::npos) {
    throw Error(ErrorCode::invalid_option, fmt::format("{} sets no option.", quote(assignment)),
                "Write model.option=value, for example item-knn.neighbors=50.");
  }
  const std::string_view who = trim(target.substr(0, dot));
  const std::string name(trim(target.substr(dot + 1)));
  const std::string text(trim(assignment.substr(equals + 1)));

  std::vector<CompareEntry*> chosen;
  for (CompareEntry& entry : entries) {
    if (entry.label == who) chosen.push_back(&entry);
  }
  const bool by_model = chosen.empty();
  for (CompareEntry& entry : entries) {
    if (by_model && entry.model == who) chosen.push_back(&entry);
  }
  if (chosen.empty()) {
    std::vector<std::string_view> names;
    for (const CompareEntry& entry : entries) {
      names.push_back(entry.model);
      if (!entry.label.empty()) names.push_back(entry.label);
    }
    const auto nearest = nearest_name(who, names);
    throw Error(ErrorCode::invalid_option, fmt::format("{} is not being compared.", quote(who)),
                nearest ? fmt::format("Did you mean {}?", *nearest) : "Name one of the models of this comparison.");
  }
  for (CompareEntry* entry : chosen) {
    const ModelInfo& info = entry->kind();
    FieldValue value = parse_field(find_field(info.fields, info.name, name), info.name, text);
    std::erase_if(entry->settings, [&](const auto& setting) { return setting.first == name; });
    entry->settings.emplace_back(name, std::move(value));
  }
}

Settings with_like_threshold(const ModelInfo& info, Settings settings, double like_threshold) {
  constexpr std::string_view kOption = "like_threshold";
  const bool has =
      std::any_of(info.fields.begin(), info.fields.end(), [&](const Field& f) { return f.name == kOption; });
  const bool set = std::any_of(settings.begin(), settings.end(), [&](const auto& s) { return s.first == kOption; });
  if (has && !set) settings.emplace_back(kOption, like_threshold);
  return settings;
}

}  // namespace gusto
