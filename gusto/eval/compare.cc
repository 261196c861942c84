#include "gusto/eval/compare.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "gusto/base/system.h"
#include "gusto/base/text.h"
#include "gusto/eval/metrics.h"
#include "gusto/eval/protocol.h"
#include "gusto/eval/stopwatch.h"

namespace gusto {
namespace {

// What stops one competitor and not the race: limits and failures of the model itself.
bool is_refusal(ErrorCode code) {
  return code == ErrorCode::out_of_memory || code == ErrorCode::unsupported || code == ErrorCode::not_finite ||
         code == ErrorCode::empty_dataset;
}

std::unique_ptr<Model> make_entry(const CompareSpec& spec, const CompareEntry& entry) {
  const ModelInfo& info = entry.kind();
  return info.make(with_like_threshold(info, entry.settings, spec.evaluate.like_threshold));
}

// Fills in labels, and finds mistakes before hours have gone into training.
CompareSpec checked(CompareSpec spec) {
  if (spec.entries.empty())
    throw Error(ErrorCode::invalid_option, "There is no model to compare.", "Name at least one.");
  static_cast<void>(measured_metrics(spec.evaluate));
  if (!spec.protocol.empty()) check_protocol(find_protocol(spec.protocol), spec.split, spec.evaluate);
  for (auto entry = spec.entries.begin(); entry != spec.entries.end(); ++entry) {
    if (entry->model.empty()) entry->model = entry->kind().name;
    if (entry->label.empty()) entry->label = entry->model;
    static_cast<void>(make_entry(spec, *entry));
    if (std::any_of(spec.entries.begin(), entry, [&](const CompareEntry& e) { return e.label == entry->label; })) {
      throw Error(ErrorCode::invalid_option, fmt::format("Two entries have the label {}.", quote(entry->label)),
                  "Give each a label of its own.");
    }
  }
  spec.split.seed = spec.seed;
  return spec;
}

// All folds of one entry.
class EntryRun {
 public:
  EntryRun(const Split& split, const CompareSpec& spec, std::size_t entry, Context& context,
           const CompareObserver& observer)
      : split_(split), spec_(spec), entry_(entry), context_(context), observer_(observer) {}

  ModelResult run() {
    const CompareEntry& entry = spec_.entries[entry_];
    ModelResult result;
    result.model = entry.model;
    result.label = entry.label;
    result.options = make_entry(spec_, entry)->settings();
    std::vector<Evaluation> evaluations;
    const std::size_t sink_throws = context_.sink_throws();
    try {
      for (std::size_t fold = 0; fold < split_.folds.size(); ++fold) evaluations.push_back(run_fold(fold, result));
    } catch (const Error& error) {
      if (!is_refusal(error.code()) || context_.sink_throws() != sink_throws) throw;
      result.refusal = error;
      return result;
    }
    const auto folds = static_cast<double>(evaluations.size());
    result.fit_seconds /= folds;
    for (const Evaluation& evaluation : evaluations) {
      result.score_seconds += evaluation.score_seconds / folds;
      result.users_left_out += evaluation.users_left_out;
    }
    for (const std::string& metric : measured_metrics(spec_.evaluate)) {
      // A fold may lack a metric, as AUC where everything was liked.
      std::vector<Estimate> found;
      for (Evaluation& evaluation : evaluations) {
        for (Estimate& estimate : evaluation.estimates) {
          if (estimate.metric == metric) found.push_back(std::move(estimate));
        }
      }
      if (!found.empty()) result.estimates.push_back(average_folds(found));
    }
    return result;
  }

 private:
  Evaluation run_fold(std::size_t fold, ModelResult& result) {
    const CompareEntry& entry = spec_.entries[entry_];
    const std::unique_ptr<Model> model = make_entry(spec_, entry);
    reset_peak_memory();
    if (observer_.on_fit) observer_.on_fit(entry_, fold);
    const Stopwatch watch;
    model->fit(split_.folds[fold].train, spec_.evaluate.task, context_, {.seed = split_.folds[fold].seed});
    result.fit_seconds += watch.seconds();
    if (observer_.on_score) observer_.on_score(entry_, fold);
    Evaluation evaluation = evaluate(*model, split_.folds[fold], split_.candidates, spec_.evaluate, context_);
    result.peak_bytes = std::max(result.peak_bytes, peak_memory());
    return evaluation;
  }

