/// gusto recommend: the items that a user, or someone new, is likely to want next.

#include <array>
#include <memory>

#include <fmt/format.h>

#include "gusto/cli/item_filter.h"
#include "gusto/cli/item_report.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/run.h"
#include "gusto/retrieval/search.h"

namespace gusto::cli {
namespace {

struct RecommendFlags {
  std::string model;
  AskerFlags asker;
  FilterFlags filter;
  RunFlags run;
  std::size_t count = 10;
};

void run_recommend(Session& session, const RecommendFlags& flags) {
  Run run(session, flags.run);
  const std::unique_ptr<Model> model = open_model(flags.model);
  const Catalogue& catalogue = model->data().catalogue();
  const TitleIndex titles(catalogue);
  const Asker asker(flags.asker, model->data(), titles);
  const ItemFilter filter(flags.filter, catalogue, titles);
  const std::array<Query, 1> queries{asker.query()};
  const TopLists lists = search(*model, queries, flags.count, filter.search_filter(), run.context());
  run.clear();
  if (lists[0].empty()) {
    fmt::print("Nothing is left to recommend to {}.\n", asker.name());
    return;
  }
  fmt::print("For {}:\n{}", asker.name(), describe_items(catalogue, lists[0], "score", 3, session.out));
}

}  // namespace

void add_recommend(CLI::App& app, Session& session) {
  auto flags = std::make_shared<RecommendFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "recommend",
       .summary = "Recommend items to a user, or to someone new, by title.",
       .about =
           "Ranks every item of the training data that the user has not seen yet, best first. Someone new is described "
           "by what they liked: titles with a rating each, found by prefix or closest spelling. The score is the "
           "model's own; it orders one user's items and means nothing beyond that.",
       .examples = {"gusto recommend films.gusto --user 42 -n 3",
                    "gusto recommend films.gusto --history \"Toy Story (1995):5,Heat (1995):4\"",
                    "gusto recommend films.gusto --user 42 --where genre=Comedy --exclude \"Clerks\""}},
      [flags, &session] { run_recommend(session, *flags); });
  add_model_argument(command, flags->model);
  add_asker_flags(command, flags->asker);
  command->add_option("-n", flags->count, "How many items. Default: 10.")
      ->type_name("N")
      ->check(CLI::Range(1U, 1000000U).description(""));
  add_filter_flags(command, flags->filter);
  add_run_flags(command, flags->run, Seeded::no);
}

}  // namespace gusto::cli
