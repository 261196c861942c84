/// gusto similar: items like an item, or users like a user.

#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/cli/item_report.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/table.h"
#include "gusto/retrieval/search.h"

namespace gusto::cli {
namespace {

struct SimilarFlags {
  std::string model;
  std::string item;
  std::string user;
  std::size_t count = 10;
};

constexpr float kNever = -std::numeric_limits<float>::infinity();

void show_items(const Session& session, const Model& model, const SimilarFlags& flags) {
  const Catalogue& catalogue = model.data().catalogue();
  const ItemRow item = TitleIndex(catalogue).find(flags.item);
  std::vector<float> similarity(catalogue.items.size());
  model.item_similarity(item, similarity);
  similarity[item.index] = kNever;
  fmt::print("Like {}:\n{}", catalogue.title(item),
             describe_items(catalogue, top_k(similarity, flags.count), "similarity", 3, session.out));
}

void show_users(const Session& session, const Model& model, const SimilarFlags& flags) {
  const Catalogue& catalogue = model.data().catalogue();
  const UserRow user = find_user(catalogue, flags.user);
  std::vector<float> similarity(catalogue.users.size());
  model.user_similarity(Query::known(user), similarity);
  similarity[user.index] = kNever;
  Table table({{"", Align::right},
               {"user", Align::left, Overflow::cut},
               {"events", Align::right},
               {"similarity", Align::right}});
  std::size_t place = 0;
  // Rows are users here; top_k only knows positions.
  for (const ScoredItem& entry : top_k(similarity, flags.count)) {
    const UserRow row(entry.item.index);
    table.add({Cell(fmt::format("{}", ++place)), Cell(std::string(catalogue.users[row.index]), Style::bold),
               fmt::format("{}", model.data().history(row).size()), fmt::format("{:.3f}", entry.score)});
  }
  fmt::print("Like user {}:\n{}", flags.user, table.render(session.out));
}

void run_similar(Session& session, const SimilarFlags& flags) {
  if (flags.item.empty() == flags.user.empty()) {
    throw Error(ErrorCode::invalid_option, "Give either --item or --user.", "See `gusto similar --help`.");
  }
  const std::unique_ptr<Model> model = open_model(flags.model);
  if (flags.item.empty()) show_users(session, *model, flags);
  else show_items(session, *model, flags);
}

}  // namespace

void add_similar(CLI::App& app, Session& session) {
  auto flags = std::make_shared<SimilarFlags>();
  CLI::App* command =
      add_command(app,
                  {.name = "similar",
                   .summary = "Find items like an item, or users like a user.",
                   .about = "What alike means is the model's matter; `gusto models` says which models can do it.",
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
