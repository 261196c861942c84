/// gusto explain: why an item got its score.

#include <memory>

#include <fmt/core.h>

#include "gusto/cli/item_report.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/output.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/answer_json.h"

namespace gusto::cli {
namespace {

struct ExplainFlags {
  std::string model;
  PersonFlags person;
  std::string item;
  std::size_t count = 10;
  std::string json;
};

void run_explain(Session& session, const ExplainFlags& flags) {
  if (!flags.json.empty()) require_writable(flags.json);
  const Recommender recommender = open_model(flags.model, session.models);
  const ExplainAnswer answer =
      recommender.explain(person_of(flags.person, recommender), typed_item(recommender, flags.item));
  tell_unknown(answer.who);
  if (!flags.json.empty()) write_result(flags.json, to_json(answer));
  if (flags.json == "-") return;
  fmt::print("Why {} scores so for {}, by {}:\n{}", harmless(answer.item.title), harmless(answer.who.name),
             recommender.model().info().name, describe_reasons(answer.item.reasons, flags.count, session.out));
}

}  // namespace

void add_explain(CLI::App& app, Session& session) {
  auto flags = std::make_shared<ExplainFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "explain",
       .summary = "Show what an item's score is made of.",
       .about =
           "Lists the contributions that sum to the score, the largest first. Only models whose mathematics allows it "
           "exactly can explain; `gusto models` says which.",
       .examples = {"gusto explain films.gusto --user 42 --item \"Heat (1995)\"",
                    "gusto explain films.gusto --history \"Toy Story (1995):5\" --item \"Heat (1995)\""}},
      [flags, &session] { run_explain(session, *flags); });
  add_model_argument(command, flags->model);
  add_person_flags(command, flags->person);
  command->add_option("--item", flags->item, "The item, by title or id.")->type_name("ITEM")->required();
  command->add_option("-n", flags->count, "How many contributions to list. Default: 10.")
      ->type_name("N")
      ->check(CLI::Range(1U, 1000000U).description(""));
  add_json_flag(command, flags->json);
}

}  // namespace gusto::cli
