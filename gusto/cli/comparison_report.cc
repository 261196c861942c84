#include "gusto/cli/comparison_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "gusto/base/text.h"
#include "gusto/cli/event_filter.h"
#include "gusto/cli/table.h"
#include "gusto/data/movielens/embedded.h"

namespace gusto::cli {
namespace {

/// ".8450", "1.0472", "-.0031": four decimals, and no zero before the point, which leaves room in 80 columns.
std::string figure(double value) {
  std::string text = fmt::format("{:.4f}", std::abs(value));
  if (text.starts_with("0.")) text.erase(0, 1);
  return value < 0 && text != ".0000" ? "-" + text : text;
}
std::string signed_figure(double value) {
  const std::string text = figure(value);
  return text.starts_with("-") ? text : "+" + text;
}
std::string seconds(double value) { return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0); }

std::string with_error(const Estimate* estimate) {
  if (estimate == nullptr) return "";
  return fmt::format("{} ±{}", figure(estimate->mean), figure(estimate->stderr_));
}

/// A metric's name in lines of at most that many characters, where hyphens allow it, so that columns are narrow.
std::string broken(std::string_view name, std::size_t width) {
  std::string text;
  std::size_t line = 0;
  while (!name.empty()) {
    const std::string_view part = name.substr(0, std::min(name.find('-'), name.size() - 1) + 1);
    name.remove_prefix(part.size());
    if (line > 0 && line + part.size() > width) {
      text += '\n';
      line = 0;
    }
    text += part;
    line += part.size();
  }
  return text;
}
/// As wide as an estimate with its error.
std::string head_of(std::string_view metric) { return broken(metric, 12); }
/// Without the list's length, as wide as a mean.
std::string narrow_head_of(std::string_view metric) { return broken(metric.substr(0, metric.find('@')), 1); }

std::string_view length_of(std::string_view metric) {
  const std::size_t at = metric.find('@');
  return at == std::string_view::npos ? std::string_view() : metric.substr(at + 1);
}

std::vector<std::string> metrics_of(const Comparison& comparison) {
  std::vector<std::string> names;
  for (const ModelResult& result : comparison.results) {
    for (const Estimate& estimate : result.estimates) {
      if (std::find(names.begin(), names.end(), estimate.metric) == names.end()) names.push_back(estimate.metric);
    }
  }
  return names;
}

/// The metric shown beside the primary one: recall at the same length for rankings, else the next in order.
std::string second_metric(const Comparison& comparison, const std::vector<std::string>& names) {
  const std::string recall = fmt::format("recall@{}", length_of(comparison.primary_metric));
  if (std::find(names.begin(), names.end(), recall) != names.end()) return recall;
  for (const std::string& name : names) {
    if (name != comparison.primary_metric) return name;
  }
  return {};
}

const Difference* difference_of(const ModelResult& result, std::string_view metric) {
  for (std::size_t i = 0; i < result.differences.size(); ++i) {
    if (result.estimates[i].metric == metric) return &result.differences[i];
  }
  return nullptr;
}

std::string main_table(const Comparison& comparison, const std::string& second, const Terminal& terminal) {
  std::vector<Column> columns{{"model", Align::left, Overflow::wrap},
                              {head_of(comparison.primary_metric), Align::right},
                              {"vs best", Align::right},
                              {"95 % interval", Align::right}};
  if (!second.empty()) columns.push_back({head_of(second), Align::right});
  columns.push_back({"fit s", Align::right});
  columns.push_back({"score s", Align::right});
  Table table(std::move(columns));
  for (const std::size_t index : comparison.ranking()) {
    const ModelResult& result = comparison.results[index];
    if (result.refusal) continue;
    const bool best = comparison.best == index;
    const Difference* difference = difference_of(result, comparison.primary_metric);
    const bool close = difference != nullptr && !difference->distinguishable;
    const Style style = best ? Style::good : close ? Style::warn : Style::plain;
    std::vector<Cell> cells{Cell(result.label, style), Cell(with_error(result.find(comparison.primary_metric)), style)};
    if (best || difference == nullptr) {
      cells.emplace_back(best ? "best" : "", style);
      cells.emplace_back("");
    } else {
      cells.emplace_back((close ? "≈" : "") + signed_figure(difference->mean), style);
      cells.emplace_back(signed_figure(difference->low) + "…" + signed_figure(difference->high), style);
    }
    if (!second.empty()) cells.emplace_back(with_error(result.find(second)), style);
    cells.emplace_back(seconds(result.fit_seconds), style);
    cells.emplace_back(seconds(result.score_seconds), style);
    table.add(std::move(cells));
  }
  return table.render(terminal);
}

std::string legend(const Comparison& comparison) {
  const bool up = comparison.results[*comparison.best].find(comparison.primary_metric)->higher_is_better;
  return fmt::format(
      "{}: {} is better. ±: standard error over users. 95 % interval: of the difference to the best (paired bootstrap "
      "over users). ≈: not distinguishable from the best, as that interval holds 0.",
      comparison.primary_metric, up ? "higher" : "lower");
}

std::string verdict(const Comparison& comparison) {
  const ModelResult& best = comparison.results[*comparison.best];
  std::vector<std::string> close;
  std::size_t others = 0;
  for (const ModelResult& result : comparison.results) {
    const Difference* difference = difference_of(result, comparison.primary_metric);
    if (difference == nullptr) continue;
    ++others;
    if (!difference->distinguishable) close.push_back(result.label);
  }
  if (others == 0) return "There was nothing to compare it with.";
  if (close.empty()) {
    return fmt::format("Best by {}: {}, and the difference to every other model is larger than chance explains.",
                       comparison.primary_metric, best.label);
  }
  return fmt::format("Best by {}: {}, but these data cannot tell it from {}.", comparison.primary_metric, best.label,
                     fmt::join(close, ", "));
}

/// Means of these metrics, best model first, in as many tables as 80 columns ask for.
std::string means_table(const Comparison& comparison, std::vector<std::string> names, const Terminal& terminal) {
  std::size_t label_width = 5;
  for (const ModelResult& result : comparison.results) {
    label_width = std::max(label_width, std::min<std::size_t>(display_width(result.label), 20));
  }
  std::string text;
  for (std::size_t begin = 0; begin < names.size();) {
    std::vector<Column> columns{{"model", Align::left, Overflow::wrap}};
    std::size_t width = label_width;
    std::size_t end = begin;
    while (end < names.size()) {
      columns.push_back({narrow_head_of(names[end]), Align::right});
      std::size_t column = 6;
      for (const std::string_view line : split(columns.back().head, "\n")) column = std::max(column, line.size());
      width += 2 + column;
      if (end > begin && width > terminal.width) {
        columns.pop_back();
        break;
      }
      ++end;
    }
    Table table(std::move(columns));
    for (const std::size_t index : comparison.ranking()) {
      const ModelResult& result = comparison.results[index];
      if (result.refusal) continue;
      std::vector<Cell> cells{Cell(result.label)};
      for (std::size_t m = begin; m < end; ++m) {
        const Estimate* estimate = result.find(names[m]);
        cells.emplace_back(estimate == nullptr ? std::string() : figure(estimate->mean));
      }
      table.add(std::move(cells));
    }
    text += table.render(terminal);
    begin = end;
  }
  return text;
}

std::string paragraph(std::string_view text, const Terminal& terminal, Style style = Style::plain) {
  std::string result;
  for (const std::string& line : wrap(text, terminal.width)) result += paint(terminal, style, line) + '\n';
  return result;
}

/// Whether a metric says something other than how right the list is.
bool beyond_accuracy(std::string_view metric) {
  static constexpr std::array<std::string_view, 6> kNames{"coverage",   "diversity", "novelty",
                                                          "popularity", "gini",      "folding"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view name) { return metric.starts_with(name); });
}

