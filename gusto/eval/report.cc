#include "gusto/eval/report.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/data/movielens/embedded.h"
#include "gusto/eval/metrics.h"

namespace gusto {
namespace {

// Standard errors by which a model must lose to popularity to be named.
constexpr double kClearGap = 2;

using Kind = ReportColumn::Kind;
using Tone = ReportRow::Tone;

std::string_view length_of(std::string_view metric) {
  const std::size_t at = metric.find('@');
  return at == std::string_view::npos ? std::string_view() : metric.substr(at + 1);
}

ReportCell value_of(const Estimate* estimate, bool with_error) {
  if (estimate == nullptr) return {};
  return ValueCell{estimate->mean, with_error ? std::optional(estimate->stderr_) : std::nullopt};
}

const Difference* difference_of(const ModelResult& result, std::string_view metric) {
  for (std::size_t i = 0; i < result.differences.size(); ++i) {
    if (result.estimates[i].metric == metric) return &result.differences[i];
  }
  return nullptr;
}

// Of a comparison with a best model.
class ComparisonReporter {
 public:
  explicit ComparisonReporter(const Comparison& comparison) : in_(comparison), primary_(comparison.primary_metric) {
    for (const ModelResult& result : in_.results) {
      for (const Estimate& estimate : result.estimates) {
        if (std::find(names_.begin(), names_.end(), estimate.metric) == names_.end()) names_.push_back(estimate.metric);
      }
    }
    second_ = second_metric();
  }

  ReportTable ranking() const {
    ReportTable table{.columns = {{"model", Kind::label},
                                  {primary_, Kind::estimate},
                                  {"vs best", Kind::number},
                                  {"95 % interval", Kind::number, 2}}};
    if (!second_.empty()) table.columns.push_back({second_, Kind::estimate, 1});
    table.columns.push_back({"fit s", Kind::number, 3});
    table.columns.push_back({"score s", Kind::number, 4});
    for (const std::size_t index : in_.ranking()) {
      const ModelResult& result = in_.results[index];
      if (result.refusal) continue;
      const bool best = in_.best == index;
      const Difference* difference = best ? nullptr : difference_of(result, primary_);
      const bool tied = difference != nullptr && !difference->distinguishable;
      ReportRow row{best ? Tone::best : tied ? Tone::tied : Tone::plain, {result.label}};
      row.cells.push_back(value_of(result.find(primary_), true));
      if (difference != nullptr) {
        row.cells.emplace_back(GapCell{difference->mean, difference->distinguishable});
        row.cells.emplace_back(IntervalCell{difference->low, difference->high});
      } else {
        row.cells.emplace_back(best ? "best" : "");
        row.cells.emplace_back();
      }
      if (!second_.empty()) row.cells.push_back(value_of(result.find(second_), true));
      row.cells.emplace_back(SecondsCell{result.fit_seconds});
      row.cells.emplace_back(SecondsCell{result.score_seconds});
      table.rows.push_back(std::move(row));
    }
    return table;
  }

  std::string legend() const {
    return fmt::format(
        "{}: {} is better. ±: standard error over users. 95 % interval: of the difference to the best (paired "
        "bootstrap "
        "over users). ≈: not distinguishable from the best, as that interval holds 0.",
        primary_, better_word(in_.results[*in_.best].find(primary_)->higher_is_better));
  }

  std::string verdict() const {
    const std::string& best = in_.results[*in_.best].label;
    std::vector<std::string> tied;
    std::size_t others = 0;
    for (const ModelResult& result : in_.results) {
      const Difference* difference = difference_of(result, primary_);
      if (difference == nullptr) continue;
      ++others;
      if (!difference->distinguishable) tied.push_back(result.label);
    }
    if (in_.canceled) {
      return fmt::format("Stopped after {} of {} models. Best of them by {}: {}; none was tested against it.",
                         in_.results.size(), in_.experiment.entries.size(), primary_, best);
    }
    if (others == 0) return "There was nothing to compare it with.";
    if (!tied.empty()) {
      return fmt::format("Best by {}: {}, but these data cannot tell it from {}.", primary_, best, join(tied, ", "));
    }
    return fmt::format("Best by {}: {}, and the difference to every other model is larger than chance explains.",
                       primary_, best);
  }

  std::string warning() const {
    const auto popular = std::find_if(in_.results.begin(), in_.results.end(), [](const ModelResult& result) {
      return result.model == "popularity" && !result.refusal;
    });
    if (popular == in_.results.end()) return {};
    const Estimate* floor = popular->find(primary_);
    std::vector<std::string> losing;
    for (const std::size_t index : in_.ranking()) {
      const ModelResult& result = in_.results[index];
      const Estimate* own = result.find(primary_);
      if (own == nullptr || floor == nullptr) continue;
      const double gap = own->higher_is_better ? floor->mean - own->mean : own->mean - floor->mean;
      if (gap > kClearGap * std::max(own->stderr_, floor->stderr_)) losing.push_back(result.label);
    }
    if (losing.empty()) return {};
    return fmt::format("Worse than popularity here, which knows nobody: {}. So these data tell them little of tastes.",
                       join(losing, ", "));
  }

