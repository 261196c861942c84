#pragma once

/// Recipes: experiments as TOML files.
///
///   data = "ml-1m"            # a path, or a name that the program knows; left out: the embedded set
///   columns = "user,item,-,rating"        # how events are read, see ReadingSpec; so are delimiter, duplicates,
///   header = "yes"                        # time_unit, weights, half_life and skip_bad_lines (true or false)
///   user_features = ["people.csv"]        # files of features, keyed by id; one needs no list
///   item_features = ["films.csv"]
///   feature_types = "plot=text, imdb=-"   # what their columns hold, see parse_feature_types; left out: recognized
///   extras = ["tags", "genome"]           # what else to read of a folder of MovieLens; left out: nothing
///   protocol = "mult-vae"     # a published one, see protocol.h: sets what stands from here to metrics, and is an
///                             # error where they contradict it; left out: none
///   split = "holdout:0.2"     # left out: random:0.1, or holdout:0.2 for top-n
///   task = "top-n"            # ratings, likes or top-n; left out: ratings, or top-n if all values are equal
///   since = 2001-01-01        # keep only events from that time on: a TOML date, text or seconds since 1970
///   positives = 4             # keep only events of at least this value
///   min_user_events = 10      # keep only users with so many events; left out: 5 with positives, else 1
///   min_item_events = 10      # and items with so many, until both hold
///   like_threshold = 4        # likes: what counts as one, for models and measures
///   k = [10, 20]              # top-n: list lengths; one number is enough
///   metrics = ["ndcg@10"]     # left out: all of the task
///   seed = 42
///   budget = "2m"             # models whose fit would take longer are left out; left out: none
///   repeats = 3               # so many runs, with seeds 42, 43 and 44: their mean counts; left out: 1
///   set = ["svd.dim=20"]      # options of the models below, or of all models if there are none below, see apply_set
///   exclude = ["sequential"]  # models that are left out
///   pipelines = ["best.toml"] # pipeline files, which are compared too: the models that they name are fitted anew
///
///   [[model]]                 # none at all: every model that can do the task
///   name = "item-knn"
///   label = "cosine"          # needed when a model comes twice
///   neighbors = 100           # options stand beside name and label …
///   [model.options]           # … or in a table of their own
///   shrinkage = 10
///
/// Paths are meant from the folder that the caller works in, as on the command line.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/filter.h"
#include "gusto/data/open/data_recipe.h"
#include "gusto/eval/compare_entry.h"

namespace gusto {

/// What a recipe or the command's flags say: text and optional values. What is empty was not said; nothing is resolved
/// or opened, see resolve_recipe() and open_experiment().
struct Recipe {
  DataRecipe data;
  std::string protocol;
  std::string split;
  std::string task;
  FilterOptions filter;
  std::optional<double> like_threshold;
  std::vector<std::size_t> k;
  std::vector<std::string> metrics;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> repeats;
  std::string budget;
  std::vector<CompareEntry> models;    ///< one that is called "all" stands for every model that can do the task
  std::vector<std::string> pipelines;  ///< files, see pipeline_file.h; each takes part as a model does
  std::vector<std::string> exclude;    ///< labels or names of models that are left out
  std::vector<std::string> sets;       ///< "model.option=value", in order, over the models' own settings

  bool operator==(const Recipe&) const = default;
};

/// The seconds of a budget, 0 if the text is empty. Error(invalid_option) if it is no length of time.
double parse_budget(std::string_view text);

/// What `first` does not say is taken from `second`: flags over a recipe's file. A protocol in `first` sets again what
/// protocols set, and models in `first` replace all of them, with their options.
Recipe completed(Recipe first, const Recipe& second);

/// Reads a recipe, which may name further models. `name` stands for the file in messages ("recipe.toml:3:1: …").
/// Errors   all with line and column: invalid_input, if the text is no TOML; invalid_option, for an unknown key (with
///          the nearest name), a value of the wrong type or out of range, an unknown option or metric, an option given
///          twice, two entries with the same label, or what contradicts the protocol; not_found, for an unknown model
///          or protocol
Recipe parse_recipe(std::string_view toml, std::string_view name = "recipe", FurtherModels further = {});

/// The same from a file. Relative paths in it are looked for beside it, and then from where the process is.
/// Errors   not_found and io as well
Recipe read_recipe(const std::filesystem::path& path, FurtherModels further = {});

/// A recipe as TOML: parse_recipe gives it back, options in their own kind's spelling.
/// Errors   invalid_option, for a seed of 2⁶³ or more, which TOML cannot hold; those of the options; not_found
std::string format_recipe(const Recipe& recipe);

}  // namespace gusto
