#include "gusto/cli/feature_flags.h"

#include <fmt/core.h>

namespace gusto::cli {

void add_feature_flags(CLI::App* command, FeatureSources& features) {
  for (const bool users : {true, false}) {
    command
        ->add_option(users ? "--user-features" : "--item-features", users ? features.users : features.items,
                     fmt::format("A delimited file that describes {}, an id on each line; may be given again.",
                                 users ? "users" : "items"))
        ->type_name("FILE")
        ->allow_extra_args(false)
        ->group("Data");
  }
  command
      ->add_option(
          "--types", features.types,
          "What columns of these files hold: by name, such as \"plot=text, genres=multi, cast=multi(;), imdb=-, "
          "code=id\" (- is not read; others are recognized), or all in order, such as \"id, title=text, -, year\". "
          "Kinds are number, categorical, multi and text. Of several files: \"FILE: …; FILE: …\".")
      ->type_name("TYPES")
      ->group("Data");
  command
      ->add_option("--extras", features.extras,
                   "What else to read of a folder of MovieLens: tags, links, genome. Default: none of them.")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("A,B,…")
      ->group("Data");
}

}  // namespace gusto::cli
