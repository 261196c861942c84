#include "gusto/cli/feature_flags.h"

#include <fmt/format.h>

#include "gusto/base/text.h"
#include "gusto/cli/data_flags.h"

namespace gusto::cli {

void add_feature_flags(CLI::App* command, FeatureSources& flags) {
  for (const bool users : {true, false}) {
    command
        ->add_option(users ? "--user-features" : "--item-features", users ? flags.users : flags.items,
                     fmt::format("A delimited file that describes {}, an id on each line; may be given again.",
                                 users ? "users" : "items"))
        ->type_name("FILE")
        ->allow_extra_args(false)
        ->group("Data");
  }
  command
      ->add_option(
          "--types", flags.types,
          "What columns of these files hold: by name, such as \"plot=text, genres=multi, cast=multi(;), imdb=-, "
          "code=id\" (- is not read; others are recognised), or all in order, such as \"id, title=text, -, year\". "
          "Kinds are number, categorical, multi and text. Of several files: \"FILE: …; FILE: …\".")
      ->type_name("TYPES")
      ->group("Data");
  command
      ->add_option("--extras", flags.extras,
                   "What else to read of a folder of MovieLens: tags, links, genome. Default: none of them.")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("A,B,…")
      ->group("Data");
}

void apply_features(const FeatureSources& flags, Run& run, OpenOptions& options) {
  for (const std::string& name : flags.users) options.side_files.users.push_back(find_data(name, run));
  for (const std::string& name : flags.items) options.side_files.items.push_back(find_data(name, run));
  options.side_files.types = flags.types;
  for (const std::string& name : flags.extras) options.extras.push_back(parse_extra(trim(name)));
}

void complete_features(FeatureSources& flags, const FeatureSources& recipe) {
  if (flags.users.empty()) flags.users = recipe.users;
  if (flags.items.empty()) flags.items = recipe.items;
  if (flags.types.empty()) flags.types = recipe.types;
  if (flags.extras.empty()) flags.extras = recipe.extras;
}

}  // namespace gusto::cli
