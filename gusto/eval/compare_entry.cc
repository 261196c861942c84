#include "gusto/eval/compare_entry.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/eval/compared_pipeline.h"

namespace gusto {
namespace {

std::unique_ptr<Model> make_no_model(const Settings&) {
  throw Error(ErrorCode::unsupported, "A pipeline is made of trained models.", "Name one by its file.");
}

// What a comparison knows of pipelines, which are no models.
constexpr ModelInfo kPipelineInfo{.name = "pipeline",
                                  .summary = "Candidates of several models, ranked and put in order.",
                                  .about = "",
                                  .fields = {},
                                  .abilities = {.personalized = true, .strength = true},
                                  .make = &make_no_model};

}  // namespace

CompareEntry pipeline_entry(const std::filesystem::path& file, FurtherModels further) {
  return {.model = std::string(kPipelineInfo.name),
          .label = file.stem().string(),
          .settings = {},
          .info = &kPipelineInfo,
          .pipeline = open_compared_pipeline(file, further)};
}

bool can_do(const ModelInfo& info, Task task) {
  const Abilities& can = info.abilities;
  return task == Task::top_n || can.predicts_ratings || (can.probabilities && task == Task::likes);
}

std::vector<CompareEntry> default_entries(Task task, FurtherModels further) {
  std::vector<CompareEntry> entries;
  for (const ModelInfo* info : all_models(further)) {
    if (can_do(*info, task)) entries.push_back({std::string(info->name), std::string(info->name), {}});
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

  const bool by_label =
      std::any_of(entries.begin(), entries.end(), [&](const CompareEntry& entry) { return entry.label == who; });
  const auto is_chosen = [&](const CompareEntry& entry) { return (by_label ? entry.label : entry.model) == who; };
  if (std::none_of(entries.begin(), entries.end(), is_chosen)) {
    std::vector<std::string_view> names;
    for (const CompareEntry& entry : entries) {
      names.push_back(entry.model);
      if (!entry.label.empty()) names.push_back(entry.label);
    }
    const auto nearest = nearest_name(who, names);
    throw Error(ErrorCode::invalid_option, fmt::format("{} is not being compared.", quote(who)),
                nearest ? fmt::format("Did you mean {}?", *nearest) : "Name one of the models of this comparison.");
  }
  std::vector<CompareEntry> result;
  for (const CompareEntry& entry : entries) {
    if (!is_chosen(entry)) {
      result.push_back(entry);
      continue;
    }
    const ModelInfo& info = entry.kind();
    const Field& field = find_field(info.fields, info.name, name);
    const bool several = text.find(',') != std::string::npos && field.kind != FieldKind::text;
    for (const std::string_view value : several ? split(text, ",") : std::vector<std::string_view>{text}) {
      CompareEntry& variant = result.emplace_back(entry);
      std::erase_if(variant.settings, [&](const auto& setting) { return setting.first == name; });
      variant.settings.emplace_back(name, parse_field(field, info.name, trim(value)));
      if (several) variant.label = fmt::format("{} {}={}", entry.label, name, trim(value));
    }
  }
  entries = std::move(result);
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