  std::vector<ReportTable> further() const {
    std::vector<std::string_view> lengths;
    for (const std::string& name : names_) {
      if (std::find(lengths.begin(), lengths.end(), length_of(name)) == lengths.end())
        lengths.push_back(length_of(name));
    }
    std::vector<ReportTable> tables;
    for (const std::string_view length : lengths) {
      std::vector<std::string> accuracy, beyond;
      bool only_shown = true;
      for (const std::string& name : names_) {
        if (length_of(name) != length) continue;
        const bool shown = name == primary_ || name == second_;
        if (info(name).category == MetricCategory::beyond_accuracy) {
          beyond.push_back(name);
        } else if (!length.empty() || !shown) {
          accuracy.push_back(name);
          only_shown = only_shown && shown;
        }
      }
      const std::string where = length.empty() ? std::string() : fmt::format(", lists of {}", length);
      if (!only_shown) tables.push_back(means("Other metrics" + where, accuracy));
      if (!beyond.empty()) tables.push_back(means("Beyond accuracy" + where, beyond));
    }
    return tables;
  }

 private:
  const MetricInfo& info(std::string_view name) const { return find_metric(name, in_.experiment.evaluate.table); }

  // What is shown beside the primary metric: the table's second one at the same list length, else the next in order.
  std::string second_metric() const {
    for (const std::string& name : names_) {
      if (info(name).role == MetricRole::second && length_of(name) == length_of(primary_)) return name;
    }
    for (const std::string& name : names_) {
      if (name != primary_) return name;
    }
    return {};
  }

  // Best model first; heads without the list length, which the title says.
  ReportTable means(std::string title, std::span<const std::string> names) const {
    ReportTable table{.title = std::move(title), .columns = {{"model", Kind::label}}};
    for (const std::string& name : names) table.columns.push_back({name.substr(0, name.find('@')), Kind::mean});
    for (const std::size_t index : in_.ranking()) {
      const ModelResult& result = in_.results[index];
      if (result.refusal) continue;
      ReportRow row{Tone::plain, {result.label}};
      for (const std::string& name : names) row.cells.push_back(value_of(result.find(name), false));
      table.rows.push_back(std::move(row));
    }
    return table;
  }

  const Comparison& in_;
  const std::string& primary_;
  std::vector<std::string> names_;  // of what any model was measured by
  std::string second_;
};

}  // namespace

ComparisonReport report_comparison(const Comparison& comparison) {
  const Experiment& experiment = comparison.experiment;
  const std::string& data = experiment.data_recipe.name;
  ComparisonReport report;
  report.question =
      fmt::format("{} · {} · split {} · seed {}", data.empty() ? std::string(kEmbeddedName) : data,
                  experiment.protocol.empty() ? fmt::format("task {}", to_string(experiment.evaluate.task))
                                              : "protocol " + experiment.protocol,
                  experiment.split.spec.text(), experiment.seed);
  report.left_out = report_filters(experiment.split.filter, comparison.filtered);
  report.split = report_split(comparison.folds, comparison.candidates, experiment.evaluate);
  if (comparison.best) {
    const ComparisonReporter reporter(comparison);
    report.ranking = reporter.ranking();
    report.legend = reporter.legend();
    report.verdict = reporter.verdict();
    report.warning = reporter.warning();
    report.further = reporter.further();
  }
  for (const ModelResult& result : comparison.results) {
    if (!result.refusal) continue;
    report.refusals.push_back(fmt::format("No result for {}: {}", result.label, result.refusal->message()));
  }
  return report;
}

ReportTable report_estimates(std::span<const Estimate> estimates) {
  ReportTable table{
      .columns = {{"metric"}, {"mean", Kind::number}, {"± stderr", Kind::number}, {"users", Kind::number}, {"better"}}};
  for (const Estimate& estimate : estimates) {
    table.rows.push_back(
        {.cells = {estimate.metric, ValueCell{estimate.mean}, ValueCell{estimate.stderr_},
                   CountCell{estimate.user_count}, std::string(better_word(estimate.higher_is_better))}});
  }
  return table;
}

Error nothing_measured() {
  return Error(ErrorCode::empty_dataset, "None of the metrics asked for can be measured on these data.",
               "Ask for others, or for all by leaving them out.");
}

}  // namespace gusto
