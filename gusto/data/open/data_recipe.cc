#include "gusto/data/open/data_recipe.h"

#include <optional>
#include <system_error>
#include <utility>

#include "gusto/base/error.h"
#include "gusto/base/temporary_folder.h"
#include "gusto/base/text.h"
#include "gusto/data/io/reading_texts.h"
#include "gusto/data/movielens/embedded.h"
#include "gusto/data/open/open.h"

namespace gusto {
namespace {

// False if there is no place for one: events that do not fit into memory are refused then.
bool make_spill_folder(std::optional<TemporaryFolder>& folder) {
  try {
    folder.emplace();
  } catch (const Error&) {
    return false;
  }
  return true;
}

OpenOptions options_of(const DataRecipe& recipe, const DataFinder& path_of) {
  OpenOptions options = parse_reading(recipe.reading);
  for (const std::string& name : recipe.features.users) options.side_files.users.push_back(path_of(name));
  for (const std::string& name : recipe.features.items) options.side_files.items.push_back(path_of(name));
  options.side_files.types = recipe.features.types;
  for (const std::string& name : recipe.features.extras) options.extras.push_back(parse_extra(trim(name)));
  return options;
}

bool is_embedded(const DataRecipe& recipe, const std::filesystem::path& path) {
  std::error_code ignored;
  return recipe.name.empty() || (recipe.name == kEmbeddedName && !std::filesystem::exists(path, ignored));
}

}  // namespace

DataRecipe completed(DataRecipe first, const DataRecipe& second) {
  if (first.name.empty()) first.name = second.name;
  first.reading = completed(std::move(first.reading), second.reading);
  FeatureSources& features = first.features;
  if (features.users.empty()) features.users = second.features.users;
  if (features.items.empty()) features.items = second.features.items;
  if (features.types.empty()) features.types = second.features.types;
  if (features.extras.empty()) features.extras = second.features.extras;
  return first;
}

OpenedDataset open_data(const DataRecipe& recipe, const DataFinder& find, Context& context,
                        const std::filesystem::path& spill_to) {
  const DataFinder path_of = find ? find : [](const std::string& name) { return std::filesystem::path(name); };
  OpenOptions options = options_of(recipe, path_of);
  options.spill_to = spill_to;
  std::optional<TemporaryFolder> temporary;  // goes at the end; the data set keeps the bytes of a file in it
  if (spill_to.empty() && make_spill_folder(temporary)) options.spill_to = temporary->path() / "spilled.gdata";
  const std::filesystem::path path = recipe.name.empty() ? std::filesystem::path() : path_of(recipe.name);
  OpenedDataset opened =
      is_embedded(recipe, path) ? open_embedded(context, options) : open_dataset(path, options, context);
  if (temporary) {
    opened.spilled = false;
    opened.source.options.spill_to.clear();
  }
  return opened;
}

}  // namespace gusto
