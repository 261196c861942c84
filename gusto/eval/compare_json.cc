#include <algorithm>
#include <cmath>
#include <variant>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/json.h"
#include "gusto/base/text.h"
#include "gusto/base/version.h"
#include "gusto/data/io/reading_texts.h"
#include "gusto/data/split/split_receipt.h"
#include "gusto/eval/compare.h"
#include "gusto/eval/metrics.h"

namespace gusto {
namespace {

// Keys stay in the order in which they are written.

OrderedJson options_json(const Settings& options) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [name, value] : options)
    std::visit([&, key = name](const auto& typed) { json[key] = typed; }, value);
  return json;
}

OrderedJson estimates_json(std::span<const Estimate> estimates) {
  OrderedJson json = OrderedJson::object();
  for (const Estimate& estimate : estimates) {
    json[estimate.metric] = {{"mean", estimate.mean}, {"stderr", estimate.stderr_}, {"users", estimate.user_count}};
  }
  return json;
}

OrderedJson metrics_json(const ModelResult& result) {
  OrderedJson json = estimates_json(result.estimates);
  for (std::size_t i = 0; i < result.differences.size(); ++i) {
    const Difference& difference = result.differences[i];
    json[result.estimates[i].metric]["difference"] = {{"mean", difference.mean},
                                                      {"low", difference.low},
                                                      {"high", difference.high},
                                                      {"distinguishable", difference.distinguishable}};
  }
  return json;
}

OrderedJson result_json(const ModelResult& result) {
  OrderedJson json = {{"model", result.model},
                      {"label", result.label},
                      {"options", options_json(result.options)},
                      {"metrics", metrics_json(result)},
                      {"fit_seconds", result.fit_seconds},
                      {"score_seconds", result.score_seconds},
                      {"peak_bytes", result.peak_bytes},
                      {"users_left_out", result.users_left_out}};
  if (result.refusal) {
    json["refusal"] = {{"code", to_string(result.refusal->code())}, {"message", result.refusal->what()}};
  }
  return json;
}

OrderedJson fold_json(const FoldSummary& fold) {
  OrderedJson json = {{"name", fold.name}};
  json.update(parse_ordered_json(to_json(fold.receipt)));
  return json;
}

}  // namespace

std::string to_json(std::span<const Estimate> estimates) { return print_json(estimates_json(estimates)); }

std::vector<Estimate> estimates_from_json(std::string_view text) {
  try {
    std::vector<Estimate> estimates;
    const OrderedJson json = parse_ordered_json(text);
    for (const auto& [name, metric] : json.items()) {
      Estimate& estimate = estimates.emplace_back();
      estimate.metric = name;
      estimate.mean = metric.at("mean").get<double>();
      estimate.stderr_ = metric.at("stderr").get<double>();
      estimate.user_count = metric.at("users").get<std::uint64_t>();
      estimate.higher_is_better = find_metric(name).higher_is_better;
    }
    return estimates;
  } catch (const OrderedJson::exception&) {
    throw Error(ErrorCode::corrupt_file, fmt::format("These are no metrics: {}.", quote(text)));
  }
}

std::string to_json(const Comparison& comparison) {
  const Experiment& experiment = comparison.experiment;
  const DataRecipe& data = experiment.data_recipe;
  OrderedJson json = {
      {"data", data.name},       {"split", experiment.split.spec.text()}, {"task", to_string(experiment.evaluate.task)},
      {"seed", experiment.seed}, {"threads", comparison.threads},         {"version", version()}};
  if (!experiment.protocol.empty()) json["protocol"] = experiment.protocol;
  for (const auto& [key, text] : kReadingTexts) {
    if (!(data.reading.*text).empty()) json[std::string(key)] = data.reading.*text;
  }
  if (data.reading.skip_bad_lines) json["skip_bad_lines"] = true;
  if (!data.features.users.empty()) json["user_features"] = data.features.users;
  if (!data.features.items.empty()) json["item_features"] = data.features.items;
  if (!data.features.extras.empty()) json["extras"] = data.features.extras;
  if (!data.features.types.empty()) json["feature_types"] = data.features.types;
  const FilterOptions& filter = experiment.split.filter;
  if (filter.since) json["since"] = *filter.since;
  if (filter.positives) json["positives"] = *filter.positives;
  if (filter.least_user_events() > 1) json["min_user_events"] = filter.least_user_events();
  if (filter.least_item_events() > 1) json["min_item_events"] = filter.least_item_events();
  for (const FilterStep& step : comparison.filtered) {
    json["filtered"].push_back(
        {{"filter", to_string(step.kind)}, {"events", step.events}, {"users", step.users}, {"items", step.items}});
  }
  if (experiment.evaluate.task == Task::likes) json["like_threshold"] = experiment.evaluate.like_threshold;
  if (experiment.evaluate.task == Task::top_n) json["k"] = experiment.evaluate.k;
  json["candidates"] = comparison.candidates;
  const bool given = std::any_of(comparison.folds.begin(), comparison.folds.end(),
                                 [](const FoldSummary& fold) { return fold.receipt.negatives > 0; });
  if (measures_sampled(experiment.evaluate, given)) json["sampled"] = true;
  json["primary_metric"] = comparison.primary_metric;
  json["best"] = comparison.best ? OrderedJson(comparison.results[*comparison.best].label) : OrderedJson();
  if (comparison.canceled) json["canceled"] = true;
  json["folds"] = OrderedJson::array();
  for (const FoldSummary& fold : comparison.folds) json["folds"].push_back(fold_json(fold));
  json["results"] = OrderedJson::array();
  for (const ModelResult& result : comparison.results) json["results"].push_back(result_json(result));
  // A label or path that is no UTF-8 must not cost the results.
  return print_json(json, 2);
}

}  // namespace gusto
