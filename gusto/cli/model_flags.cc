#include "gusto/cli/model_flags.h"

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/models/model_file.h"

namespace gusto::cli {

CLI::Option* add_model_argument(CLI::App* command, std::string& path) {
  return command->add_option("MODEL", path, "A model file that `gusto train` wrote.")->required();
}

Recommender open_model(const std::string& path, FurtherModels models) {
  return Recommender(load_model(path, {.models = models}).model);
}

void add_person_flags(CLI::App* command, PersonFlags& flags) {
  command->add_option("--user", flags.user, "A user of the training data, by id.")->type_name("ID")->group("User");
  command
      ->add_option(
          "--history", flags.history,
          "Someone new, by what they rated: titles with a value each, such as \"Toy Story (1995):5,Heat (1995):4\". "
          "Without a value, the highest is meant. With --user, these events come after that user's own.")
      ->type_name("TITLE:VALUE,…")
      ->group("User");
  command
      ->add_option("--feature", flags.features,
                   "What is known of the user, such as gender=F; may come again. Alone, it describes someone new.")
      ->type_name("NAME=VALUE")
      ->group("User");
}

Person person_of(const PersonFlags& flags, const Recommender& recommender) {
  if (flags.empty()) {
    throw Error(ErrorCode::invalid_option, "Give --user or --history, or --feature.",
                "For example --user 42, or --history \"Toy Story (1995):5,Heat (1995):4\".");
  }
  Person person;
  for (const std::string& feature : flags.features) {
    const std::size_t equals = feature.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw Error(ErrorCode::invalid_option, fmt::format("The feature {} has no value.", quote(feature)),
                  "Write a name and its value, such as gender=F.");
    }
    person.features.push_back({feature.substr(0, equals), feature.substr(equals + 1)});
  }
  if (!flags.user.empty()) person.user = flags.user;
  if (!flags.history.empty()) person.history = recommender.parse_history(flags.history);
  return person;
}

std::string typed_item(const Recommender& recommender, const std::string& typed) {
  const AnsweredItem item = recommender.parse_item(typed);
  if (item.id != typed && recommender.data().catalog().items.find(typed)) {
    fmt::print(stderr, "{0} was taken for {1} (id {2}); write id:{0} for the item of that id.\n", typed,
               harmless(item.title), item.id);
  }
  return item.id;
}

void tell_unknown(const UnderstoodPerson& who) {
  if (who.unknown.empty()) return;
  fmt::print(stderr, "Left out of the history, as no item is called so: {}.\n", harmless(join(who.unknown, ", ")));
}

void tell_notes(const RecommendAnswer& answer) {
  tell_unknown(answer.who);
  for (const std::string& note : answer.notes) fmt::print(stderr, "{}\n", harmless(note));
}

}  // namespace gusto::cli