std::string further_tables(const Comparison& comparison, const std::vector<std::string>& names,
                           const std::string& second, const Terminal& terminal) {
  std::vector<std::string> lengths;
  for (const std::string& name : names) {
    std::string length(length_of(name));
    if (std::find(lengths.begin(), lengths.end(), length) == lengths.end()) lengths.push_back(std::move(length));
  }
  std::string text;
  for (const std::string& length : lengths) {
    std::vector<std::string> accuracy;
    std::vector<std::string> beyond;
    for (const std::string& name : names) {
      if (length_of(name) != length) continue;
      const bool shown = name == comparison.primary_metric || name == second;
      if (beyond_accuracy(name)) beyond.push_back(name);
      else if (!length.empty() || !shown) accuracy.push_back(name);
    }
    const std::string where = length.empty() ? std::string() : fmt::format(", lists of {}", length);
    const bool only_main = std::all_of(accuracy.begin(), accuracy.end(), [&](const std::string& name) {
      return name == comparison.primary_metric || name == second;
    });
    if (!accuracy.empty() && !only_main) {
      text += "\n" + paint(terminal, Style::bold, "Other metrics" + where) + "\n";
      text += means_table(comparison, accuracy, terminal);
    }
    if (!beyond.empty()) {
      text += "\n" + paint(terminal, Style::bold, "Beyond accuracy" + where) + "\n";
      text += means_table(comparison, beyond, terminal);
    }
  }
  return text;
}

std::string day(std::optional<std::int64_t> time) { return time ? format_time(*time).substr(0, 10) : std::string(); }

/// Says that rankings are not full, so that nobody takes sampled figures for others.
std::string sampling_note(const SplitReceipt& receipt, const Terminal& terminal) {
  std::string text = fmt::format(
      "Sampled: each user's test item is ranked among {} negatives only ({} for {} users). Such figures come "
      "out far higher than those of full rankings; do not compare the two.",
      receipt.drawn ? "drawn" : "given", format_count(receipt.negatives), format_count(receipt.test_users));
  if (receipt.own_negatives > 0) {
    text += fmt::format(" For {} user{} the test item is among its own negatives, and counts once.",
                        format_count(receipt.own_negatives), receipt.own_negatives == 1 ? "" : "s");
  }
  if (receipt.numbered) {
    text += " The file numbers users and items from 0, in the order in which the data first name them.";
  }
  return paragraph(text, terminal);
}

