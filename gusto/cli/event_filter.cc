#include "gusto/cli/event_filter.h"

#include <vector>

#include <fmt/format.h>

#include "gusto/base/text.h"

namespace gusto::cli {
namespace {

using Kind = FilterStep::Kind;

std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", format_count(count), what, count == 1 ? "" : "s");
}

std::string reason(const FilterOptions& filter, Kind kind) {
  if (kind == Kind::since) return "before " + format_time(*filter.since);
  if (kind == Kind::positives) return fmt::format("below {:g}", *filter.positives);
  std::vector<std::string> few;
  if (filter.least_user_events() > 1)
    few.push_back("users with fewer than " + format_count(filter.least_user_events()));
  if (filter.least_item_events() > 1)
    few.push_back("items with fewer than " + format_count(filter.least_item_events()));
  return fmt::format("of {}", fmt::join(few, " or "));
}

std::string at_least_one(const std::string& text) {
  const std::optional<std::int64_t> number = parse_integer(text);
  if (number && *number >= 1) return {};
  return fmt::format("{} is no number of events; write a whole number from 1", text);
}

}  // namespace

void add_event_filter_flags(CLI::App* command, FilterOptions& filter) {
  command
      ->add_option_function<std::string>(
          "--since", [&filter](const std::string& text) { filter.since = parse_since(text); },
          "Keep only events from that time on: a date, ISO 8601 (UTC), or seconds since 1970.")
      ->type_name("TIME")
      ->group("Data");
  command
      ->add_option("--positives", filter.positives,
                   "Keep only events of at least this value, of users with at least 5 of them or --min-user-events.")
      ->type_name("VALUE")
      ->group("Data");
  command->add_option("--min-user-events", filter.min_user_events, "Keep only users with so many events, …")
      ->type_name("N")
      ->check(at_least_one)
      ->group("Data");
  command
      ->add_option("--min-item-events", filter.min_item_events,
                   "… and items with so many, until both hold. Filters act in this order.")
      ->type_name("N")
      ->check(at_least_one)
      ->group("Data");
}

std::string describe_event_filter(const FilterOptions& filter, std::span<const FilterStep> steps,
                                  const Terminal& terminal) {
  std::vector<std::string> parts;
  for (const FilterStep& step : steps) {
    std::string part = fmt::format("{} {}", counted(step.events, "event"), reason(filter, step.kind));
    if (step.users + step.items > 0) {
      part +=
          fmt::format(", so that {} and {} have none left", counted(step.users, "user"), counted(step.items, "item"));
    }
    parts.push_back(std::move(part));
  }
  if (parts.empty()) return {};
  std::string text;
  for (const std::string& line : wrap(fmt::format("Left out: {}.", fmt::join(parts, "; ")), terminal.width)) {
    text += line + "\n";
  }
  return text;
}

}  // namespace gusto::cli
