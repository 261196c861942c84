#include "gusto/cli/item_report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "gusto/cli/table.h"

namespace gusto::cli {
namespace {

std::string label_of(const Catalogue& catalogue, const Contribution& contribution) {
  if (contribution.item) return catalogue.title(*contribution.item);
  if (contribution.user) return fmt::format("user {}", catalogue.users[contribution.user->index]);
  return contribution.label;
}

}  // namespace

std::string describe_items(const Catalogue& catalogue, std::span<const ScoredItem> items, std::string_view head,
                           int decimals, const Terminal& terminal) {
  const FeatureField* genres = catalogue.item_features.find("genres");
  std::vector<Column> columns{{"", Align::right}, {"title", Align::left, Overflow::cut}};
  if (genres != nullptr) columns.push_back({"genres", Align::left, Overflow::cut});
  columns.push_back({std::string(head), Align::right});
  Table table(std::move(columns));
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::vector<Cell> cells{Cell(fmt::format("{}", i + 1)), Cell(catalogue.title(items[i].item), Style::bold)};
    if (genres != nullptr) cells.emplace_back(genres->display(items[i].item.index));
    cells.emplace_back(fmt::format("{:.{}f}", items[i].score, decimals));
    table.add(std::move(cells));
  }
  return table.render(terminal);
}

std::string describe_contributions(const Catalogue& catalogue, std::span<const Contribution> contributions,
                                   std::size_t most, const Terminal& terminal) {
  double largest = 0;
  double sum = 0;
  double others = 0;
  for (std::size_t i = 0; i < contributions.size(); ++i) {
    largest = std::max(largest, std::abs(contributions[i].amount));
    sum += contributions[i].amount;
    if (i >= most) others += contributions[i].amount;
  }
  Table table({{"because of", Align::left, Overflow::cut}, {"adds", Align::right}, {""}});
  for (std::size_t i = 0; i < std::min(most, contributions.size()); ++i) {
    const double amount = contributions[i].amount;
    const double share = largest > 0 ? std::abs(amount) / largest : 0;
    table.add({Cell(label_of(catalogue, contributions[i])), Cell(fmt::format("{:+.4f}", amount)),
               Cell(bar(share, 20), amount < 0 ? Style::bad : Style::good)});
  }
  if (contributions.size() > most) {
    table.add({Cell(fmt::format("{} more", contributions.size() - most)), Cell(fmt::format("{:+.4f}", others))});
  }
  table.add({Cell("score", Style::bold), Cell(fmt::format("{:.4f}", sum), Style::bold)});
  return table.render(terminal);
}

}  // namespace gusto::cli