/// Says who asks, where it is not simply a user trained on, and what is left out of both parts.
std::string asking_note(const SplitReceipt& receipt, const Terminal& terminal) {
  std::string text;
  if (receipt.each_event) {
    text = "Each test event is asked for by itself, with its user's events up to then folded in.";
  } else if (receipt.history_users > 0) {
    text = fmt::format("Test users are not trained on: {} events of theirs are folded in as history.",
                       format_count(receipt.history_events));
  }
  if (receipt.untrained_items > 0) {
    text += fmt::format(" {} more have an item that nobody trained on has, and count for nothing.",
                        format_count(receipt.untrained_items));
  }
  if (receipt.aside > 0) {
    text += fmt::format("{}Set aside: {} events, in neither part and not recommended to their users.",
                        text.empty() ? "" : " ", format_count(receipt.aside));
  }
  return text.empty() ? text : paragraph(text, terminal);
}

}  // namespace

std::string describe_split(std::span<const FoldSummary> folds, std::uint64_t candidates, const EvaluateOptions& options,
                           const Terminal& terminal) {
  const SplitReceipt& first = folds.front().receipt;
  const std::string sampling =
      measures_sampled(options, first.negatives > 0) ? sampling_note(first, terminal) : std::string();
  if (folds.size() == 1) {
    const SplitReceipt& r = first;
    Table table(
        {{"part"}, {"events", Align::right}, {"users", Align::right}, {"items", Align::right}, {"from"}, {"to"}});
    table.add({"training", format_count(r.train_events), format_count(r.train_users), format_count(r.train_items),
               day(r.train_first), day(r.train_last)});
    table.add({"test", format_count(r.test_events), format_count(r.test_users), format_count(r.test_items),
               day(r.test_first), day(r.test_last)});
    std::string text = table.render(terminal);
    text += fmt::format("Unseen in training: the user of {:.1f} % of test events, the item of {:.1f} %.\n",
                        100 * r.unseen_user_share, 100 * r.unseen_item_share);
    text += asking_note(r, terminal);
    if (!sampling.empty()) return text + sampling + fmt::format("Split hash {}.\n", r.hash);
    return text + fmt::format("{} items may be recommended{}. Split hash {}.\n", format_count(candidates),
                              r.candidates > 0 ? ", all of them new" : "", r.hash);
  }
  Table table({{"fold", Align::left, Overflow::cut},
               {"train events", Align::right},
               {"test events", Align::right},
               {"unseen\nusers", Align::right},
               {"unseen\nitems", Align::right},
               {"split hash"}});
  for (const FoldSummary& fold : folds) {
    const SplitReceipt& r = fold.receipt;
    table.add({Cell(fold.name), format_count(r.train_events), format_count(r.test_events),
               fmt::format("{:.1f} %", 100 * r.unseen_user_share), fmt::format("{:.1f} %", 100 * r.unseen_item_share),
               r.hash});
  }
  return table.render(terminal) + asking_note(first, terminal) + sampling;
}

std::string describe_comparison(const Comparison& comparison, const Terminal& terminal) {
  const Experiment& experiment = comparison.experiment;
  const std::string& data = experiment.data_recipe.name;
  std::string text =
      fmt::format("{} · {} · split {} · seed {}\n", data.empty() ? std::string(kEmbeddedName) : data,
                  experiment.protocol.empty() ? fmt::format("task {}", to_string(experiment.evaluate.task))
                                              : "protocol " + experiment.protocol,
                  experiment.split.spec.text(), experiment.seed);
  text += describe_event_filter(experiment.split.filter, comparison.filtered, terminal);
  text += describe_split(comparison.folds, comparison.candidates, experiment.evaluate, terminal);
  if (comparison.best) {
    const std::vector<std::string> names = metrics_of(comparison);
    const std::string second = second_metric(comparison, names);
    text += "\n" + main_table(comparison, second, terminal);
    text += paragraph(legend(comparison), terminal, Style::dim);
    text += "\n" + paragraph(verdict(comparison), terminal, Style::bold);
    text += further_tables(comparison, names, second, terminal);
  }
  for (const ModelResult& result : comparison.results) {
    if (!result.refusal) continue;
    text += "\n" + paragraph(fmt::format("No result for {}: {}", result.label, result.refusal->message()), terminal,
                             Style::bad);
  }
  return text;
}

Error nothing_measured() {
  return Error(ErrorCode::empty_dataset, "None of the metrics asked for can be measured on these data.",
               "Ask for others, or for all by leaving them out.");
}

std::string describe_estimates(std::span<const Estimate> estimates, const Terminal& terminal) {
  Table table({{"metric"}, {"mean", Align::right}, {"± stderr", Align::right}, {"users", Align::right}, {"better"}});
  for (const Estimate& estimate : estimates) {
    table.add({Cell(estimate.metric), figure(estimate.mean), figure(estimate.stderr_),
               format_count(estimate.user_count), estimate.higher_is_better ? "higher" : "lower"});
  }
  return table.render(terminal);
}

}  // namespace gusto::cli
