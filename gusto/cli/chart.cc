/// gusto chart: the top of each genre, or of each value of another feature.

#include <algorithm>
#include <memory>

#include <fmt/core.h>

#include "gusto/cli/item_report.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/cli/table.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/answer_json.h"

namespace gusto::cli {
namespace {

struct ChartFlags {
  std::string model;
  std::string by;
  PersonFlags person;
  RunFlags run;
  std::size_t count = 3;
  std::size_t values = 20;
  std::string json;
};

void run_chart(Session& session, const ChartFlags& flags) {
  if (!flags.json.empty()) require_writable(flags.json);
  Run run(session, flags.run);
  const Recommender recommender = open_model(flags.model, session.models);
  ChartRequest request{.by = flags.by, .k = flags.count, .values = flags.values};
  if (!flags.person.empty()) request.who = person_of(flags.person, recommender);
  const ChartAnswer answer = recommender.chart(request, run.context());
  run.clear();
  tell_unknown(answer.who);
  if (!flags.json.empty()) write_result(flags.json, to_json(answer));
  if (flags.json == "-") return;

  const bool titles = std::any_of(answer.groups.begin(), answer.groups.end(),
                                  [](const ChartGroup& group) { return have_titles(group.items); });
  Table table({{answer.by, Align::left, Overflow::cut},
               {"", Align::right},
               {titles ? "title" : "item", Align::left, Overflow::cut},
               {titles ? "item" : "", Align::left, Overflow::cut, 1},
               {"score", Align::right}});
  for (const ChartGroup& group : answer.groups) {
    std::size_t place = 0;
    for (const AnsweredItem& item : group.items) {
      table.add({place == 0 ? Cell(group.value, Style::bold) : Cell(""), Cell(fmt::format("{}", place + 1)),
                 Cell(item.title), Cell(titles ? item.id : ""), Cell(fmt::format("{:.3f}", item.score))});
      ++place;
    }
  }
  fmt::print("Top by {} for {}, by {}:\n{}", harmless(answer.by), harmless(answer.who.name),
             recommender.model().info().name, table.render(session.out));
}

}  // namespace

void add_chart(CLI::App& app, Session& session) {
  auto flags = std::make_shared<ChartFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "chart",
       .summary = "List the top of each genre, for everyone or for a segment of users.",
       .about =
           "Ranks the items of each genre, or of each value of another feature, by a model: by popularity or "
           "demographic "
           "for charts as they are known, by any other for a user's own. Genres with most events come first. Without "
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
  add_person_flags(command, flags->person);
  add_json_flag(command, flags->json);
  add_run_flags(command, flags->run, Seeded::no);
}

}  // namespace gusto::cli
