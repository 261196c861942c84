#include "gusto/eval/describe_json.h"

#include <utility>
#include <variant>

#include "gusto/base/json.h"
#include "gusto/base/text.h"
#include "gusto/data/profile.h"

namespace gusto {
namespace {

OrderedJson settings_json(const Settings& settings) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [name, value] : settings)
    std::visit([&, key = name](const auto& typed) { json[key] = typed; }, value);
  return json;
}

std::string_view fold_in_name(FoldIn fold_in) {
  switch (fold_in) {
    case FoldIn::none: break;
    case FoldIn::approximate: return "estimate";
    case FoldIn::exact: return "exact";
  }
  return "no";
}

OrderedJson brief_json(const ModelInfo& info) {
  const Abilities& can = info.abilities;
  return {{"name", info.name},
          {"summary", info.summary},
          {"abilities",
           {{"personalized", can.personalized},
            {"predicts_ratings", can.predicts_ratings},
            {"probabilities", can.probabilities},
            {"new_users", fold_in_name(can.fold_in)},
            {"new_items", can.cold_items},
            {"item_vectors", can.item_vectors},
            {"similar_items", can.similar_items},
            {"similar_users", can.similar_users},
            {"explains", can.explains},
            {"checkpoints", can.checkpoints},
            {"stddev", can.stddev},
            {"timed", can.timed},
            {"continues", can.continues}}}};
}

OrderedJson features_json(std::span<const FeatureCoverage> features) {
  OrderedJson json = OrderedJson::array();
  for (const FeatureCoverage& feature : features) {
    OrderedJson entry = {{"name", feature.name}, {"kind", to_string(feature.kind)}, {"filled", feature.filled}};
    if (feature.distinct > 0) entry["values"] = feature.distinct;
    json.push_back(std::move(entry));
  }
  return json;
}

OrderedJson counts_json(const EventCounts& counts) {
  return {{"least", counts.least}, {"median", counts.median}, {"greatest", counts.greatest}, {"mean", counts.mean}};
}

OrderedJson dataset_json(const Dataset& data) {
  const Profile profile = make_profile(data);
  OrderedJson json = {{"events", profile.events},
                      {"users", profile.per_user.rows},
                      {"items", profile.per_item.rows},
                      {"described_users", profile.described_users},
                      {"described_items", profile.described_items},
                      {"density", profile.density},
                      {"events_per_user", counts_json(profile.per_user)},
                      {"events_per_item", counts_json(profile.per_item)},
                      {"gini", profile.tail.gini}};
  if (profile.events > 0) {
    json["scale"] = {{"low", profile.scale.low}, {"high", profile.scale.high}, {"mean", profile.mean_value}};
  }
  json["values"] = OrderedJson::array();
  for (const ValueCount& value : profile.values) {
    json["values"].push_back({{"value", value.value}, {"events", value.events}});
  }
  if (profile.first_time) json["times"] = {{"first", *profile.first_time}, {"last", *profile.last_time}};
  json["user_features"] = features_json(profile.user_features);
  json["item_features"] = features_json(profile.item_features);
  return json;
}

}  // namespace

std::string models_json(std::span<const ModelInfo* const> models) {
  OrderedJson json = {{"models", OrderedJson::array()}};
  for (const ModelInfo* info : models) json["models"].push_back(brief_json(*info));
  return print_json(json, 2);
}

std::string model_json(const ModelInfo& info) {
  OrderedJson json = brief_json(info);
  json["about"] = info.about;
  json["options"] = OrderedJson::array();
  const OrderedJson defaults = settings_json(info.make({})->settings());
  for (const Field& field : info.fields) {
    const std::string name(field.name);
    json["options"].push_back(
        {{"name", name}, {"default", defaults[name]}, {"meaning", field.help}, {"accepts", describe_domain(field)}});
  }
  return print_json(json, 2);
}

std::string data_json(const SourceReport& source, std::span<const FilterStep> left_out, const Dataset& data) {
  OrderedJson files = OrderedJson::array();
  for (const SourceFile& file : source.files) {
    files.push_back({{"path", file.path}, {"role", file.role}, {"bytes", file.bytes}, {"records", file.records}});
  }
  OrderedJson json = {{"layout", source.layout},         {"reason", source.reason},
                      {"files", std::move(files)},       {"columns", source.columns},
                      {"header", source.header},         {"delimiter", source.delimiter},
                      {"duplicates", source.duplicates}, {"bad_lines", source.bad_lines},
                      {"notes", source.notes},           {"left_out", OrderedJson::array()}};
  for (const FilterStep& step : left_out) {
    json["left_out"].push_back(
        {{"filter", to_string(step.kind)}, {"events", step.events}, {"users", step.users}, {"items", step.items}});
  }
  json["data"] = dataset_json(data);
  return print_json(json, 2);
}

std::string model_file_json(const TrainedModel& trained, const Index* index, std::uint64_t bytes) {
  const Model& model = *trained.model;
  OrderedJson json = {{"model", model.info().name},
                      {"task", to_string(model.task())},
                      {"split", trained.record.split},
                      {"seed", trained.record.seed},
                      {"engine_version", trained.engine_version},
                      {"bytes", bytes},
                      {"options", settings_json(model.settings())},
                      {"metrics", parse_ordered_json(trained.record.metrics)}};
  if (index != nullptr) {
    json["index"] = {{"kind", to_string(index->kind())},
                     {"recall_at_10", index->quality().recall_at_10},
                     {"recall_at_100", index->quality().recall_at_100}};
  }
  json["data"] = dataset_json(model.data());
  return print_json(json, 2);
}

std::string evaluation_json(std::string_view model, const Evaluation& evaluation, Task task, const std::string& test) {
  const OrderedJson json = {{"model", model},
                            {"task", to_string(task)},
                            {"test", test},
                            {"metrics", parse_ordered_json(to_json(evaluation.estimates))},
                            {"users", evaluation.users},
                            {"users_left_out", evaluation.users_left_out},
                            {"score_seconds", evaluation.score_seconds}};
  return print_json(json, 2);
}

}  // namespace gusto
