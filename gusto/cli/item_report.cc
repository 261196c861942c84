#include "gusto/cli/item_report.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "gusto/cli/table.h"

namespace gusto::cli {

bool have_titles(std::span<const AnsweredItem> items) {
  return std::any_of(items.begin(), items.end(), [](const AnsweredItem& item) { return item.title != item.id; });
}

std::string describe_items(const Catalog& catalog, std::span<const AnsweredItem> items, std::string_view head,
                           int decimals, const Terminal& terminal) {
  const FeatureField* genres = catalog.item_features.find("genres");
  const bool titles = have_titles(items);
  std::vector<Column> columns{{"", Align::right}, {titles ? "title" : "item", Align::left, Overflow::cut}};
  if (titles) columns.push_back({"item", Align::left, Overflow::cut, 2});
  if (genres != nullptr) columns.push_back({"genres", Align::left, Overflow::cut, 1});
  columns.push_back({std::string(head), Align::right});
  Table table(std::move(columns));
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::vector<Cell> cells{Cell(fmt::format("{}", i + 1)), Cell(items[i].title, Style::bold)};
    if (titles) cells.emplace_back(items[i].id);
    if (genres != nullptr) cells.emplace_back(genres->display(items[i].row.index));
    cells.emplace_back(fmt::format("{:.{}f}", items[i].score, decimals));
    table.add(std::move(cells));
  }
  return table.render(terminal);
}

std::string describe_reasons(std::span<const Reason> reasons, std::size_t most, const Terminal& terminal) {
  double largest = 0;
  double sum = 0;
  double others = 0;
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    largest = std::max(largest, std::abs(reasons[i].amount));
    sum += reasons[i].amount;
    if (i >= most) others += reasons[i].amount;
  }
  Table table({{"because of", Align::left, Overflow::cut}, {"adds", Align::right}, {""}});
  for (std::size_t i = 0; i < std::min(most, reasons.size()); ++i) {
    const double amount = reasons[i].amount;
    const double share = largest > 0 ? std::abs(amount) / largest : 0;
    table.add({Cell(reasons[i].text), Cell(fmt::format("{:+.4f}", amount)),
               Cell(bar(share, 20), amount < 0 ? Style::bad : Style::good)});
  }
  if (reasons.size() > most) {
    table.add({Cell(fmt::format("{} more", reasons.size() - most)), Cell(fmt::format("{:+.4f}", others))});
  }
  table.add({Cell("score", Style::bold), Cell(fmt::format("{:.4f}", sum), Style::bold)});
  return table.render(terminal);
}

}  // namespace gusto::cli
