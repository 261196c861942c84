/// gusto chart: the top of each genre, or of each value of another feature.

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gusto/base/error.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/run.h"
#include "gusto/cli/table.h"
#include "gusto/retrieval/search.h"

namespace gusto::cli {
namespace {

struct ChartFlags {
  std::string model;
  std::string by;
  AskerFlags asker;
  RunFlags run;
  std::size_t count = 3;
  std::size_t values = 20;
};

/// One value of the feature, and the items that have it.
struct Chart {
  std::string_view value;
  std::uint64_t events = 0;
  std::vector<ItemRow> items;
};

/// Those of most events first, equal ones in the order of the feature.
std::vector<Chart> charts_of(const Dataset& data, const FeatureField& field, std::size_t most) {
  std::vector<Chart> charts(field.values.size());
  for (std::size_t item = 0; item < data.item_count(); ++item) {
    for (const std::uint32_t id : field.ids_of(item)) {
      charts[id].value = field.values[id];
      charts[id].events += data.audience(ItemRow(item)).size();
      charts[id].items.emplace_back(item);
    }
  }
  std::erase_if(charts, [](const Chart& chart) { return chart.items.empty(); });
  std::stable_sort(charts.begin(), charts.end(), [](const Chart& a, const Chart& b) { return a.events > b.events; });
  charts.resize(std::min(charts.size(), most));
  return charts;
}

/// The feature that is asked for; else the genres.
const FeatureField& field_of(const FeatureTable& features, const std::string& asked) {
  if (!asked.empty()) {
    const FeatureField& field = features.at(asked);
    require_values(field, "a chart");
    return field;
  }
  const FeatureField* genres = features.find("genres");
  if (genres != nullptr && genres->has_values()) return *genres;
  std::vector<std::string_view> others;
  for (const FeatureField& field : features.fields()) {
    if (field.has_values()) others.emplace_back(field.name);
  }
  throw Error(ErrorCode::not_found, "The items of this model have no genres to draw charts by.",
              others.empty() ? "Train it with --item-features, a file that gives items genres or other values."
                             : fmt::format("Name another feature with --by: {}.", fmt::join(others, ", ")));
}

void run_chart(Session& session, const ChartFlags& flags) {
  Run run(session, flags.run);
  const std::unique_ptr<Model> model = open_model(flags.model);
  const Dataset& data = model->data();
  const FeatureField& field = field_of(data.catalogue().item_features, flags.by);
  const TitleIndex titles(data.catalogue());
  const bool anyone = flags.asker.user.empty() && flags.asker.history.empty() && flags.asker.features.empty();
  std::optional<Asker> asker;
  if (!anyone) asker.emplace(flags.asker, data, titles);
  const Query query = asker ? asker->query() : Query{};

  const std::vector<Chart> charts = charts_of(data, field, flags.values);
  std::vector<SearchFilter> filters;
  for (const Chart& chart : charts) filters.push_back({.allowed = chart.items});
  const std::vector<TopLists> found = search(*model, {&query, 1}, flags.count, filters, run.context());
  run.clear();

  Table table({{field.name, Align::left, Overflow::cut},
               {"", Align::right},
               {"title", Align::left, Overflow::cut},
               {"score", Align::right}});
  for (std::size_t c = 0; c < charts.size(); ++c) {
    std::size_t place = 0;
    for (const ScoredItem& entry : found[c][0]) {
      table.add({place == 0 ? Cell(std::string(charts[c].value), Style::bold) : Cell(""),
                 Cell(fmt::format("{}", place + 1)), Cell(data.catalogue().title(entry.item)),
                 Cell(fmt::format("{:.3f}", entry.score))});
      ++place;
    }
  }
  fmt::print("Top by {} for {}, by {}:\n{}", field.name, asker ? asker->name() : "everyone", model->info().name,
             table.render(session.out));
}

}  // namespace

void add_chart(CLI::App& app, Session& session) {
  auto flags = std::make_shared<ChartFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "chart",
       .summary = "List the top of each genre, for everyone or for people of a kind.",
       .about =
           "Ranks the items of each genre, or of each value of another feature, by a model: by popularity or "
           "demographic "
           "for charts as they are known, by any other for an asker's own. Genres with most events come first. Without "
           "a "
           "user, a history or a feature the chart is for everyone; only models that answer for new people draw that.",
       .examples = {"gusto chart charts.gusto", "gusto chart charts.gusto --feature gender=F --feature age=25 -n 5",
                    "gusto chart films.gusto --by directors --values 10 --user 42"}},
      [flags, &session] { run_chart(session, *flags); });
  add_model_argument(command, flags->model);
  command->add_option("--by", flags->by, "A feature of items with values. Default: genres.")->type_name("FEATURE");
  command->add_option("-n", flags->count, "How many items of each value. Default: 3.")
      ->type_name("N")
      ->check(CLI::Range(1U, 1000000U).description(""));
  command->add_option("--values", flags->values, "At most so many values. Default: 20.")
      ->type_name("N")
      ->check(CLI::Range(1U, 1000000U).description(""));
  add_asker_flags(command, flags->asker);
  add_run_flags(command, flags->run, Seeded::no);
}

}  // namespace gusto::cli
