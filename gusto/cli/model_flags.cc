#include "gusto/cli/model_flags.h"

#include <utility>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/models/model_file.h"

namespace gusto::cli {

CLI::Option* add_model_argument(CLI::App* command, std::string& path) {
  return command->add_option("MODEL", path, "A model file that `gusto train` wrote.")->required();
}

std::unique_ptr<Model> open_model(const std::string& path) { return load_model(path).model; }

void add_asker_flags(CLI::App* command, AskerFlags& flags) {
  command->add_option("--user", flags.user, "A user of the training data, by id.")->type_name("ID")->group("Who asks");
  command
      ->add_option(
          "--history", flags.history,
          "Someone new, by what they rated: titles with a value each, such as \"Toy Story (1995):5,Heat (1995):4\". "
          "Without a value, the highest is meant.")
      ->type_name("TITLE:VALUE,…")
      ->group("Who asks");
  command
      ->add_option("--feature", flags.features,
                   "What is known of the asker, such as gender=F; may come again. Alone, it describes someone new.")
      ->type_name("NAME=VALUE")
      ->group("Who asks");
}

Asker::Asker(const AskerFlags& flags, const Dataset& data, const TitleIndex& titles) {
  const bool nobody = flags.user.empty() && flags.history.empty() && flags.features.empty();
  if (nobody || (!flags.user.empty() && !flags.history.empty())) {
    throw Error(ErrorCode::invalid_option, "Give either --user or --history, or --feature.",
                "For example --user 42, or --history \"Toy Story (1995):5,Heat (1995):4\".");
  }
  std::vector<std::string> known;
  for (const std::string_view feature : flags.features) {
    const std::size_t equals = feature.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      throw Error(ErrorCode::invalid_option, fmt::format("The feature {} has no value.", quote(feature)),
                  "Write a name and its value, such as gender=F.");
    }
    features_.push_back({feature.substr(0, equals), feature.substr(equals + 1)});
    known.emplace_back(feature);
  }
  if (!flags.user.empty()) {
    user_ = find_user(data.catalogue(), flags.user);
    name_ = "user " + flags.user;
    return;
  }
  if (!flags.history.empty()) {
    constexpr std::size_t kNamed = 3;
    const TypedHistory typed = titles.parse_history(flags.history, data.scale().high);
    for (const auto& [item, value] : typed.events) {
      history_.push_back({item, value});
      if (history_.size() <= kNamed) known.push_back(fmt::format("{}: {:g}", data.catalogue().title(item), value));
    }
    if (history_.size() > kNamed) known.push_back(fmt::format("{} more", history_.size() - kNamed));
    if (!typed.unknown.empty()) {
      fmt::print(stderr, "Left out of the history, as no item is called so: {}.\n", fmt::join(typed.unknown, ", "));
    }
  }
  name_ = fmt::format("someone new ({})", fmt::join(known, ", "));
}

Query Asker::query() const {
  Query query;
  query.user = user_;
  query.history = history_;
  query.features = features_;
  return query;
}

UserRow find_user(const Catalogue& catalogue, std::string_view id) {
  if (const auto row = catalogue.users.find(id)) return UserRow(*row);
  throw Error(ErrorCode::not_found, fmt::format("The model's training data has no user {}.", quote(id)),
              "Describe someone new with --history.");
}

}  // namespace gusto::cli
