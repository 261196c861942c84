#include "gusto/cli/event_filter.h"

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/cli/report_layout.h"
#include "gusto/eval/report.h"

namespace gusto::cli {
namespace {

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
  return paragraph(report_filters(filter, steps), terminal);
}

}  // namespace gusto::cli
