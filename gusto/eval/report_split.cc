#include <algorithm>

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/eval/report.h"

namespace gusto {
namespace {

using Kind = ReportColumn::Kind;

ReportCell day_of(std::optional<std::int64_t> time) { return time ? ReportCell(DayCell{*time}) : ReportCell(); }

std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", format_count(count), what, count == 1 ? "" : "s");
}

std::string filter_reason(const FilterOptions& filter, FilterStep::Kind kind) {
  if (kind == FilterStep::Kind::since) return "before " + format_time(*filter.since);
  if (kind == FilterStep::Kind::positives) return fmt::format("below {:g}", *filter.positives);
  std::vector<std::string> few;
  if (filter.least_user_events() > 1)
    few.push_back("users with fewer than " + format_count(filter.least_user_events()));
  if (filter.least_item_events() > 1)
    few.push_back("items with fewer than " + format_count(filter.least_item_events()));
  return fmt::format("of {}", join(few, " or "));
}

// Says that rankings are not full, so that nobody takes sampled figures for others.
std::string sampling_note(const SplitReceipt& receipt) {
  std::string text = fmt::format(
      "Sampled: each user's test item is ranked among {} negatives only ({} for {} users). Such figures come "
      "out far higher than those of full rankings; do not compare the two.",
      receipt.drawn ? "drawn" : "given", format_count(receipt.negatives), format_count(receipt.test_users));
  if (receipt.own_negatives > 0) {
    text += fmt::format(" For {} the test item is among its own negatives, and counts once.",
                        counted(receipt.own_negatives, "user"));
  }
  if (receipt.numbered) {
    text += " The file numbers users and items from 0, in the order in which the data first name them.";
  }
  return text;
}

// Says who asks, where it is not simply a user trained on, and what is left out of both parts.
std::string asking_note(const SplitReceipt& receipt) {
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
  if (receipt.withheld > 0) {
    text += fmt::format("{}Withheld: {} events, in neither part and not recommended to their users.",
                        text.empty() ? "" : " ", format_count(receipt.withheld));
  }
  return text;
}

SplitReport report_fold(const SplitReceipt& receipt, std::uint64_t candidates, bool sampled) {
  SplitReport report;
  report.parts.columns = {
      {"part"}, {"events", Kind::number}, {"users", Kind::number}, {"items", Kind::number}, {"from"}, {"to"}};
  const auto add = [&](std::string name, std::uint64_t events, std::uint64_t users, std::uint64_t items,
                       std::optional<std::int64_t> first, std::optional<std::int64_t> last) {
    report.parts.rows.push_back({.cells = {std::move(name), CountCell{events}, CountCell{users}, CountCell{items},
                                           day_of(first), day_of(last)}});
  };
  add("training", receipt.train_events, receipt.train_users, receipt.train_items, receipt.train_first,
      receipt.train_last);
  add("test", receipt.test_events, receipt.test_users, receipt.test_items, receipt.test_first, receipt.test_last);
  report.notes.push_back(fmt::format("Unseen in training: the user of {:.1f} % of test events, the item of {:.1f} %.",
                                     100 * receipt.unseen_user_share, 100 * receipt.unseen_item_share));
  report.notes.push_back(asking_note(receipt));
  const std::string hash = fmt::format("Split hash {}.", receipt.hash);
  if (sampled) {
    report.notes.push_back(sampling_note(receipt));
    report.notes.push_back(hash);
  } else {
    report.notes.push_back(fmt::format("{} items may be recommended{}. {}", format_count(candidates),
                                       receipt.candidates > 0 ? ", all of them new" : "", hash));
  }
  return report;
}

SplitReport report_folds(std::span<const FoldSummary> folds, bool sampled) {
  SplitReport report;
  report.parts.columns = {{"fold", Kind::label},           {"train events", Kind::number},
                          {"test events", Kind::number},   {"unseen\nusers", Kind::number},
                          {"unseen\nitems", Kind::number}, {"split hash"}};
  for (const FoldSummary& fold : folds) {
    const SplitReceipt& receipt = fold.receipt;
    report.parts.rows.push_back(
        {.cells = {fold.name, CountCell{receipt.train_events}, CountCell{receipt.test_events},
                   ShareCell{receipt.unseen_user_share}, ShareCell{receipt.unseen_item_share}, receipt.hash}});
  }
  report.notes.push_back(asking_note(folds.front().receipt));
  if (sampled) report.notes.push_back(sampling_note(folds.front().receipt));
  return report;
}

}  // namespace

SplitReport report_split(std::span<const FoldSummary> folds, std::uint64_t candidates, const EvaluateOptions& options) {
  const SplitReceipt& first = folds.front().receipt;
  const bool sampled = measures_sampled(options, first.negatives > 0);
  SplitReport report = folds.size() == 1 ? report_fold(first, candidates, sampled) : report_folds(folds, sampled);
  std::erase(report.notes, std::string());
  return report;
}

std::string report_filters(const FilterOptions& filter, std::span<const FilterStep> steps) {
  std::vector<std::string> parts;
  for (const FilterStep& step : steps) {
    std::string part = fmt::format("{} {}", counted(step.events, "event"), filter_reason(filter, step.kind));
    if (step.users + step.items > 0) {
      part +=
          fmt::format(", so that {} and {} have none left", counted(step.users, "user"), counted(step.items, "item"));
    }
    parts.push_back(std::move(part));
  }
  return parts.empty() ? std::string() : fmt::format("Left out: {}.", join(parts, "; "));
}

}  // namespace gusto