  const Split& split_;
  const CompareSpec& spec_;
  std::size_t entry_;
  Context& context_;
  const CompareObserver& observer_;
};

bool better(const Estimate& a, const Estimate& b) { return a.higher_is_better ? a.mean > b.mean : a.mean < b.mean; }

// The usual metric of the task, or the first that anybody has.
std::string choose_primary(const CompareSpec& spec, std::span<const std::string> names,
                           std::span<const ModelResult> results) {
  std::string primary = primary_metric(spec.evaluate.task, spec.evaluate.k, names, spec.evaluate.table);
  const auto somebody_has = [&](const std::string& name) {
    return std::any_of(results.begin(), results.end(), [&](const ModelResult& r) { return r.find(name) != nullptr; });
  };
  if (somebody_has(primary)) return primary;
  const auto found = std::find_if(names.begin(), names.end(), somebody_has);
  return found == names.end() ? primary : *found;
}

void test_against_best(Comparison& comparison, Context& context) {
  const std::vector<std::size_t> order = comparison.ranking();
  if (comparison.results[order.front()].find(comparison.primary_metric) == nullptr) return;
  comparison.best = order.front();
  const ModelResult& best = comparison.results[*comparison.best];

  std::vector<EstimatePair> pairs;
  for (const std::size_t other : order) {
    if (other == *comparison.best) continue;
    for (const Estimate& estimate : comparison.results[other].estimates) {
      // The folds are the same, so what one model could be measured by, all could; one that lacks it differs by itself.
      const Estimate* reference = best.find(estimate.metric);
      pairs.push_back({&estimate, reference != nullptr ? reference : &estimate});
    }
  }
  const std::vector<Difference> differences = paired_bootstrap(pairs, context, {.seed = comparison.spec.seed});
  auto next = differences.begin();
  for (const std::size_t other : order) {
    if (other == *comparison.best) continue;
    ModelResult& result = comparison.results[other];
    const auto count = static_cast<std::ptrdiff_t>(result.estimates.size());
    result.differences.assign(next, next + count);
    next += count;
  }
}

}  // namespace

std::vector<CompareEntry> default_entries(Task task) {
  std::vector<CompareEntry> entries;
  for (const ModelInfo* info : registry()) {
    const Abilities& can = info->abilities;
    const bool predicts = can.predicts_ratings || (can.probabilities && task == Task::likes);
    if (task == Task::top_n || predicts) entries.push_back({std::string(info->name), std::string(info->name), {}});
  }
  return entries;
}

void apply_set(CompareSpec& spec, std::string_view assignment) {
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
  for (CompareEntry& entry : spec.entries) {
    if (entry.label == who) chosen.push_back(&entry);
  }
  const bool by_model = chosen.empty();
  for (CompareEntry& entry : spec.entries) {
    if (by_model && entry.model == who) chosen.push_back(&entry);
  }
  if (chosen.empty()) {
    std::vector<std::string_view> names;
    for (const CompareEntry& entry : spec.entries) {
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

const Estimate* ModelResult::find(std::string_view metric) const {
  const auto found =
      std::find_if(estimates.begin(), estimates.end(), [&](const Estimate& e) { return e.metric == metric; });
  return found == estimates.end() ? nullptr : &*found;
}

std::vector<std::size_t> Comparison::ranking() const {
  std::vector<std::size_t> order(results.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const Estimate* left = results[a].find(primary_metric);
    const Estimate* right = results[b].find(primary_metric);
    if (left == nullptr || right == nullptr) return left != nullptr && right == nullptr;
    return better(*left, *right);
  });
  return order;
}

Comparison compare(const std::shared_ptr<const Dataset>& data, const CompareSpec& spec, Context& context,
                   const CompareObserver& observer, const DataSource& source) {
  const CompareSpec ready = checked(spec);
  if (!ready.protocol.empty()) check_protocol(find_protocol(ready.protocol), source.value_changes);
  return compare(make_split(data, ready.split, source), ready, context, observer);
}

Comparison compare(const Split& split, const CompareSpec& spec, Context& context, const CompareObserver& observer) {
  Comparison comparison;
  comparison.spec = checked(spec);
  comparison.threads = context.threads();
  comparison.filtered = split.filtered;
  std::vector<std::string> names;
  for (const Fold& fold : split.folds) {
    comparison.folds.push_back({fold.name, fold.receipt});
    names = measured_metrics(comparison.spec.evaluate, fold);  // alike in all folds, as are these in number
    comparison.candidates = fold.candidates_or(split.candidates).size();
  }
  if (observer.on_split) observer.on_split(split);

  for (std::size_t entry = 0; entry < comparison.spec.entries.size(); ++entry) {
    comparison.results.push_back(EntryRun(split, comparison.spec, entry, context, observer).run());
    if (observer.on_result) observer.on_result(entry, comparison.results.back());
  }
  comparison.primary_metric = choose_primary(comparison.spec, names, comparison.results);
  test_against_best(comparison, context);
  return comparison;
}

}  // namespace gusto
