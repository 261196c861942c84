/// gusto similar: items like an item, or users like a user.

#include <memory>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/cli/item_report.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/output.h"
#include "gusto/cli/table.h"
#include "gusto/retrieval/answer_json.h"

namespace gusto::cli {
namespace {

struct SimilarFlags {
  std::string model;
  std::string item;
  std::string user;
  std::size_t count = 10;
  std::string json;
};

void show_items(const Session& session, const Recommender& recommender, const SimilarFlags& flags) {
  const SimilarItemsAnswer answer = recommender.similar_items(typed_item(recommender, flags.item), flags.count);
  if (!flags.json.empty()) write_result(flags.json, to_json(answer));
  if (flags.json == "-") return;
  fmt::print("Like {}:\n{}", harmless(answer.item.title),
             describe_items(recommender.data().catalog(), answer.items, "similarity", 3, session.out));
}

void show_users(const Session& session, const Recommender& recommender, const SimilarFlags& flags) {
  const SimilarUsersAnswer answer = recommender.similar_users({.user = flags.user}, flags.count);
  if (!flags.json.empty()) write_result(flags.json, to_json(answer));
  if (flags.json == "-") return;
  Table table({{"", Align::right},
               {"user", Align::left, Overflow::cut},
               {"events", Align::right},
               {"similarity", Align::right}});
  std::size_t place = 0;
  for (const SimilarUser& user : answer.users) {
    table.add({Cell(fmt::format("{}", ++place)), Cell(user.id, Style::bold), fmt::format("{}", user.events),
               fmt::format("{:.3f}", user.similarity)});
  }
  fmt::print("Like {}:\n{}", harmless(answer.who.name), table.render(session.out));
}

void run_similar(Session& session, const SimilarFlags& flags) {
  if (flags.item.empty() == flags.user.empty()) {
    throw Error(ErrorCode::invalid_option, "Give either --item or --user.", "See `gusto similar --help`.");
  }
  if (!flags.json.empty()) require_writable(flags.json);
  const Recommender recommender = open_model(flags.model, session.models);
  if (flags.item.empty()) show_users(session, recommender, flags);
  else show_items(session, recommender, flags);
}

}  // namespace

void add_similar(CLI::App& app, Session& session) {
  auto flags = std::make_shared<SimilarFlags>();
  CLI::App* command =
      add_command(app,
                  {.name = "similar",
                   .summary = "Find items like an item, or users like a user.",
                   .about = "Each model has its own measure of similarity; `gusto models` says which models can do it.",
                   .examples = {"gusto similar films.gusto --item \"Toy Story (1995)\" -n 5",
                                "gusto similar films.gusto --user 42", "gusto similar films.gusto --item 1 --json"}},
                  [flags, &session] { run_similar(session, *flags); });
  add_model_argument(command, flags->model);
  command->add_option("--item", flags->item, "An item, by title or id.")->type_name("ITEM");
  command->add_option("--user", flags->user, "A user of the training data, by id.")->type_name("ID");
  command->add_option("-n", flags->count, "How many. Default: 10.")
      ->type_name("N")
      ->check(CLI::Range(1U, 1000000U).description(""));
  add_json_flag(command, flags->json);
}

}  // namespace gusto::cli
