#include "gusto/cli/pipeline_report.h"

#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/cli/item_report.h"
#include "gusto/cli/table.h"

namespace gusto::cli {
namespace {

/// A column, what to write in it, and what it means.
struct StageColumn {
  Column column;
  std::function<std::string(const StageScores&)> text;
  std::string meaning;
};

std::string describe_score(float score) {
  return std::abs(score) >= 1000 ? fmt::format("{:.0f}", score) : fmt::format("{:.3g}", score);
}

std::vector<StageColumn> stage_columns(const Pipeline& pipeline) {
  const RerankStage& rerank = pipeline.spec().rerank;
  std::vector<StageColumn> columns;
  const auto number = [&](std::string head, auto value, std::string meaning) {
    columns.push_back({{std::move(head), Align::right},
                       [value](const StageScores& item) { return fmt::format("{:.2f}", value(item)); },
                       std::move(meaning)});
  };
  columns.push_back({{"found by", Align::left, Overflow::cut},
                     [](const StageScores& item) { return fmt::format("{} {}", item.source, item.source_place); },
                     "the source that has it highest, and its place there"});
  columns.push_back({{"its\nscore", Align::right},
                     [](const StageScores& item) { return describe_score(item.source_score); },
                     "in that source; of popularity, the number of events"});
  if (!pipeline.ranking_name().empty()) {
    columns.push_back({{"rank\nscore", Align::right},
                       [](const StageScores& item) {
                         return item.ranking_score ? describe_score(*item.ranking_score) : std::string("–");
                       },
                       fmt::format("by {}", pipeline.ranking_name())});
  }
  if (!pipeline.ranking_name().empty() || rerank.active()) {
    number(
        "rele-\nvance", [](const StageScores& item) { return item.relevance; },
        "what the scores come to, 1 for the best candidate");
  }
  if (rerank.active()) {
    columns.push_back({{"was", Align::right},
                       [](const StageScores& item) { return fmt::format("{}", item.reranked.candidate + 1); },
                       "the place by relevance, before re-ranking"});
  }
  if (rerank.diversity > 0) {
    number(
        "similar", [](const StageScores& item) { return item.reranked.similarity; },
        fmt::format("to the most similar item above, 1 at most, by {}",
                    kDiversityByNames[static_cast<std::size_t>(rerank.diversity_by)]));
  }
  if (rerank.calibration > 0) {
    number(
        "off\nmix", [](const StageScores& item) { return item.reranked.divergence; },
        fmt::format("how far the {} down to here are from the history's mix", rerank.calibration_by));
  }
  if (rerank.popularity_penalty > 0) {
    number(
        "popu-\nlar", [](const StageScores& item) { return item.reranked.popularity; },
        "1 for the item with the most events");
  }
  return columns;
}

constexpr std::size_t kHeadWidth = 12;

std::string one_line(std::string head) {
  if (const std::size_t hyphen = head.find("-\n"); hyphen != std::string::npos) head.erase(hyphen, 2);
  if (const std::size_t line = head.find('\n'); line != std::string::npos) head[line] = ' ';
  return head;
}

}  // namespace

std::string describe_pipeline_items(const Pipeline& pipeline, std::span<const AnsweredItem> items,
                                    const Terminal& terminal) {
  const std::vector<StageColumn> stages = stage_columns(pipeline);
  const bool titles = have_titles(items);
  std::vector<Column> columns{{"", Align::right}, {titles ? "title" : "item", Align::left, Overflow::cut}};
  if (titles) columns.push_back({"item", Align::left, Overflow::cut, 1});
  for (const StageColumn& stage : stages) columns.push_back(stage.column);
  Table table(std::move(columns));
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::vector<Cell> cells{Cell(fmt::format("{}", i + 1)), Cell(items[i].title, Style::bold)};
    if (titles) cells.emplace_back(items[i].id);
    for (const StageColumn& stage : stages) cells.emplace_back(stage.text(*items[i].stages));
    table.add(std::move(cells));
  }
  std::string text = table.render(terminal) + "\n";
  for (const StageColumn& stage : stages) {
    std::string head = one_line(stage.column.head);
    for (const std::string& line : wrap(stage.meaning, kMaxWidth - kHeadWidth)) {
      text += pad_right(head, kHeadWidth) + paint(terminal, Style::dim, line) + "\n";
      head.clear();
    }
  }
  return text;
}

}  // namespace gusto::cli
