/// gusto similar: items like an item, or users like a user.

#include <memory>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/cli/item_report.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/table.h"

namespace gusto::cli {
namespace {

struct SimilarFlags {
  std::string model;
  std::string item;
  std::string user;
  std::size_t count = 10;
};

void show_items(const Session& session, const Recommender& recommender, const SimilarFlags& flags) {
  const SimilarItemsAnswer answer = recommender.similar_items(flags.item, flags.count);
  fmt::print("Like {}:\n{}", answer.item.title,
             describe_items(recommender.data().catalog(), answer.items, "similarity", 3, session.out));
}

void show_users(const Session& session, const Recommender& recommender, const SimilarFlags& flags) {
  const SimilarUsersAnswer answer = recommender.similar_users({.user = flags.user}, flags.count);
  Table table({{"", Align::right},
               {"user", Align::left, Overflow::cut},
               {"events", Align::right},
               {"similarity", Align::right}});
  std::size_t place = 0;
  for (const SimilarUser& user : answer.users) {
    table.add({Cell(fmt::format("{}", ++place)), Cell(user.id, Style::bold), fmt::format("{}", user.events),
               fmt::format("{:.3f}", user.similarity)});
  }
  fmt::print("Like {}:\n{}", answer.who.name, table.render(session.out));
}

void run_similar(Session& session, const SimilarFlags& flags) {
  if (flags.item.empty() == flags.user.empty()) {
    throw Error(ErrorCode::invalid_option, "Give either --item or --user.", "See `gusto similar --help`.");
  }
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
                                "gusto similar films.gusto --user 42"}},
                  [flags, &session] { run_similar(session, *flags); });
  add_model_argument(command, flags->model);
  command->add_option("--item", flags->item, "An item, by title or id.")->type_name("ITEM");
  command->add_option("--user", flags->user, "A user of the training data, by id.")->type_name("ID");
  command->add_option("-n", flags->count, "How many. Default: 10.")
      ->type_name("N")
      ->check(CLI::Range(1U, 1000000U).description(""));
}

}  // namespace gusto::cli
